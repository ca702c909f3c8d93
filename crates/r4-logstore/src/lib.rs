//! The log on files: one writer, blocking, laid out so that `log/` can be served as it is
//! (c2sp.org/tlog-tiles).
//!
//! ```text
//! STATE_DIR/journal/journal    every record, in order of index: the truth
//! STATE_DIR/journal/offsets    where each record begins, eight octets an index
//! STATE_DIR/journal/ids/…      the index of each id, a sorted file for 65,536 entries
//! STATE_DIR/journal/mark       up to where all of this was synced
//! STATE_DIR/journal/origin     the log's name
//! STATE_DIR/log/checkpoint     the published checkpoint
//! STATE_DIR/log/tile/…         tiles and entry bundles
//! ```
//!
//! A batch is written to the journal and synced first; only then is it in the tree, signed and
//! answered. Everything but the journal, the origin and the checkpoint is made again from the
//! journal when it is lost: by [`LogStore::open`] from the last mark on (and any file of ids that is
//! missing), by [`fsck::repair`] from the beginning.
//!
//! The store has no lock of its own: whoever opens it holds the lock of the state folder, which
//! keeps every other process away. It knows no clock and no key: a [`Host`] has them.

pub mod fsck;

mod complete;
mod copy;
mod create;
mod edge;
mod error;
mod host;
mod ids;
mod journal;
mod keeper;
mod layout;
mod locked;
mod mark;
mod nodes;
mod published;
mod queue;
mod read;
mod record;
mod replace;
mod shared;
mod start;
mod store;
mod tiles;
mod writer;

#[cfg(test)]
mod fault;
#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test that overflows fails")]
mod tests;

pub use complete::Completion;
pub use copy::{CopyPoint, Scan, is_derived};
pub use error::{AppendError, OpenError, PublishError, ReadError};
pub use host::{Host, HostError, POINTS, Settings};
pub use published::Published;
pub use record::{Included, MAX_BODY_BYTES, Record};
pub use store::{LogStore, OpenNotes};
