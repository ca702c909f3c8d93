//! The one place where the environment is read.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

/// Returns the trimmed value of `key`; empty means unset.
#[expect(clippy::disallowed_methods, reason = "this module is where the tasks read it")]
pub(crate) fn text(key: &str) -> Option<String> {
    std::env::var(key).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// Returns the root folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Returns the folder cargo builds in: `CARGO_TARGET_DIR`, or `target` in the workspace.
///
/// # Errors
/// When the working folder is gone.
pub(crate) fn target_dir() -> Result<PathBuf> {
    match text("CARGO_TARGET_DIR") {
        Some(dir) => std::path::absolute(dir).context("cannot resolve CARGO_TARGET_DIR"),
        None => Ok(root().join("target")),
    }
}

/// Returns cargo itself, the one that runs this program if one does.
pub(crate) fn cargo() -> String {
    text("CARGO").unwrap_or_else(|| "cargo".to_owned())
}

/// Returns the command that runs cargo in the workspace, and puts results where they are sought.
///
/// # Errors
/// When the working folder is gone.
pub(crate) fn cargo_command(args: &[&str]) -> Result<Command> {
    let mut cargo = Command::new(cargo());
    cargo.args(args).arg("--target-dir").arg(target_dir()?);
    // A target triple would move the results to another folder.
    cargo.env_remove("CARGO_BUILD_TARGET").current_dir(root());
    Ok(cargo)
}
