//! ML-DSA-65 verification (FIPS 204 Algorithm 3) with the empty context string.

use fips204::ml_dsa_65;
use fips204::traits::{SerDes as _, Verifier as _};

/// Octets of a public key (FIPS 204 table 2).
pub const PUBLIC_KEY_BYTES: usize = ml_dsa_65::PK_LEN;
/// Octets of a signature (FIPS 204 table 2).
pub const SIGNATURE_BYTES: usize = ml_dsa_65::SIG_LEN;

/// A public key, expanded once for many verifications.
pub struct PublicKey {
    bytes: [u8; PUBLIC_KEY_BYTES],
    expanded: ml_dsa_65::PublicKey,
}

/// Why bytes are not a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Another length than 1952 octets.
    #[error("an ML-DSA-65 public key has 1952 bytes, not {got}")]
    Length {
        /// Octets given.
        got: usize,
    },
    /// The octets do not decode (FIPS 204 Algorithm 23).
    #[error("the ML-DSA-65 public key does not decode")]
    Encoding,
}

/// Why a signature was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Another length than 3309 octets.
    #[error("an ML-DSA-65 signature has 3309 bytes, not {got}")]
    Length {
        /// Octets given.
        got: usize,
    },
    /// The signature does not verify.
    #[error("the ML-DSA-65 signature does not verify")]
    Refused,
}

impl PublicKey {
    /// Parses an encoded public key (FIPS 204 Algorithm 23).
    ///
    /// # Errors
    /// The length is not 1952, or the octets do not decode.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        let bytes: [u8; PUBLIC_KEY_BYTES] =
            bytes.try_into().map_err(|_| KeyError::Length { got: bytes.len() })?;
        let expanded =
            ml_dsa_65::PublicKey::try_from_bytes(bytes).map_err(|_| KeyError::Encoding)?;
        Ok(Self { bytes, expanded })
    }

    /// Returns the encoded key.
    pub const fn as_bytes(&self) -> &[u8; PUBLIC_KEY_BYTES] {
        &self.bytes
    }

    /// Checks a signature of `message` with the empty context (FIPS 204 Algorithm 3).
    ///
    /// # Errors
    /// The length is not 3309, or the signature does not verify.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        self.verify_in_context(message, signature, &[])
    }

    fn verify_in_context(
        &self,
        message: &[u8],
        signature: &[u8],
        context: &[u8],
    ) -> Result<(), VerifyError> {
        let signature =
            signature.try_into().map_err(|_| VerifyError::Length { got: signature.len() })?;
        if self.expanded.verify(message, signature, context) {
            Ok(())
        } else {
            Err(VerifyError::Refused)
        }
    }
}

#[cfg(test)]
mod tests;
