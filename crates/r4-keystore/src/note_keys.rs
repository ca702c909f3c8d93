//! The keys that sign checkpoints: a log's or a witness's own, from a seed of its own.
//!
//! A log outlives key epochs, so its seed is not the root seed. Each signer has two keys, one
//! classical and one post-quantum, so that the log outlives classical signatures too.

use aws_lc_rs::signature::{ML_DSA_44_SIGNING, PqdsaKeyPair};
use hkdf::Hkdf;
use r4_sign::{ed25519, mldsa44};
use r4_tlog::{Algorithm, Checkpoint, SignatureLine, VerifierKey};
use sha2::Sha256;

use crate::keys::{KeysError, Use, expand, extract, pqdsa_key, pqdsa_public, pqdsa_sign};
use crate::seed::RootSeed;

const LOG: [Use; 2] = [Use("r4/log-ed25519/v1"), Use("r4/log-mldsa44/v1")];
const WITNESS: [Use; 2] = [Use("r4/witness-ed25519/v1"), Use("r4/witness-mldsa44/v1")];

/// An Ed25519 and an ML-DSA-44 key under one name. Secrets are wiped when dropped and never shown.
pub struct NoteKeys {
    ed25519: ed25519::SigningKey,
    mldsa: PqdsaKeyPair,
    public: [VerifierKey; 2],
}

impl NoteKeys {
    /// Derives the keys of the log `origin`, which is their name too.
    ///
    /// # Errors
    /// The name is none for a note; [`KeysError::Mldsa`] if the library refuses.
    pub fn log(seed: &RootSeed, origin: &str) -> Result<Self, KeysError> {
        Self::derive(seed, origin, &LOG, Algorithm::Ed25519)
    }

    /// Derives the keys of the witness `name`.
    ///
    /// # Errors
    /// As for [`NoteKeys::log`].
    pub fn witness(seed: &RootSeed, name: &str) -> Result<Self, KeysError> {
        Self::derive(seed, name, &WITNESS, Algorithm::CosignatureEd25519)
    }

    fn derive(
        seed: &RootSeed,
        name: &str,
        [classical, post_quantum]: &[Use; 2],
        algorithm: Algorithm,
    ) -> Result<Self, KeysError> {
        let prk: Hkdf<Sha256> = extract(seed);
        let ed25519 = ed25519::SigningKey::from_seed(&*expand(&prk, *classical)?);
        let mldsa = pqdsa_key(&ML_DSA_44_SIGNING, &*expand(&prk, *post_quantum)?)?;
        let public_mldsa: [u8; mldsa44::PUBLIC_KEY_BYTES] = pqdsa_public(&mldsa)?;
        let key = |algorithm, bytes: &[u8]| {
            VerifierKey::new(name, algorithm, bytes).map_err(|_| KeysError::Name)
        };
        let public = [
            key(algorithm, &ed25519.public_key())?,
            key(Algorithm::CosignatureMldsa44, &public_mldsa)?,
        ];
        Ok(Self { ed25519, mldsa, public })
    }

    /// Returns the public keys, Ed25519 first.
    pub fn verifier_keys(&self) -> &[VerifierKey; 2] {
        &self.public
    }

    /// Signs a checkpoint by both keys at `timestamp` (Unix seconds) and checks both signatures by
    /// the code that verifiers use; for ML-DSA-44 that is another library than the signing one.
    ///
    /// # Errors
    /// The library cannot sign, or a signature does not verify.
    pub fn sign(
        &self,
        checkpoint: &Checkpoint,
        timestamp: u64,
    ) -> Result<Vec<SignatureLine>, KeysError> {
        let [classical, post_quantum] = &self.public;
        let message = |key: &VerifierKey| key.message(checkpoint, timestamp);
        let ed25519 = self.ed25519.sign(&message(classical));
        let mldsa = pqdsa_sign(&self.mldsa, &message(post_quantum), mldsa44::SIGNATURE_BYTES)?;
        let lines = vec![classical.line(timestamp, &ed25519), post_quantum.line(timestamp, &mldsa)];
        for (key, line) in self.public.iter().zip(&lines) {
            key.verify_line(checkpoint, line).map_err(|_| KeysError::Checkpoint)?;
        }
        Ok(lines)
    }
}

impl std::fmt::Debug for NoteKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NoteKeys({})", self.public[0].name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use r4_tlog::SignedCheckpoint;
    use zeroize::Zeroizing;

    fn checkpoint(size: u64) -> Checkpoint {
        Checkpoint { origin: "node.example/v1/log".to_owned(), size, root: [7; 32] }
    }

    #[test]
    fn both_signatures_verify_and_are_of_this_checkpoint_alone() {
        let seed = RootSeed::from_bytes(Zeroizing::new([5; 32]));
        for keys in [NoteKeys::log(&seed, "node.example/v1/log"), NoteKeys::witness(&seed, "w")] {
            let keys = keys.unwrap();
            let lines = keys.sign(&checkpoint(9), 1_800_000_000).unwrap();
            let good = SignedCheckpoint::new(checkpoint(9), lines.clone());
            let other = SignedCheckpoint::new(checkpoint(10), lines);
            for key in keys.verifier_keys() {
                assert!(good.verify(key).is_ok());
                assert!(other.verify(key).is_err());
            }
        }
    }

    #[test]
    fn a_name_that_a_note_cannot_have_is_refused() {
        let seed = RootSeed::from_bytes(Zeroizing::new([5; 32]));
        for bad in ["", "a b", "a+b"] {
            assert_eq!(NoteKeys::log(&seed, bad).err(), Some(KeysError::Name), "{bad:?}");
        }
    }
}
