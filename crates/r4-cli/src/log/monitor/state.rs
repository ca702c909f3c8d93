//! What a monitor keeps between two runs.

use std::fs;
use std::path::Path;

use r4_receipt::KeyHash;
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
        let (text, progress) = parse(&bytes).ok_or_else(|| refuse("it is damaged".to_owned()))?;
        let seen = trust.accept(&text).map_err(|finding| refuse(finding.to_string()))?;
        Ok(Some(Self { seen, progress }))
    }

    /// Replaces the state in `folder`.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn save(&self, folder: &Path) -> Result<(), Error> {
        let texts = |hash: &KeyHash| hash.to_string();
        let state = json!({
            "checkpoint": self.seen.text,
            "announced": self.progress.announced.iter().map(texts).collect::<Vec<_>>(),
            "missed": self.progress.missed,
        });
        atomic_file::keep(&folder.join(FILE), format!("{state:#}\n").as_bytes())
    }
}

fn parse(bytes: &[u8]) -> Option<(String, Progress)> {
    let state: Value = serde_json::from_slice(bytes).ok()?;
    let list = |name: &str| state.get(name)?.as_array();
    let hash = |value: &Value| KeyHash::parse(value.as_str()?).ok();
    let announced: Option<_> = list("announced")?.iter().map(hash).collect();
    let missed: Option<_> = list("missed")?.iter().map(Value::as_u64).collect();
    let checkpoint = state.get("checkpoint")?.as_str()?.to_owned();
    Some((checkpoint, Progress { announced: announced?, missed: missed? }))
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
