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
//! let mut seed = [7; Seed::BYTES]; // from noise sources
//! let unseeded = Unseeded::new(Engine::ChaCha20, &mut memory);
//! let mut generator = unseeded.seed(&Seed::new(&mut seed));
//! let mut out = [0; 1000];
//! generator.fill(&[9; 48], &mut out)?; // fresh bytes of the kernel
//! # Ok::<(), r4_drbg::FillError>(())
//! ```

#![no_std]

mod chacha20;
mod ctr_aes256;
mod generator;
mod known_answer;
mod seed;
mod stack;

pub use generator::{
    Engine, FRESH_BYTES, FillError, MEMORY_BYTES, RESEED_AFTER_FILLS, Seeded, Unseeded,
};
pub use known_answer::{SelfTestFailure, TestResult, first_failure, run_tests};
pub use seed::Seed;
