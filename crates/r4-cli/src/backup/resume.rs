//! `r4 backup resume`: what became of the receipts that were given out after the backup.
//!
//! They exist, with indexes that the restored log does not have. So the log goes on only where it is
//! known to end: at a checkpoint that is the last one, with every entry up to it, those after the
//! backup from a mirror. Where they are lost the log is closed: another log with other keys begins,
//! so that no index is given out twice under one key.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use clap::ValueHint;
use r4_keystore::index::IndexStore;
use r4_keystore::note_keys::NoteKeys;
use r4_keystore::restored::{RESTORED_FILE, Restored};
use r4_keystore::seed::RootSeed;
use r4_keystore::state::{CLOSED_FOLDER, INDEX_FILE, LOG_SEED_FILE, SEED_FILE};
use r4_logstore::{Completion, LogStore};
use r4_receipt::LogKeys;
use r4_service::config::Env;
use r4_tlog::SignedCheckpoint;

use super::epochs::{Epochs, root_key};
use super::manifest::compact;
use super::{LAST_FILE, LOCK_FILE, state_dir};
use crate::atomic_file;
use crate::exit::{Error, Exit};
use crate::log::Last;
use crate::output;

/// What became of later receipts.
#[derive(Debug, clap::Args)]
pub(super) struct What {
    /// The log's last checkpoint: a mirror, a file, a monitor's folder
    #[arg(long, value_name = "DIR|FILE|URL", value_hint = ValueHint::AnyPath)]
    last: Option<String>,
    /// Close the log, as later entries are lost; a new one begins
    #[arg(long)]
    close: bool,
}

/// Arguments of `r4 backup resume`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The restored state folder of r4-vrf.
    #[arg(long, value_name = "DIR")]
    #[arg(help = "The restored state folder of r4-vrf (R4_STATE_DIR, or /var/lib/r4)")]
    state: Option<PathBuf>,
    #[command(flatten)]
    what: What,
}

impl What {
    /// Tells whether anything was said.
    pub(super) const fn is_given(&self) -> bool {
        self.last.is_some() || self.close
    }
}

/// Lets r4-vrf start on a restored state.
///
/// # Errors
/// See [`resume`].
pub(super) fn run(args: &Args) -> Result<Exit, Error> {
    let state = state_dir(args.state.as_deref(), &mut Env::from_process());
    let _lock = super::lock(&state)?;
    resume(&state, &args.what)
}

/// Completes or closes the log of a restored state.
///
/// # Errors
/// It was not restored, nothing was said, the checkpoint is not of this log or older, or entries up to
/// it are missing. The log is then as it was restored.
pub(super) fn resume(state: &Path, what: &What) -> Result<Exit, Error> {
    let unusable = |e: &dyn std::fmt::Display| Error::Unusable(e.to_string());
    let (time, log_size, journal_bytes) = match Restored::read(state).map_err(|e| unusable(&e))? {
        Some(Restored::Whole { time, log_size, journal_bytes }) => (time, log_size, journal_bytes),
        Some(Restored::Unfinished) => {
            let reason = "the restoring was cut short: run r4 backup restore again";
            return Err(Error::unusable(state.display(), reason));
        }
        None => {
            let reason = "it was not restored from a backup, or has gone on since";
            return Err(Error::unusable(state.display(), reason));
        }
    };
    if !what.is_given() {
        return Err(Error::Unusable(format!(
            "the backup of {time} has {log_size} entries; say where the log ended with --last, or \
             that later entries are lost with --close (r4 backup resume --help)"
        )));
    }
    if let Some(last) = &what.last {
        let size = complete(state, last, what.close, (log_size, journal_bytes))?;
        output::note(&format!("the log has {size} entries, {log_size} of them from the backup"));
    }
    if what.close {
        let folder = close(state, time.unix())?;
        output::note(&format!(
            "closed the log: it is in {}, and keys.json there verifies its receipts; publish that. \
             r4-vrf begins a new log with new keys at its next start: set R4_LOG_ORIGIN to a new name",
            folder.display()
        ));
    }
    Restored::remove(state).map_err(|e| unusable(&e))?;
    if !what.close {
        output::note(&format!(
            "r4-vrf signs with the keys {} again: if they were revoked after the backup, revoke them \
             before it starts (r4 keys revoke-epoch)",
            root_key(state)?
        ));
    }
    Ok(Exit::Success)
}

/// Completes the log up to the last checkpoint; returns its size.
fn complete(
    state: &Path,
    name: &str,
    closing: bool,
    (log_size, bytes): (u64, u64),
) -> Result<u64, Error> {
    let unusable = |e: &dyn std::fmt::Display| Error::Unusable(e.to_string());
    let index = IndexStore::open(&state.join(INDEX_FILE)).map_err(|e| unusable(&e))?;
    let last = Last::find(name)?;
    let origin = LogStore::read_origin(state).map_err(|e| unusable(&e))?;
    let signed = SignedCheckpoint::parse(&last.text).map_err(|e| Error::unusable(name, e))?;
    for key in note_keys(state, &origin)?.verifier_keys() {
        let reason = |e| Error::failed(format!("{name}: it is not signed by this log: {e}"));
        signed.verify(key).map_err(reason)?;
    }
    let end = &signed.checkpoint;
    if end.size < log_size {
        return Err(Error::failed(format!(
            "{name}: this checkpoint has {} entries and the backup {log_size}, so it says nothing of \
             what came after the backup",
            end.size
        )));
    }
    let mut log = Completion::begin(state, bytes).map_err(|e| unusable(&e))?;
    let mut epochs = Epochs::of_journal(state)?;
    let completed = last.entries(log_size..end.size, |entry| {
        epochs.note(entry);
        log.push(entry)
    });
    let same = || {
        let reason = "the backup is not the beginning of that log: one of the two was changed";
        let same = (log.size(), log.root()) == (end.size, end.root);
        if same { Ok(()) } else { Err(Error::failed(format!("{name}: {reason}"))) }
    };
    let next = || if closing { Ok(None) } else { epochs.follow(state) };
    let next = match completed.and_then(|()| same()).and_then(|()| next()) {
        Ok(next) => next,
        Err(error) => {
            log.undo().map_err(|e| unusable(&e))?;
            return Err(error);
        }
    };
    log.finish(&signed.to_string()).map_err(|e| unusable(&e))?;
    epochs.settle(state, next.as_ref())?;
    index.raise(end.size).map_err(|e| unusable(&e))?;
    Ok(end.size)
}

fn note_keys(state: &Path, origin: &str) -> Result<NoteKeys, Error> {
    let seed = RootSeed::load(&state.join(LOG_SEED_FILE));
    let seed = seed.map_err(|e| Error::Unusable(e.to_string()))?;
    NoteKeys::log(&seed, origin).map_err(|e| Error::Unusable(e.to_string()))
}

/// Moves everything into a folder of its own, with the public keys that verify its receipts.
fn close(state: &Path, time: u64) -> Result<PathBuf, Error> {
    let name = compact(time).ok_or_else(|| Error::failed("the time of the backup is wrong"))?;
    let closed = state.join(CLOSED_FOLDER).join(name);
    let fail = |e: io::Error| Error::unusable(closed.display(), e);
    DirBuilder::new().recursive(true).mode(0o700).create(&closed).map_err(fail)?;
    // Cut short, it goes on: then the seeds have moved already.
    if state.join(SEED_FILE).exists() {
        atomic_file::keep(&closed.join("keys.json"), keys_json(state)?.as_bytes())?;
    }
    let stays = [CLOSED_FOLDER, RESTORED_FILE, LOCK_FILE, LAST_FILE, "index.lock", "lost+found"];
    let mut moved: Vec<_> =
        fs::read_dir(state).map_err(fail)?.collect::<Result<_, _>>().map_err(fail)?;
    moved.retain(|entry| !stays.iter().any(|own| *own == entry.file_name()));
    // The seeds last: as long as they are there, the folder is known to be begun.
    moved.sort_by_key(|entry| entry.path().extension().is_some_and(|kind| kind == "seed"));
    for entry in moved {
        fs::rename(entry.path(), closed.join(entry.file_name())).map_err(fail)?;
    }
    for folder in [&closed, state] {
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(fail)?;
    }
    Ok(closed)
}

fn keys_json(state: &Path) -> Result<String, Error> {
    let unusable = |e: &dyn std::fmt::Display| Error::Unusable(e.to_string());
    let origin = LogStore::read_origin(state).map_err(|e| unusable(&e))?;
    let log = note_keys(state, &origin)?.verifier_keys().clone();
    let log = LogKeys::new(log).map_err(|e| unusable(&e))?;
    Ok(Epochs::of_journal(state)?.document(state)?.with_log(log).to_json())
}
