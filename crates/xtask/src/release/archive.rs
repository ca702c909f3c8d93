//! `re4_release.tar.gz`: one folder, laid out as the units and the compose files expect it.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};

use super::{ARCHIVE, Commit, git, programs::Programs, said, write_list};
use crate::{binaries, dist, environment};

/// The folder in the archive.
const FOLDER: &str = "re4_release";
/// The list of digests in it.
const LIST: &str = "SHA256SUMS";
/// What of the commit is in it.
const PATHS: [&str; 16] = [
    ".dockerignore",
    ".env.example",
    "ARCHITECTURE.md",
    "Caddyfile",
    "Dockerfile.core",
    "Dockerfile.gateway",
    "Dockerfile.vrf",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "deploy",
    "docker-compose.secrets.yml",
    "docker-compose.variants.yml",
    "docker-compose.yml",
    "docs",
    "site",
];

/// Writes the archive. Its members are sorted, belong to root and are as old as the commit.
pub(super) fn write(built: &Programs, commit: &Commit, path: &Path) -> Result<()> {
    let stage = environment::target_dir()?.join("for-release/stage");
    if stage.exists() {
        fs::remove_dir_all(&stage).with_context(|| format!("cannot empty {}", stage.display()))?;
    }
    let folder = stage.join(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    take_from_commit(&folder)?;
    // Docker Compose reads this file by itself: here it takes the programs that are already built.
    fs::rename(folder.join("deploy/bundle.yml"), folder.join("docker-compose.override.yml"))?;
    for name in binaries::NAMES {
        dist::copy(&built.folder.join(name), &folder.join("bin").join(name))?;
    }
    dist::copy(&built.sealed, &folder.join("runtime/bin/re4_dump"))?;
    dist::write_manifest(&built.sealed, &folder.join("selftest"), commit.short())?;
    write_list(&folder, LIST)?;
    pack(&stage, &commit.time, path)
}

fn take_from_commit(folder: &Path) -> Result<()> {
    let tracked = folder.join("tracked.tar");
    let mut archive = git(&["archive", "--format=tar", "HEAD"]);
    said({
        archive.arg("--output").arg(&tracked).args(PATHS);
        archive
    })?;
    let mut tar = Command::new("tar");
    tar.arg("-xf").arg(&tracked).arg("-C").arg(folder);
    said(tar)?;
    fs::remove_file(&tracked).with_context(|| format!("cannot remove {}", tracked.display()))
}

fn pack(stage: &Path, time: &str, path: &Path) -> Result<()> {
    let plain = stage.join(ARCHIVE.trim_end_matches(".gz"));
    let mut tar = Command::new("tar");
    tar.args(["--sort=name", "--format=ustar", "--owner=0", "--group=0", "--numeric-owner"]);
    tar.args(["--mode=u=rwX,go=rX", &format!("--mtime=@{time}"), "-cf"]).arg(&plain);
    tar.arg("-C").arg(stage).arg(FOLDER).env("LC_ALL", "C");
    said(tar)?;
    let mut gzip = Command::new("gzip");
    said({
        gzip.args(["-n", "-9"]).arg(&plain);
        gzip
    })?;
    let packed = stage.join(ARCHIVE);
    fs::copy(&packed, path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}
