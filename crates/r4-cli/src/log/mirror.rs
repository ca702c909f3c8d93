//! `r4 log mirror`: a copy of a log that can be checked, served and resumed.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;

use clap::ValueHint;
use indicatif::{ProgressBar, ProgressStyle};

use super::continuity;
use super::copy::{Copy, tidy};
use super::finding::Trouble;
use super::reader::Reader;
use super::tree_reader::TreeReader;
use super::trust::{KeysArg, Trust, kept_checkpoint};
use crate::atomic_file::{self, FolderLock};
use crate::exit::{Error, Exit};
use crate::output;

pub(super) const HELP: &str = "\
Examples:
  r4 log mirror https://random.example.org/v1/log mirror
  r4 log mirror --keys keys.json http://127.0.0.1:8082/v1/log mirror

URL is the log's prefix, under which /checkpoint and /tile are. The folder then holds the same files
(c2sp.org/tlog-tiles): checkpoint, tile/.., and keys.json. Every tile is compared with the signed
root before it is kept. Run it again to go on, after a break or when the log has grown: what is
there and right is not fetched again. The checkpoint is replaced last.

A log that is not a continuation of the folder's checkpoint is refused by name, rollback or fork,
and the folder stays as it is.

Without --keys the keys that the server names beside the log (/keys) are trusted on first use and
kept in keys.json; if it does not name them later, that is refused as a key-change. Key epochs that
follow are not kept there: the log announces them, and `r4 log verify` follows that.

Exit codes: 0 copied; 1 the log is refused; 2 it cannot be reached, or the folder cannot be used.";

/// Arguments of `r4 log mirror`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The prefix of the log
    #[arg(value_name = "URL", value_hint = ValueHint::Url)]
    url: String,
    /// The folder to copy it to
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    folder: PathBuf,
    #[command(flatten)]
    keys: KeysArg,
}

/// Copies the log.
///
/// # Errors
/// It is refused or cannot be read; the folder cannot be used.
pub(super) fn run(args: &Args) -> Result<Exit, Error> {
    let reader = Reader::server(&args.url)?;
    let _lock = FolderLock::take(&args.folder)?;
    let said = mirror(args, &reader)?;
    output::print(&said)?;
    Ok(Exit::Success)
}

fn mirror(args: &Args, reader: &Reader) -> Result<String, Trouble> {
    let folder = &args.folder;
    let (trust, _) = Trust::find_and_keep(&args.keys, reader, folder)?;
    let path = folder.join("checkpoint");
    let before = kept_checkpoint(&trust, &path)?;
    let seen = trust.accept(&reader.checkpoint()?)?;
    let now = &seen.checkpoint;
    if let Some(before) = &before {
        continuity::refuse_contradiction(&before.checkpoint, now)?;
    }
    let tree = TreeReader::open(reader, now)?;
    if let Some(before) = &before {
        continuity::check(&before.checkpoint, now, &tree)?;
    }
    let bar = progress_bar();
    let copy = Copy { reader, folder, bar: &bar, written: AtomicU64::new(0) };
    copy.all(&tree, now.size)?;
    bar.finish_and_clear();
    atomic_file::keep(&path, seen.text.as_bytes())?;
    if let Some(before) = &before {
        tidy(folder, &before.checkpoint, now);
    }
    let written = copy.written.into_inner();
    Ok(format!(
        "{}: {} entries in {}, {written} files new\n",
        now.origin,
        now.size,
        folder.display()
    ))
}

fn progress_bar() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} files, {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
