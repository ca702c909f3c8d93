//! Known-answer tests of every primitive, and the pairwise consistency of the loaded keys.
//!
//! They run at start, before any key signs; one that fails is named, and the service does not
//! start.

use aws_lc_rs::signature::PqdsaKeyPair;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use r4_receipt::message::mldsa_message;
use r4_sign::keccak::keccak256;
use r4_sign::{ecdsa, mldsa};
use sha2::{Digest as _, Sha256};

use crate::keys::{NodeKeys, mldsa_key, mldsa_public, mldsa_sign};

/// One test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// Stable name: the standard's name of the primitive and what was tested.
    pub name: &'static str,
    /// How it went.
    pub outcome: Outcome,
}

/// How a test went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The answer is the known one.
    Passed,
    /// It is another, or there is none.
    Failed,
}

type Test = (&'static str, fn() -> Option<bool>);
type PairTest = (&'static str, fn(&NodeKeys) -> Option<bool>);

const KNOWN_ANSWERS: [Test; 10] = [
    ("SHA-256", sha256),
    ("Keccak-256", keccak),
    ("HMAC-SHA-256", hmac_sha256),
    ("HKDF-SHA-256", hkdf_sha256),
    ("ECDSA signing", ecdsa_sign),
    ("ECDSA verification", ecdsa_verify),
    ("ECVRF", ecvrf),
    ("ML-DSA-65 key generation", mldsa_generate),
    ("ML-DSA-65 signing", mldsa_sign_and_check),
    ("ML-DSA-65 verification", mldsa_verify),
];

const PAIRS: [PairTest; 3] = [
    ("ECVRF key pair", ecvrf_pair),
    ("ECDSA key pair", ecdsa_pair),
    ("ML-DSA-65 key pair", mldsa_pair),
];

/// Runs every known-answer test.
pub fn run() -> Vec<TestResult> {
    KNOWN_ANSWERS.iter().map(|(name, test)| result(name, test())).collect()
}

/// Checks that what each loaded secret key makes verifies under its public key, and only that.
pub fn pairwise(keys: &NodeKeys) -> Vec<TestResult> {
    PAIRS.iter().map(|(name, test)| result(name, test(keys))).collect()
}

/// Returns the names of the tests that failed.
pub fn failures(results: &[TestResult]) -> Vec<&'static str> {
    results.iter().filter(|r| r.outcome == Outcome::Failed).map(|r| r.name).collect()
}

fn result(name: &'static str, answer: Option<bool>) -> TestResult {
    let outcome = if answer == Some(true) { Outcome::Passed } else { Outcome::Failed };
    TestResult { name, outcome }
}

/// FIPS 180-4, NIST's example "abc".
fn sha256() -> Option<bool> {
    let want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    Some(hex::decode(want).ok()? == Sha256::digest(b"abc").as_slice())
}

/// The empty input, as in the Ethereum yellow paper.
fn keccak() -> Option<bool> {
    let want = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
    Some(hex::decode(want).ok()? == keccak256(b""))
}

/// RFC 4231 §4.3, test case 2.
fn hmac_sha256() -> Option<bool> {
    let want = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    let mut mac = Hmac::<Sha256>::new_from_slice(b"Jefe").ok()?;
    mac.update(b"what do ya want for nothing?");
    Some(hex::encode(mac.finalize().into_bytes()) == want)
}

/// RFC 5869 §A.1.
fn hkdf_sha256() -> Option<bool> {
    let want = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf\
                34007208d5b887185865";
    let salt = hex::decode("000102030405060708090a0b0c").ok()?;
    let info = hex::decode("f0f1f2f3f4f5f6f7f8f9").ok()?;
    let mut out = [0; 42];
    Hkdf::<Sha256>::new(Some(&salt), &[0x0b; 22]).expand(&info, &mut out).ok()?;
    Some(hex::encode(out) == want)
}

/// RFC 6979 on secp256k1: secret key 1, SHA-256 of "Satoshi Nakamoto", the vector that
/// implementations of Bitcoin share.
const ECDSA_SIGNATURE: &str = "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8\
                               2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5";
const ECDSA_MESSAGE: &[u8] = b"Satoshi Nakamoto";

fn ecdsa_one() -> Option<ecdsa::SigningKey> {
    let mut one = [0; 32];
    *one.last_mut()? = 1;
    ecdsa::SigningKey::from_bytes(&one).ok()
}

fn ecdsa_sign() -> Option<bool> {
    let signature = ecdsa_one()?.sign_digest(&Sha256::digest(ECDSA_MESSAGE).into()).ok()?;
    Some(hex::encode([signature.r, signature.s].as_flattened()) == ECDSA_SIGNATURE)
}

fn ecdsa_verify() -> Option<bool> {
    let key = ecdsa_one()?.verifying_key();
    let octets = hex::decode(ECDSA_SIGNATURE).ok()?;
    let (r, s) = octets.split_first_chunk()?;
    let signature = ecdsa::Signature::parse(*r, s.try_into().ok()?, 27).ok()?;
    let good = key.verify_digest(&Sha256::digest(ECDSA_MESSAGE).into(), &signature);
    let bad = key.verify_digest(&Sha256::digest(b"somebody else").into(), &signature);
    Some(good.is_ok() && bad.is_err())
}

/// RFC 9381's rules on secp256k1: the key and message of RFC 9381 §B.1, example 10.
fn ecvrf() -> Option<bool> {
    let want = "0338ec99b5d0f94ebcc2c704c04af3de8b4289df8798e5fb9f920d7f5d77ac03d7718b9677d1c934\
                8649ac2ec4f7ecbe519b30dd10c4eb5efc21dd5944709f2f3b7e97a25f6f095334593502d05103bc\
                5b";
    let beta = "d466c22e14dc3b7fd169668dd3ee9ac6351429a24aebc5e8af61a0f0de89b65a";
    let secret = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
    let secret: [u8; 32] = hex::decode(secret).ok()?.try_into().ok()?;
    let key = r4_ecvrf::SecretKey::from_bytes(&secret).ok()?;
    let proof = key.prove(b"sample").ok()?;
    let verified = key.public_key().verify(b"sample", &proof).ok()?;
    let refused = key.public_key().verify(b"Sample", &proof).is_err();
    Some(
        hex::encode(proof.to_bytes()) == want
            && hex::encode(verified.as_bytes()) == beta
            && refused,
    )
}

/// ACVP ML-DSA-65 key generation, tcId 26 (usnistgov/ACVP-Server 65370b8); the SHA-256 of its key.
fn mldsa_generate() -> Option<bool> {
    let want = "646b26b8d09dbc9e865b6a006c693a3127b065e62fab5fbe8b159c416462feb6";
    let public = mldsa_public(&mldsa_known_key()?).ok()?;
    Some(hex::encode(Sha256::digest(public)) == want)
}

fn mldsa_known_key() -> Option<PqdsaKeyPair> {
    let seed = "70cefb9aed5b68e018b079da8284b9d5cad5499ed9c265ff73588005d85c225c";
    mldsa_key(&hex::decode(seed).ok()?.try_into().ok()?).ok()
}

/// Signing is hedged, so its answer is checked instead, by the other library.
fn mldsa_sign_and_check() -> Option<bool> {
    let key = mldsa_known_key()?;
    let public = mldsa::PublicKey::parse(&mldsa_public(&key).ok()?).ok()?;
    let signature = mldsa_sign(&key, b"sample").ok()?;
    let good = public.verify(b"sample", &signature);
    Some(good.is_ok() && public.verify(b"Sample", &signature).is_err())
}

/// Wycheproof's first case (C2SP/wycheproof dac1dd4), and the same with one bit flipped.
fn mldsa_verify() -> Option<bool> {
    let key = include_bytes!("selftest/wycheproof-mldsa-65-tc1-public-key.bin");
    let signature = include_bytes!("selftest/wycheproof-mldsa-65-tc1-signature.bin");
    let key = mldsa::PublicKey::parse(key).ok()?;
    let mut flipped = *signature;
    *flipped.first_mut()? ^= 1;
    let good = key.verify(b"Hello world", signature);
    Some(good.is_ok() && key.verify(b"Hello world", &flipped).is_err())
}

fn ecvrf_pair(keys: &NodeKeys) -> Option<bool> {
    let public = r4_ecvrf::PublicKey::from_bytes(&keys.public_keys().ecvrf).ok()?;
    let proof = keys.prove(b"r4/pairwise").ok()?;
    Some(public.verify(b"r4/pairwise", &proof).ok()? == proof.beta())
}

fn ecdsa_pair(keys: &NodeKeys) -> Option<bool> {
    let digest = keccak256(b"r4/pairwise");
    let signature = keys.sign_ecdsa(&digest).ok()?;
    let public = ecdsa::VerifyingKey::from_bytes(&keys.public_keys().ecdsa).ok()?;
    public.verify_digest(&digest, &signature).ok()?;
    Some(signature.recover(&digest).ok()? == public)
}

fn mldsa_pair(keys: &NodeKeys) -> Option<bool> {
    let message = mldsa_message(&keccak256(b"r4/pairwise"));
    let signature = keys.sign_mldsa(&message).ok()?;
    let public = mldsa::PublicKey::parse(&keys.public_keys().mldsa65).ok()?;
    Some(public.verify(&message, &signature).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::RootSeed;
    use zeroize::Zeroizing;

    #[test]
    fn every_test_passes() {
        let keys = NodeKeys::derive(&RootSeed::from_bytes(Zeroizing::new([9; 32]))).unwrap();
        let results = [run(), pairwise(&keys)].concat();
        assert_eq!(failures(&results), Vec::<&str>::new());
        assert_eq!(results.len(), KNOWN_ANSWERS.len() + PAIRS.len());
    }

    #[test]
    fn a_failure_is_named() {
        let results =
            [result("one", Some(true)), result("two", Some(false)), result("three", None)];
        assert_eq!(failures(&results), ["two", "three"]);
    }
}
