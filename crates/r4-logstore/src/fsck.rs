//! Checks a log against its journal, and makes again what can be made from it.
//!
//! What a start makes again by itself, because it is after the mark, is no finding. The caller holds
//! the lock of the state folder: no store has the log open.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use r4_tlog::{SignedCheckpoint, VerifierKey};

use crate::error::OpenError;
use crate::keeper::{mark, sync_files};
use crate::layout::Layout;
use crate::mark::Mark;
use crate::published::Published;
use crate::replace::{Sync, read_if_present, replace};
use crate::start::{read_origin, read_published, start};

mod ids;
mod scan;
mod strays;

/// What is wrong with a log. `Display` writes its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// `journal/origin` is missing or unusable.
    Origin,
    /// `log/checkpoint` is missing, unusable or of another log.
    Checkpoint,
    /// A key's signature on the checkpoint is missing or does not verify.
    Signature,
    /// The journal cannot be read.
    Journal,
    /// The last write to the journal was cut short.
    TornTail,
    /// A record of the journal is damaged.
    Record,
    /// The journal is shorter than what was published or synced.
    RolledBack,
    /// The journal's entries are not those of the checkpoint.
    OtherRoot,
    /// A tile is missing or wrong.
    Tile,
    /// The places of records are missing or wrong.
    Offsets,
    /// A file of ids is missing, damaged or wrong.
    Ids,
    /// The mark is missing or wrong.
    Mark,
}

/// What helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// [`repair`] makes it again.
    Repair,
    /// Only a backup does.
    Backup,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its name.
    pub fault: Fault,
    /// The file.
    pub path: PathBuf,
    /// What is wrong and what helps: a sentence.
    pub sentence: String,
    /// What helps.
    pub remedy: Remedy,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Good records of the journal, from its beginning.
    pub entries: u64,
    /// Size of the published checkpoint, if it can be read.
    pub published: Option<u64>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What a crash left behind and harms nobody: a sentence each.
    pub remarks: Vec<String>,
    /// What was made again: a sentence each.
    pub repaired: Vec<String>,
}

/// Checks the log of a state folder; changes nothing. Without keys the checkpoint's signatures are
/// not checked.
pub fn check(state_dir: &Path, keys: &[VerifierKey]) -> Report {
    let layout = Layout::of(state_dir);
    let mut report = Report::default();
    let published = check_checkpoint(&layout, keys, &mut report);
    let marked = check_mark(&layout, &mut report);
    scan::scan(&layout, published.as_ref(), marked.as_ref(), &mut report);
    strays::remark(&layout, &mut report);
    report
}

/// Makes again what [`check`] finds and the journal still has, and cuts off a torn tail that no
/// checkpoint covers. If only a backup helps, nothing is changed. `now` is in seconds since 1970.
/// The report says what was repaired, and what is still wrong.
pub fn repair(state_dir: &Path, keys: &[VerifierKey], now: u64) -> Report {
    let layout = Layout::of(state_dir);
    let before = check(state_dir, keys);
    if before.findings.iter().any(|finding| finding.remedy == Remedy::Backup) {
        return before;
    }
    let mut repaired: Vec<String> =
        before.findings.iter().map(|finding| finding.sentence.clone()).collect();
    let rebuilt = if repaired.is_empty() { Ok(()) } else { rebuild(&layout, &before, now) };
    repaired.extend(strays::remove(&layout, before.published));
    let mut after = check(state_dir, keys);
    if let Err(error) = rebuilt {
        let sentence = format!("the repair failed: {error}");
        after.add(Fault::Journal, state_dir, sentence, Remedy::Repair);
    }
    Report { repaired, ..after }
}

/// Starts from the journal alone, as if there were no mark, and syncs what that makes.
fn rebuild(layout: &Layout, report: &Report, now: u64) -> Result<(), OpenError> {
    let has = |fault| report.findings.iter().any(|finding| finding.fault == fault);
    let failed = |path: PathBuf| |cause| OpenError::Folder { path, cause };
    if has(Fault::Origin) {
        let origin = published_origin(layout).unwrap_or_default();
        let line = format!("{origin}\n");
        let path = layout.origin();
        replace(&path, line.as_bytes(), Sync::BytesAndName).map_err(failed(path))?;
    }
    remove(&layout.mark()).map_err(failed(layout.mark()))?;
    let started = start(layout)?;
    let synced = sync_files(&layout.log_folder(), &started.files);
    let synced = synced.and_then(|()| started.offsets.sync_data());
    synced.map_err(failed(layout.log_folder()))?;
    let marked = mark(layout, &started.edge, now);
    marked.map_err(|why| failed(layout.mark())(io::Error::other(why)))
}

/// Reads origin and checkpoint. A missing origin is in the checkpoint.
fn check_checkpoint(
    layout: &Layout,
    keys: &[VerifierKey],
    report: &mut Report,
) -> Option<Published> {
    let origin = read_origin(layout);
    let expected = match &origin {
        Ok(origin) => Some(origin.clone()),
        Err(_) => published_origin(layout),
    };
    if let Err(error) = origin {
        let remedy = if expected.is_some() { Remedy::Repair } else { Remedy::Backup };
        report.add(Fault::Origin, layout.origin(), cause(&error), remedy);
    }
    let published = match read_published(layout, &expected.unwrap_or_default()) {
        Ok(published) => published,
        Err(error) => {
            let copy = "(the copy of a mirror or a witness, if newer, is as good)";
            let sentence = format!("{}; put back a backup {copy}", cause(&error));
            report.add(Fault::Checkpoint, layout.checkpoint(), sentence, Remedy::Backup);
            return None;
        }
    };
    report.published = Some(published.checkpoint.size);
    let signed = SignedCheckpoint::parse(&published.text).ok()?;
    for key in keys {
        if let Err(error) = signed.verify(key) {
            let sentence =
                format!("the signature of {key} does not hold: {error}; put back a backup");
            report.add(Fault::Signature, layout.checkpoint(), sentence, Remedy::Backup);
        }
    }
    Some(published)
}

fn check_mark(layout: &Layout, report: &mut Report) -> Option<Mark> {
    let mark = Mark::read(&layout.mark());
    if let Ok(Some(mark)) = mark {
        return Some(mark);
    }
    let sentence = match mark {
        Ok(_) => "the mark is missing or unusable, so a start reads the whole journal".to_owned(),
        Err(cause) => format!("the mark cannot be read: {cause}"),
    };
    report.add(Fault::Mark, layout.mark(), sentence, Remedy::Repair);
    None
}

/// Returns the origin that the checkpoint names.
fn published_origin(layout: &Layout) -> Option<String> {
    let bytes = read_if_present(&layout.checkpoint()).ok()??;
    let signed = SignedCheckpoint::parse(&String::from_utf8(bytes).ok()?).ok()?;
    Some(signed.checkpoint.origin)
}

/// Returns what is wrong with a file, without the advice to run fsck.
fn cause(error: &OpenError) -> String {
    match error {
        OpenError::Unusable { path, why, .. } => format!("{} {why}", path.display()),
        other => other.to_string(),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

impl Report {
    /// Tells whether nothing is wrong.
    pub fn is_fine(&self) -> bool {
        self.findings.is_empty()
    }

    fn add(&mut self, fault: Fault, path: impl Into<PathBuf>, sentence: String, remedy: Remedy) {
        self.findings.push(Finding { fault, path: path.into(), sentence, remedy });
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Origin => "origin",
            Self::Checkpoint => "checkpoint",
            Self::Signature => "signature",
            Self::Journal => "journal",
            Self::TornTail => "torn-tail",
            Self::Record => "record",
            Self::RolledBack => "rolled-back",
            Self::OtherRoot => "other-root",
            Self::Tile => "tile",
            Self::Offsets => "offsets",
            Self::Ids => "ids",
            Self::Mark => "mark",
        })
    }
}
