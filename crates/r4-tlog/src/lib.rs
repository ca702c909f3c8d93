//! Transparency logs as c2sp.org specifies them: the Merkle tree and its tiles (tlog-tiles), signed
//! notes and checkpoints (signed-note, tlog-checkpoint, tlog-cosignature), proofs that travel
//! (tlog-proof), the request to a witness (tlog-witness) and what a verifier asks for (tlog-policy).
//!
//! Pure: no clock, no randomness, no I/O, no secret key. What is in an entry is not known here.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod checkpoint;
pub mod hash;
mod line;
pub mod note;
pub mod policy;
pub mod proof;
pub mod tile;
pub mod tree;
pub mod witness;

#[cfg(test)]
mod testing;

pub use checkpoint::{Checkpoint, SignedCheckpoint};
pub use hash::Hash;
pub use line::HashesError;
pub use note::{Algorithm, Note, SignatureLine, VerifierKey};
pub use policy::Policy;
pub use proof::TlogProof;
pub use witness::AddCheckpoint;
