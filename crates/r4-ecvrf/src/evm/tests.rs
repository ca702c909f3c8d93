//! Every equation of the form on all vectors, and what has no form.

use std::path::Path;
use std::prelude::v1::*;

use proptest::prelude::*;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::SecretKey;
use crate::challenge::Challenge;
use crate::point::string_to_point;

fn octets(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn cases() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/ecvrf.json");
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    file["cases"].as_array().unwrap().clone()
}

fn field(octets: &[u8]) -> FieldElement {
    FieldElement::from_repr(<[u8; 32]>::try_from(octets).unwrap().into()).unwrap()
}

/// A point of the curve, or a failure.
fn point(coordinates: &[u8]) -> ProjectivePoint {
    let [x, y] = [0, 32].map(|at| field(&coordinates[at..at + 32]).to_repr());
    AffinePoint::from_coordinates(&x, &y).unwrap().into()
}

fn equal(left: FieldElement, right: FieldElement) {
    assert_eq!(left.to_repr(), right.to_repr());
}

/// The hash of a counter, by §5.4.1.1 alone.
fn hash(public: &[u8], alpha: &[u8], counter: u8) -> FieldElement {
    field(&Sha256::digest([&[0xfe, 1][..], public, alpha, &[counter, 0]].concat()))
}

/// Checks the whole form of a proof.
#[expect(clippy::many_single_char_names, reason = "the symbols of RFC 9381")]
fn check(secret: &SecretKey, alpha: &[u8], proof: &Proof, counter: u8, evm: &[u8]) {
    let public = secret.public_key().to_bytes();
    let k = usize::from(counter);
    assert_eq!(evm.len(), 305 + 32 * k);
    assert_eq!(MIN_EVM_PROOF_BYTES, 305);
    assert_eq!(evm[..81], proof.to_bytes());
    let [u, a, b] = [81, 145, 209].map(|at| point(&evm[at..at + 64]));
    let (c, s) = (proof.c.scalar(), proof.s);
    let (y, gamma) = (secret.public_key().point, proof.gamma);
    let h = encode_to_curve(&public, alpha).unwrap();
    assert_eq!(h.counter, counter);
    assert_eq!(u + ProjectivePoint::from(y) * c, ProjectivePoint::GENERATOR * s);
    assert_eq!(a, ProjectivePoint::from(h.point) * s);
    assert_eq!(b, ProjectivePoint::from(gamma) * c);

    // The chord gives V, and the challenge of the five points is c.
    let (lambda, v) = (field(&evm[273..305]), (a - b).to_affine());
    let [a_x, a_y, b_x, b_y] =
        [145, 177, 209, 241].map(|at: usize| field(&evm[at..at + COORDINATE_BYTES]));
    equal(lambda * (a_x - b_x), a_y + b_y);
    let v_x = (lambda.square() - a_x - b_x).normalize();
    equal(v_x, field(&v.x()));
    equal(lambda * (a_x - v_x) - a_y, field(&v.y()));
    assert_eq!(Challenge::of([&y, &h.point, &gamma, &u.to_affine(), &v]), proof.c);

    for (counter, w) in (0..counter).zip(evm[305..].chunks_exact(COORDINATE_BYTES)) {
        assert_eq!(w[31] & 1, 0, "the even root");
        let (w, x) = (field(w), hash(&public, alpha, counter));
        equal(w.square() + x.square() * x + FieldElement::from_u64(7), FieldElement::ZERO);
    }
    let x = hash(&public, alpha, counter);
    assert_eq!(x.to_repr(), h.point.x(), "the counter after the skipped ones makes H");
}

#[test]
fn every_equation_holds_for_all_vectors_of_our_second_implementation() {
    let mut most = 0;
    for case in cases() {
        let secret = SecretKey::from_bytes(&octets(&case["secret_key"]).try_into().unwrap());
        let (secret, alpha) = (secret.unwrap(), octets(&case["alpha"]));
        let proof = Proof::parse(&octets(&case["proof"])).unwrap();
        let counter = u8::try_from(case["counter"].as_u64().unwrap()).unwrap();
        let evm = evm_proof(&secret.public_key(), &alpha, &proof).unwrap();
        assert_eq!(evm, octets(&case["evm_proof"]));
        check(&secret, &alpha, &proof, counter, &evm);
        most = most.max(counter);
    }
    assert!(most > 4, "several roots in a row");
}

#[test]
fn a_proof_that_does_not_verify_has_no_form() {
    let secret = SecretKey::from_bytes(&[0x42; 32]).unwrap();
    let proof = secret.prove(b"alpha").unwrap();
    let other = SecretKey::from_bytes(&[0x43; 32]).unwrap().public_key();
    let refused = Err(EvmProofError::Proof(VerifyError::Refused));
    assert_eq!(evm_proof(&secret.public_key(), b"Alpha", &proof), refused);
    assert_eq!(evm_proof(&other, b"alpha", &proof), refused);
    let bad = Proof { s: proof.s + Scalar::ONE, ..proof };
    assert_eq!(evm_proof(&secret.public_key(), b"alpha", &bad), refused);
}

/// The key's owner can make a right proof whose points U and V are the identity.
#[test]
fn a_nonce_of_zero_has_no_form() {
    let x = Scalar::from(77_u64);
    let secret = SecretKey::from_bytes(&x.to_bytes().into()).unwrap();
    let public = secret.public_key();
    let h = encode_to_curve(&public.octets, b"alpha").unwrap().point;
    let gamma = (ProjectivePoint::from(h) * x).to_affine();
    let identity = AffinePoint::IDENTITY;
    let c = Challenge::of([&public.point, &h, &gamma, &identity, &identity]);
    let proof = Proof { gamma, c, s: c.scalar() * x };
    public.verify(b"alpha", &proof).unwrap();
    assert_eq!(evm_proof(&public, b"alpha", &proof), Err(EvmProofError::Identity));
}

/// What no proof can be made for in a lifetime is put together by hand.
#[test]
fn points_without_a_form() {
    let (x, one) = (Scalar::from(77_u64), Scalar::ONE);
    let y = (ProjectivePoint::GENERATOR * x).to_affine();
    let h = encode_to_curve(&[2; 33], b"alpha").unwrap().point;
    let gamma = (ProjectivePoint::from(h) * x).to_affine();
    let c = |number: u128| Challenge(number.to_be_bytes());
    let try_hints = |c, s| hints(&y, &h, &Proof { gamma, c, s });
    assert!(try_hints(c(1), one).is_ok());
    for (c, s, error) in [
        (c(0), one, EvmProofError::Identity),
        (c(1), Scalar::ZERO, EvmProofError::Identity),
        // U and V are the identity; A = −B
        (c(1), x, EvmProofError::Identity),
        (c(3), -x * Scalar::from(3_u64), EvmProofError::Slope),
    ] {
        assert_eq!(try_hints(c, s), Err(error), "{c:?} {s:?}");
    }
    // V alone is the identity
    let stranger = (ProjectivePoint::GENERATOR * (x + one)).to_affine();
    let v_alone = hints(&stranger, &h, &Proof { gamma, c: c(1), s: x });
    assert_eq!(v_alone, Err(EvmProofError::Slope));

    let high = high_point();
    let good = Proof { gamma, c: c(1), s: one };
    assert_eq!(hints(&high, &h, &good), Err(EvmProofError::Coordinate));
    assert_eq!(hints(&y, &high, &good), Err(EvmProofError::Coordinate));
    let proof = Proof { gamma: high, ..good };
    assert_eq!(hints(&y, &h, &proof), Err(EvmProofError::Coordinate));
}

/// The first point whose x-coordinate is not below n.
fn high_point() -> AffinePoint {
    let mut octets = [2; 33];
    octets[1..].copy_from_slice(&(-Scalar::ONE).to_bytes());
    loop {
        octets[32] += 1;
        if let Some(point) = string_to_point(&octets) {
            assert!(octets[32] >= 0x41, "n ends in 0x41");
            return point;
        }
    }
}

#[test]
fn a_hash_that_is_no_coordinate_needs_no_root() {
    assert_eq!(root(&[0xff; 32]), None);
    // x of the generator: a hash that makes a point has none either
    assert_eq!(root(&AffinePoint::GENERATOR.x().into()), None);
    // x = 0: 7 is no square
    let w = field(&root(&[0; 32]).unwrap());
    equal(w.square() + FieldElement::from_u64(7), FieldElement::ZERO);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_honest_proof_has_a_form(
        secret: [u8; 32], alpha in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let Ok(secret) = SecretKey::from_bytes(&secret) else { return Ok(()) };
        let proof = secret.prove(&alpha).unwrap();
        let counter = encode_to_curve(&secret.public_key().octets, &alpha).unwrap().counter;
        let evm = evm_proof(&secret.public_key(), &alpha, &proof).unwrap();
        check(&secret, &alpha, &proof, counter, &evm);
    }
}
