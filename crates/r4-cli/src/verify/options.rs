//! What every command that checks a receipt is told, and how it says what it found.

use std::path::{Path, PathBuf};

use clap::ValueHint;
use r4_receipt::{Policy, Report, Require, Verdict};
use r4_tlog::policy::MAX_POLICY_BYTES;
use serde_json::Value;

use super::pin::PinArgs;
use super::render;
use crate::exit::{Error, Exit};
use crate::input::{self, Source};
use crate::output;

/// Whom to trust, what to demand, and how to answer.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(super) pin: PinArgs,
    /// Which signatures must be there, once a key is named
    #[arg(long, value_enum, value_name = "WHICH")]
    pub(super) require: Option<Required>,
    /// Which witnesses must have cosigned the log's checkpoint (c2sp.org/tlog-policy)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    witness_policy: Option<PathBuf>,
    /// Show the values that went into each check
    #[arg(short, long)]
    pub(super) verbose: bool,
    /// Print JSON: valid, pinned, verdict, failed, checks and more
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Required {
    /// Both signatures (the default)
    Dual,
    /// The ECDSA signature
    Ecdsa,
    /// The ML-DSA-65 signature
    #[value(alias = "dilithium", alias = "ml-dsa-65")]
    Mldsa65,
}

impl From<Required> for Require {
    fn from(required: Required) -> Self {
        match required {
            Required::Dual => Self::Dual,
            Required::Ecdsa => Self::Ecdsa,
            Required::Mldsa65 => Self::Mldsa,
        }
    }
}

/// What is said of a document beside its checks.
pub(crate) struct Shown<'a> {
    /// The receipt's name.
    pub(crate) id: &'a [u8; 32],
    /// Whether it says where it stands in the log.
    pub(crate) logged: bool,
    /// What the document says of itself, for people.
    pub(crate) head: String,
    /// The same for scripts, beside what is said of every receipt.
    pub(crate) fields: Vec<(&'static str, Value)>,
}

impl Options {
    /// Reads whom to trust. The document comes from `file`.
    ///
    /// # Errors
    /// A file cannot be read or understood, or is standard input as the document is.
    pub(crate) fn policy(&self, file: &Source) -> Result<Policy, Error> {
        if self.pin.is_stdin() && matches!(file, Source::Stdin) {
            let reason = "only one of the receipt and the keys can come from standard input";
            return Err(Error::unusable("--keys -", reason));
        }
        let (pin, log) = self.pin.read()?;
        let witnesses = self.witness_policy.as_deref().map(witness_policy).transpose()?;
        if log.is_none() && witnesses.as_ref().is_some_and(|policy| policy.logs().is_empty()) {
            let reason = "the witnesses of which log? Give --keys with a document that has the \
                          log's keys, or a policy with a line `log KEY`";
            return Err(Error::unusable("--witness-policy", reason));
        }
        let require = self.require.unwrap_or(Required::Dual).into();
        Ok(Policy { pin, require, log, witnesses })
    }

    /// Prints what was found and returns the exit code that says it.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(crate) fn show(&self, shown: &Shown<'_>, report: &Report) -> Result<Exit, Error> {
        if self.json {
            output::print_json(&render::json(shown, report, &self.pin))?;
        } else {
            output::print(&render::text(shown, report, self))?;
        }
        Ok(match report.verdict() {
            Verdict::Valid => Exit::Success,
            Verdict::SelfConsistent => Exit::Unpinned,
            Verdict::Failed(name) => {
                output::complain(&format!("first failed check: \"{name}\""));
                Exit::Failed
            }
        })
    }

    /// Answers for an input that cannot be checked.
    ///
    /// # Errors
    /// Always: the one that is given.
    pub(crate) fn refuse(&self, error: Error) -> Result<Exit, Error> {
        if self.json {
            let said = output::plain(&error.to_string());
            output::print_json(&render::malformed(&said, &self.pin))?;
        }
        Err(error)
    }
}

fn witness_policy(path: &Path) -> Result<r4_tlog::Policy, Error> {
    let bytes = input::file(path, "a witness policy", MAX_POLICY_BYTES as u64)?;
    let text = str::from_utf8(&bytes).map_err(|e| Error::unusable(path.display(), e))?;
    r4_tlog::Policy::parse(text).map_err(|e| Error::unusable(path.display(), e))
}
