//! Deterministic random bit generators of the sealed core, and their known-answer tests.
//!
//! Pure: entropy comes in as arguments ([`Seed`] and the fresh bytes of every [`Seeded::fill`]),
//! and the caller owns the memory that holds the secrets, so that it can lock and wipe it.
//! Not here: noise sources and health tests, which belong to `re4_dump`.
//!
//! ```
//! use r4_drbg::{Engine, MEMORY_BYTES, Seed, Unseeded};
//!
//! let mut memory = [0; MEMORY_BYTES];
//! let seed = Seed::from_bytes([7; Seed::BYTES]); // from a noise source
//! let mut generator = Unseeded::new(Engine::ChaCha20, &mut memory).seed(&seed);
//! let mut out = [0; 1000];
//! generator.fill(&[9; 32], &mut out)?; // fresh bytes of the kernel
//! # Ok::<(), r4_drbg::FillError>(())
//! ```

#![no_std]

mod chacha20;
mod generator;
mod known_answer;
mod seed;

pub use generator::{
    Engine, FRESH_BYTES, FillError, MAX_FILL_BYTES, MEMORY_BYTES, Seeded, Unseeded,
};
pub use known_answer::{SelfTestFailure, TESTS, selftest};
pub use seed::Seed;
