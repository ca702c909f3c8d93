//! Trees in memory and keys that sign, for tests.

use core::convert::Infallible;
use std::prelude::v1::*;

use aws_lc_rs::signature::{KeyPair as _, ML_DSA_44_SIGNING, PqdsaKeyPair};
use r4_sign::{ed25519, mldsa44};

use crate::checkpoint::Checkpoint;
use crate::hash::{Hash, leaf_hash, node_hash};
use crate::note::{Algorithm, SignatureLine, VerifierKey};
use crate::tree::Nodes;

/// All complete subtrees of a tree: one list for each level.
pub(crate) struct Tree(pub(crate) Vec<Vec<Hash>>);

impl Tree {
    /// The entry of each leaf is its index.
    pub(crate) fn of(leaves: u64) -> Self {
        let mut levels = vec![(0..leaves).map(leaf).collect::<Vec<Hash>>()];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let (pairs, _) = below.as_chunks();
            levels.push(pairs.iter().map(|[left, right]| node_hash(left, right)).collect());
        }
        Self(levels)
    }
}

impl Nodes for Tree {
    type Error = Infallible;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Infallible> {
        Ok(self.0[usize::from(level)][usize::try_from(index).unwrap()])
    }
}

pub(crate) fn leaf(index: u64) -> Hash {
    leaf_hash(&index.to_be_bytes())
}

/// A key of a log or a witness with its secret half.
pub(crate) struct Signer {
    pub(crate) key: VerifierKey,
    secret: Secret,
}

enum Secret {
    Ed25519(ed25519::SigningKey),
    Mldsa44(PqdsaKeyPair),
}

impl Signer {
    pub(crate) fn new(name: &str, algorithm: Algorithm, seed: u8) -> Self {
        let seed = [seed; 32];
        let (secret, public) = if algorithm == Algorithm::CosignatureMldsa44 {
            let secret = PqdsaKeyPair::from_seed(&ML_DSA_44_SIGNING, &seed).unwrap();
            let public = secret.public_key().as_ref().to_vec();
            (Secret::Mldsa44(secret), public)
        } else {
            let secret = ed25519::SigningKey::from_seed(&seed);
            let public = secret.public_key().to_vec();
            (Secret::Ed25519(secret), public)
        };
        Self { key: VerifierKey::new(name, algorithm, &public).unwrap(), secret }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.secret {
            Secret::Ed25519(secret) => secret.sign(message).to_vec(),
            Secret::Mldsa44(secret) => {
                let mut signature = vec![0; mldsa44::SIGNATURE_BYTES];
                secret.sign(message, &mut signature).unwrap();
                signature
            }
        }
    }

    pub(crate) fn line(&self, checkpoint: &Checkpoint, timestamp: u64) -> SignatureLine {
        self.key.line(timestamp, &self.sign(&self.key.message(checkpoint, timestamp)))
    }
}

pub(crate) fn checkpoint() -> Checkpoint {
    Checkpoint { origin: "log.example/v1/log".to_string(), size: 9, root: leaf(9) }
}
