//! Receipts of Re4ctoR: what is signed, how it is written as JSON, and how it is checked offline.
//!
//! Pure: no clock, no randomness, no I/O. A [`Document`] is parsed strictly (one form for each
//! value, no unknown, missing or repeated field) and then checked by [`verify()`], which recomputes
//! everything from the bytes it was given and believes no field.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod alpha;
pub mod attestation;
pub mod document;
pub mod eip712;
pub mod entry;
pub mod envelope;
mod epoch_keys;
pub mod evm;
pub mod keys;
pub mod keys_document;
pub mod log;
pub mod message;
pub mod object;
pub mod receipt;
pub mod schemes;
pub mod stored;
pub mod timestamp;
pub mod tlog_proof;
pub mod unsigned;
pub mod verify;

#[cfg(test)]
mod tamper;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod vectors;

pub use attestation::{Attestation, Mode};
pub use document::Document;
pub use eip712::Domain;
pub use entry::{Entry, EntryError};
pub use evm::{Evm, EvmError};
pub use keys::{KeyHash, KeyId, KeySet, PublicKeys};
pub use keys_document::KeysDocument;
pub use log::{Log, LogKeys};
pub use object::{MAX_DOCUMENT_BYTES, ParseError};
pub use receipt::{AlphaSource, Receipt};
pub use schemes::Schemes;
pub use timestamp::Timestamp;
pub use unsigned::{Head, SealError, Unsigned, UnsignedAttestation};
pub use verify::{Check, Outcome, Pin, Policy, Report, Require, Verdict, verify, verify_log};
