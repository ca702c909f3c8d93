//! JSON types of the three services and of the sealed core's manifest.
//!
//! Pure: no clock, no randomness, no files. The shape of a receipt is `r4_receipt`'s.

pub mod core;
pub mod encode;
pub mod entropy;
pub mod gateway;
pub mod keys;
pub mod manifest;
pub mod selftest;
pub mod status;
pub mod vrf;
