//! `r4 log inclusion`: that one answer is in the log.

use std::ffi::OsString;

use clap::ValueHint;
use r4_receipt::{Check, Document, Outcome, Policy, verify};
use r4_tlog::TlogProof;
use r4_tlog::hash::leaf_hash;
use r4_tlog::tile::{self, Kind, TILE_WIDTH};
use r4_tlog::tree::{inclusion_proof, verify_inclusion};

use super::finding::{Finding, Trouble};
use super::reader::Reader;
use super::tree_reader::{TreeReader, tile_of};
use super::trust::{KeysArg, Trust};
use crate::exit::{Error, Exit};
use crate::input::Source;
use crate::output::{self, Tone, paint, plain};
use crate::verify::MAX_FILE_BYTES;

pub(super) const HELP: &str = "\
Examples:
  r4 log inclusion --keys keys.json receipt.json         a receipt, or a .tlog-proof file
  r4 log inclusion --url https://random.example.org/v1/log 7 > 7.tlog-proof

With a file: the entry is made anew from the receipt, and its proof must lead to the root that the
log has signed. Whether the receipt itself is right is for `r4 verify` to say.

With --url: the entry with that INDEX is fetched, its proof is made from the log's tiles and checked
against the signed checkpoint, and printed as c2sp.org/tlog-proof.

Exit codes: 0 it is in the log; 1 it is not, or something does not verify; 2 the input cannot be
used; 3 the proof holds, but you named no keys: the log's signatures were NOT checked.";

/// Arguments of `r4 log inclusion`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A receipt or a .tlog-proof (- for standard input); with --url, the index of an entry
    #[arg(value_name = "FILE|INDEX", value_hint = ValueHint::FilePath)]
    what: OsString,
    /// The prefix of the log from which a proof is made
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    url: Option<String>,
    #[command(flatten)]
    keys: KeysArg,
}

/// Shows the inclusion of a receipt, or makes a proof.
///
/// # Errors
/// Something cannot be read or does not verify.
pub(super) fn run(args: &Args) -> Result<Exit, Error> {
    let Some(url) = &args.url else { return show(args) };
    let index = args.what.to_str().and_then(|text| text.parse().ok());
    let index = index.ok_or_else(|| {
        Error::unusable(args.what.display(), "with --url the index of an entry is needed")
    })?;
    output::print(&make(args, url, index)?)?;
    Ok(Exit::Success)
}

fn show(args: &Args) -> Result<Exit, Error> {
    let source = Source::from(args.what.clone());
    let bytes = source.read("a receipt", MAX_FILE_BYTES)?;
    let document = Document::parse_file(&bytes)
        .map_err(|e| Error::unusable(&source, format!("this is not a receipt: {e}")))?;
    let Some(log) = document.envelope().log.clone() else {
        let reason = "this receipt does not say where it stands in a log";
        return Err(Error::unusable(&source, reason));
    };
    let keys = args.keys.read()?;
    let policy = Policy { log: keys.map(|trust| trust.log), ..Policy::default() };
    let report = verify(&document, &policy);
    let ours = |check: &&Check| matches!(check.name, "inclusion" | "checkpoint");
    let checks: Vec<&Check> = report.checks.iter().filter(ours).collect();
    let lines: String = checks.iter().map(|check| line(check)).collect();
    output::print(&format!(
        "origin     {}\nindex      {} of {} entries\nleaf hash  {}\nroot       {}\n{lines}",
        plain(&log.origin),
        log.index,
        log.tree_size,
        crate::hexadecimal::show(&log.leaf_hash),
        crate::hexadecimal::show(&log.root),
    ))?;
    if let Some(failed) = checks.iter().find(|check| check.outcome == Outcome::Failed) {
        return Err(Error::Failed(format!("first failed check: \"{}\"", failed.name)));
    }
    let unpinned = checks.iter().any(|check| check.outcome == Outcome::NotChecked);
    Ok(if unpinned { Exit::Unpinned } else { Exit::Success })
}

fn line(check: &Check) -> String {
    let mark = match check.outcome {
        Outcome::Passed => paint(Tone::Good, "✓"),
        Outcome::Failed => paint(Tone::Bad, "✗"),
        Outcome::NotChecked => paint(Tone::Amber, "-"),
    };
    format!("{mark} {:10} {}\n", check.name, plain(&check.detail))
}

/// Makes the proof of an entry from the log's tiles.
fn make(args: &Args, url: &str, index: u64) -> Result<String, Trouble> {
    let reader = Reader::server(url)?;
    let trust = Trust::find(&args.keys, &reader)?;
    let seen = trust.accept(&reader.checkpoint()?)?;
    let size = seen.checkpoint.size;
    if index >= size {
        let reason = format!("the log has {size} entries, so none with the index {index}");
        return Err(Error::Failed(reason).into());
    }
    let tree = TreeReader::open(&reader, &seen.checkpoint)?;
    let hashes = inclusion_proof(&tree, index, size)?;
    let bundle = reader.tile(&tile_of(Kind::Entries, index / TILE_WIDTH, size))?;
    let entries = tile::entries(&bundle).map_err(Finding::invalid)?;
    let place = usize::try_from(index % TILE_WIDTH).unwrap_or(usize::MAX);
    let entry = entries.get(place).ok_or_else(|| Finding::invalid("its bundle is too short"))?;
    verify_inclusion(&leaf_hash(entry), index, size, &hashes, &seen.checkpoint.root)
        .map_err(|error| Finding::invalid(format!("entry {index}: {error}")))?;
    Ok(TlogProof { extra: None, index, hashes, checkpoint: seen.text }.to_string())
}
