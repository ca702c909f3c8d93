//! Which epochs the operator has revoked, and that nothing is signed by one of them or without knowing.

use std::path::Path;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use r4_keystore::revoked::{self, RevokedError};
use r4_receipt::KeyHash;

use super::Epochs;
use crate::error::IssueError;
use crate::node::Node;

/// The epochs whose secrets others may have.
#[derive(Debug)]
pub(super) struct Revoked {
    listed: Vec<KeyHash>,
    /// Why the list could not be read when it was looked at last: it could name any epoch.
    unread: Option<String>,
}

impl Revoked {
    /// Reads the list of a state folder.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn read(state_dir: &Path) -> Result<Self, RevokedError> {
        Ok(Self { listed: revoked::read(state_dir)?, unread: None })
    }

    pub(super) fn has(&self, key_hash: &KeyHash) -> bool {
        self.listed.contains(key_hash)
    }

    /// Tells whether the epochs that sign could be among them, because nobody knows.
    pub(super) const fn is_unread(&self) -> bool {
        self.unread.is_some()
    }

    /// Tells whether a look found the same.
    fn is(&self, found: &Result<Vec<KeyHash>, RevokedError>) -> bool {
        match found {
            Ok(listed) => self.unread.is_none() && *listed == self.listed,
            Err(error) => self.unread.as_ref() == Some(&error.to_string()),
        }
    }

    /// Takes what a look found. One that was listed before stays revoked, and is listed again.
    fn take(
        &mut self,
        state_dir: &Path,
        found: Result<Vec<KeyHash>, RevokedError>,
    ) -> Result<(), RevokedError> {
        let found = found.inspect_err(|error| self.unread = Some(error.to_string()))?;
        self.unread = None;
        for key_hash in found.iter().filter(|found| !self.listed.contains(found)) {
            tracing::error!(%key_hash, "a key epoch is revoked: what it signed counts no more");
        }
        let (kept, mut listed) = (std::mem::take(&mut self.listed), found);
        let gone: Vec<KeyHash> = kept.into_iter().filter(|kept| !listed.contains(kept)).collect();
        listed.extend(&gone);
        self.listed = listed;
        for key_hash in gone {
            tracing::error!(%key_hash, "a revoked key epoch was taken off the list, and is put back");
            revoked::add(state_dir, key_hash)?;
        }
        Ok(())
    }
}

impl Epochs {
    /// Says why no receipt is signed, if none is because the active epoch is revoked or may be.
    pub(crate) fn stopped(&self) -> Option<IssueError> {
        if !self.stopped.load(Ordering::Acquire) {
            return None;
        }
        Some(match self.known().revoked.unread.clone() {
            Some(why) => IssueError::Halted(why),
            None => IssueError::Revoked { next: self.times().1 },
        })
    }

    /// Tells whether an epoch is revoked.
    pub(crate) fn is_revoked(&self, key_hash: &KeyHash) -> bool {
        self.known().revoked.has(key_hash)
    }
}

impl Node {
    /// Takes what the operator has revoked.
    ///
    /// # Errors
    /// The list cannot be read, or not be put right.
    pub(super) fn look_at_revoked(&self) -> Result<(), RevokedError> {
        let epochs = &self.epochs;
        let found = revoked::read(&epochs.state_dir);
        if epochs.known().revoked.is(&found) {
            return found.map(drop);
        }
        // What is under way is settled before the keys are shown as revoked, and nothing follows it.
        let _alone = epochs.gate.write().unwrap_or_else(PoisonError::into_inner);
        let mut known = epochs.known();
        let taken = known.revoked.take(&epochs.state_dir, found);
        if known.next.as_ref().is_some_and(|next| known.revoked.has(&next.entry.key_hash())) {
            self.withdrawn(&mut known, "it is revoked");
        } else {
            epochs.tell(&known);
        }
        taken
    }
}
