//! What VRF receipts and attestations have in common: who answered, when, for which domain, and the
//! signatures.

use alloc::string::ToString as _;
use alloc::vec::Vec;

use r4_sign::{Address, ecdsa, mldsa};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::eip712::{DOMAIN_NAME, DOMAIN_VERSION, Domain};
use crate::keys::{KeyHash, KeyId, KeySet, POINT_BYTES};
use crate::log::Log;
use crate::object::{Fields, ParseError, to_base64, to_hex};
use crate::schemes::Schemes;
use crate::timestamp::Timestamp;

/// The number in the field `version`.
pub const VERSION: u64 = 1;

const HASH_ALG: &str = "keccak256";
const PQ_SCHEME: &str = "ML-DSA-65";
const BYTES_32: &str = "0x and 64 lower-case hexadecimal digits";
const POINT: &str = "0x and 66 lower-case hexadecimal digits";

/// The common fields. Nothing here has been checked but its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The receipt's name: its digest.
    pub id: [u8; 32],
    /// The first eight bytes of the key hash.
    pub key_id: KeyId,
    /// The key epoch that it says it belongs to.
    pub key_hash: KeyHash,
    /// The keys that the key hash is made of.
    pub keys: KeySet,
    /// The index, unique in a key epoch.
    pub index: u64,
    /// When the node says it answered.
    pub timestamp: Timestamp,
    /// Where the signatures count.
    pub domain: Domain,
    /// The digest that it says was signed.
    pub msg_hash: [u8; 32],
    /// The signatures.
    pub signatures: Signatures,
    /// Where the answer stands in the log. Outside of what is signed.
    pub log: Option<Log>,
}

/// The signatures that are present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signatures {
    /// ECDSA alone.
    Ecdsa(EcdsaSignature, EcdsaPair),
    /// ML-DSA-65 alone.
    Mldsa(MldsaPair),
    /// Both.
    Dual(EcdsaSignature, MldsaPair),
}

/// The fields `v`, `r`, `s` and `signer_addr`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EcdsaSignature {
    /// 27 or 28, if it is right.
    pub v: u8,
    /// Big-endian.
    pub r: [u8; 32],
    /// Big-endian.
    pub s: [u8; 32],
    /// The address of the key.
    pub signer_addr: Address,
}

/// The fields `signature` and `public_key` of a receipt with ECDSA alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EcdsaPair {
    /// r ‖ s ‖ v.
    pub signature: [u8; ecdsa::SIGNATURE_BYTES],
    /// The compressed key.
    pub public_key: [u8; POINT_BYTES],
}

/// The fields `signature` and `public_key` of a receipt with ML-DSA-65.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MldsaPair {
    /// 3309 octets.
    pub signature: Vec<u8>,
    /// 1952 octets.
    pub public_key: Vec<u8>,
}

impl Envelope {
    /// Returns which signatures are present.
    pub const fn schemes(&self) -> Schemes {
        match self.signatures {
            Signatures::Ecdsa(..) => Schemes::Ecdsa,
            Signatures::Mldsa(..) => Schemes::Mldsa,
            Signatures::Dual(..) => Schemes::Dual,
        }
    }

    pub(crate) fn parse(fields: &mut Fields) -> Result<Self, ParseError> {
        if fields.integer("version")? != VERSION {
            return Err(fields.wrong("version", "1"));
        }
        fields.exactly("hash_alg", HASH_ALG, "\"keccak256\"")?;
        // The node's own remark that it checked what it sends. Unsigned, so no check rests on it; a
        // node that says otherwise has sent what it should not.
        if !fields.bool("verified")? {
            return Err(fields.wrong("verified", "true"));
        }
        Ok(Self {
            id: fields.hex("id", BYTES_32)?,
            key_id: KeyId::new(fields.hex("key_id", "0x and 16 lower-case hexadecimal digits")?),
            key_hash: KeyHash::new(fields.hex("key_hash", BYTES_32)?),
            keys: parse_keys(fields.object("keys")?)?,
            index: fields.decimal("index")?,
            timestamp: fields.timestamp("timestamp")?,
            domain: parse_domain(fields.object("domain")?)?,
            msg_hash: fields.hex("msg_hash", BYTES_32)?,
            signatures: Signatures::parse(fields)?,
            log: fields.has("log").then(|| Log::parse(fields.object("log")?)).transpose()?,
        })
    }

    /// Writes the fields that stand before those of the kind of document.
    pub(crate) fn write_head<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("version", &VERSION)?;
        map.serialize_entry("id", &to_hex(&self.id))?;
        map.serialize_entry("key_id", &self.key_id.to_string())?;
        map.serialize_entry("key_hash", &self.key_hash.to_string())?;
        map.serialize_entry("keys", &KeysJson(&self.keys))?;
        map.serialize_entry("index", &self.index.to_string())
    }

    /// Writes the fields that stand after those of the kind of document.
    pub(crate) fn write_tail<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("hash_alg", HASH_ALG)?;
        map.serialize_entry("signature_type", self.schemes().signature_type())?;
        map.serialize_entry("domain", &DomainJson(&self.domain))?;
        map.serialize_entry("msg_hash", &to_hex(&self.msg_hash))?;
        self.signatures.write(map)?;
        map.serialize_entry("verified", &true)?;
        match &self.log {
            Some(log) => map.serialize_entry("log", log),
            None => Ok(()),
        }
    }
}

impl Signatures {
    /// Returns the fields of ECDSA, where they are present.
    pub const fn ecdsa(&self) -> Option<&EcdsaSignature> {
        match self {
            Self::Ecdsa(signature, _) | Self::Dual(signature, _) => Some(signature),
            Self::Mldsa(_) => None,
        }
    }

    /// Returns the fields of ML-DSA-65, where they are present.
    pub const fn mldsa(&self) -> Option<&MldsaPair> {
        match self {
            Self::Mldsa(pair) | Self::Dual(_, pair) => Some(pair),
            Self::Ecdsa(..) => None,
        }
    }

    /// The type says which fields must be there; the others are then unknown.
    fn parse(fields: &mut Fields) -> Result<Self, ParseError> {
        let schemes = Schemes::from_signature_type(&fields.text("signature_type")?);
        match schemes {
            Some(Schemes::Ecdsa) => {
                Ok(Self::Ecdsa(EcdsaSignature::parse(fields)?, EcdsaPair::parse(fields)?))
            }
            Some(Schemes::Mldsa) => Ok(Self::Mldsa(MldsaPair::parse(fields)?)),
            Some(Schemes::Dual) => {
                Ok(Self::Dual(EcdsaSignature::parse(fields)?, MldsaPair::parse(fields)?))
            }
            None => Err(fields.wrong(
                "signature_type",
                "\"ECDSA(secp256k1) + ML-DSA-65\", \"ECDSA(secp256k1)\" or \"ML-DSA-65\"",
            )),
        }
    }

    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        if let Some(signature) = self.ecdsa() {
            map.serialize_entry("v", &signature.v)?;
            map.serialize_entry("r", &to_hex(&signature.r))?;
            map.serialize_entry("s", &to_hex(&signature.s))?;
            map.serialize_entry("signer_addr", &signature.signer_addr.to_string())?;
        }
        let (signature, public_key) = match self {
            Self::Ecdsa(_, pair) => (&pair.signature[..], &pair.public_key[..]),
            Self::Mldsa(pair) | Self::Dual(_, pair) => {
                map.serialize_entry("pq_scheme", PQ_SCHEME)?;
                (&pair.signature[..], &pair.public_key[..])
            }
        };
        map.serialize_entry("signature", &to_base64(signature))?;
        map.serialize_entry("public_key", &to_base64(public_key))
    }
}

impl EcdsaSignature {
    /// Puts r, s and v together.
    ///
    /// # Errors
    /// A number is out of range, or s is in the upper half.
    pub fn signature(&self) -> Result<ecdsa::Signature, ecdsa::SignatureError> {
        ecdsa::Signature::parse(self.r, self.s, self.v)
    }

    fn parse(fields: &mut Fields) -> Result<Self, ParseError> {
        let v = fields.integer("v")?;
        Ok(Self {
            v: u8::try_from(v).map_err(|_| fields.wrong("v", "27 or 28"))?,
            r: fields.hex("r", BYTES_32)?,
            s: fields.hex("s", BYTES_32)?,
            signer_addr: parse_address(fields, "signer_addr")?,
        })
    }
}

impl EcdsaPair {
    fn parse(fields: &mut Fields) -> Result<Self, ParseError> {
        let signature = "65 bytes in base64";
        let public_key = "33 bytes in base64";
        Ok(Self {
            signature: array(&fields.base64("signature", ecdsa::SIGNATURE_BYTES, signature)?)
                .ok_or_else(|| fields.wrong("signature", signature))?,
            public_key: array(&fields.base64("public_key", POINT_BYTES, public_key)?)
                .ok_or_else(|| fields.wrong("public_key", public_key))?,
        })
    }
}

impl MldsaPair {
    fn parse(fields: &mut Fields) -> Result<Self, ParseError> {
        fields.exactly("pq_scheme", PQ_SCHEME, "\"ML-DSA-65\"")?;
        Ok(Self {
            signature: fields.base64(
                "signature",
                mldsa::SIGNATURE_BYTES,
                "3309 bytes in base64",
            )?,
            public_key: fields.base64(
                "public_key",
                mldsa::PUBLIC_KEY_BYTES,
                "1952 bytes in base64",
            )?,
        })
    }
}

/// Reads an address in its one form, with the checksum of EIP-55.
pub(crate) fn parse_address(fields: &mut Fields, name: &str) -> Result<Address, ParseError> {
    let text = fields.text(name)?;
    match Address::parse(&text) {
        Ok(address) if address.to_string() == text => Ok(address),
        _ => Err(fields.wrong(name, "an address with the checksum of EIP-55")),
    }
}

fn parse_keys(mut fields: Fields) -> Result<KeySet, ParseError> {
    let keys = KeySet {
        ecvrf: fields.hex("ecvrf", POINT)?,
        ecdsa: fields.hex("ecdsa", POINT)?,
        mldsa65_sha256: fields.hex("mldsa65_sha256", BYTES_32)?,
        ecvrf_evm_sha256: fields.hex("ecvrf_evm_sha256", BYTES_32)?,
    };
    fields.finish().map(|()| keys)
}

fn parse_domain(mut fields: Fields) -> Result<Domain, ParseError> {
    fields.exactly("name", DOMAIN_NAME, "\"Re4ctoR\"")?;
    fields.exactly("version", DOMAIN_VERSION, "\"1\"")?;
    let chain_id = fields.has("chain_id").then(|| fields.decimal("chain_id")).transpose()?;
    let contract =
        fields.has("contract").then(|| parse_address(&mut fields, "contract")).transpose()?;
    let domain = Domain::new(chain_id, contract)
        .map_err(|_| fields.wrong("chain_id", "there when contract is"))?;
    fields.finish().map(|()| domain)
}

fn array<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

struct KeysJson<'a>(&'a KeySet);

impl Serialize for KeysJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("ecvrf", &to_hex(&self.0.ecvrf))?;
        map.serialize_entry("ecdsa", &to_hex(&self.0.ecdsa))?;
        map.serialize_entry("mldsa65_sha256", &to_hex(&self.0.mldsa65_sha256))?;
        map.serialize_entry("ecvrf_evm_sha256", &to_hex(&self.0.ecvrf_evm_sha256))?;
        map.end()
    }
}

struct DomainJson<'a>(&'a Domain);

impl Serialize for DomainJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", DOMAIN_NAME)?;
        map.serialize_entry("version", DOMAIN_VERSION)?;
        if let Some(chain_id) = self.0.chain_id() {
            map.serialize_entry("chain_id", &chain_id.to_string())?;
        }
        if let Some(contract) = self.0.contract() {
            map.serialize_entry("contract", &contract.to_string())?;
        }
        map.end()
    }
}
