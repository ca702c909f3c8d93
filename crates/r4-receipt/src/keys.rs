//! The public keys of an epoch and the hash that names it.

use core::fmt;

use r4_sign::mldsa;
use sha2::{Digest as _, Sha256};

use crate::object::to_hex;

/// Octets of a compressed point of secp256k1.
pub const POINT_BYTES: usize = 33;

const KEY_HASH_PREFIX: &[u8] = b"r4/keys/v1\0";

/// All public keys of an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKeys {
    /// The key of the VRF, compressed.
    pub ecvrf: [u8; POINT_BYTES],
    /// The key of ECDSA, compressed.
    pub ecdsa: [u8; POINT_BYTES],
    /// The key of ML-DSA-65.
    pub mldsa65: [u8; mldsa::PUBLIC_KEY_BYTES],
    /// The key reserved for requests made on a chain, compressed.
    pub ecvrf_evm: [u8; POINT_BYTES],
}

/// What a receipt says of the keys: enough to recompute the key hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySet {
    /// The key of the VRF, compressed.
    pub ecvrf: [u8; POINT_BYTES],
    /// The key of ECDSA, compressed.
    pub ecdsa: [u8; POINT_BYTES],
    /// SHA-256 of the key of ML-DSA-65.
    pub mldsa65_sha256: [u8; 32],
    /// SHA-256 of the compressed key reserved for requests made on a chain.
    pub ecvrf_evm_sha256: [u8; 32],
}

/// The name of a key epoch: a hash over all its public keys. `Display` writes 0x and hex.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyHash([u8; 32]);

/// The first eight bytes of a key hash, for logs and screens. `Display` writes 0x and hex.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId([u8; 8]);

/// A text is not a key hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key hash is 0x and 64 lower-case hexadecimal digits")]
pub struct KeyHashError;

impl PublicKeys {
    /// Returns what a receipt says of these keys.
    pub fn key_set(&self) -> KeySet {
        KeySet {
            ecvrf: self.ecvrf,
            ecdsa: self.ecdsa,
            mldsa65_sha256: Sha256::digest(self.mldsa65).into(),
            ecvrf_evm_sha256: Sha256::digest(self.ecvrf_evm).into(),
        }
    }
}

impl KeySet {
    /// Computes the key hash: SHA-256 of `r4/keys/v1`, a zero octet and the SHA-256 of each key in
    /// the order of the fields.
    pub fn key_hash(&self) -> KeyHash {
        let hash = Sha256::new()
            .chain_update(KEY_HASH_PREFIX)
            .chain_update(Sha256::digest(self.ecvrf))
            .chain_update(Sha256::digest(self.ecdsa))
            .chain_update(self.mldsa65_sha256)
            .chain_update(self.ecvrf_evm_sha256)
            .finalize();
        KeyHash(hash.into())
    }
}

impl KeyHash {
    /// Makes a key hash of its 32 bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 0x and 64 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// The text has another form.
    pub fn parse(text: &str) -> Result<Self, KeyHashError> {
        crate::object::hex_array(text).map(Self).ok_or(KeyHashError)
    }

    /// Returns the 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the first eight bytes.
    pub fn key_id(&self) -> KeyId {
        let mut id = [0; 8];
        for (to, from) in id.iter_mut().zip(self.0) {
            *to = from;
        }
        KeyId(id)
    }
}

impl KeyId {
    /// Makes a key id of its eight bytes.
    pub const fn new(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// Returns the eight bytes.
    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyHash({self})")
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

#[cfg(test)]
mod tests;
