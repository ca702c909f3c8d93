//! Programs that are built for the benchmark alone, and cargo.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use crate::environment::{self, cargo_command};

/// r4-vrf with its log and without.
pub(super) struct Twins {
    /// The service as it is released.
    pub(super) vrf: PathBuf,
    /// The service with the feature `benchmarks`.
    pub(super) vrf_for_benchmarks: PathBuf,
}

impl Twins {
    /// Builds both. The service as it is released comes last and stays in its usual place.
    pub(super) fn build() -> Result<Self> {
        let built = environment::target_dir()?.join("release");
        let vrf = built.join("r4-vrf");
        cargo(&["build", "--release", "--package", "r4-vrf", "--features", "benchmarks"])?;
        let vrf_for_benchmarks = built.join("r4-vrf-for-benchmarks");
        copy(&vrf, &vrf_for_benchmarks)?;
        cargo(&["build", "--release", "--package", "r4-vrf"])?;
        Ok(Self { vrf, vrf_for_benchmarks })
    }
}

/// Builds an example of this crate and returns its path.
pub(super) fn example(name: &str) -> Result<PathBuf> {
    cargo(&["build", "--release", "--package", "xtask", "--example", name])?;
    Ok(environment::target_dir()?.join("release/examples").join(name))
}

/// Builds a benchmark of a package, so that no time goes to that when it is run.
pub(super) fn build_bench(package: &str, bench: &str) -> Result<()> {
    cargo(&["bench", "--no-run", "--package", package, "--bench", bench])
}

fn cargo(args: &[&str]) -> Result<()> {
    let status = cargo_command(args)?.status().context("cannot start cargo")?;
    ensure!(status.success(), "cargo {} failed ({status})", args.join(" "));
    Ok(())
}

/// Replaces a program in one step: the old one may still be running.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let part = to.with_extension("part");
    let placed = fs::copy(from, &part).and_then(|_| fs::rename(&part, to));
    placed.with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}
