//! API keys: what they look like, what each may do, and the table in which a request's key is
//! looked up.
//!
//! A key is shown once, when it is made. Kept is its SHA-256 alone, by the [`crate::store`]; the
//! [`KeyTable`] holds all of them in memory, and [`sync`] keeps it up to date.

mod id;
mod policy;
mod record;
pub mod sync;
mod table;
pub mod text;

pub use id::{KeyId, KeyIdError};
pub use policy::{KeyPolicy, MOST_UNITS, Period, PolicyError, Quota, Scope, Scopes};
pub use record::{KeyName, KeyNameError, KeyRecord, NewKey, OldSecret, SIMPLE_NAME};
pub use sync::KeySync;
pub use table::{KeyEntry, KeyRefusal, KeyTable, STALE_AFTER};
pub use text::{SecretHash, SecretText};
