//! How `r4` ends: its exit codes, and the errors that lead to them.

use std::path::Path;
use std::process::ExitCode;

/// The meaning of an exit code, the same for every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: it worked; for `verify`, valid and pinned.
    Success,
    /// 1: a check failed.
    Failed,
    /// 2: the input cannot be used.
    Malformed,
    /// 3: a receipt that fits together, without a pinned key.
    Unpinned,
    /// An alarm of `log monitor` or `monitor`, with its own code.
    Alarm(u8),
}

impl Exit {
    /// Returns the number that the shell sees.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Malformed => 2,
            Self::Unpinned => 3,
            Self::Alarm(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// What stops a command. Each is a sentence that says what to do about it where that is known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Something well-formed was checked and is wrong: exit 1.
    #[error("{0}")]
    Failed(String),
    /// Something cannot be read, written or understood: exit 2.
    #[error("{0}")]
    Unusable(String),
}

impl Error {
    /// Makes [`Error::Failed`] of anything that explains itself.
    pub(crate) fn failed(reason: impl std::fmt::Display) -> Self {
        Self::Failed(format!("{reason}"))
    }

    /// Makes [`Error::Unusable`] of the thing's name and what is wrong with it.
    pub(crate) fn unusable(what: impl std::fmt::Display, reason: impl std::fmt::Display) -> Self {
        Self::Unusable(format!("{what}: {reason}"))
    }

    /// Makes [`Error::Unusable`] of a file that stands where a new one was to be made.
    pub(crate) fn exists(path: &Path) -> Self {
        Self::unusable(path.display(), "it exists already and is not overwritten")
    }

    /// Returns the exit code that belongs to the error.
    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::Failed(_) => Exit::Failed,
            Self::Unusable(_) => Exit::Malformed,
        }
    }
}
