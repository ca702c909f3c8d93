//! ML-DSA: signed by aws-lc-rs as r4-keystore does, hedged, so that no two signatures take the same
//! number of tries; checked by fips204 as r4-sign does.

use aws_lc_rs::signature::{
    KeyPair as _, ML_DSA_44_SIGNING, ML_DSA_65_SIGNING, PqdsaKeyPair, PqdsaSigningAlgorithm,
};
use r4_sign::{mldsa, mldsa44};

use super::{Run, Work, again, in_turn};

pub(super) const WORKS: [Work; 5] = [
    Work::new("mldsa65/sign", || sign(&ML_DSA_65_SIGNING, mldsa::SIGNATURE_BYTES)),
    Work::new("mldsa65/verify", verify_65),
    Work::new("mldsa65/decode_key", decode_key_65),
    Work::new("mldsa44/sign", || sign(&ML_DSA_44_SIGNING, mldsa44::SIGNATURE_BYTES)),
    Work::new("mldsa44/verify", verify_44),
];

/// As long as what is signed of a receipt.
const MESSAGE: [u8; r4_receipt::message::MESSAGE_BYTES] =
    [0x5a; r4_receipt::message::MESSAGE_BYTES];

fn key(algorithm: &'static PqdsaSigningAlgorithm) -> PqdsaKeyPair {
    PqdsaKeyPair::from_seed(algorithm, &[9; 32]).expect("a seed of 32 bytes")
}

fn signature(key: &PqdsaKeyPair, length: usize) -> Vec<u8> {
    let mut signature = vec![0; length];
    key.sign(&MESSAGE, &mut signature).expect("it is long enough");
    signature
}

fn sign(algorithm: &'static PqdsaSigningAlgorithm, length: usize) -> Run {
    let key = key(algorithm);
    again(move || signature(&key, length))
}

fn verify_65() -> Run {
    let key = key(&ML_DSA_65_SIGNING);
    let public = mldsa::PublicKey::parse(key.public_key().as_ref()).expect("a key");
    in_turn(vec![signature(&key, mldsa::SIGNATURE_BYTES)], move |signature| {
        public.verify(&MESSAGE, signature).expect("right");
    })
}

fn decode_key_65() -> Run {
    let key = key(&ML_DSA_65_SIGNING).public_key().as_ref().to_vec();
    in_turn(vec![key], |key| Box::new(mldsa::PublicKey::parse(key).expect("a key")))
}

fn verify_44() -> Run {
    let key = key(&ML_DSA_44_SIGNING);
    let public = mldsa44::PublicKey::parse(key.public_key().as_ref()).expect("a key");
    in_turn(vec![signature(&key, mldsa44::SIGNATURE_BYTES)], move |signature| {
        public.verify(&MESSAGE, signature).expect("right");
    })
}
