//! The attestation of random bytes, as `/random_dual` sends it: signed, but not unique; the node
//! could have drawn again.

use alloc::string::String;
use alloc::vec::Vec;

use r4_sign::keccak::keccak256;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::eip712::{AttestedFields, attested_digest};
use crate::envelope::Envelope;
use crate::keys::KeyHash;
use crate::object::{Fields, MAX_DOCUMENT_BYTES, ParseError, to_hex, to_json};
use crate::schemes::Schemes;

/// Octets that may be attested at once; at least [`MIN_ATTESTED_BYTES`].
pub const MAX_ATTESTED_BYTES: usize = 1000;
/// The fewest octets that are attested.
pub const MIN_ATTESTED_BYTES: usize = 16;

/// A parsed attestation. Nothing in it has been checked but its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// Who, when, where, and the signatures.
    pub envelope: Envelope,
    /// The random bytes, 16 to 1000.
    pub bytes: Vec<u8>,
    /// SHA-256 of the sealed core's binary; zero when there was none.
    pub core_sha256: [u8; 32],
    /// How the core made the bytes.
    pub mode: Mode,
}

/// How the core makes random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mode {
    /// By the sealed, self-tested generator.
    Sealed = 0,
    /// By the kernel's generator.
    Fallback = 1,
}

impl Attestation {
    /// Parses an attestation's JSON. Unknown, missing and repeated fields are refused, and so is
    /// every form of a value but one.
    ///
    /// # Errors
    /// Names what is wrong: the input as a whole, or a field and its accepted form.
    pub fn parse(input: &[u8]) -> Result<Self, ParseError> {
        Self::from_fields(Fields::parse(input, MAX_DOCUMENT_BYTES)?)
    }

    /// Writes the JSON. `parse(to_json(x)) == x`.
    pub fn to_json(&self) -> String {
        to_json(self)
    }

    /// Computes the digest that is signed for this attestation, under a key hash that the caller
    /// recomputed and for the given signatures.
    pub fn digest(&self, key_hash: KeyHash, schemes: Schemes) -> [u8; 32] {
        attested_digest(&self.signed_fields(key_hash, schemes), &self.envelope.domain)
    }

    /// Returns the structure that [`Self::digest`] hashes.
    pub(crate) fn signed_fields(&self, key_hash: KeyHash, schemes: Schemes) -> AttestedFields {
        AttestedFields {
            key_hash,
            index: self.envelope.index,
            bytes_hash: keccak256(&self.bytes),
            // At most 1000, by the parser and the builder.
            length: u32::try_from(self.bytes.len()).unwrap_or(u32::MAX),
            core_hash: self.core_sha256,
            mode: self.mode,
            timestamp: self.envelope.timestamp.unix(),
            schemes,
        }
    }

    pub(crate) fn from_fields(mut fields: Fields) -> Result<Self, ParseError> {
        if fields.bool("unique")? {
            return Err(fields.wrong("unique", "false"));
        }
        let envelope = Envelope::parse(&mut fields)?;
        let bytes = fields.hex_bytes("bytes")?;
        if !(MIN_ATTESTED_BYTES..=MAX_ATTESTED_BYTES).contains(&bytes.len()) {
            return Err(fields.wrong("bytes", "16 to 1000 bytes in hexadecimal"));
        }
        if usize::try_from(fields.integer("n")?) != Ok(bytes.len()) {
            return Err(fields.wrong("n", "the number of bytes"));
        }
        let core_sha256 = fields.hex("core_sha256", "0x and 64 lower-case hexadecimal digits")?;
        let mode = Mode::from_name(&fields.text("mode")?)
            .ok_or_else(|| fields.wrong("mode", "\"sealed\" or \"fallback\""))?;
        fields.finish()?;
        Ok(Self { envelope, bytes, core_sha256, mode })
    }
}

impl Mode {
    /// Returns the number that is signed.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Returns the word of the JSON field `mode`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sealed => "sealed",
            Self::Fallback => "fallback",
        }
    }

    /// Reads the word of the JSON field `mode`.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Sealed, Self::Fallback].into_iter().find(|mode| mode.name() == name)
    }
}

impl Serialize for Attestation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.envelope.write_head(&mut map)?;
        map.serialize_entry("unique", &false)?;
        map.serialize_entry("bytes", &to_hex(&self.bytes))?;
        map.serialize_entry("n", &self.bytes.len())?;
        map.serialize_entry("core_sha256", &to_hex(&self.core_sha256))?;
        map.serialize_entry("mode", self.mode.name())?;
        map.serialize_entry("timestamp", &alloc::format!("{}", self.envelope.timestamp))?;
        self.envelope.write_tail(&mut map)?;
        map.end()
    }
}
