//! What the modules of all parameter sets of ML-DSA have in common: verification (FIPS 204
//! Algorithm 3) with the empty context string.

/// Defines `PublicKey`, its errors and its lengths for a parameter set: the module of the library
/// that implements it, and its name.
macro_rules! verifier {
    ($set:ident, $name:literal) => {
        use fips204::traits::{SerDes as _, Verifier as _};
        use fips204::$set;

        /// Octets of a public key (FIPS 204 table 2).
        pub const PUBLIC_KEY_BYTES: usize = $set::PK_LEN;
        /// Octets of a signature (FIPS 204 table 2).
        pub const SIGNATURE_BYTES: usize = $set::SIG_LEN;

        /// A public key, expanded once for many verifications.
        pub struct PublicKey {
            bytes: [u8; PUBLIC_KEY_BYTES],
            expanded: $set::PublicKey,
        }

        /// Why bytes are not a public key.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
        pub enum KeyError {
            /// Another length than [`PUBLIC_KEY_BYTES`].
            #[error("an {} public key has {PUBLIC_KEY_BYTES} bytes, not {got}", $name)]
            Length {
                /// Octets given.
                got: usize,
            },
            /// The octets do not decode (FIPS 204 Algorithm 23).
            #[error("the {} public key does not decode", $name)]
            Encoding,
        }

        /// Why a signature was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
        pub enum VerifyError {
            /// Another length than [`SIGNATURE_BYTES`].
            #[error("an {} signature has {SIGNATURE_BYTES} bytes, not {got}", $name)]
            Length {
                /// Octets given.
                got: usize,
            },
            /// The signature does not verify.
            #[error("the {} signature does not verify", $name)]
            Refused,
        }

        impl PublicKey {
            /// Parses an encoded public key (FIPS 204 Algorithm 23).
            ///
            /// # Errors
            /// The length is not [`PUBLIC_KEY_BYTES`], or the octets do not decode.
            pub fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
                let bytes: [u8; PUBLIC_KEY_BYTES] =
                    bytes.try_into().map_err(|_| KeyError::Length { got: bytes.len() })?;
                let expanded =
                    $set::PublicKey::try_from_bytes(bytes).map_err(|_| KeyError::Encoding)?;
                Ok(Self { bytes, expanded })
            }

            /// Returns the encoded key.
            pub const fn as_bytes(&self) -> &[u8; PUBLIC_KEY_BYTES] {
                &self.bytes
            }

            /// Checks a signature of `message` with the empty context (FIPS 204 Algorithm 3).
            ///
            /// # Errors
            /// The length is not [`SIGNATURE_BYTES`], or the signature does not verify.
            pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
                self.verify_in_context(message, signature, &[])
            }

            fn verify_in_context(
                &self,
                message: &[u8],
                signature: &[u8],
                context: &[u8],
            ) -> Result<(), VerifyError> {
                let signature = signature
                    .try_into()
                    .map_err(|_| VerifyError::Length { got: signature.len() })?;
                if self.expanded.verify(message, signature, context) {
                    Ok(())
                } else {
                    Err(VerifyError::Refused)
                }
            }
        }
    };
}

pub(crate) use verifier;
