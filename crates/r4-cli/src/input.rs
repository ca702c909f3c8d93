//! Reading files and standard input, never more than a stated number of bytes.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::{Path, PathBuf};

use crate::exit::Error;
use crate::output;

/// Where to read from: a path, or `-`.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl From<OsString> for Source {
    fn from(name: OsString) -> Self {
        if name == "-" { Self::Stdin } else { Self::File(name.into()) }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("standard input"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl Source {
    /// Reads at most `limit` bytes of `what`; more is refused without reading the rest.
    ///
    /// # Errors
    /// [`Error::Unusable`] when it cannot be read, is empty or is larger than `limit`.
    pub(crate) fn read(&self, what: &str, limit: u64) -> Result<Vec<u8>, Error> {
        match self {
            Self::File(path) => file(path, what, limit),
            Self::Stdin => {
                let stdin = io::stdin();
                if stdin.is_terminal() {
                    output::note(&format!("reading {what} from the terminal; end it with Ctrl-D"));
                }
                bounded(stdin.lock(), "standard input", what, limit)
            }
        }
    }
}

/// Reads at most `limit` bytes of the file; see [`Source::read`].
///
/// # Errors
/// As there.
pub(crate) fn file(path: &Path, what: &str, limit: u64) -> Result<Vec<u8>, Error> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|e| Error::unusable(&name, cannot_read(&e)))?;
    let length = file.metadata().map_err(|e| Error::unusable(&name, cannot_read(&e)))?;
    if length.is_dir() {
        return Err(Error::unusable(&name, "this is a folder, not a file"));
    }
    if length.len() > limit {
        return Err(too_large(&name, what, limit));
    }
    bounded(file, &name, what, limit)
}

fn bounded(reader: impl Read, name: &str, what: &str, limit: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    reader
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|e| Error::unusable(name, cannot_read(&e)))?;
    if bytes.is_empty() {
        return Err(Error::unusable(name, format!("it is empty; {what} was expected")));
    }
    if bytes.len() as u64 > limit {
        return Err(too_large(name, what, limit));
    }
    Ok(bytes)
}

/// Recognises text that is not UTF-8 without a byte order mark, which is what JSON is written in.
pub(crate) fn other_encoding(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [b'{', 0, ..] | [0, b'{', ..] => Some(
            "this is UTF-16, as PowerShell's > writes it; \
             save it as UTF-8 without a byte order mark",
        ),
        [0xef, 0xbb, 0xbf, ..] => Some(
            "this begins with a byte order mark, as PowerShell writes it; \
             save it as UTF-8 without a byte order mark",
        ),
        _ => None,
    }
}

fn cannot_read(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "you may not read it".to_owned(),
        _ => format!("it cannot be read: {error}"),
    }
}

fn too_large(name: &str, what: &str, limit: u64) -> Error {
    let kib = limit / 1024;
    Error::unusable(name, format!("it is larger than {kib} KiB, too large for {what}"))
}
