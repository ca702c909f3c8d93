//! Proofs for contracts: every honest proof has one, its hints satisfy their equations, and a proof
//! with a bit flipped has none.
#![no_main]

use k256::elliptic_curve::PrimeField as _;
use k256::elliptic_curve::hazmat::FieldArithmetic;
use k256::elliptic_curve::sec1::{FromSec1Point as _, ToSec1Point as _};
use k256::{AffinePoint, ProjectivePoint, Scalar, Sec1Point, Secp256k1};
use libfuzzer_sys::fuzz_target;
use r4_ecvrf::evm::{MIN_EVM_PROOF_BYTES, evm_proof};
use r4_ecvrf::{PROOF_BYTES, Proof, SecretKey};
use sha2::{Digest as _, Sha256};

type Field = <Secp256k1 as FieldArithmetic>::FieldElement;

fuzz_target!(|input: &[u8]| proof(input));

/// Secret ‖ where to flip, two octets ‖ the bits to flip ‖ alpha.
fn proof(input: &[u8]) {
    let Some((secret, rest)) = input.split_first_chunk() else { return };
    let Some(([high, low, bits], alpha)) = rest.split_first_chunk() else { return };
    let Ok(secret) = SecretKey::from_bytes(secret) else { return };
    let public = secret.public_key();
    let proof = secret.prove(alpha).expect("some counter leads to a point");
    let octets = evm_proof(&public, alpha, &proof).expect("an honest proof has a form");
    assert_eq!(octets[..PROOF_BYTES], proof.to_bytes());
    equations(&public.to_bytes(), alpha, &octets);

    let mut flipped = proof.to_bytes();
    flipped[usize::from(u16::from_be_bytes([*high, *low])) % PROOF_BYTES] ^= bits;
    if let Ok(other) = Proof::parse(&flipped) {
        assert_eq!(evm_proof(&public, alpha, &other).is_ok(), *bits == 0);
    }
}

/// Checks everything after π by what it has to be, not by how it is made.
#[expect(clippy::many_single_char_names, reason = "the symbols of RFC 9381")]
fn equations(key: &[u8; 33], alpha: &[u8], octets: &[u8]) {
    let (pi, hints) = octets.split_at(PROOF_BYTES);
    let hints: Vec<[u8; 32]> = hints.chunks(32).map(|hint| hint.try_into().unwrap()).collect();
    let (y, gamma) = (point(key), point(&pi[..33]));
    let (h, skipped) = hash_to_curve(key, alpha);
    let [c, s] = [&pi[33..49], &pi[49..]].map(scalar);

    let [u, a, b] = [0, 2, 4].map(|at| point(&[&[4], &hints[at][..], &hints[at + 1]].concat()));
    assert_eq!(u, ProjectivePoint::GENERATOR * s - y * c);
    assert_eq!(a, h * s);
    assert_eq!(b, gamma * c);
    let [ax, ay, bx, by, lambda] = [2, 3, 4, 5, 6].map(|at| field(&hints[at]).unwrap());
    assert_eq!((lambda * (ax - bx)).normalize(), (ay + by).normalize());
    let v = (a - b).to_affine().to_sec1_point(false);
    assert_eq!(v.x().unwrap()[..], (lambda.square() - ax - bx).normalize().to_repr()[..]);

    let roots = skipped.iter().filter_map(field).collect::<Vec<_>>();
    assert_eq!(octets.len(), MIN_EVM_PROOF_BYTES + 32 * roots.len());
    for (x, w) in roots.into_iter().zip(&hints[7..]) {
        let w = field(w).unwrap();
        assert!(!bool::from(w.normalize().is_odd()));
        let sum = w.square() + x.square() * x + Field::from_u64(7);
        assert!(bool::from(sum.normalize().is_zero()));
    }
}

/// Try-and-increment (RFC 9381 §5.4.1.1): the point, and the hashes that led to none.
fn hash_to_curve(key: &[u8; 33], alpha: &[u8]) -> (ProjectivePoint, Vec<[u8; 32]>) {
    let mut skipped = vec![];
    for counter in 0..=255_u8 {
        let hash = Sha256::new()
            .chain_update([0xfe, 1])
            .chain_update(key)
            .chain_update(alpha)
            .chain_update([counter, 0])
            .finalize();
        let encoded = Sec1Point::from_bytes([&[2], &hash[..]].concat()).unwrap();
        match AffinePoint::from_sec1_point(&encoded).into_option() {
            Some(point) => return (point.into(), skipped),
            None => skipped.push(hash.into()),
        }
    }
    unreachable!("no counter leads to a point")
}

fn point(octets: &[u8]) -> ProjectivePoint {
    let encoded = Sec1Point::from_bytes(octets).expect("an encoded point");
    AffinePoint::from_sec1_point(&encoded).expect("a point of the curve").into()
}

/// Reads a big-endian number, which may be short.
fn scalar(octets: &[u8]) -> Scalar {
    let mut whole = [0; 32];
    whole[32 - octets.len()..].copy_from_slice(octets);
    Scalar::from_repr(whole.into()).expect("a number below the order")
}

fn field(octets: &[u8; 32]) -> Option<Field> {
    Field::from_repr((*octets).into()).into_option()
}
