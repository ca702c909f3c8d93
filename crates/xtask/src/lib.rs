//! Builds the node's binaries and its releases, starts the node without Docker, and measures it.
//!
//! [`sealed::build`] is the one way in which `re4_dump` is built: `up`, `dist`, the Dockerfiles and
//! the end-to-end tests all use it. Few dependencies, so that `cargo xtask` answers at once.

pub mod bench;
pub mod binaries;
pub mod dist;
pub mod instructions;
pub mod manifest;
pub mod release;
pub mod sealed;
pub mod up;

mod environment;
