//! The document of `GET /keys`: every epoch's public keys, and which epoch is active. A verifier
//! that keeps it pins whom to trust.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use r4_sign::{ecdsa, mldsa};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::envelope::parse_address;
use crate::keys::{KeyHash, POINT_BYTES, PublicKeys};
use crate::log::LogKeys;
use crate::object::{Fields, ParseError, to_base64, to_hex, to_json};
use crate::timestamp::Timestamp;

/// Octets that the document may have: some three hundred epochs.
pub const MAX_KEYS_DOCUMENT_BYTES: usize = 1024 * 1024;

/// The public keys of a node. Each epoch's key hash has been recomputed from its keys; at most one
/// epoch is active, and none while the node waits for the one after a revoked one; no epoch is there twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysDocument {
    active: Option<KeyHash>,
    epochs: Vec<Epoch>,
    log: Option<LogKeys>,
}

/// One key epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// Its public keys.
    pub keys: PublicKeys,
    /// Whether it signs, did sign or will sign.
    pub status: Status,
    /// When it began to sign, if that is known.
    pub valid_from: Option<Timestamp>,
    /// When it stopped signing, or will.
    pub valid_until: Option<Timestamp>,
}

/// What an epoch is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It signs now.
    Active,
    /// It signed before; what it signed counts.
    Retired,
    /// It will sign later.
    Announced,
    /// Its secrets were lost; nothing that it signed counts any more.
    Revoked,
}

impl KeysDocument {
    /// Makes the document of a node that has had one epoch.
    pub fn of_active(keys: &PublicKeys, valid_from: Option<Timestamp>) -> Self {
        let active = Some(keys.key_set().key_hash());
        let epoch =
            Epoch { keys: keys.clone(), status: Status::Active, valid_from, valid_until: None };
        Self { active, epochs: Vec::from([epoch]), log: None }
    }

    /// Makes the document of a node with these epochs, of which one at most is active.
    pub fn of_epochs(epochs: Vec<Epoch>) -> Self {
        let active = epochs.iter().find(|epoch| epoch.status == Status::Active);
        Self { active: active.map(Epoch::key_hash), epochs, log: None }
    }

    /// Adds the keys of the node's log.
    #[must_use]
    pub fn with_log(self, log: LogKeys) -> Self {
        Self { log: Some(log), ..self }
    }

    /// Parses the document's JSON, as strictly as a receipt's.
    ///
    /// # Errors
    /// Names what is wrong: the input as a whole, or a field and its accepted form. A key hash, key
    /// id or address that does not belong to its keys is refused.
    pub fn parse(input: &[u8]) -> Result<Self, ParseError> {
        let mut fields = Fields::parse(input, MAX_KEYS_DOCUMENT_BYTES)?;
        let active = fields.hex_or_null("active", KEY_HASH)?.map(KeyHash::new);
        let epochs: Vec<Epoch> =
            fields.list("epochs")?.into_iter().map(Epoch::parse).collect::<Result<_, _>>()?;
        let mut actives = epochs.iter().filter(|epoch| epoch.status == Status::Active);
        if actives.next().map(Epoch::key_hash) != active || actives.next().is_some() {
            let form = "the key hash of the one active epoch, or null where there is none";
            return Err(fields.wrong("active", form));
        }
        // One that was revoked is not to come back under another status.
        let hashes: BTreeSet<_> = epochs.iter().map(Epoch::key_hash).collect();
        if hashes.len() != epochs.len() {
            return Err(fields.wrong("epochs", "one entry for each key hash"));
        }
        let log = fields.has("log").then(|| LogKeys::parse(fields.object("log")?)).transpose()?;
        fields.finish()?;
        Ok(Self { active, epochs, log })
    }

    /// Writes the JSON. `parse(to_json(x)) == x`.
    pub fn to_json(&self) -> String {
        to_json(self)
    }

    /// Returns the active epoch's key hash; none while no epoch signs, because it was revoked.
    pub const fn active(&self) -> Option<KeyHash> {
        self.active
    }

    /// Returns the keys of the node's log, if they are known.
    pub const fn log(&self) -> Option<&LogKeys> {
        self.log.as_ref()
    }

    /// Returns all epochs.
    pub fn epochs(&self) -> &[Epoch] {
        &self.epochs
    }

    /// Returns the key hashes whose signatures count: those of the active and the retired epochs.
    pub fn key_hashes(&self) -> impl Iterator<Item = KeyHash> + '_ {
        self.epochs
            .iter()
            .filter(|epoch| matches!(epoch.status, Status::Active | Status::Retired))
            .map(Epoch::key_hash)
    }
}

impl Epoch {
    /// Computes the key hash.
    pub fn key_hash(&self) -> KeyHash {
        self.keys.key_set().key_hash()
    }

    fn parse(mut fields: Fields) -> Result<Self, ParseError> {
        let key_id: [u8; 8] = fields.hex("key_id", "0x and 16 lower-case hexadecimal digits")?;
        let key_hash = KeyHash::new(fields.hex("key_hash", KEY_HASH)?);
        let status = Status::from_name(&fields.text("status")?).ok_or_else(|| {
            fields.wrong("status", "\"active\", \"retired\", \"announced\" or \"revoked\"")
        })?;
        let valid_from = fields.timestamp_or_null("valid_from")?;
        let valid_until = fields.timestamp_or_null("valid_until")?;
        let keys = parse_keys(&mut fields)?;
        if keys.key_set().key_hash() != key_hash {
            return Err(fields.wrong("key_hash", "the hash of the keys"));
        }
        if *key_hash.key_id().as_bytes() != key_id {
            return Err(fields.wrong("key_id", "the first 8 bytes of key_hash"));
        }
        fields.finish()?;
        Ok(Self { keys, status, valid_from, valid_until })
    }
}

impl Status {
    const ALL: [Self; 4] = [Self::Active, Self::Retired, Self::Announced, Self::Revoked];

    /// Returns the word of the JSON field `status`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Announced => "announced",
            Self::Revoked => "revoked",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

const KEY_HASH: &str = "0x and 64 lower-case hexadecimal digits";
const SEC1: &str = "sec1-compressed-hex";
const ECDSA: &str = "ECDSA-secp256k1";
const MLDSA: &str = "ML-DSA-65";

/// The four keys, in this order.
const USES: [&str; 4] = ["ecvrf", "ecdsa", "mldsa65", "ecvrf-evm"];

fn parse_keys(epoch: &mut Fields) -> Result<PublicKeys, ParseError> {
    let keys = <[Fields; 4]>::try_from(epoch.list("keys")?)
        .map_err(|_| epoch.wrong("keys", "a list of four keys"))?;
    let [mut ecvrf, mut ecdsa, mut mldsa65, mut ecvrf_evm] = keys;
    let parsed = PublicKeys {
        ecvrf: parse_point(&mut ecvrf, USES[0], r4_ecvrf::SUITE)?,
        ecdsa: parse_point(&mut ecdsa, USES[1], ECDSA)?,
        mldsa65: parse_mldsa(&mut mldsa65)?,
        ecvrf_evm: parse_point(&mut ecvrf_evm, USES[3], r4_ecvrf::SUITE)?,
    };
    let address = parse_address(&mut ecdsa, "address")?;
    if ecdsa::VerifyingKey::from_bytes(&parsed.ecdsa).map(|key| key.address()) != Ok(address) {
        return Err(ecdsa.wrong("address", "the address of the key"));
    }
    if !ecvrf_evm.bool("reserved")? {
        return Err(ecvrf_evm.wrong("reserved", "true"));
    }
    for fields in [ecvrf, ecdsa, mldsa65, ecvrf_evm] {
        fields.finish()?;
    }
    Ok(parsed)
}

fn parse_point(
    fields: &mut Fields,
    usage: &str,
    algorithm: &str,
) -> Result<[u8; POINT_BYTES], ParseError> {
    fields.exactly("use", usage, "ecvrf, ecdsa, mldsa65, ecvrf-evm, in this order")?;
    fields.exactly("algorithm", algorithm, "the algorithm of this use")?;
    fields.exactly("encoding", SEC1, "\"sec1-compressed-hex\"")?;
    let point = fields.hex("public_key", "0x and 66 lower-case hexadecimal digits")?;
    // Both uses have keys of the same curve in the same encoding.
    r4_ecvrf::PublicKey::from_bytes(&point)
        .map_err(|_| fields.wrong("public_key", "a compressed point of secp256k1"))?;
    Ok(point)
}

fn parse_mldsa(fields: &mut Fields) -> Result<[u8; mldsa::PUBLIC_KEY_BYTES], ParseError> {
    const FORM: &str = "1952 bytes in base64";
    fields.exactly("use", USES[2], "ecvrf, ecdsa, mldsa65, ecvrf-evm, in this order")?;
    fields.exactly("algorithm", MLDSA, "\"ML-DSA-65\"")?;
    fields.exactly("encoding", "base64", "\"base64\"")?;
    fields
        .base64("public_key", mldsa::PUBLIC_KEY_BYTES, FORM)?
        .try_into()
        .map_err(|_| fields.wrong("public_key", FORM))
}

impl Serialize for KeysDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("active", &self.active.map(|active| active.to_string()))?;
        map.serialize_entry("epochs", &self.epochs)?;
        if let Some(log) = &self.log {
            map.serialize_entry("log", log)?;
        }
        map.end()
    }
}

impl Serialize for Epoch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let key_hash = self.key_hash();
        let mut map = serializer.serialize_map(Some(6))?;
        map.serialize_entry("key_id", &key_hash.key_id().to_string())?;
        map.serialize_entry("key_hash", &key_hash.to_string())?;
        map.serialize_entry("status", self.status.name())?;
        map.serialize_entry("valid_from", &self.valid_from.map(|time| time.to_string()))?;
        map.serialize_entry("valid_until", &self.valid_until.map(|time| time.to_string()))?;
        map.serialize_entry("keys", &USES.map(|usage| KeyJson { keys: &self.keys, usage }))?;
        map.end()
    }
}

struct KeyJson<'a> {
    keys: &'a PublicKeys,
    usage: &'static str,
}

impl Serialize for KeyJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (algorithm, encoding, public_key) = match self.usage {
            "ecvrf" => (r4_ecvrf::SUITE, SEC1, to_hex(&self.keys.ecvrf)),
            "ecdsa" => (ECDSA, SEC1, to_hex(&self.keys.ecdsa)),
            "mldsa65" => (MLDSA, "base64", to_base64(&self.keys.mldsa65)),
            _ => (r4_ecvrf::SUITE, SEC1, to_hex(&self.keys.ecvrf_evm)),
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("use", self.usage)?;
        map.serialize_entry("algorithm", algorithm)?;
        map.serialize_entry("encoding", encoding)?;
        map.serialize_entry("public_key", &public_key)?;
        if self.usage == "ecdsa" {
            let key = ecdsa::VerifyingKey::from_bytes(&self.keys.ecdsa)
                .map_err(serde::ser::Error::custom)?;
            map.serialize_entry("address", &key.address().to_string())?;
        }
        if self.usage == "ecvrf-evm" {
            map.serialize_entry("reserved", &true)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests;
