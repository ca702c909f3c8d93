//! Elliptic curves: the VRF and ECDSA on secp256k1, and Ed25519.
//!
//! How long the VRF takes depends on how many counters alpha needs to be a point, two on average: so
//! many alphas are used in turn.

use k256::AffinePoint;
use k256::elliptic_curve::point::DecompressPoint as _;
use k256::elliptic_curve::subtle::Choice;
use r4_ecvrf::{Proof, SecretKey};
use r4_sign::{ecdsa, ed25519};
use sha2::{Digest as _, Sha256};

use super::{Run, Work, in_turn};

pub(super) const WORKS: [Work; 10] = [
    Work::new("ecvrf/hash_to_curve", hash_to_curve),
    Work::new("ecvrf/prove", prove),
    Work::new("ecvrf/verify", verify),
    Work::new("ecvrf/decode_proof", decode_proof),
    Work::new("ecvrf/decode_key", decode_key),
    Work::new("ecdsa/sign", sign),
    Work::new("ecdsa/verify", verify_signature),
    Work::new("ecdsa/recover", recover),
    Work::new("ed25519/sign", ed25519_sign),
    Work::new("ed25519/verify", ed25519_verify),
];

/// Alphas that are used in turn.
const ALPHAS: u8 = 64;

fn alphas() -> Vec<[u8; 32]> {
    (0..ALPHAS).map(|number| [number; 32]).collect()
}

fn vrf_key() -> SecretKey {
    SecretKey::from_bytes(&[5; 32]).expect("below the order")
}

/// Try-and-increment (RFC 9381 §5.4.1.1) in a few lines on the same libraries: r4-ecvrf keeps its own
/// to itself.
fn hash_to_curve() -> Run {
    let salt = vrf_key().public_key().to_bytes();
    in_turn(alphas(), move |alpha| {
        let prefix = Sha256::new().chain_update([0xfe, 1]).chain_update(salt).chain_update(alpha);
        (0..=u8::MAX).find_map(|counter| {
            let x = prefix.clone().chain_update([counter, 0]).finalize();
            AffinePoint::decompress(&x, Choice::from(0)).into_option()
        })
    })
}

fn prove() -> Run {
    let key = vrf_key();
    in_turn(alphas(), move |alpha| key.prove(alpha))
}

fn verify() -> Run {
    let (key, public) = (vrf_key(), vrf_key().public_key());
    let proof = |alpha: [u8; 32]| (alpha, key.prove(&alpha).expect("a point"));
    let proofs = alphas().into_iter().map(proof).collect();
    in_turn(proofs, move |(alpha, proof)| public.verify(alpha, proof).expect("right"))
}

fn decode_proof() -> Run {
    let proof = vrf_key().prove(b"alpha").expect("a point").to_bytes();
    in_turn(vec![proof], |proof| Proof::parse(proof).expect("right"))
}

fn decode_key() -> Run {
    let key = vrf_key().public_key().to_bytes();
    in_turn(vec![key], |key| r4_ecvrf::PublicKey::from_bytes(key).expect("right"))
}

fn signing_key() -> ecdsa::SigningKey {
    ecdsa::SigningKey::from_bytes(&[6; 32]).expect("below the order")
}

/// Digests with their signatures.
fn signed() -> Vec<([u8; 32], ecdsa::Signature)> {
    let key = signing_key();
    let sign = |digest: [u8; 32]| (digest, key.sign_digest(&digest).expect("never fails"));
    alphas().into_iter().map(sign).collect()
}

fn sign() -> Run {
    let key = signing_key();
    in_turn(alphas(), move |digest| key.sign_digest(digest))
}

fn verify_signature() -> Run {
    let key = signing_key().verifying_key();
    in_turn(signed(), move |(digest, signature)| {
        key.verify_digest(digest, signature).expect("right");
    })
}

fn recover() -> Run {
    in_turn(signed(), |(digest, signature)| signature.recover(digest).expect("right"))
}

/// As long as what a log's key signs of a checkpoint.
const MESSAGE: [u8; 96] = [0x5a; 96];

fn ed25519_sign() -> Run {
    let key = ed25519::SigningKey::from_seed(&[8; 32]);
    in_turn(vec![MESSAGE], move |message| key.sign(message))
}

fn ed25519_verify() -> Run {
    let key = ed25519::SigningKey::from_seed(&[8; 32]);
    let public = key.public_key();
    in_turn(vec![key.sign(&MESSAGE)], move |signature| {
        ed25519::verify(&public, &MESSAGE, signature).expect("right");
    })
}
