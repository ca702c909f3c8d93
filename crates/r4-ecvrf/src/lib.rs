//! ECVRF-SECP256K1-SHA256-TAI: the verifiable random function of RFC 9381 on secp256k1.
//!
//! The RFC defines no suite for this curve. This one takes the RFC's rules as they stand for
//! ECVRF-P256-SHA256-TAI (§5.5) and changes the curve and the suite octet, 0xFE by community
//! convention: SHA-256, try-and-increment, nonces of RFC 6979, a challenge over five points, proofs
//! of 81 octets. It is not the draft that some contracts implement, whose proofs differ.
//!
//! Full uniqueness: for a key and an alpha there is one beta, whoever made the key (§3.1, with the
//! validation of §5.4.5 in [`PublicKey::from_bytes`]). Secret scalars are handled in constant time
//! and wiped; alpha is public, and the time of hashing it to the curve depends on it (§7.1, §7.7).
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod challenge;
mod encode_to_curve;
pub mod evm;
mod key;
mod nonce;
mod point;
mod proof;

pub use key::{KeyError, ProveError, PublicKey, SecretKey, VerifyError};
pub use proof::{Beta, PROOF_BYTES, Proof, ProofError};

/// The suite's name, as receipts carry it.
pub const SUITE: &str = "ECVRF-SECP256K1-SHA256-TAI";
/// The suite's octet, `suite_string` of RFC 9381 §5.5.
pub const SUITE_OCTET: u8 = 0xFE;
/// Octets of an encoded secret scalar.
pub const SECRET_KEY_BYTES: usize = 32;
/// Octets of an encoded public key (compressed point).
pub const PUBLIC_KEY_BYTES: usize = 33;

#[cfg(test)]
mod tests;
