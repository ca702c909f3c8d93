//! The public keys of notes and their text form, the vkey.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use r4_sign::{ed25519, mldsa44};
use sha2::{Digest as _, Sha256};

use crate::line::{from_base64, to_base64};

/// The longest name of a key, in octets: what the length field of type 0x06 can say.
pub const MAX_NAME_BYTES: usize = 255;

/// Signature types (signed-note, "Signature types"; tlog-cosignature).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// Ed25519 over the note's text.
    Ed25519 = 1,
    /// Ed25519 over a checkpoint and the time.
    CosignatureEd25519 = 4,
    /// ML-DSA-44 over a tree and the time.
    CosignatureMldsa44 = 6,
}

/// A public key with its name. `Display` writes the vkey.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    algorithm: Algorithm,
    public_key: Vec<u8>,
    id: [u8; 4],
}

/// Why a key was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is not made of three parts.
    #[error("a verifier key is name+id+key: 8 lower-case hexadecimal digits and base64")]
    Form,
    /// The name is empty, too long or has a space, a plus sign or a control character.
    #[error("a key's name has 1 to {MAX_NAME_BYTES} bytes without space, plus sign or control")]
    Name,
    /// The signature type is not known here.
    #[error("signature type {got} is neither Ed25519 (1) nor a cosignature (4, 6)")]
    Algorithm {
        /// The octet given.
        got: u8,
    },
    /// The public key has another length.
    #[error("the public key has {want} bytes, not {got}")]
    Length {
        /// Octets that the algorithm calls for.
        want: usize,
        /// Octets given.
        got: usize,
    },
    /// The id is not the one of this name and key.
    #[error("the key id does not belong to this name and key")]
    Id,
}

impl Algorithm {
    /// Returns the octet that stands for the type.
    pub const fn octet(self) -> u8 {
        self as u8
    }

    /// Returns the octets of a public key.
    pub const fn public_key_bytes(self) -> usize {
        match self {
            Self::Ed25519 | Self::CosignatureEd25519 => ed25519::PUBLIC_KEY_BYTES,
            Self::CosignatureMldsa44 => mldsa44::PUBLIC_KEY_BYTES,
        }
    }

    fn of_octet(octet: u8) -> Option<Self> {
        [Self::Ed25519, Self::CosignatureEd25519, Self::CosignatureMldsa44]
            .into_iter()
            .find(|algorithm| algorithm.octet() == octet)
    }
}

impl VerifierKey {
    /// Names a public key. Whether it is a point of the curve shows when it verifies.
    ///
    /// # Errors
    /// The name is none, or the public key has another length than the algorithm calls for.
    pub fn new(name: &str, algorithm: Algorithm, public_key: &[u8]) -> Result<Self, KeyError> {
        if !is_name(name) || name.len() > MAX_NAME_BYTES {
            return Err(KeyError::Name);
        }
        let (want, got) = (algorithm.public_key_bytes(), public_key.len());
        if want != got {
            return Err(KeyError::Length { want, got });
        }
        let id = key_id(name, algorithm, public_key);
        Ok(Self { name: name.to_string(), algorithm, public_key: public_key.to_vec(), id })
    }

    /// Reads a vkey: name, id in hexadecimal and base64 of type and key, between plus signs
    /// (signed-note, "Verifier keys").
    ///
    /// # Errors
    /// Says what is wrong: form, type, name, length or id.
    pub fn parse(vkey: &str) -> Result<Self, KeyError> {
        let mut parts = vkey.splitn(3, '+');
        let mut part = || parts.next().ok_or(KeyError::Form);
        let (name, id, key) = (part()?, part()?, part()?);
        let key = from_base64(key).ok_or(KeyError::Form)?;
        let (octet, public_key) = key.split_first().ok_or(KeyError::Form)?;
        let algorithm = Algorithm::of_octet(*octet).ok_or(KeyError::Algorithm { got: *octet })?;
        let key = Self::new(name, algorithm, public_key)?;
        let hexadecimal = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
        if id.len() != 8 || !id.bytes().all(hexadecimal) {
            return Err(KeyError::Form);
        }
        if hex::encode(key.id) == id { Ok(key) } else { Err(KeyError::Id) }
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the signature type.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the public key without its type.
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// Returns the key id, the first four octets of
    /// SHA-256(name ‖ 0x0A ‖ type ‖ public key) (signed-note, "Signatures").
    pub const fn id(&self) -> [u8; 4] {
        self.id
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[self.algorithm.octet()], &self.public_key[..]].concat();
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id), to_base64(&key))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({}+{}, {:?})", self.name, hex::encode(self.id), self.algorithm)
    }
}

/// Tells whether a text is the name of a key (signed-note, "Format").
pub(super) fn is_name(text: &str) -> bool {
    let refused = |c: char| c.is_whitespace() || c == '+' || c < ' ';
    !text.is_empty() && !text.contains(refused)
}

fn key_id(name: &str, algorithm: Algorithm, public_key: &[u8]) -> [u8; 4] {
    let hash = Sha256::new()
        .chain_update(name)
        .chain_update([b'\n', algorithm.octet()])
        .chain_update(public_key)
        .finalize();
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash);
    [a, b, c, d]
}
