//! Checking a document offline: everything is recomputed from the bytes, each step has a name, and
//! whom to trust is the caller's to say.

mod checks;
mod digest;
mod evm;
mod log;

use alloc::string::String;
use alloc::vec::Vec;

use r4_sign::Address;

use crate::document::Document;
use crate::keys::KeyHash;
use crate::log::LogKeys;

/// Whom to trust and what to demand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Whom to trust.
    pub pin: Pin,
    /// What to demand of someone trusted. Without a pin it is not enforced.
    pub require: Require,
    /// The keys of the log, where its checkpoints are to be checked.
    pub log: Option<LogKeys>,
    /// The witnesses that must have cosigned the checkpoint; a document without a log part then fails.
    pub witnesses: Option<r4_tlog::Policy>,
}

/// Whom to trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Pin {
    /// Nobody: the answer can only be that a document agrees with itself.
    #[default]
    None,
    /// Key epochs by their hashes, which cover all their keys.
    KeyHashes(Vec<KeyHash>),
    /// An ECDSA signer alone; the ML-DSA-65 key is then the one that this signer vouches for.
    Signer(Address),
}

/// Which signatures a trusted document must carry. Whatever it carries must be right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Require {
    /// Both.
    #[default]
    Dual,
    /// ECDSA at least.
    Ecdsa,
    /// ML-DSA-65 at least.
    Mldsa,
}

/// What was checked, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Every check, also those that were not made.
    pub checks: Vec<Check>,
    pinned: bool,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The stable name.
    pub name: &'static str,
    /// How it went.
    pub outcome: Outcome,
    /// A sentence for people.
    pub detail: String,
    /// What went in, by name.
    pub inputs: Vec<(&'static str, String)>,
}

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It does not hold.
    Failed,
    /// There was nothing to check it with.
    NotChecked,
}

/// What the checks add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything holds, and the signer is one that the caller trusts.
    Valid,
    /// Everything holds, but nobody was pinned: the signer was NOT checked.
    SelfConsistent,
    /// The named check is the first that failed.
    Failed(&'static str),
}

/// Makes every check. One that fails does not keep the others from being made.
pub fn verify(document: &Document, policy: &Policy) -> Report {
    Report { checks: checks::all(document, policy), pinned: !matches!(policy.pin, Pin::None) }
}

/// Makes the checks of the part `log` alone, where there is one. The rest of the document and the
/// checkpoint's signatures are taken as checked before.
pub fn verify_log(document: &Document) -> Vec<Check> {
    log::check_log(document, document.envelope().keys.key_hash(), &Policy::default())
}

impl Report {
    /// Returns the name of the first check that failed.
    pub fn failed(&self) -> Option<&'static str> {
        self.checks.iter().find(|check| check.outcome == Outcome::Failed).map(|check| check.name)
    }

    /// Adds the checks up.
    pub fn verdict(&self) -> Verdict {
        match self.failed() {
            Some(name) => Verdict::Failed(name),
            None if self.pinned => Verdict::Valid,
            None => Verdict::SelfConsistent,
        }
    }

    /// Says whether the caller named whom to trust.
    pub const fn pinned(&self) -> bool {
        self.pinned
    }
}

#[cfg(test)]
mod tests;
