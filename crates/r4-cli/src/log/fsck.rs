//! `r4 log fsck`: a node's own log on its disk.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueHint;
use r4_keystore::index::{IndexError, IndexStore};
use r4_keystore::note_keys::NoteKeys;
use r4_keystore::seed::RootSeed;
use r4_keystore::state::{INDEX_FILE, LOG_SEED_FILE};
use r4_logstore::fsck::{Finding, Remedy, Report, check, repair};
use r4_service::clock::unix_now;
use r4_tlog::{SignedCheckpoint, VerifierKey};

use crate::exit::{Error, Exit};
use crate::output::{self, Tone, paint, plain};

pub(super) const HELP: &str = "\
Examples:
  r4 log fsck /var/lib/r4              check; nothing is changed
  r4 log fsck --repair /var/lib/r4     make again what the journal still has

STATE_DIR is the node's state folder (R4_STATE_DIR). Stop r4-vrf first: the folder has one user.

Checked are the journal, record by record, the tiles and bundles that are made of it, the indexes
beside it, and the signed checkpoint, with the keys of log.seed. The journal is the truth: what is
made of it can be made again. Of what the journal has lost only a backup helps; then --repair
changes nothing.

Exit codes: 0 nothing is wrong (any more); 1 something is, and is named; 2 the folder cannot be
used.";

/// Arguments of `r4 log fsck`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The node's state folder
    #[arg(value_name = "STATE_DIR", value_hint = ValueHint::DirPath)]
    state: PathBuf,
    /// Make again what can be made of the journal
    #[arg(long)]
    repair: bool,
}

/// Checks the log, or repairs it.
///
/// # Errors
/// The folder cannot be used, or something is wrong with its log.
pub(super) fn run(args: &Args) -> Result<Exit, Error> {
    let state = &args.state;
    if !["journal", "log"].iter().any(|name| state.join(name).is_dir()) {
        return Err(Error::unusable(state.display(), "there is no log in this folder"));
    }
    // Held to the end, so that no node starts meanwhile.
    let _index = lock(state, args.repair)?;
    let keys = keys(state);
    let report = if args.repair { repair(state, &keys, unix_now()) } else { check(state, &keys) };
    output::print(&render(&report, args.repair))?;
    if report.is_fine() {
        return Ok(Exit::Success);
    }
    let names: Vec<String> = report.findings.iter().map(|one| one.fault.to_string()).collect();
    Err(Error::Failed(format!("the log is not well: {}", names.join(", "))))
}

/// Locks the folder by its index. One that is damaged is for the node to refuse: a check needs none.
fn lock(state: &Path, repair: bool) -> Result<Option<IndexStore>, Error> {
    match IndexStore::open(&state.join(INDEX_FILE)) {
        Ok(index) => Ok(Some(index)),
        Err(IndexError::Locked { .. }) => {
            Err(Error::unusable(state.display(), "the folder is in use: stop r4-vrf first"))
        }
        Err(error) if repair => Err(Error::Unusable(error.to_string())),
        Err(error) => {
            output::note(&plain(&error.to_string()));
            Ok(None)
        }
    }
}

/// Derives the keys that must have signed the checkpoint; none, with a remark, where that cannot be.
fn keys(state: &Path) -> Vec<VerifierKey> {
    let keys = RootSeed::load(&state.join(LOG_SEED_FILE)).map_err(|e| e.to_string());
    let keys = keys.and_then(|seed| {
        let origin = origin(state).ok_or("there is no checkpoint that names the log")?;
        let keys = NoteKeys::log(&seed, &origin).map_err(|e| e.to_string())?;
        Ok(keys.verifier_keys().to_vec())
    });
    keys.unwrap_or_else(|reason| {
        output::note(&plain(&format!("the checkpoint's signatures are not checked: {reason}")));
        Vec::new()
    })
}

fn origin(state: &Path) -> Option<String> {
    let text = fs::read_to_string(state.join("log/checkpoint")).ok()?;
    Some(SignedCheckpoint::parse(&text).ok()?.checkpoint.origin)
}

fn render(report: &Report, repaired: bool) -> String {
    let published = report.published.map(|size| format!(", {size} of them published"));
    let head = format!("{} entries{}\n", report.entries, published.unwrap_or_default());
    let made = report
        .repaired
        .iter()
        .map(|what| format!("{} repaired: {}\n", paint(Tone::Good, "✓"), plain(what)));
    let remarks = report.remarks.iter().map(|what| format!("- {}\n", plain(what)));
    let findings = report.findings.iter().map(|one| finding(one, repaired));
    let fine = report.is_fine().then(|| format!("{} the log is well\n", paint(Tone::Good, "✓")));
    [head].into_iter().chain(made).chain(remarks).chain(findings).chain(fine).collect()
}

fn finding(finding: &Finding, repaired: bool) -> String {
    let mark = paint(Tone::Bad, "✗");
    let (name, sentence) = (finding.fault.to_string(), plain(&finding.sentence));
    let help = match finding.remedy {
        Remedy::Repair if !repaired => "; --repair makes it again",
        _ => "",
    };
    format!("{mark} {name:12} {sentence}{help}\n")
}
