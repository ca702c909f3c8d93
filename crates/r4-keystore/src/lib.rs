//! What r4-vrf keeps on disk, and what it derives from it: the root seed, the keys, the index.
//!
//! [`state::State`] opens the folder and applies its rules: [`seed`] reads or makes the one secret,
//! [`epoch`] says since when, [`handover`] puts the next one in its place, [`revoked`] which of them
//! others may have, [`restored`] that all of it was put back from a backup, [`index`] hands out receipt
//! numbers that no crash makes repeat, [`keys`] derives a key per use and signs, [`selftest`] proves at
//! start that every primitive still works. Everything here blocks; an async caller moves it to a
//! blocking thread.

pub mod epoch;
pub mod handover;
pub mod index;
pub mod keys;
pub mod note_keys;
pub mod restored;
pub mod revoked;
pub mod seed;
pub mod selftest;
pub mod state;
