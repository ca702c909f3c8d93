//! Builds the programs that are not sealed: the three services and `r4`.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::{environment, manifest};

/// Packages of the programs. Named one by one: the whole workspace has test-only dependencies.
const PACKAGES: [&str; 4] = ["r4-core", "r4-vrf", "r4-gateway", "r4-cli"];

/// File names of the programs, in the order of their packages.
pub const NAMES: [&str; 4] = ["r4-core", "r4-vrf", "r4-gateway", "r4"];

/// Builds the release programs, with cargo's progress on standard error; returns their folder.
///
/// # Errors
/// When cargo does not start or a package does not compile.
pub fn build() -> Result<PathBuf> {
    let mut cargo = environment::cargo_command(&["build"])?;
    cargo.env("R4_GIT", manifest::commit());
    build_by(cargo, &environment::target_dir()?)
}

/// Does so by a command that ends with `build` and puts its results into `target`.
pub(crate) fn build_by(mut cargo: Command, target: &Path) -> Result<PathBuf> {
    cargo.arg("--release");
    cargo.args(PACKAGES.iter().flat_map(|package| ["--package", package]));
    let status = cargo.status().context("cannot start cargo")?;
    ensure!(status.success(), "the release programs do not build ({status})");

    let built = target.join("release");
    for name in NAMES {
        let path = built.join(name);
        ensure!(path.is_file(), "cargo built no {}", path.display());
    }
    Ok(built)
}
