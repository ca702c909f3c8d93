//! The folder: secrets where others may read them.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::{Finding, Subject, or_good};
use crate::deploy::compose::output;
use crate::deploy::secrets;
use crate::exit::Error;

const CHECK: &str = "files";
/// What a file of a secret ends with, wherever it is.
const TELLTALE: [&str; 2] = [".seed", "identity.txt"];
/// Folders that hold copies of what others made.
const PASSED: [&str; 5] = [".git", ".deploy", "target", "node_modules", "backups"];

pub(super) fn look(subject: &Subject<'_>) -> Result<Vec<Finding>, Error> {
    let dir = &subject.project.dir;
    let fail = |error: io::Error| Error::unusable(dir.display(), error);
    let (shown, whose) = match tracked(dir)? {
        Some(files) => (files, "git has"),
        None => (all(dir).map_err(fail)?, "the folder has"),
    };
    let own: Vec<&PathBuf> = subject.secrets.iter().filter_map(|s| s.file.as_ref()).collect();
    let mut findings = Vec::new();
    for path in shown.iter().filter(|path| !own.contains(path)) {
        let name = path.strip_prefix(dir).unwrap_or(path).display();
        if whose == "the folder has" && name.to_string() == ".env" {
            continue;
        }
        if TELLTALE.iter().any(|end| name.to_string().ends_with(end)) {
            findings
                .push(Finding::bad(CHECK, format!("{whose} {name}, which is a secret: move it")));
        }
        let Ok(file) = File::open(path) else { continue };
        for secret in secrets::within(file, &subject.secrets).unwrap_or_default() {
            let text = format!("{whose} {name} with {secret} in it: replace that key, it is known");
            findings.push(Finding::bad(CHECK, text));
        }
    }
    let private = own.into_iter().cloned().chain([dir.join(".env")]);
    findings.extend(private.filter_map(|path| open_to_others(&path)));
    Ok(or_good(findings, CHECK, "no secret where others may read it"))
}

/// Returns what git has or would take, if it looks after the folder.
fn tracked(dir: &Path) -> Result<Option<Vec<PathBuf>>, Error> {
    if !dir.join(".git").exists() {
        return Ok(None);
    }
    let words = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let listed = output(std::process::Command::new("git").args(words).current_dir(dir))?;
    let names = listed.split('\0').filter(|name| !name.is_empty());
    Ok(Some(names.map(|name| dir.join(name)).collect()))
}

fn all(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() && !PASSED.iter().any(|name| *name == entry.file_name()) {
            found.extend(all(&entry.path())?);
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn open_to_others(path: &Path) -> Option<Finding> {
    let mode = path.metadata().ok()?.mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        let path = path.display();
        let text =
            format!("{path} has the mode {mode:04o}, so others may read it: chmod 600 {path}");
        Finding::bad(CHECK, text)
    })
}
