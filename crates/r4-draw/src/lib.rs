//! Draws from one VRF output: what is drawn, how the result is computed, and how anyone checks it.
//!
//! Pure: no clock, no randomness, no environment. An [`Order`] (what a caller asks for) becomes a
//! [`Spec`], whose [`Spec::alpha`] is the input of the VRF; [`Spec::run`] computes the result from
//! the VRF's output. A [`Document`] holds both with the receipt, and [`verify()`] recomputes all of
//! it. `docs/draws.md` has the exact bytes.
//!
//! Not here: asking for the receipt, and keeping lists of participants.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod alpha;
pub mod document;
pub mod kind;
pub mod lists;
pub mod order;
pub mod run;
mod sample;
pub mod spec;
pub mod stream;
pub mod verify;

#[cfg(test)]
mod docs;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod vectors;

pub use alpha::AlphaError;
pub use document::{Document, Evidence, MAX_DRAW_BYTES};
pub use kind::{Kind, MAX_COUNT};
pub use lists::{ListError, Lists};
pub use order::{Order, OrderError};
pub use run::{DrawError, Outcome};
pub use spec::{Seed, Spec};
pub use stream::Stream;
pub use verify::{verify, verify_receipt};
