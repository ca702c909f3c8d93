//! ECDSA on secp256k1 (FIPS 186-5, SEC 1 §4.1) over a 32-byte digest, as Ethereum has it: nonces of
//! RFC 6979 with SHA-256, `s` in the lower half, `v` = 27 or 28, the key by its compressed point.

use core::fmt;

use k256::ecdsa::signature::hazmat::PrehashVerifier as _;
use k256::elliptic_curve::scalar::IsHigh as _;

pub use crate::address::{Address, AddressError};

/// Octets of a compressed public key.
pub const PUBLIC_KEY_BYTES: usize = 33;
/// Octets of an encoded signature, r ‖ s ‖ v.
pub const SIGNATURE_BYTES: usize = 65;

/// A secret scalar. Wiped when dropped; never shown, never cloned.
pub struct SigningKey(k256::ecdsa::SigningKey);

/// A public key: a point of the curve, not the identity.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey(k256::ecdsa::VerifyingKey);

/// A signature with the bit that recovers its key. [`Signature::parse`] checks the ranges, and
/// [`VerifyingKey::verify_digest`] checks them again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signature {
    /// x-coordinate of the nonce's point modulo n, big-endian.
    pub r: [u8; 32],
    /// The lower of the two possible values, big-endian.
    pub s: [u8; 32],
    /// 27 when y of the nonce's point is even, 28 when it is odd.
    pub v: u8,
}

/// Why bytes are not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The secret is zero or not below the group's order.
    #[error("the secret scalar is not between 1 and n - 1")]
    Scalar,
    /// The public key has another length than 33 octets.
    #[error("a compressed public key has 33 bytes, not {got}")]
    Length {
        /// Octets given.
        got: usize,
    },
    /// The octets do not encode a point of the curve.
    #[error("the public key is not a compressed point of secp256k1")]
    Point,
}

/// Why a digest could not be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The signature has an x-coordinate past the group's order, which v = 27 or 28 cannot say.
    /// The chance is 2⁻¹²⁷.
    #[error("the signature cannot be written with v = 27 or 28")]
    Recovery,
}

/// Why bytes are not a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Another length than 65 octets.
    #[error("an encoded signature has 65 bytes, not {got}")]
    Length {
        /// Octets given.
        got: usize,
    },
    /// r or s is zero or not below the group's order.
    #[error("r and s must be between 1 and n - 1")]
    Range,
    /// s is in the upper half: the same signature has a second form, which is refused.
    #[error("s is in the upper half of its range")]
    HighS,
    /// v is neither 27 nor 28.
    #[error("v is {got}, not 27 or 28")]
    V {
        /// The value given.
        got: u8,
    },
}

/// Why a signature was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The signature is malformed.
    #[error(transparent)]
    Malformed(#[from] SignatureError),
    /// The equation does not hold, or no key can be recovered.
    #[error("the ECDSA signature does not verify")]
    Refused,
}

impl SigningKey {
    /// Takes a big-endian secret scalar.
    ///
    /// # Errors
    /// The scalar is zero or not below the group's order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        k256::ecdsa::SigningKey::from_slice(bytes).map(Self).map_err(|_| KeyError::Scalar)
    }

    /// Returns the public key.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(*self.0.verifying_key())
    }

    /// Signs a digest: nonce of RFC 6979 §3.2 with SHA-256, s in the lower half, constant time.
    ///
    /// # Errors
    /// The result cannot be written with v = 27 or 28 (never seen).
    pub fn sign_digest(&self, digest: &[u8; 32]) -> Result<Signature, SignError> {
        let (signature, recovery) = self.0.sign_prehash_recoverable(digest);
        if recovery.is_x_reduced() {
            return Err(SignError::Recovery);
        }
        let (r, s) = signature.split_bytes();
        let v = if recovery.is_y_odd() { 28 } else { 27 };
        Ok(Signature { r: r.into(), s: s.into(), v })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ecdsa::SigningKey(..)")
    }
}

impl VerifyingKey {
    /// Parses a compressed point (SEC 1 §2.3.4: 0x02 or 0x03, then x).
    ///
    /// # Errors
    /// The length is not 33, or the octets are no point of the curve.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        match bytes {
            [2 | 3, x @ ..] if x.len() == 32 => k256::ecdsa::VerifyingKey::from_sec1_bytes(bytes)
                .map(Self)
                .map_err(|_| KeyError::Point),
            _ if bytes.len() == PUBLIC_KEY_BYTES => Err(KeyError::Point),
            _ => Err(KeyError::Length { got: bytes.len() }),
        }
    }

    /// Returns the compressed point.
    pub fn to_bytes(&self) -> [u8; PUBLIC_KEY_BYTES] {
        let mut bytes = [0; PUBLIC_KEY_BYTES];
        for (to, from) in bytes.iter_mut().zip(self.0.to_sec1_point(true).as_bytes()) {
            *to = *from;
        }
        bytes
    }

    /// Returns the Ethereum address of the key.
    pub fn address(&self) -> Address {
        let point = self.0.to_sec1_point(false);
        Address::of_coordinates(point.as_bytes().get(1..).unwrap_or_default())
    }

    /// Checks a signature of a digest (SEC 1 §4.1.4) and that it has its only accepted form, with
    /// the lower s. `v` is no part of ECDSA: [`Signature::recover`] checks that.
    ///
    /// # Errors
    /// The signature is malformed, has the upper s, or does not verify.
    pub fn verify_digest(
        &self,
        digest: &[u8; 32],
        signature: &Signature,
    ) -> Result<(), VerifyError> {
        let signature = signature.checked()?;
        self.0.verify_prehash(digest, &signature).map_err(|_| VerifyError::Refused)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ecdsa::VerifyingKey(0x{})", hex::encode(self.to_bytes()))
    }
}

impl Signature {
    /// Makes a signature of its three numbers.
    ///
    /// # Errors
    /// r or s is out of range, s is in the upper half, or v is neither 27 nor 28.
    pub fn parse(r: [u8; 32], s: [u8; 32], v: u8) -> Result<Self, SignatureError> {
        let signature = Self { r, s, v };
        signature.checked().map(|_| signature)
    }

    /// Parses r ‖ s ‖ v.
    ///
    /// # Errors
    /// The length is not 65, or as for [`Signature::parse`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SignatureError> {
        let wrong = SignatureError::Length { got: bytes.len() };
        let (r, rest) = bytes.split_first_chunk().ok_or(wrong)?;
        let (s, rest) = rest.split_first_chunk().ok_or(wrong)?;
        let [v] = rest else { return Err(wrong) };
        Self::parse(*r, *s, *v)
    }

    /// Returns r ‖ s ‖ v.
    pub fn to_bytes(&self) -> [u8; SIGNATURE_BYTES] {
        let mut bytes = [0; SIGNATURE_BYTES];
        let parts = self.r.iter().chain(&self.s).chain(core::iter::once(&self.v));
        for (to, from) in bytes.iter_mut().zip(parts) {
            *to = *from;
        }
        bytes
    }

    /// Recovers the key under which the signature, with its v, is valid for `digest`
    /// (SEC 1 §4.1.6).
    ///
    /// # Errors
    /// The signature is malformed or no key fits.
    pub fn recover(&self, digest: &[u8; 32]) -> Result<VerifyingKey, VerifyError> {
        let signature = self.checked()?;
        let recovery = k256::ecdsa::RecoveryId::new(self.v == 28, false);
        k256::ecdsa::VerifyingKey::recover_from_prehash(digest, &signature, recovery)
            .map(VerifyingKey)
            .map_err(|_| VerifyError::Refused)
    }

    fn checked(&self) -> Result<k256::ecdsa::Signature, SignatureError> {
        if !matches!(self.v, 27 | 28) {
            return Err(SignatureError::V { got: self.v });
        }
        let signature = k256::ecdsa::Signature::from_scalars(self.r, self.s)
            .map_err(|_| SignatureError::Range)?;
        if bool::from(signature.s().is_high()) {
            return Err(SignatureError::HighS);
        }
        Ok(signature)
    }
}

#[cfg(test)]
mod tests;
