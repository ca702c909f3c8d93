//! Why the generator stops, and the exit code that says so.

use r4_drbg::{FillError, SelfTestFailure};
use rustix::io::Errno;

use crate::{combine::TooLittleEntropy, noise::Unavailable, pages::Copied, source::SourceFailure};

/// Everything that ends the process before its work is done.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// The reader closed the pipe: the usual end, not a failure.
    #[error("standard output is closed")]
    Closed,
    /// Standard output failed.
    #[error("cannot write to standard output: {0}")]
    Output(Errno),
    /// The command line makes no sense.
    #[error("{0}; try re4_dump --help")]
    Usage(String),
    /// A primitive does not compute what its standard says.
    #[error(transparent)]
    SelfTest(#[from] SelfTestFailure),
    /// A noise source that is needed failed for good.
    #[error(transparent)]
    Source(#[from] SourceFailure),
    /// Raw samples of a source that gives none.
    #[error("noise source {name}: {cause}")]
    Raw {
        /// Name of the source.
        name: &'static str,
        /// What it answered.
        cause: Unavailable,
    },
    /// Raw samples of a source that this machine does not have.
    #[error("this machine has no {0}")]
    Absent(&'static str),
    /// The noise sources together gave too little.
    #[error(transparent)]
    Entropy(#[from] TooLittleEntropy),
    /// The generator refused; `Machine` never asks for too much.
    #[error(transparent)]
    Fill(#[from] FillError),
    /// The process is a fork.
    #[error(transparent)]
    Copied(#[from] Copied),
    /// A step of the confinement failed.
    #[error("cannot {step}: {cause}")]
    Confinement {
        /// What was attempted.
        step: &'static str,
        /// What the kernel answered.
        cause: String,
    },
}

impl Error {
    /// Returns the exit code: 0 closed, 1 output, 2 usage, 3 self-test, 4 noise, 5 confinement.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Closed => 0,
            Self::Output(_) => 1,
            Self::Usage(_) => 2,
            Self::SelfTest(_) | Self::Fill(_) => 3,
            Self::Source(_) | Self::Raw { .. } | Self::Absent(_) | Self::Entropy(_) => 4,
            Self::Copied(_) | Self::Confinement { .. } => 5,
        }
    }

    /// Tells a closed pipe from a failed write.
    pub(crate) fn output(errno: Errno) -> Self {
        if errno == Errno::PIPE { Self::Closed } else { Self::Output(errno) }
    }

    /// Names the step of the confinement that a cause belongs to.
    pub(crate) fn confinement<E: ToString>(step: &'static str) -> impl FnOnce(E) -> Self {
        move |cause| Self::Confinement { step, cause: cause.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_self_test_has_its_own_code_and_names_the_test() {
        let error = Error::from(SelfTestFailure { test: "sha-256" });
        assert_eq!(error.exit_code(), 3);
        assert_eq!(error.to_string(), "known-answer test sha-256 failed");
    }

    #[test]
    fn a_closed_pipe_is_told_from_a_failed_write() {
        assert_eq!(Error::output(Errno::PIPE).exit_code(), 0);
        assert_eq!(Error::output(Errno::NOSPC).exit_code(), 1);
    }

    #[test]
    fn every_kind_of_failure_has_its_own_code() {
        let step = Error::confinement("test")("refused");
        assert_eq!(step.to_string(), "cannot test: refused");
        let source = Error::Raw { name: "getrandom", cause: Unavailable::Refused(Errno::NOSYS) };
        assert_eq!([source.exit_code(), step.exit_code()], [4, 5]);
    }
}
