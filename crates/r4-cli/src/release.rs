//! `r4 release`: check the files of a release, from its signature down to each program.

mod archive;
mod armor;
mod papers;
mod report;
mod signature;
mod sums;
mod unpacked;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use r4_api::manifest::Manifest;
use serde_json::Value;

use self::archive::Archive;
use self::report::Report;
use self::signature::Key;
use self::sums::Sums;
use crate::exit::{Error, Exit};
use crate::log::{Client, ReadError, url_prefix};
use crate::{input, output};

/// The archive, the list of digests, and what else the list must hold, all in one folder.
const ARCHIVE: &str = "re4_release.tar.gz";
const LIST: &str = "re4_release.sha256";
const LISTED: [&str; 4] = ["SBOM.cdx.json", "SBOM.spdx.json", "provenance.json", ARCHIVE];

const MAX_ARCHIVE_BYTES: u64 = 512 << 20;
const MAX_PAPER_BYTES: u64 = 64 << 20;
const MAX_ANSWER_BYTES: usize = 64 << 10;

const VERIFY_HELP: &str = "\
Examples:
  r4 release verify . --key re4ctor.asc                        before anything is unpacked
  r4 release verify . --key re4ctor.asc --unpacked /opt/re4ctor
  r4 release verify . --key re4ctor.asc --node https://random.example.org

The key is a public OpenPGP key as `gpg --armor --export` writes it, from a place that you trust
more than the one the release came from. Signatures are checked by gpgv, which Debian has.

Every file that is not what the signer released is named. Exit codes: 0 all of it is; 1 something
is not; 2 the command line or the key cannot be used; 3 it fits together, but no key was given.";

/// The commands under `r4 release`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a release: its signatures, digests, contents and papers
    #[command(after_help = VERIFY_HELP)]
    Verify(VerifyArgs),
}

/// Arguments of `r4 release verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    /// The folder with the files of the release
    dir: PathBuf,
    /// The public key that must have signed it
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// A folder that must be what the archive holds, but for a file .env
    #[arg(long, value_name = "DIR")]
    unpacked: Option<PathBuf>,
    /// A node that must run the sealed core of this release
    #[arg(long, value_name = "URL")]
    node: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs one of the commands.
///
/// # Errors
/// What cannot be used. What is wrong with a release is in the report.
pub(crate) fn run(command: &Command) -> Result<Exit, Error> {
    let Command::Verify(args) = command;
    let key = args.key.as_deref().map(Key::read).transpose()?;
    let node = args.node.as_deref().map(url_prefix).transpose()?;
    if !args.dir.is_dir() {
        return Err(Error::unusable(args.dir.display(), "this is not a folder"));
    }
    let mut report = Report::default();
    let sealed = release(args, key.as_ref(), &mut report);
    if let Some(url) = node {
        report.add(&url, runs(&url, sealed.as_deref()));
    }
    report.print(key.is_some(), args.json)
}

/// Checks the folder; returns the sealed core's digest when the archive could be read.
fn release(args: &VerifyArgs, key: Option<&Key>, report: &mut Report) -> Option<String> {
    let list = signed(&args.dir, LIST, MAX_PAPER_BYTES, key, report)?;
    let sums = report.add(LIST, Sums::parse(&list, &LISTED))?;
    let mut papers = Vec::new();
    for name in LISTED.into_iter().filter(|name| *name != ARCHIVE) {
        let bytes = report.add(name, read(&args.dir, name, MAX_PAPER_BYTES));
        let bytes =
            bytes.and_then(|bytes| report.add(name, sums.matches(name, &bytes).map(|()| bytes)));
        papers.extend(bytes.map(|bytes| (name, bytes)));
    }
    let bytes = signed(&args.dir, ARCHIVE, MAX_ARCHIVE_BYTES, key, report)?;
    report.add(ARCHIVE, sums.matches(ARCHIVE, &bytes));
    let archive = report.add(ARCHIVE, Archive::read(&bytes))?;
    let manifest = report.add("the sealed core", sealed(&archive))?;
    for (name, bytes) in papers {
        report.add(name, papers::check(name, &bytes, &sums, &manifest.core_git));
    }
    if let Some(dir) = &args.unpacked {
        unpacked::check(dir, &archive, report);
    }
    Some(manifest.sha256)
}

/// Reads a file and checks its signature, if there is a key.
fn signed(
    dir: &Path,
    name: &str,
    limit: u64,
    key: Option<&Key>,
    report: &mut Report,
) -> Option<Vec<u8>> {
    let bytes = report.add(name, read(dir, name, limit))?;
    if let Some(key) = key {
        let signature = format!("{name}.asc");
        let checked = key.check(&dir.join(&signature), &bytes);
        // Which of the two was changed, nobody can tell.
        let fits = checked.as_ref().map_err(|_| format!("{signature} is not a signature of it"));
        report.add(name, fits.copied());
        report.add(&signature, checked);
    }
    Some(bytes)
}

fn read(dir: &Path, name: &str, limit: u64) -> Result<Vec<u8>, String> {
    input::file(&dir.join(name), "a file of a release", limit).map_err(|error| error.to_string())
}

/// Checks that the manifest describes the generator beside it.
fn sealed(archive: &Archive) -> Result<Manifest, String> {
    let text = archive.file("selftest/manifest.json")?;
    let manifest = Manifest::parse(text).map_err(|error| error.to_string())?;
    let program = archive.file("runtime/bin/re4_dump")?;
    manifest.matches(program).map_err(|error| error.to_string())?;
    Ok(manifest)
}

/// Asks a gateway or an r4-core which sealed core it runs.
fn runs(url: &str, sealed: Option<&str>) -> Result<(), String> {
    let sealed = sealed.ok_or("not asked: the release is not whole")?;
    let client = Client::new();
    let ask = |path: &str| client.get(&format!("{url}{path}"), MAX_ANSWER_BYTES);
    let answer = match ask("/v1/health/entropy") {
        Err(ReadError::Missing(_)) => ask("/version"),
        answer => answer,
    };
    let answer = answer.map_err(|error| error.to_string())?;
    let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
    let said = |name: &str| answer.get(name).and_then(Value::as_str);
    match (said("core_sha256"), said("mode")) {
        (Some(runs), Some("sealed")) if runs == sealed => Ok(()),
        (Some(runs), Some("sealed")) => {
            Err(format!("it runs the sealed core {runs}, and the release has {sealed}"))
        }
        (_, mode) => Err(format!("no sealed core serves there, the mode is {mode:?}")),
    }
}

/// Reads a file of an unpacked release, which may be empty.
fn read_any(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("it cannot be read: {error}"))
}

/// Shows the name of something in a release.
fn shown(name: &str) -> String {
    output::plain(name)
}
