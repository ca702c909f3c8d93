//! Ed25519 (RFC 8032 §5.1), verified strictly: canonical encodings and no point of small order, so
//! that every verifier gives the same answer.

use core::fmt;

use ed25519_dalek::Signer as _;

/// Octets of a public key.
pub const PUBLIC_KEY_BYTES: usize = 32;
/// Octets of a signature.
pub const SIGNATURE_BYTES: usize = 64;

/// A secret seed. Wiped when dropped; never shown, never cloned.
pub struct SigningKey(ed25519_dalek::SigningKey);

/// Why a signature was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The public key is no point of the curve.
    #[error("the Ed25519 public key is not a point of the curve")]
    PublicKey,
    /// The signature does not verify.
    #[error("the Ed25519 signature does not verify")]
    Refused,
}

impl SigningKey {
    /// Takes a 32-byte seed (RFC 8032 §5.1.5).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// Returns the public key.
    pub fn public_key(&self) -> [u8; PUBLIC_KEY_BYTES] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs a message (RFC 8032 §5.1.6); deterministic.
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ed25519::SigningKey(..)")
    }
}

/// Checks a signature (RFC 8032 §5.1.7, without the cofactor, no point of small order).
///
/// # Errors
/// The public key is no point, or the signature does not verify.
pub fn verify(
    public_key: &[u8; PUBLIC_KEY_BYTES],
    message: &[u8],
    signature: &[u8; SIGNATURE_BYTES],
) -> Result<(), VerifyError> {
    ed25519_dalek::VerifyingKey::from_bytes(public_key)
        .map_err(|_| VerifyError::PublicKey)?
        .verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature))
        .map_err(|_| VerifyError::Refused)
}

#[cfg(test)]
mod tests {
    use super::{SigningKey, VerifyError, verify};
    use alloc::vec::Vec;

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        hex::decode(text).unwrap().try_into().unwrap()
    }

    /// RFC 8032 §7.1, tests 1 to 3: seed, public key, message, signature.
    const RFC_8032: [[&str; 4]; 3] = [
        [
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ],
        [
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ],
        [
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ],
    ];

    #[test]
    fn rfc_8032() {
        for [seed, public_key, message, signature] in RFC_8032 {
            let key = SigningKey::from_seed(&bytes(seed));
            let message: Vec<u8> = hex::decode(message).unwrap();
            assert_eq!(key.public_key(), bytes(public_key));
            assert_eq!(key.sign(&message), bytes(signature));
            verify(&key.public_key(), &message, &bytes(signature)).unwrap();
        }
    }

    #[test]
    fn flipped_bits_are_refused() {
        let key = SigningKey::from_seed(&[7; 32]);
        let good = key.sign(b"message");
        for bit in (0..512).step_by(7) {
            let mut bad = good;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(verify(&key.public_key(), b"message", &bad), Err(VerifyError::Refused));
        }
        assert_eq!(verify(&key.public_key(), b"massage", &good), Err(VerifyError::Refused));
    }

    #[test]
    fn a_key_of_small_order_is_refused() {
        // Under the identity as key, R = identity and s = 0 satisfy the plain equation for any message.
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        assert_eq!(verify(&identity, b"any", &signature), Err(VerifyError::Refused));
    }
}
