//! Hashes: of 32 bytes, which is one block, and of 4 KiB.

use hmac::{Hmac, KeyInit as _, Mac as _};
use r4_sign::keccak::keccak256;
use sha2::{Digest as _, Sha256, Sha512};

use super::{Run, Work, in_turn};

pub(super) const WORKS: [Work; 8] = [
    Work::of_bytes("sha256/32", 32, || hashed(32, |bytes| Sha256::digest(bytes))),
    Work::of_bytes("sha256/4096", 4096, || hashed(4096, |bytes| Sha256::digest(bytes))),
    Work::of_bytes("sha512/32", 32, || hashed(32, |bytes| Sha512::digest(bytes))),
    Work::of_bytes("sha512/4096", 4096, || hashed(4096, |bytes| Sha512::digest(bytes))),
    Work::of_bytes("hmac_sha256/32", 32, || hashed(32, hmac_sha256)),
    Work::of_bytes("hmac_sha256/4096", 4096, || hashed(4096, hmac_sha256)),
    Work::of_bytes("keccak256/32", 32, || hashed(32, keccak256)),
    Work::of_bytes("keccak256/4096", 4096, || hashed(4096, keccak256)),
];

fn hashed<T: 'static>(length: usize, hash: fn(&[u8]) -> T) -> Run {
    in_turn(vec![vec![0xa5; length]], move |bytes| hash(bytes))
}

fn hmac_sha256(bytes: &[u8]) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).expect("keys of any length are taken");
    mac.chain_update(bytes).finalize().into_bytes().into()
}
