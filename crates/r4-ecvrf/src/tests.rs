//! Vectors of two other implementations, every flipped bit, forgeries by the key's owner, encodings.

use std::path::{Path, PathBuf};
use std::prelude::v1::*;
use std::{format, println, vec};

use k256::elliptic_curve::PrimeField as _;
use k256::{ProjectivePoint, Scalar};
use proptest::prelude::*;
use serde_json::Value;

use crate::challenge::Challenge;
use crate::encode_to_curve::encode_to_curve;
use crate::nonce::nonce;
use crate::point::{point_to_string, string_to_point};
use crate::{KeyError, PROOF_BYTES, Proof, ProofError, PublicKey, SUITE, SecretKey, VerifyError};

fn octets(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

/// One case of either file: names differ, meanings do not.
struct Case {
    secret: [u8; 32],
    public: Vec<u8>,
    alpha: Vec<u8>,
    counter: u64,
    h: Vec<u8>,
    nonce: Vec<u8>,
    proof: Vec<u8>,
    beta: Vec<u8>,
}

impl Case {
    fn read(case: &Value, names: [&str; 8]) -> Self {
        let [secret, public, alpha, counter, h, nonce, proof, beta] = names.map(|name| &case[name]);
        Self {
            secret: octets(secret).try_into().unwrap(),
            public: octets(public),
            alpha: octets(alpha),
            counter: counter.as_u64().unwrap(),
            h: octets(h),
            nonce: octets(nonce),
            proof: octets(proof),
            beta: octets(beta),
        }
    }

    fn check(&self) {
        let secret = SecretKey::from_bytes(&self.secret).unwrap();
        assert_eq!(secret.public_key().to_bytes()[..], self.public);
        let encoded = encode_to_curve(&secret.public_key().to_bytes(), &self.alpha).unwrap();
        assert_eq!(point_to_string(&encoded.point)[..], self.h);
        assert_eq!(u64::from(encoded.counter), self.counter);
        let x = Scalar::from_repr(self.secret.into()).unwrap();
        assert_eq!(nonce(&x, &self.h).to_bytes()[..], self.nonce);

        let proof = secret.prove(&self.alpha).unwrap();
        assert_eq!(proof.to_bytes()[..], self.proof);
        let public = PublicKey::from_bytes(&self.public).unwrap();
        let parsed = Proof::parse(&self.proof).unwrap();
        assert_eq!(parsed, proof);
        assert_eq!(public.verify(&self.alpha, &parsed).unwrap().to_bytes()[..], self.beta);
    }
}

#[test]
fn vectors_of_our_second_implementation() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/ecvrf.json");
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(file["suite"], SUITE);
    let names = ["secret_key", "public_key", "alpha", "counter", "h", "nonce", "proof", "beta"];
    let cases: Vec<Case> =
        file["cases"].as_array().unwrap().iter().map(|case| Case::read(case, names)).collect();
    assert_eq!(cases.len(), 49);
    assert!(cases.iter().any(|case| case.counter > 4) && cases[26].alpha.len() == 1024);
    cases.iter().for_each(Case::check);
}

#[test]
fn vectors_of_others() {
    let Some(folder) = vectors() else { return };
    let file = std::fs::read(folder.join("ecvrf-secp256k1-sha256-tai.json")).unwrap();
    let file: Value = serde_json::from_slice(&file).unwrap();
    assert_eq!(file["suite"], SUITE);
    let positive = file["vectors"].as_array().unwrap();
    assert_eq!(positive.len(), 26);
    for case in positive {
        Case::read(case, ["sk", "pk", "alpha", "h_ctr", "h", "k", "pi", "beta"]).check();
    }
    let negative = file["negative_vectors"].as_array().unwrap();
    assert_eq!(negative.len(), 8);
    for case in negative {
        let public = PublicKey::from_bytes(&octets(&case["pk"])).unwrap();
        let accepted = Proof::parse(&octets(&case["pi"]))
            .is_ok_and(|proof| public.verify(&octets(&case["alpha"]), &proof).is_ok());
        assert!(!accepted, "{}", case["description"]);
    }
}

#[test]
fn sample() {
    let secret = SecretKey::from_bytes(&array(
        "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
    ))
    .unwrap();
    let proof = secret.prove(b"sample").unwrap();
    assert_eq!(
        hex::encode(proof.to_bytes()),
        "0338ec99b5d0f94ebcc2c704c04af3de8b4289df8798e5fb9f920d7f5d77ac03d7718b9677d1c9348649ac2e\
         c4f7ecbe519b30dd10c4eb5efc21dd5944709f2f3b7e97a25f6f095334593502d05103bc5b"
    );
    assert_eq!(
        hex::encode(secret.public_key().verify(b"sample", &proof).unwrap().as_bytes()),
        "d466c22e14dc3b7fd169668dd3ee9ac6351429a24aebc5e8af61a0f0de89b65a"
    );
}

#[test]
fn every_flipped_bit_of_a_proof_is_refused() {
    let secret = SecretKey::from_bytes(&[0x42; 32]).unwrap();
    let public = secret.public_key();
    let good = secret.prove(b"alpha").unwrap().to_bytes();
    for bit in 0..PROOF_BYTES * 8 {
        let mut bad = good;
        bad[bit / 8] ^= 1 << (bit % 8);
        let accepted =
            Proof::parse(&bad).is_ok_and(|proof| public.verify(b"alpha", &proof).is_ok());
        assert!(!accepted, "bit {bit}");
    }
}

#[test]
fn another_alpha_or_key_is_refused() {
    let secret = SecretKey::from_bytes(&[0x42; 32]).unwrap();
    let proof = secret.prove(b"alpha").unwrap();
    for alpha in [&b""[..], b"alph", b"alpha\0", b"Alpha"] {
        assert_eq!(secret.public_key().verify(alpha, &proof), Err(VerifyError::Refused));
    }
    let other = SecretKey::from_bytes(&[0x43; 32]).unwrap().public_key();
    assert_eq!(other.verify(b"alpha", &proof), Err(VerifyError::Refused));
}

/// Whoever has the key can choose the nonce, but not the output.
#[test]
#[expect(clippy::many_single_char_names, reason = "the symbols of RFC 9381")]
fn the_owner_cannot_change_the_output() {
    let x = Scalar::from(77_u64);
    let secret = SecretKey::from_bytes(&x.to_bytes().into()).unwrap();
    let public = secret.public_key();
    let y = string_to_point(&public.to_bytes()).unwrap();
    let h = encode_to_curve(&public.to_bytes(), b"alpha").unwrap().point;
    let honest = secret.prove(b"alpha").unwrap();
    let forged = |gamma: ProjectivePoint, k: Scalar| {
        let gamma = gamma.to_affine();
        let u = (ProjectivePoint::GENERATOR * k).to_affine();
        let v = (ProjectivePoint::from(h) * k).to_affine();
        let c = Challenge::of([&y, &h, &gamma, &u, &v]);
        Proof { gamma, c, s: k + c.scalar() * x }
    };
    let gamma = ProjectivePoint::from(h) * x;
    // Another nonce makes another proof of the same output, a nonce of zero too: its points U and
    // V are the identity, which is hashed as one zero octet (SEC 1 §2.3.3).
    for k in [Scalar::from(5_u64), Scalar::ZERO] {
        let proof = forged(gamma, k);
        assert_ne!(proof, honest);
        assert_eq!(public.verify(b"alpha", &proof), Ok(honest.beta()));
    }
    // Another gamma never verifies.
    for gamma in [gamma + ProjectivePoint::GENERATOR, -gamma, ProjectivePoint::GENERATOR] {
        let proof = forged(gamma, Scalar::from(5_u64));
        assert_eq!(public.verify(b"alpha", &proof), Err(VerifyError::Refused));
    }
}

#[test]
fn proofs_have_one_encoding() {
    let good = SecretKey::from_bytes(&[1; 32]).unwrap().prove(b"").unwrap().to_bytes();
    for wrong in [0, 1, 33, 49, 80] {
        assert_eq!(Proof::parse(&good[..wrong]), Err(ProofError::Length { got: wrong }));
    }
    assert_eq!(Proof::parse(&[&good[..], &[0]].concat()), Err(ProofError::Length { got: 82 }));
    for tag in [0, 1, 4, 5, 6, 7, 255] {
        let mut bad = good;
        bad[0] = tag;
        assert_eq!(Proof::parse(&bad), Err(ProofError::Gamma), "{tag}");
    }
    // x of Γ not below the field's prime, the identity as zeros
    let mut bad = good;
    bad[1..33].fill(0xff);
    assert_eq!(Proof::parse(&bad), Err(ProofError::Gamma));
    bad[..33].fill(0);
    assert_eq!(Proof::parse(&bad), Err(ProofError::Gamma));
    // s = n, and s = n − 1 which is in range
    let mut bad = good;
    bad[49..].copy_from_slice(&ORDER);
    assert_eq!(Proof::parse(&bad), Err(ProofError::S));
    bad[80] -= 1;
    Proof::parse(&bad).unwrap();
}

const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
    0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
];

#[test]
fn secret_keys() {
    let mut below = ORDER;
    below[31] -= 1;
    for bad in [[0; 32], ORDER, [0xff; 32]] {
        assert_eq!(SecretKey::from_bytes(&bad).err(), Some(KeyError::Scalar));
    }
    SecretKey::from_bytes(&below).unwrap();
    let shown = format!("{:?}", SecretKey::from_bytes(&[0x42; 32]).unwrap());
    assert!(shown.starts_with("SecretKey(.., PublicKey(0x") && !shown.contains("424242"));
}

#[test]
fn public_keys() {
    let good = SecretKey::from_bytes(&[1; 32]).unwrap().public_key();
    assert_eq!(PublicKey::from_bytes(&good.to_bytes()), Ok(good));
    for wrong in [0, 1, 32, 34, 65] {
        assert_eq!(PublicKey::from_bytes(&vec![4; wrong]), Err(KeyError::Length { got: wrong }));
    }
    let x = &good.to_bytes()[1..];
    let no_point = [&[0; 31][..], &[5]].concat();
    for (tag, x) in [(0, x), (4, x), (5, x), (2, &[0xff; 32][..]), (2, &no_point), (0, &[0; 32])] {
        assert_eq!(PublicKey::from_bytes(&[&[tag], x].concat()), Err(KeyError::Point), "{tag}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn round_trip(secret: [u8; 32], alpha in prop::collection::vec(any::<u8>(), 0..300)) {
        let Ok(secret) = SecretKey::from_bytes(&secret) else { return Ok(()) };
        let proof = secret.prove(&alpha).unwrap();
        prop_assert_eq!(secret.prove(&alpha).unwrap(), proof);
        let parsed = Proof::parse(&proof.to_bytes()).unwrap();
        prop_assert_eq!(secret.public_key().verify(&alpha, &parsed), Ok(proof.beta()));
    }

    #[test]
    fn parsing_never_panics(octets in prop::collection::vec(any::<u8>(), 0..100)) {
        if let Ok(proof) = Proof::parse(&octets) {
            prop_assert_eq!(&proof.to_bytes()[..], &octets[..]);
        }
        if let Ok(key) = PublicKey::from_bytes(&octets) {
            prop_assert_eq!(&key.to_bytes()[..], &octets[..]);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the folder of vectors, in tests alone")]
fn vectors() -> Option<PathBuf> {
    let folder = std::env::var_os("R4_VECTORS").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: R4_VECTORS is not set");
    }
    folder
}
