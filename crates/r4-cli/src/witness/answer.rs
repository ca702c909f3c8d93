//! `add-checkpoint` (c2sp.org/tlog-witness), step by step: no HTTP here, and no clock.

use std::collections::BTreeMap;

use r4_keystore::note_keys::NoteKeys;
use r4_tlog::tree::verify_consistency;
use r4_tlog::{AddCheckpoint, Checkpoint, SignatureLine, SignedCheckpoint, VerifierKey};

use super::ledger::Ledger;

/// A witness: its keys, and the logs that it knows by their origins.
#[derive(Debug)]
pub(super) struct Witness {
    /// Its own keys.
    pub(super) keys: NoteKeys,
    /// The logs.
    pub(super) logs: BTreeMap<String, Ledger>,
}

/// Why a checkpoint is not cosigned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// 400: the request has another form.
    #[error("{0}")]
    Malformed(String),
    /// 404: the log is not one of the witness's.
    #[error("this witness does not know the log {0:?}")]
    UnknownLog(String),
    /// 403: no known key of the log has signed.
    #[error("no known key of the log has signed this checkpoint: {0}")]
    Unsigned(String),
    /// 400: the proof starts from a larger tree than it leads to.
    #[error("the old size is larger than the checkpoint's")]
    OldSize,
    /// 409: the proof starts from another size than the last one.
    #[error("the last checkpoint has {size} entries")]
    Conflict {
        /// Leaves of the last tree that was cosigned.
        size: u64,
    },
    /// 409: the log has signed two trees of one size.
    #[error("the last checkpoint has {size} entries, too, and another root")]
    Fork {
        /// Leaves of both trees.
        size: u64,
    },
    /// 422: the proof does not hold.
    #[error("the consistency proof does not verify: {0}")]
    Proof(String),
    /// 500: the checkpoint cannot be kept or signed.
    #[error("{0}")]
    Internal(String),
}

impl Witness {
    /// Checks a request, keeps its checkpoint and cosigns it at `now`, in seconds since 1970.
    ///
    /// # Errors
    /// The first step that fails; nothing is cosigned then.
    pub(super) fn add_checkpoint(
        &self,
        body: &[u8],
        now: u64,
    ) -> Result<Vec<SignatureLine>, Refusal> {
        let malformed = |error: &dyn std::fmt::Display| Refusal::Malformed(error.to_string());
        let text = std::str::from_utf8(body).map_err(|e| malformed(&e))?;
        let request = AddCheckpoint::parse(text).map_err(|e| malformed(&e))?;
        let signed = SignedCheckpoint::parse(&request.checkpoint).map_err(|e| malformed(&e))?;
        let new = &signed.checkpoint;
        let unknown = || Refusal::UnknownLog(new.origin.clone());
        let log = self.logs.get(&new.origin).ok_or_else(unknown)?;
        check_signatures(&signed, &log.keys)?;
        if request.old > new.size {
            return Err(Refusal::OldSize);
        }
        let page = log.lock();
        check_growth(page.last(), &request, new)?;
        page.turn(&signed).map_err(|e| Refusal::Internal(format!("cannot be kept: {e}")))?;
        self.keys.sign(new, now).map_err(|e| Refusal::Internal(e.to_string()))
    }
}

/// At least one known key has signed, and no signature of a known key is wrong.
fn check_signatures(signed: &SignedCheckpoint, keys: &[VerifierKey]) -> Result<(), Refusal> {
    let mut found = false;
    for key in keys {
        match signed.verify(key) {
            Ok(_) => found = true,
            Err(r4_tlog::checkpoint::SignatureError::Missing) => {}
            Err(error) => return Err(Refusal::Unsigned(error.to_string())),
        }
    }
    if found { Ok(()) } else { Err(Refusal::Unsigned("it has no line of theirs".to_owned())) }
}

/// The new tree begins with the last one, from which the request must start.
fn check_growth(
    last: &Checkpoint,
    request: &AddCheckpoint,
    new: &Checkpoint,
) -> Result<(), Refusal> {
    let size = last.size;
    if request.old != size {
        return Err(Refusal::Conflict { size });
    }
    if new.size == size && new.root != last.root {
        return Err(Refusal::Fork { size });
    }
    verify_consistency(last.size, &last.root, new.size, &new.root, &request.proof)
        .map_err(|error| Refusal::Proof(error.to_string()))
}
