//! What a monitor keeps between two runs.

use std::fs;
use std::path::Path;

use r4_receipt::entry::EpochKeys;
use r4_receipt::{Entry, KeyHash, KeysDocument};
use serde_json::{Value, json};

use super::super::audit::Progress;
use super::super::client::ReadError;
use super::super::finding::{Alarm, Finding};
use super::super::reader;
use super::super::trust::{Seen, Trust};
use crate::atomic_file;
use crate::exit::Error;

const FILE: &str = "state.json";
/// More than a state has.
const MAX_STATE_BYTES: usize = 4 << 20;

/// The last checkpoint that was right, and what the entries up to it say.
#[derive(Debug)]
pub(super) struct State {
    /// The checkpoint.
    pub(super) seen: Seen,
    /// What checking the next entries needs.
    pub(super) progress: Progress,
}

impl State {
    /// Reads the state in `folder`, if there is one.
    ///
    /// # Errors
    /// It cannot be read, is damaged, or is of another log.
    pub(super) fn load(folder: &Path, trust: &Trust) -> Result<Option<Self>, Error> {
        let path = folder.join(FILE);
        let bytes = match reader::file(&path, MAX_STATE_BYTES) {
            Ok(bytes) => bytes,
            Err(ReadError::Missing(_)) => return Ok(None),
            Err(error) => return Err(Error::Unusable(error.to_string())),
        };
        let refuse = |reason: String| {
            Error::unusable(
                path.display(),
                format!("{reason}; without this file the log is checked from its beginning"),
            )
        };
        let (text, progress) =
            parse(&bytes, &trust.document).ok_or_else(|| refuse("it is damaged".to_owned()))?;
        let seen = trust.accept(&text).map_err(|finding| refuse(finding.to_string()))?;
        Ok(Some(Self { seen, progress }))
    }

    /// Replaces the state in `folder`.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn save(&self, folder: &Path) -> Result<(), Error> {
        let entry =
            |epoch: &EpochKeys| hex::encode(Entry::Keys(Box::new(epoch.clone())).to_bytes());
        let state = json!({
            "checkpoint": self.seen.text,
            "epochs": self.progress.announced.iter().map(entry).collect::<Vec<_>>(),
            "active": self.progress.active,
            "missed": self.progress.missed,
        });
        atomic_file::keep(&folder.join(FILE), format!("{state:#}\n").as_bytes())
    }
}

fn parse(bytes: &[u8], pinned: &KeysDocument) -> Option<(String, Progress)> {
    let state: Value = serde_json::from_slice(bytes).ok()?;
    let list = |name: &str| state.get(name)?.as_array();
    let missed: Option<_> = list("missed")?.iter().map(Value::as_u64).collect();
    let checkpoint = state.get("checkpoint")?.as_str()?.to_owned();
    let announced: Option<_> = match list("epochs") {
        Some(epochs) => epochs.iter().map(epoch).collect(),
        // From before there was a second epoch: the hash of the first alone.
        None => list("announced")?.iter().map(|hash| first(hash, pinned)).collect(),
    };
    let active = state.get("active").map_or(Some(0), Value::as_u64);
    let active = usize::try_from(active?).ok()?;
    Some((checkpoint, Progress { announced: announced?, active, missed: missed? }))
}

fn epoch(text: &Value) -> Option<EpochKeys> {
    match Entry::parse(&hex::decode(text.as_str()?).ok()?) {
        Ok(Entry::Keys(epoch)) => Some(*epoch),
        _ => None,
    }
}

fn first(hash: &Value, pinned: &KeysDocument) -> Option<EpochKeys> {
    let hash = KeyHash::parse(hash.as_str()?).ok()?;
    let epoch = pinned.epochs().iter().find(|epoch| epoch.key_hash() == hash)?;
    Some(EpochKeys { index: 0, timestamp: 0, previous: None, keys: epoch.keys.clone() })
}

/// Keeps both signed checkpoints of a fork or a rollback, once for each pair.
///
/// # Errors
/// They cannot be written.
pub(super) fn keep_evidence(
    state: &Path,
    finding: &Finding,
    before: &Seen,
    now: &Seen,
) -> Result<(), Error> {
    if !matches!(finding.alarm, Alarm::Fork | Alarm::Rollback) {
        return Ok(());
    }
    let root = hex::encode(now.checkpoint.root);
    let short: String = root.chars().take(16).collect();
    let (alarm, from, to) = (finding.alarm.name(), before.checkpoint.size, now.checkpoint.size);
    let folder = state.join("evidence").join(format!("{alarm}-{from}-{to}-{short}"));
    if folder.exists() {
        return Ok(());
    }
    fs::create_dir_all(&folder)
        .map_err(|e| Error::unusable(folder.display(), format!("it cannot be made: {e}")))?;
    atomic_file::keep(&folder.join("before"), before.text.as_bytes())?;
    atomic_file::keep(&folder.join("after"), now.text.as_bytes())
}
