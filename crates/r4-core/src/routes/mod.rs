//! One file an endpoint.

pub mod health;
pub mod random;
pub mod selftest;
pub mod version;
