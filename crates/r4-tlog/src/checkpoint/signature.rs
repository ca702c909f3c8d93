//! What the keys of logs and witnesses sign, how it stands on a signature line, and its check.

use alloc::string::ToString as _;
use alloc::vec::Vec;

use r4_sign::{ed25519, mldsa44};

use super::Checkpoint;
use crate::note::{Algorithm, SignatureLine, VerifierKey};

/// The label of the message of type 0x06 (tlog-cosignature, "ML-DSA-44").
const SUBTREE_LABEL: &[u8; 12] = b"subtree/v1\n\0";
/// Times fit a signed 64-bit number (tlog-cosignature).
const MAX_TIMESTAMP: u64 = u64::MAX >> 1;

/// A signature that verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signed {
    /// When the signer says it signed, in seconds since 1970; none for plain Ed25519.
    pub timestamp: Option<u64>,
}

/// Why a key's signature on a checkpoint does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No line is of this key.
    #[error("the checkpoint has no signature of this key")]
    Missing,
    /// The line has another length than the algorithm calls for.
    #[error("the signature has {want} bytes, not {got}")]
    Length {
        /// Octets that the algorithm calls for, with the time.
        want: usize,
        /// Octets given.
        got: usize,
    },
    /// The time is zero or above 2^63 - 1.
    #[error("the time of the signature is not between 1 and 2^63 - 1")]
    Timestamp,
    /// The signature does not verify.
    #[error("the signature does not verify")]
    Refused,
}

impl VerifierKey {
    /// Returns what this key signs of a checkpoint at a time in seconds since 1970 (signed-note,
    /// "Ed25519 signatures"; tlog-cosignature, "Signed message"). Plain Ed25519 signs no time.
    pub fn message(&self, checkpoint: &Checkpoint, timestamp: u64) -> Vec<u8> {
        let text = checkpoint.to_string();
        match self.algorithm() {
            Algorithm::Ed25519 => text.into_bytes(),
            Algorithm::CosignatureEd25519 => {
                let time = timestamp.to_string();
                ["cosignature/v1\ntime ", &time, "\n", &text].concat().into_bytes()
            }
            Algorithm::CosignatureMldsa44 => cosigned_message(self.name(), checkpoint, timestamp),
        }
    }

    /// Makes the line of a signature of [`VerifierKey::message`].
    pub fn line(&self, timestamp: u64, signature: &[u8]) -> SignatureLine {
        let time = timestamp.to_be_bytes();
        let time = if self.is_timed() { &time[..] } else { &[] };
        SignatureLine {
            name: self.name().to_string(),
            key_id: self.id(),
            bytes: [time, signature].concat(),
        }
    }

    /// Checks a line of a checkpoint under this key.
    ///
    /// # Errors
    /// The line is of another key, has another length or a time that is none, or the signature does
    /// not verify.
    pub fn verify_line(
        &self,
        checkpoint: &Checkpoint,
        line: &SignatureLine,
    ) -> Result<Signed, SignatureError> {
        if !self.owns(line) {
            return Err(SignatureError::Missing);
        }
        let (timestamp, signature) = self.split(&line.bytes)?;
        let message = self.message(checkpoint, timestamp.unwrap_or(0));
        if self.accepts(&message, signature) {
            Ok(Signed { timestamp })
        } else {
            Err(SignatureError::Refused)
        }
    }

    /// Tells whether a line says it is of this key: by name and id (signed-note, "Signatures").
    pub(super) fn owns(&self, line: &SignatureLine) -> bool {
        self.name() == line.name && self.id() == line.key_id
    }

    const fn is_timed(&self) -> bool {
        !matches!(self.algorithm(), Algorithm::Ed25519)
    }

    /// Splits the time off the signature (tlog-cosignature, "Format").
    fn split<'a>(&self, bytes: &'a [u8]) -> Result<(Option<u64>, &'a [u8]), SignatureError> {
        let time = if self.is_timed() { size_of::<u64>() } else { 0 };
        let signature = match self.algorithm() {
            Algorithm::Ed25519 | Algorithm::CosignatureEd25519 => ed25519::SIGNATURE_BYTES,
            Algorithm::CosignatureMldsa44 => mldsa44::SIGNATURE_BYTES,
        };
        let (want, got) = (time.saturating_add(signature), bytes.len());
        if want != got {
            return Err(SignatureError::Length { want, got });
        }
        match bytes.split_first_chunk() {
            Some((time, signature)) if self.is_timed() => match u64::from_be_bytes(*time) {
                time @ 1..=MAX_TIMESTAMP => Ok((Some(time), signature)),
                _ => Err(SignatureError::Timestamp),
            },
            _ => Ok((None, bytes)),
        }
    }

    fn accepts(&self, message: &[u8], signature: &[u8]) -> bool {
        match self.algorithm() {
            Algorithm::Ed25519 | Algorithm::CosignatureEd25519 => {
                match (self.public_key().try_into(), signature.try_into()) {
                    (Ok(key), Ok(signature)) => ed25519::verify(key, message, signature).is_ok(),
                    _ => false,
                }
            }
            Algorithm::CosignatureMldsa44 => mldsa44::PublicKey::parse(self.public_key())
                .is_ok_and(|key| key.verify(message, signature).is_ok()),
        }
    }
}

/// Writes the structure `cosigned_message` for a whole tree (tlog-cosignature, "ML-DSA-44"): the
/// leaves from 0 to its size.
fn cosigned_message(name: &str, checkpoint: &Checkpoint, timestamp: u64) -> Vec<u8> {
    let mut message = SUBTREE_LABEL.to_vec();
    push_text(&mut message, name);
    message.extend(timestamp.to_be_bytes());
    push_text(&mut message, &checkpoint.origin);
    message.extend(0_u64.to_be_bytes());
    message.extend(checkpoint.size.to_be_bytes());
    message.extend(checkpoint.root);
    message
}

/// Appends a text with its length in front. A text that is too long, which nothing that was parsed
/// has, gets the length zero, which is that of no name.
fn push_text(message: &mut Vec<u8>, text: &str) {
    message.push(u8::try_from(text.len()).unwrap_or(0));
    message.extend(text.as_bytes());
}
