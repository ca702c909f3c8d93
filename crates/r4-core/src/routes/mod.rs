//! One file an endpoint.

pub mod health;
pub mod random;
pub mod version;
