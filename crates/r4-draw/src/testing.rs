//! A node for tests that answers draws, and a log with one entry. The keys are those of
//! `vectors/receipts.json`, made of the same numbers.

use std::prelude::v1::*;
use std::vec;

use fips204::traits::{KeyGen as _, SerDes as _, Signer as _};
use fips204::{ml_dsa_44, ml_dsa_65};
use r4_receipt::message::mldsa_message;
use r4_receipt::{
    AlphaSource, Document, Domain, Head, KeyHash, Log, LogKeys, PublicKeys, Receipt, Schemes,
    Unsigned,
};
use r4_sign::{ecdsa, ed25519};
use r4_tlog::{Algorithm, Checkpoint, SignedCheckpoint, VerifierKey, hash};

use crate::{Lists, Order, Spec};

/// When checkpoints were signed.
const SIGNED_AT: u64 = 1_787_315_700;
/// The nonce of draws without a label.
pub(crate) const NONCE: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// The draw that a request asks for.
pub(crate) fn ordered(request: &str) -> (Spec, Lists) {
    Order::parse(request.as_bytes()).expect(request).into_spec(NONCE)
}

/// The keys of an epoch.
pub(crate) struct Node {
    ecvrf: r4_ecvrf::SecretKey,
    ecdsa: ecdsa::SigningKey,
    mldsa: ml_dsa_65::PrivateKey,
    keys: PublicKeys,
}

impl Node {
    pub(crate) fn new(number: u8) -> Self {
        let ecvrf = r4_ecvrf::SecretKey::from_bytes(&[number; 32]).unwrap();
        let ecvrf_evm = r4_ecvrf::SecretKey::from_bytes(&[number.wrapping_add(1); 32]).unwrap();
        let ecdsa = ecdsa::SigningKey::from_bytes(&[number.wrapping_add(2); 32]).unwrap();
        let (mldsa_public, mldsa) = ml_dsa_65::KG::keygen_from_seed(&[number; 32]);
        let keys = PublicKeys {
            ecvrf: ecvrf.public_key().to_bytes(),
            ecdsa: ecdsa.verifying_key().to_bytes(),
            mldsa65: mldsa_public.into_bytes(),
            ecvrf_evm: ecvrf_evm.public_key().to_bytes(),
        };
        Self { ecvrf, ecdsa, mldsa, keys }
    }

    pub(crate) fn key_hash(&self) -> KeyHash {
        self.keys.key_set().key_hash()
    }

    /// A receipt for any alpha.
    pub(crate) fn receipt(&self, alpha: &[u8], schemes: Schemes) -> Receipt {
        let domain = Domain::default();
        let head = Head { keys: &self.keys, index: 0, timestamp: 1_787_315_696, domain, schemes };
        let proof = self.ecvrf.prove(alpha).unwrap();
        let alpha_source = AlphaSource::Client;
        let unsigned = Unsigned { head, alpha: alpha.to_vec(), alpha_source, proof };
        let digest = unsigned.digest();
        let ecdsa = schemes.has_ecdsa().then(|| self.ecdsa.sign_digest(&digest).unwrap());
        let message = mldsa_message(&digest);
        let sign = || self.mldsa.try_sign_with_seed(&[9; 32], &message, b"").unwrap().to_vec();
        unsigned.signed(ecdsa, schemes.has_mldsa().then(sign)).unwrap()
    }

    /// The answer to a request, with both signatures.
    pub(crate) fn draw(&self, request: &str) -> crate::Document {
        let (spec, lists) = ordered(request);
        let receipt = self.receipt(&spec.alpha(), Schemes::Dual);
        crate::Document::of(spec, lists, receipt).unwrap()
    }
}

/// Puts a receipt into a log of one entry.
pub(crate) fn logged(receipt: Receipt) -> Receipt {
    let ed25519 = ed25519::SigningKey::from_seed(&[200; 32]);
    let (public, mldsa) = ml_dsa_44::KG::keygen_from_seed(&[200; 32]);
    let origin = "node.example/v1/log";
    let key = |algorithm, bytes: &[u8]| VerifierKey::new(origin, algorithm, bytes).unwrap();
    let keys = LogKeys::new([
        key(Algorithm::Ed25519, &ed25519.public_key()),
        key(Algorithm::CosignatureMldsa44, &public.into_bytes()),
    ])
    .unwrap();
    let document = Document::Vrf(receipt);
    let key_hash = document.envelope().keys.key_hash();
    let root = hash::leaf_hash(&document.entry(key_hash).to_bytes());
    let checkpoint = Checkpoint { origin: origin.into(), size: 1, root };
    let [classical, post_quantum] = keys.keys();
    let message = post_quantum.message(&checkpoint, SIGNED_AT);
    let lines = vec![
        classical.line(SIGNED_AT, &ed25519.sign(&classical.message(&checkpoint, SIGNED_AT))),
        post_quantum.line(SIGNED_AT, &mldsa.try_sign_with_seed(&[9; 32], &message, b"").unwrap()),
    ];
    let checkpoint = SignedCheckpoint::new(checkpoint, lines).to_string();
    let log = Log {
        origin: origin.into(),
        index: 0,
        leaf_hash: root,
        tree_size: 1,
        root,
        inclusion: vec![],
        checkpoint,
    };
    match document.with_log(Some(log)) {
        Document::Vrf(receipt) => receipt,
        Document::Attested(_) => unreachable!("it was a receipt"),
    }
}
