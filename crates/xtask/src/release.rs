//! `cargo xtask release`: the files of a release, the same bytes wherever a commit is built.
//!
//! | file | what |
//! |---|---|
//! | `re4_release.tar.gz` | the programs, the sealed core's manifest, units, compose files, documents |
//! | `SBOM.spdx.json`, `SBOM.cdx.json` | the crates that the programs are made of |
//! | `provenance.json` | what was built from which commit, by which compiler |
//! | `re4_release.sha256` | the SHA-256 of each |
//! | `re4_release.tar.gz.asc`, `re4_release.sha256.asc` | detached `OpenPGP` signatures, with `--sign-with` |
//!
//! `r4 release verify` checks all of it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::environment;

mod archive;
mod papers;
mod programs;

/// Name of the archive; the folder inside it is named as it is without its endings.
const ARCHIVE: &str = "re4_release.tar.gz";
/// Name of the list of digests.
const LIST: &str = "re4_release.sha256";

/// What to make.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Where to; without it `release` in the target folder.
    pub out: Option<PathBuf>,
    /// The key that signs, as `gpg --local-user` takes it.
    pub sign_with: Option<String>,
}

impl Options {
    /// Reads the arguments; `None` when they are not understood.
    pub fn parse(mut arguments: &[&str]) -> Option<Self> {
        let mut options = Self::default();
        while let [name, value, rest @ ..] = arguments {
            match *name {
                "--out" => options.out = Some(value.into()),
                "--sign-with" => options.sign_with = Some((*value).to_owned()),
                _ => return None,
            }
            arguments = rest;
        }
        arguments.is_empty().then_some(options)
    }
}

/// The commit that is checked out, with nothing changed.
struct Commit {
    /// All 40 digits.
    id: String,
    /// Seconds since 1970.
    time: String,
    /// The same as RFC 3339 has it, in UTC.
    date: String,
}

/// Makes a release of the commit that is checked out; returns its folder.
///
/// # Errors
/// When a file differs from the commit, a tool is missing, or a step fails.
pub fn run(options: &Options) -> Result<PathBuf> {
    let commit = Commit::checked_out()?;
    let out = match &options.out {
        Some(dir) => std::path::absolute(dir).context("cannot resolve --out")?,
        None => environment::target_dir()?.join("release-files"),
    };
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let empty = fs::read_dir(&out).is_ok_and(|mut entries| entries.next().is_none());
    ensure!(empty, "{} is not empty; --out names a new folder", out.display());

    let built = programs::build(&commit)?;
    archive::write(&built, &commit, &out.join(ARCHIVE))?;
    papers::write_bills(&commit, &out)?;
    papers::write_provenance(&commit, &out)?;
    write_list(&out, LIST)?;
    if let Some(key) = &options.sign_with {
        sign(&out, ARCHIVE, key)?;
        sign(&out, LIST, key)?;
    }
    Ok(out)
}

impl Commit {
    fn checked_out() -> Result<Self> {
        let changed = said(git(&["status", "--porcelain"]))?;
        ensure!(changed.is_empty(), "a release is of a commit, and these files differ:\n{changed}");
        let id = said(git(&["rev-parse", "HEAD"]))?;
        let time = said(git(&["log", "-1", "--format=%ct"]))?;
        let mut date =
            git(&["log", "-1", "--format=%cd", "--date=format-local:%Y-%m-%dT%H:%M:%SZ"]);
        date.env("TZ", "UTC");
        Ok(Self { id, time, date: said(date)? })
    }

    /// Returns the twelve digits that `/version` shows.
    fn short(&self) -> &str {
        self.id.get(..12).unwrap_or(&self.id)
    }
}

/// Writes `name`, the digests of all files in `folder` and below, as `sha256sum --check` reads them.
fn write_list(folder: &Path, name: &str) -> Result<()> {
    let files = files(folder)?;
    let line = |(name, path): (&String, &PathBuf)| Ok(format!("{}  {name}\n", sha256(path)?));
    let lines = files.iter().map(line).collect::<Result<Vec<_>>>()?;
    fs::write(folder.join(name), lines.concat()).with_context(|| format!("cannot write {name}"))
}

/// Returns the files in `folder` and below, by their paths in it.
fn files(folder: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder)?.display().to_string(), path);
            }
        }
    }
    Ok(found)
}

fn sha256(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(hex::encode(Sha256::digest(bytes)))
}

fn sign(folder: &Path, name: &str, key: &str) -> Result<()> {
    let mut gpg = Command::new("gpg");
    gpg.args(["--batch", "--armor", "--detach-sign", "--local-user", key, "--output"]);
    gpg.arg(format!("{name}.asc")).arg(name).current_dir(folder);
    said(gpg).map(drop)
}

fn git(args: &[&str]) -> Command {
    let mut git = Command::new("git");
    git.args(args).current_dir(environment::root());
    git
}

/// Runs a command to its end and returns what it printed, without the last line's end.
fn said(mut command: Command) -> Result<String> {
    let name = command.get_program().display().to_string();
    let output = command.stderr(std::process::Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot start {name}; is it installed?"))?;
    ensure!(output.status.success(), "{name} failed ({})", output.status);
    let text = String::from_utf8(output.stdout).with_context(|| format!("what {name} said"))?;
    Ok(text.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() {
        assert_eq!(Options::parse(&[]), Some(Options::default()));
        let both = Options::parse(&["--sign-with", "K", "--out", "d"]).unwrap();
        assert_eq!(both, Options { out: Some("d".into()), sign_with: Some("K".to_owned()) });
        assert_eq!(Options::parse(&["--out"]), None);
        assert_eq!(Options::parse(&["--quick", "d"]), None);
    }

    #[test]
    fn the_list_is_in_the_order_of_names_and_holds_folders_too() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("a")).unwrap();
        for name in ["b", "a/z", "a-b"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        write_list(dir.path(), "list").unwrap();
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let list = fs::read_to_string(dir.path().join("list")).unwrap();
        assert_eq!(list, format!("{empty}  a-b\n{empty}  a/z\n{empty}  b\n"));
    }
}
