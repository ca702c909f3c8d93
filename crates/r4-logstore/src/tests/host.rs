//! A host with a fixed key, that can be told to fail.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use r4_sign::ed25519::SigningKey;
use r4_tlog::{Algorithm, Checkpoint, SignedCheckpoint, VerifierKey};

use crate::{Host, HostError};

pub(super) const ORIGIN: &str = "random.example.org/v1/log";

/// Calls something at each point.
type AtPoint = Box<dyn Fn(&'static str) + Send + Sync>;

#[derive(Default)]
pub(super) struct TestHost {
    pub(super) refuse_to_sign: AtomicBool,
    pub(super) refuse_missed: AtomicBool,
    pub(super) signed: AtomicU64,
    pub(super) at_point: Mutex<Option<AtPoint>>,
}

impl TestHost {
    pub(super) fn plain() -> Arc<Self> {
        Arc::new(Self::default())
    }

    pub(super) fn at_points(at: impl Fn(&'static str) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { at_point: Mutex::new(Some(Box::new(at))), ..Self::default() })
    }
}

fn signing_key() -> SigningKey {
    SigningKey::from_seed(&[5; 32])
}

pub(super) fn key() -> VerifierKey {
    VerifierKey::new(ORIGIN, Algorithm::Ed25519, &signing_key().public_key()).unwrap()
}

impl Host for TestHost {
    fn now(&self) -> u64 {
        1_800_000_000
    }

    fn sign(&self, checkpoint: &Checkpoint) -> Result<SignedCheckpoint, HostError> {
        if self.refuse_to_sign.load(Ordering::SeqCst) {
            return Err(HostError("no key".to_owned()));
        }
        self.signed.fetch_add(1, Ordering::SeqCst);
        let key = key();
        let signature = signing_key().sign(&key.message(checkpoint, 0));
        let line = key.line(0, &signature);
        Ok(SignedCheckpoint::new(checkpoint.clone(), vec![line]))
    }

    fn missed(&self, index: u64) -> Result<Vec<u8>, HostError> {
        if self.refuse_missed.load(Ordering::SeqCst) {
            return Err(HostError("no output".to_owned()));
        }
        Ok(missed(index))
    }

    fn reached(&self, point: &'static str) {
        if let Some(at) = &*self.at_point.lock().unwrap() {
            at(point);
        }
    }
}

/// The entry of a missed index.
pub(super) fn missed(index: u64) -> Vec<u8> {
    [&[1, 3][..], &index.to_be_bytes()].concat()
}
