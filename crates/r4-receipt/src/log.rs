//! The part `log` of an answer: where its entry stands in the log, the proof, and the checkpoint.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use r4_tlog::{Algorithm, Hash, VerifierKey};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::object::{Fields, ParseError, to_hex};

/// Octets that an origin may have.
const MAX_ORIGIN_BYTES: usize = 255;
/// Hashes that a proof may have.
const MAX_PROOF_HASHES: usize = 64;

/// Where an answer stands in the log. Nothing here has been checked but its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The log's name.
    pub origin: String,
    /// The leaf's number.
    pub index: u64,
    /// The leaf's hash (RFC 6962 §2.1).
    pub leaf_hash: Hash,
    /// Leaves of the tree that the proof is for.
    pub tree_size: u64,
    /// The root of that tree.
    pub root: Hash,
    /// The proof of inclusion, from the leaf's sibling up.
    pub inclusion: Vec<Hash>,
    /// The signed note that vouches for the tree.
    pub checkpoint: String,
}

/// The public keys of a log: what vouches for its checkpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKeys {
    /// The Ed25519 key and the ML-DSA-44 key, both under the log's origin.
    keys: [VerifierKey; 2],
}

/// Keys are not those of one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a log has an Ed25519 key (type 1) and an ML-DSA-44 key (type 6) under one name")]
pub struct LogKeysError;

impl LogKeys {
    /// Takes the two keys of a log, Ed25519 first.
    ///
    /// # Errors
    /// The types are others, or the names differ.
    pub fn new(keys: [VerifierKey; 2]) -> Result<Self, LogKeysError> {
        let [classical, post_quantum] = &keys;
        let right = classical.algorithm() == Algorithm::Ed25519
            && post_quantum.algorithm() == Algorithm::CosignatureMldsa44
            && classical.name() == post_quantum.name();
        if right { Ok(Self { keys }) } else { Err(LogKeysError) }
    }

    /// Returns the log's name.
    pub fn origin(&self) -> &str {
        self.keys[0].name()
    }

    /// Returns the keys, Ed25519 first.
    pub const fn keys(&self) -> &[VerifierKey; 2] {
        &self.keys
    }

    pub(crate) fn parse(mut fields: Fields) -> Result<Self, ParseError> {
        const FORM: &str = "the log's Ed25519 and ML-DSA-44 keys as verifier keys";
        let origin = fields.text("origin")?;
        let keys: Option<Vec<VerifierKey>> =
            fields.texts("keys")?.iter().map(|key| VerifierKey::parse(key).ok()).collect();
        let keys = keys
            .and_then(|keys| <[VerifierKey; 2]>::try_from(keys).ok())
            .and_then(|keys| Self::new(keys).ok())
            .ok_or_else(|| fields.wrong("keys", FORM))?;
        if keys.origin() != origin {
            return Err(fields.wrong("origin", "the name of the keys"));
        }
        fields.finish().map(|()| keys)
    }
}

impl Log {
    pub(crate) fn parse(mut fields: Fields) -> Result<Self, ParseError> {
        const HASH: &str = "0x and 64 lower-case hexadecimal digits";
        let origin = fields.text("origin")?;
        if origin.is_empty() || origin.len() > MAX_ORIGIN_BYTES {
            return Err(fields.wrong("origin", "a text of 1 to 255 bytes"));
        }
        let inclusion = fields.texts("inclusion")?;
        let hashes: Option<Vec<Hash>> =
            inclusion.iter().map(|hash| crate::object::hex_array(hash)).collect();
        let inclusion =
            hashes.filter(|hashes| hashes.len() <= MAX_PROOF_HASHES).ok_or_else(|| {
                fields.wrong("inclusion", "a list of at most 64 hashes in hexadecimal")
            })?;
        let log = Self {
            origin,
            index: fields.decimal("index")?,
            leaf_hash: fields.hex("leaf_hash", HASH)?,
            tree_size: fields.decimal("tree_size")?,
            root: fields.hex("root", HASH)?,
            inclusion,
            checkpoint: fields.text("checkpoint")?,
        };
        fields.finish().map(|()| log)
    }
}

impl Serialize for Log {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(7))?;
        map.serialize_entry("origin", &self.origin)?;
        map.serialize_entry("index", &self.index.to_string())?;
        map.serialize_entry("leaf_hash", &to_hex(&self.leaf_hash))?;
        map.serialize_entry("tree_size", &self.tree_size.to_string())?;
        map.serialize_entry("root", &to_hex(&self.root))?;
        let hashes: Vec<String> = self.inclusion.iter().map(|hash| to_hex(hash)).collect();
        map.serialize_entry("inclusion", &hashes)?;
        map.serialize_entry("checkpoint", &self.checkpoint)?;
        map.end()
    }
}

impl Serialize for LogKeys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("origin", self.origin())?;
        map.serialize_entry("keys", &self.keys.each_ref().map(VerifierKey::to_string))?;
        map.end()
    }
}
