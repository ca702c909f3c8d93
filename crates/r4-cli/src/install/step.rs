//! One thing to do to a system: it is shown, or done.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use zeroize::Zeroizing;

use crate::atomic_file;
use crate::exit::Error;
use crate::file_tree;

/// One thing to do.
pub(super) enum Step {
    /// Copies a folder of plain files to where nothing is.
    CopyFolder { from: PathBuf, to: PathBuf },
    /// Lets a link point at `target`, whatever it pointed at before.
    Link { path: PathBuf, target: PathBuf },
    /// Writes a file that must not be there yet, in a folder that root alone may enter.
    NewFile { path: PathBuf, bytes: Zeroizing<Vec<u8>>, mode: u32 },
    /// Writes or replaces a unit.
    Unit { path: PathBuf, text: Vec<u8> },
    /// Removes a file, a link, or a folder with all that is in it.
    Remove(PathBuf),
    /// Runs a program.
    Run(Vec<OsString>),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CopyFolder { from, to } => {
                write!(f, "copy    {} to {}", from.display(), to.display())
            }
            Self::Link { path, target } => {
                write!(f, "link    {} to {}", path.display(), target.display())
            }
            Self::NewFile { path, mode, .. } => {
                write!(f, "make    {} (mode {mode:04o})", path.display())
            }
            Self::Unit { path, .. } => write!(f, "write   {}", path.display()),
            Self::Remove(path) => write!(f, "remove  {}", path.display()),
            Self::Run(words) => {
                let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
                write!(f, "run     {}", words.join(" "))
            }
        }
    }
}

impl Step {
    /// Does it.
    ///
    /// # Errors
    /// [`Error::Unusable`].
    pub(super) fn take(&self) -> Result<(), Error> {
        let (what, done) = match self {
            Self::CopyFolder { from, to } => (to.as_path(), copy_folder(from, to)),
            Self::Link { path, target } => (path.as_path(), atomic_file::link(path, target)),
            Self::NewFile { path, bytes, mode } => (path.as_path(), new_file(path, bytes, *mode)),
            Self::Unit { path, text } => {
                (path.as_path(), atomic_file::replace(path, text, atomic_file::Durability::Synced))
            }
            Self::Remove(path) => (path.as_path(), remove(path)),
            Self::Run(words) => return run(words),
        };
        done.map_err(|error| Error::unusable(what.display(), error))
    }
}

/// Under another name first: what is there under its own is whole.
fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    let part = to.with_extension("part");
    if part.exists() {
        fs::remove_dir_all(&part)?;
    }
    if let Some(releases) = part.parent() {
        fs::create_dir_all(releases)?;
    }
    file_tree::copy(from, &part)?;
    fs::rename(part, to)
}

fn new_file(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn remove(path: &Path) -> io::Result<()> {
    if path.symlink_metadata()?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

fn run(words: &[OsString]) -> Result<(), Error> {
    let Some((program, arguments)) = words.split_first() else { return Ok(()) };
    let name = program.to_string_lossy();
    let status = Command::new(program).args(arguments).status();
    match status.map_err(|error| Error::unusable(&name, error))? {
        status if status.success() => Ok(()),
        status => Err(Error::unusable(&name, format!("it failed ({status})"))),
    }
}
