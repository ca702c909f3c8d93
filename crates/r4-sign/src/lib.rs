//! Signatures of Re4ctoR, pure: ECDSA on secp256k1 over a 32-byte digest, verification of ML-DSA-65
//! and ML-DSA-44 (FIPS 204), Ed25519 (RFC 8032) and Keccak-256.
//!
//! No clock, no randomness, no environment. ML-DSA *signing* is not here: the node signs with
//! one library and this crate checks with another.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod address;
pub mod ecdsa;
pub mod ed25519;
pub mod keccak;
pub mod mldsa;
pub mod mldsa44;
mod mldsa_verifier;

pub use address::Address;
