//! A log for tests: keys from a number, and trees of any size of which nothing but one leaf's
//! siblings is known.

use std::prelude::v1::*;

use fips204::ml_dsa_44;
use fips204::traits::{KeyGen as _, SerDes as _, Signer as _};
use r4_sign::ed25519;
use r4_tlog::{Algorithm, Checkpoint, Hash, SignatureLine, SignedCheckpoint, VerifierKey, hash};

use crate::{Document, Log, LogKeys};

/// When checkpoints were signed.
const SIGNED_AT: u64 = 1_787_315_700;

/// A log's keys.
pub(crate) struct TestLog {
    ed25519: ed25519::SigningKey,
    mldsa: ml_dsa_44::PrivateKey,
    pub(crate) keys: LogKeys,
}

impl TestLog {
    pub(crate) fn new(origin: &str, number: u8) -> Self {
        let ed25519 = ed25519::SigningKey::from_seed(&[number; 32]);
        let (public, mldsa) = ml_dsa_44::KG::keygen_from_seed(&[number; 32]);
        let key = |algorithm, bytes: &[u8]| VerifierKey::new(origin, algorithm, bytes).unwrap();
        let keys = [
            key(Algorithm::Ed25519, &ed25519.public_key()),
            key(Algorithm::CosignatureMldsa44, &public.into_bytes()),
        ];
        Self { ed25519, mldsa, keys: LogKeys::new(keys).unwrap() }
    }

    /// The lines that sign a checkpoint, Ed25519 first.
    pub(crate) fn lines(&self, checkpoint: &Checkpoint) -> [SignatureLine; 2] {
        let [classical, post_quantum] = self.keys.keys();
        let classical_signature = self.ed25519.sign(&classical.message(checkpoint, SIGNED_AT));
        let message = post_quantum.message(checkpoint, SIGNED_AT);
        let signature = self.mldsa.try_sign_with_seed(&[9; 32], &message, b"").unwrap();
        [classical.line(SIGNED_AT, &classical_signature), post_quantum.line(SIGNED_AT, &signature)]
    }

    pub(crate) fn signed(&self, checkpoint: Checkpoint) -> String {
        let lines = self.lines(&checkpoint);
        SignedCheckpoint::new(checkpoint, lines.to_vec()).to_string()
    }

    /// The part of a document in a tree of `size` leaves whose other leaves are anybody's.
    pub(crate) fn part(&self, document: &Document, size: u64) -> Log {
        let index = document.envelope().index;
        let key_hash = document.envelope().keys.key_hash();
        let leaf_hash = hash::leaf_hash(&document.entry(key_hash).to_bytes());
        let (inclusion, root) = proof(leaf_hash, index, size);
        let origin = self.keys.origin().to_string();
        let checkpoint = self.signed(Checkpoint { origin: origin.clone(), size, root });
        Log { origin, index, leaf_hash, tree_size: size, root, inclusion, checkpoint }
    }
}

/// Chooses the siblings of a leaf and computes the root (RFC 9162 §2.1.3.2, read the other way).
fn proof(leaf: Hash, index: u64, size: u64) -> (Vec<Hash>, Hash) {
    let (mut at, mut last, mut root) = (index, size - 1, leaf);
    let mut siblings = Vec::new();
    while last > 0 {
        if at % 2 == 1 || at < last {
            let sibling = hash::leaf_hash(&[u8::try_from(siblings.len()).unwrap()]);
            root = if at % 2 == 1 {
                hash::node_hash(&sibling, &root)
            } else {
                hash::node_hash(&root, &sibling)
            };
            siblings.push(sibling);
        }
        (at, last) = (at / 2, last / 2);
    }
    (siblings, root)
}
