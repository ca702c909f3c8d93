//! Puts a release, or a part of it, into one folder.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{
    binaries,
    manifest::{self, SEALED_FILE},
    sealed,
};

/// File name of the manifest.
pub const MANIFEST_FILE: &str = "manifest.json";

/// Builds the services, `r4` and `re4_dump`, and copies them with the manifest into `dir`.
///
/// # Errors
/// When a build fails or `dir` cannot be written.
pub fn write(dir: &Path) -> Result<()> {
    let built = binaries::build()?;
    let sealed = sealed::build(&sealed::Options::default())?;
    for name in binaries::NAMES {
        copy(&built.join(name), &dir.join(name))?;
    }
    write_sealed(&sealed, dir).map(drop)
}

/// Copies a built `re4_dump` and its manifest into `dir`; returns the path of the copy.
///
/// # Errors
/// When `sealed` cannot be read or `dir` cannot be written.
pub fn write_sealed(sealed: &Path, dir: &Path) -> Result<PathBuf> {
    let program = dir.join(SEALED_FILE);
    copy(sealed, &program)?;
    write_manifest(sealed, dir, &manifest::commit())?;
    Ok(program)
}

/// Copies a program.
pub(crate) fn copy(program: &Path, to: &Path) -> Result<()> {
    install(&read(program)?, to, 0o755)
}

/// Writes the manifest of a built `re4_dump` into `dir`.
pub(crate) fn write_manifest(sealed: &Path, dir: &Path, commit: &str) -> Result<()> {
    let manifest = manifest::json(&read(sealed)?, commit)?;
    install(manifest.as_bytes(), &dir.join(MANIFEST_FILE), 0o644)
}

/// Writes a file in one step, so that a running program keeps the old one.
fn install(bytes: &[u8], path: &Path, mode: u32) -> Result<()> {
    let place = || {
        fs::create_dir_all(path.parent().unwrap_or(path))?;
        let part = path.with_extension("part");
        fs::write(&part, bytes)?;
        fs::set_permissions(&part, Permissions::from_mode(mode))?;
        fs::rename(&part, path)
    };
    place().with_context(|| format!("cannot write {}", path.display()))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use r4_api::manifest::Manifest;

    #[test]
    fn the_sealed_program_and_its_manifest_fit_and_replace_older_ones() {
        let dir = tempfile::tempdir().unwrap();
        let built = dir.path().join("built");
        let out = dir.path().join("a/b");
        for contents in [&b"one"[..], b"another"] {
            fs::write(&built, contents).unwrap();
            let copy = write_sealed(&built, &out).unwrap();
            assert_eq!(copy, out.join("re4_dump"));
            assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o755);
            let manifest = Manifest::parse(&fs::read(out.join("manifest.json")).unwrap()).unwrap();
            assert_eq!(manifest.matches(&fs::read(copy).unwrap()), Ok(()));
        }
        assert_eq!(fs::read_dir(&out).unwrap().count(), 2, "no part is left behind");
    }

    #[test]
    fn a_file_that_is_missing_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = write_sealed(&dir.path().join("gone"), dir.path()).unwrap_err();
        assert!(error.to_string().contains("gone"), "{error}");
    }
}
