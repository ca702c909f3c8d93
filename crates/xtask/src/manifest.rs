//! Writes `manifest.json`, which says what `re4_dump` must be, byte for byte.
//!
//! `r4_api::manifest` defines the format and reads it; a test holds the two together.

use std::process::Command;

use anyhow::{Result, ensure};
use sha2::{Digest, Sha256};

use crate::environment;

/// File name of the sealed generator.
pub const SEALED_FILE: &str = "re4_dump";

/// Returns the JSON text of the manifest of `binary`.
///
/// # Errors
/// When the commit's name is not one.
pub fn json(binary: &[u8], core_git: &str) -> Result<String> {
    let plain =
        core_git.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte));
    ensure!(plain && !core_git.is_empty(), "{core_git:?} is not the name of a commit");
    let (file, size, version) = (SEALED_FILE, binary.len(), env!("CARGO_PKG_VERSION"));
    let sha256 = hex::encode(Sha256::digest(binary));
    Ok(format!(
        "{{\n  \"file\": \"{file}\",\n  \"size\": {size},\n  \"sha256\": \"{sha256}\",\n  \
         \"version\": \"{version}\",\n  \"core_git\": \"{core_git}\"\n}}\n"
    ))
}

/// Returns the commit that is checked out: `R4_GIT`, or what git says, or `unknown`.
pub fn commit() -> String {
    environment::text("R4_GIT").or_else(commit_by_git).unwrap_or_else(|| "unknown".to_owned())
}

fn commit_by_git() -> Option<String> {
    let mut git = Command::new("git");
    git.args(["rev-parse", "--short=12", "HEAD"]).current_dir(environment::root());
    let said = git.output().ok().filter(|said| said.status.success())?;
    let name = String::from_utf8(said.stdout).ok()?.trim().to_owned();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use r4_api::manifest::Manifest;

    #[test]
    fn the_reader_understands_what_is_written() {
        let text = json(b"binary", "0123abc").unwrap();
        let version = env!("CARGO_PKG_VERSION");
        let want = Manifest::of_bytes(SEALED_FILE, version, "0123abc", b"binary");
        assert_eq!(Manifest::parse(text.as_bytes()).unwrap(), want);
    }

    #[test]
    fn a_commit_name_that_would_break_the_json_is_refused() {
        for bad in ["", "a\"b", "a\\", "a\nb", "é"] {
            assert!(json(b"", bad).is_err(), "{bad:?}");
        }
    }
}
