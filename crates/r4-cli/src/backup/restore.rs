//! `r4 backup restore`.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use r4_keystore::index::IndexStore;
use r4_keystore::restored::{RESTORED_FILE, Restored};
use r4_keystore::state::INDEX_FILE;
use r4_receipt::Timestamp;
use r4_service::config::Env;

use super::archive::{GATEWAY, STATE};
use super::manifest::Gateway;
use super::resume::{self, What};
use super::verify::{Backup, Which};
use super::{LOCK_FILE, gateway_dir, state_dir};
use crate::atomic_file::FileLock;
use crate::exit::{Error, Exit};
use crate::output;

/// Arguments of `r4 backup restore`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    /// The new state folder of r4-vrf.
    #[arg(long, value_name = "DIR")]
    #[arg(help = "The new state folder of r4-vrf (R4_STATE_DIR, or /var/lib/r4)")]
    state: Option<PathBuf>,
    /// The new state folder of the gateway.
    #[arg(long, value_name = "DIR")]
    #[arg(help = "The new state folder of the gateway (R4_GATEWAY_STATE_DIR)")]
    gateway_state: Option<PathBuf>,
    /// Leave the gateway's API keys out
    #[arg(long, conflicts_with = "gateway_state")]
    without_gateway: bool,
    #[command(flatten)]
    what: What,
}

/// Puts a backup into empty folders.
///
/// # Errors
/// A folder is not empty, or the backup does not hold; then both folders are empty again.
pub(super) fn run(args: &Args) -> Result<Exit, Error> {
    let mut env = Env::from_process();
    let state = state_dir(args.state.as_deref(), &mut env);
    let gateway = gateway_dir(args.gateway_state.as_deref(), &mut env);
    let backup = args.which.find(&mut env)?;
    let gateway = match (gateway.filter(|_| !args.without_gateway), backup.manifest.gateway) {
        (Some(folder), Gateway::Included) => Some(folder),
        (None, Gateway::Included) if !args.without_gateway => {
            return Err(Error::Unusable(
                "the backup has the gateway's API keys: say where they go with --gateway-state or \
                 R4_GATEWAY_STATE_DIR, or leave them out by --without-gateway"
                    .to_owned(),
            ));
        }
        _ => None,
    };
    let folders = Folders { state, gateway };
    let _lock = folders.take()?;
    let restored = folders.fill(&backup);
    if restored.is_err() {
        folders.empty();
    }
    restored?;
    let Backup { name, manifest, .. } = &backup;
    let when = manifest.when();
    output::note(&format!(
        "restored {name} into {}: the log has {} entries",
        folders.state.display(),
        manifest.log_size
    ));
    if folders.gateway.is_some() {
        output::note(&format!(
            "API keys are as they were at {when}: one that was revoked later is good again, see r4 \
             keys list"
        ));
    }
    if args.what.is_given() {
        return resume::resume(&folders.state, &args.what);
    }
    output::note(
        "r4-vrf does not start on it until you have said what became of later receipts: see r4 \
         backup resume --help",
    );
    Ok(Exit::Success)
}

/// Where a backup goes.
struct Folders {
    state: PathBuf,
    gateway: Option<PathBuf>,
}

impl Folders {
    /// Makes and locks the folders, which must be empty, and notes that they are being filled.
    fn take(&self) -> Result<FileLock, Error> {
        let folders = [Some(&self.state), self.gateway.as_ref()];
        for folder in folders.iter().flatten() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|e| Error::unusable(folder.display(), e))?;
        }
        let lock = super::lock(&self.state)?;
        // What was cut short is begun again.
        if matches!(Restored::read(&self.state), Ok(Some(Restored::Unfinished))) {
            self.empty();
        }
        for folder in folders.iter().flatten() {
            let held = |e: io::Error| Error::unusable(folder.display(), e);
            for file in fs::read_dir(folder).map_err(held)? {
                let name = file.map_err(held)?.file_name();
                if ![LOCK_FILE, "lost+found"].iter().any(|own| *own == name) {
                    return Err(Error::unusable(
                        folder.display(),
                        format!(
                            "there is {} in it, and a backup is restored into an empty folder only; \
                             move what is there away, and keep it: it may be newer than the backup",
                            name.display()
                        ),
                    ));
                }
            }
        }
        Restored::Unfinished.write(&self.state).map_err(|e| Error::Unusable(e.to_string()))?;
        Ok(lock)
    }

    fn fill(&self, backup: &Backup) -> Result<(), Error> {
        let (_, journal_bytes) = backup.read(|path| self.place(path))?;
        let manifest = &backup.manifest;
        let unusable = |e: &dyn std::fmt::Display| Error::Unusable(e.to_string());
        let log_size = manifest.log_size;
        let index = IndexStore::create(&self.state.join(INDEX_FILE)).map_err(|e| unusable(&e))?;
        index.raise(log_size).map_err(|e| unusable(&e))?;
        drop(index);
        for folder in [Some(&self.state), self.gateway.as_ref()].into_iter().flatten() {
            sync_folders(folder).map_err(|e| Error::unusable(folder.display(), e))?;
        }
        let time = Timestamp::from_unix(manifest.time).map_err(|e| unusable(&e))?;
        let whole = Restored::Whole { time, log_size, journal_bytes };
        whole.write(&self.state).map_err(|e| unusable(&e))
    }

    /// Makes the file of an entry.
    fn place(&self, path: &str) -> Result<Box<dyn Write>, Error> {
        let (folder, path) = path.split_once('/').unwrap_or((path, ""));
        let folder = match (folder, &self.gateway) {
            (STATE, _) => &self.state,
            (GATEWAY, Some(gateway)) => gateway,
            _ => return Ok(Box::new(io::sink())),
        };
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        let make = || {
            DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)
        };
        let file = make().map_err(|e| Error::unusable(path.display(), e))?;
        Ok(Box::new(Synced(file)))
    }

    /// Takes everything back; the note goes last.
    fn empty(&self) {
        for folder in [self.gateway.as_ref(), Some(&self.state)].into_iter().flatten() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let (path, name) = (entry.path(), entry.file_name());
                if ![LOCK_FILE, RESTORED_FILE, "lost+found"].iter().any(|own| *own == name) {
                    let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
                    // What stays is named by the next attempt.
                    drop(if is_dir { fs::remove_dir_all(path) } else { fs::remove_file(path) });
                }
            }
        }
        drop(fs::remove_file(self.state.join(RESTORED_FILE)));
    }
}

/// A file that is on the disk when it is flushed.
struct Synced(File);

impl Write for Synced {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.sync_all()
    }
}

/// Makes the names in a folder and in those within it durable.
fn sync_folders(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && entry.file_name() != "lost+found" {
            sync_folders(&entry.path())?;
        }
    }
    File::open(folder)?.sync_all()
}
