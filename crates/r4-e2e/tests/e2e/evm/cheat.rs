//! Proofs for `R4EcvrfVerifier` made with libsecp256k1 and plain integers, by one who has the secret
//! key and need not keep to the rules: another counter, another Γ, points that are what they are not.

use alloy_primitives::{B256, U256, keccak256, uint};
use secp256k1::{PublicKey, Scalar, SecretKey};
use sha2::{Digest as _, Sha256};

/// The field's prime p (SEC 2 §2.4.1).
pub(crate) const P: U256 =
    uint!(0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F_U256);
/// The group's order n.
pub(crate) const N: U256 =
    uint!(0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141_U256);

/// A proof and its hints, part by part.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) gamma: PublicKey,
    pub(crate) c: U256,
    pub(crate) s: U256,
    pub(crate) u: Point,
    pub(crate) a: Point,
    pub(crate) b: Point,
    pub(crate) lambda: U256,
    pub(crate) witnesses: Vec<U256>,
}

/// Affine coordinates.
pub(crate) type Point = (U256, U256);

/// The owner of a secret key.
pub(crate) struct Owner {
    pub(crate) x: U256,
    pub(crate) public: PublicKey,
}

impl Owner {
    pub(crate) fn new(x: U256) -> Self {
        let secret = SecretKey::from_secret_bytes(x.to_be_bytes()).unwrap();
        Self { x, public: PublicKey::from_secret_key(&secret) }
    }

    /// The hash of a counter as an integer (RFC 9381 §5.4.1.1).
    pub(crate) fn hash(&self, alpha: &[u8], counter: u8) -> U256 {
        sha256(&self.message(alpha, counter))
    }

    /// What is hashed for a counter.
    pub(crate) fn message(&self, alpha: &[u8], counter: u8) -> Vec<u8> {
        [&[0xfe, 1], &self.public.serialize()[..], alpha, &[counter, 0]].concat()
    }

    /// The lowest counters that lead to points.
    pub(crate) fn counters(&self, alpha: &[u8]) -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(|counter| lift(self.hash(alpha, *counter)).is_some())
    }

    /// Proves by the rules, but for the counter.
    pub(crate) fn prove(&self, alpha: &[u8], counter: u8) -> Parts {
        let h = lift(self.hash(alpha, counter)).unwrap();
        let parts = self.prove_for(h, times(h, self.x), self.x);
        let skipped = (0..counter).map(|counter| self.hash(alpha, counter));
        Parts { witnesses: skipped.map(witness).collect(), ..parts }
    }

    /// Proves for a point H and any Γ; s is made with the secret `x`. All hints are right.
    #[expect(clippy::many_single_char_names, reason = "the symbols of RFC 9381")]
    pub(crate) fn prove_for(&self, h: PublicKey, gamma: PublicKey, x: U256) -> Parts {
        let k = U256::from(0x5eed_u64);
        let (u, v) = (times(generator(), k), times(h, k));
        let c = challenge(&[self.public, h, gamma, u, v]);
        let s = k.add_mod(c.mul_mod(x, N), N);
        let u = minus(times(generator(), s), times(self.public, c));
        let (a, b) = (point(times(h, s)), point(times(gamma, c)));
        Parts { gamma, c, s, u: point(u), a, b, lambda: slope(a, b), witnesses: vec![] }
    }
}

impl Parts {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let words = [self.u.0, self.u.1, self.a.0, self.a.1, self.b.0, self.b.1, self.lambda];
        let words = words.iter().chain(&self.witnesses).flat_map(U256::to_be_bytes::<32>);
        let pi = [&self.gamma.serialize()[..], &self.c.to_be_bytes::<32>()[16..]].concat();
        pi.into_iter().chain(self.s.to_be_bytes::<32>()).chain(words).collect()
    }

    /// The output that a verifier would return.
    pub(crate) fn beta(&self) -> B256 {
        sha256(&[&[0xfe, 3], &self.gamma.serialize()[..], &[0]].concat()).into()
    }
}

/// A root of −(x³ + 7) where there is one; else of x³ + 7, which a cheat would try.
pub(crate) fn witness(x: U256) -> U256 {
    let value = curve(x);
    let minus = P - value;
    [minus, value].into_iter().find_map(root).unwrap()
}

/// The slope of the line through `a` and −`b`.
pub(crate) fn slope(a: Point, b: Point) -> U256 {
    let run = a.0.add_mod(P - b.0, P);
    a.1.add_mod(b.1, P).mul_mod(run.inv_mod(P).unwrap(), P)
}

/// The point with this x and an even y.
pub(crate) fn lift(x: U256) -> Option<PublicKey> {
    PublicKey::from_slice(&[&[2], &x.to_be_bytes::<32>()[..]].concat()).ok()
}

pub(crate) fn times(point: PublicKey, scalar: U256) -> PublicKey {
    point.mul_tweak(&Scalar::from_be_bytes(scalar.to_be_bytes()).unwrap()).unwrap()
}

pub(crate) fn minus(a: PublicKey, b: PublicKey) -> PublicKey {
    a.combine(&b.negate()).unwrap()
}

pub(crate) fn plus(a: PublicKey, b: PublicKey) -> PublicKey {
    a.combine(&b).unwrap()
}

pub(crate) fn point(key: PublicKey) -> Point {
    let octets = key.serialize_uncompressed();
    (U256::from_be_slice(&octets[1..33]), U256::from_be_slice(&octets[33..]))
}

pub(crate) fn generator() -> PublicKey {
    Owner::new(U256::ONE).public
}

/// The key with these coordinates, which must be a point.
pub(crate) fn key(point: Point) -> PublicKey {
    let octets = [&[4], &point.0.to_be_bytes::<32>()[..], &point.1.to_be_bytes::<32>()].concat();
    PublicKey::from_slice(&octets).unwrap()
}

/// x³ + 7.
fn curve(x: U256) -> U256 {
    x.mul_mod(x, P).mul_mod(x, P).add_mod(U256::from(7), P)
}

/// A square root mod p where there is one.
pub(crate) fn root(value: U256) -> Option<U256> {
    let root = value.pow_mod((P + U256::ONE) >> 2, P);
    (root.mul_mod(root, P) == value).then_some(root)
}

fn challenge(points: &[PublicKey; 5]) -> U256 {
    let points = points.map(|point| point.serialize());
    sha256(&[&[0xfe, 2], points.as_flattened(), &[0]].concat()) >> 128
}

fn sha256(message: &[u8]) -> U256 {
    U256::from_be_slice(&Sha256::digest(message))
}

/// Numbers that look random and are the same in every run.
pub(crate) fn stream(label: &str, number: usize) -> B256 {
    keccak256(format!("re4ctor EVM tests/{label}/{number}"))
}
