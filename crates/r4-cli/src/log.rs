//! `r4 log`: copy, check and watch the append-only log of a node's answers.

mod audit;
mod client;
mod continuity;
mod copy;
mod finding;
mod fsck;
mod inclusion;
mod last;
mod mirror;
mod monitor;
mod parallel;
mod reader;
mod tree_reader;
mod trust;
mod verify;
mod walk;

use clap::Subcommand;

use crate::exit::{Error, Exit};

pub(crate) use client::{Client, ReadError, Whole, url_prefix};
pub(crate) use finding::{Alarm, Finding};
pub(crate) use last::Last;
pub(crate) use monitor::seconds;
pub(crate) use trust::{Trust, keys_url};

/// The commands under `r4 log`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Copy a log into a folder, or bring a copy up to date
    #[command(after_help = mirror::HELP)]
    Mirror(mirror::Args),
    /// Check a whole log, or a copy of it, from nothing
    #[command(after_help = verify::HELP)]
    Verify(verify::Args),
    /// Look at a log once, as often as cron says, and alarm when it breaks a promise
    #[command(after_help = monitor::HELP)]
    Monitor(monitor::Args),
    /// Show that an answer is in the log, or make the proof of an entry
    #[command(after_help = inclusion::HELP)]
    Inclusion(inclusion::Args),
    /// Check a node's own log on its disk, and repair what can be repaired
    #[command(after_help = fsck::HELP)]
    Fsck(fsck::Args),
}

/// Runs one of the commands.
///
/// # Errors
/// What cannot be used, or what does not hold.
pub(crate) fn run(command: &Command) -> Result<Exit, Error> {
    match command {
        Command::Mirror(args) => mirror::run(args),
        Command::Verify(args) => verify::run(args),
        Command::Monitor(args) => monitor::run(args),
        Command::Inclusion(args) => inclusion::run(args),
        Command::Fsck(args) => fsck::run(args),
    }
}
