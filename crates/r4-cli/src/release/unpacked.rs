//! An unpacked release: every file is what the archive holds, and nothing else is there.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::archive::Archive;
use super::read_any;
use super::report::Report;

/// What an operator adds.
const OWN: &str = ".env";

/// Checks `folder` file by file.
pub(super) fn check(folder: &Path, archive: &Archive, report: &mut Report) {
    let mut expected = BTreeSet::new();
    let mut faults = Vec::new();
    for (name, file) in archive.files() {
        expected.insert(name.to_owned());
        let path = folder.join(name);
        let fault = match read_any(&path) {
            Err(reason) => Some(reason),
            Ok(bytes) if bytes != file.bytes => Some("it is not what the release has".to_owned()),
            Ok(_) if executable(&path) != file.executable => {
                Some("its mode is not what the release has: a program, or no program".to_owned())
            }
            Ok(_) => None,
        };
        faults.extend(fault.map(|fault| (name.to_owned(), fault)));
    }
    let mut found = Vec::new();
    if let Err(error) = walk(folder, folder, &mut found) {
        faults.push((".".to_owned(), format!("the folder cannot be read: {error}")));
    }
    let strange = found.into_iter().filter(|name| name != OWN && !expected.contains(name));
    faults.extend(strange.map(|name| (name, "the release has no such file".to_owned())));

    for (name, fault) in &faults {
        report.add::<()>(&format!("{}", folder.join(name).display()), Err(fault.clone()));
    }
    if faults.is_empty() {
        report.add(&format!("{}", folder.display()), Ok(()));
    }
}

fn executable(path: &Path) -> bool {
    let status = fs::symlink_metadata(path);
    status.is_ok_and(|status| status.is_file() && status.permissions().mode() & 0o111 != 0)
}

/// Gathers everything below `folder` that is no folder, by its path in `root`.
fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) -> Result<(), std::io::Error> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            walk(root, &path, found)?;
        } else if let Ok(name) = path.strip_prefix(root) {
            found.push(name.to_string_lossy().into_owned());
        }
    }
    Ok(())
}
