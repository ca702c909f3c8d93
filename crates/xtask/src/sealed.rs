//! Builds `re4_dump` linked statically, so that no loader or library slips into the sealed core.
//!
//! It has a target folder of its own: in the shared one the next build would replace the program.
//! The flag goes to the last step alone, because in a configuration file it would break proc-macros.
//!
//! The program finds out at its start what the processor offers, and runs on those without it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

use crate::{environment, manifest::SEALED_FILE};

/// Lets the cipher use AVX-512 where it is: without this, `ChaCha20` makes a quarter as many bytes.
const RUSTFLAGS: &str = "--cfg chacha20_avx512";
/// Compiles each crate as one unit: only then AES makes as many bytes as its wide instructions can.
const PROFILE: &str = "profile.release.codegen-units=1";

/// How to build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Where cargo builds; without it `sealed` in the usual target folder.
    pub target_dir: Option<PathBuf>,
    /// Whether cargo shows its progress on standard error.
    pub progress: Progress,
}

/// What cargo shows of its work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// Everything, as cargo does by itself.
    #[default]
    Shown,
    /// Warnings and errors only.
    Quiet,
}

/// Builds `re4_dump` and returns the path of the program.
///
/// # Errors
/// When the C library's static half is not installed (with the name of the package), when the
/// build fails, and when the result is not static.
pub fn build(options: &Options) -> Result<PathBuf> {
    let target = match &options.target_dir {
        Some(dir) => std::path::absolute(dir).context("cannot resolve the target folder")?,
        None => environment::target_dir()?.join("sealed"),
    };
    let mut cargo = Command::new(environment::cargo());
    cargo.arg("rustc").arg("--target-dir").arg(&target).current_dir(environment::root());
    if options.progress == Progress::Quiet {
        cargo.arg("--quiet");
    }
    build_by(cargo, &target, "")
}

/// Does so by a command that ends with `rustc` and puts its results into `target`; `rustflags` are
/// added to those that the program needs.
pub(crate) fn build_by(mut cargo: Command, target: &Path, rustflags: &str) -> Result<PathBuf> {
    require_static_libc()?;
    cargo.args(["--release", "--package", "re4-dump", "--bin", SEALED_FILE]);
    cargo.args(["--config", PROFILE]);
    cargo.args(["--", "-C", "target-feature=+crt-static"]);
    // What the environment adds must not change the sealed program, or where it is put.
    for key in ["CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        cargo.env_remove(key);
    }
    cargo.env("RUSTFLAGS", format!("{RUSTFLAGS} {rustflags}"));
    let status = cargo.status().context("cannot start cargo")?;
    ensure!(status.success(), "re4_dump does not build ({status})");

    let path = target.join("release").join(SEALED_FILE);
    let program = fs::read(&path).with_context(|| format!("cargo built no {}", path.display()))?;
    match needs_loader(&program) {
        Some(false) => Ok(path),
        Some(true) => bail!("{} is linked dynamically", path.display()),
        None => bail!("{} is not a 64-bit program of this machine", path.display()),
    }
}

/// Checks that the linker will find `libc.a`.
fn require_static_libc() -> Result<()> {
    if !cfg!(target_env = "gnu") {
        return Ok(());
    }
    let found = Command::new("cc").arg("-print-file-name=libc.a").output();
    let found = found.context("cannot start cc; install gcc (Debian, Ubuntu: build-essential)")?;
    static_libc(&String::from_utf8_lossy(&found.stdout)).map(drop)
}

/// Returns the path in the compiler's answer; a bare name means that it found nothing.
fn static_libc(answer: &str) -> Result<&Path> {
    let path = Path::new(answer.trim());
    ensure!(
        path.is_absolute() && path.is_file(),
        "re4_dump is linked statically and libc.a is not installed; \
         install libc6-dev (Debian, Ubuntu) or glibc-static (Fedora)"
    );
    Ok(path)
}

/// Tells whether a program asks for a loader: an ELF64 file with a `PT_INTERP` header.
fn needs_loader(program: &[u8]) -> Option<bool> {
    const PT_INTERP: u32 = 3;
    let u16_at = |at: usize| Some(u16::from_ne_bytes(*program.get(at..)?.first_chunk()?));
    let u64_at = |at: usize| Some(u64::from_ne_bytes(*program.get(at..)?.first_chunk()?));
    if !program.starts_with(b"\x7fELF\x02") {
        return None;
    }
    let first = usize::try_from(u64_at(0x20)?).ok()?; // e_phoff
    let (size, count) = (usize::from(u16_at(0x36)?), usize::from(u16_at(0x38)?)); // e_phentsize, e_phnum
    let headers = program.get(first..first.checked_add(size.checked_mul(count)?)?)?;
    Some(headers.chunks_exact(size.max(1)).any(|header| {
        header.first_chunk().is_some_and(|kind| u32::from_ne_bytes(*kind) == PT_INTERP)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_libc_names_the_package() {
        let error = static_libc("libc.a\n").unwrap_err().to_string();
        assert!(error.contains("libc6-dev"), "{error}");
        assert!(static_libc("/nowhere/libc.a").is_err());
    }

    #[test]
    fn a_dynamic_program_is_told_from_others() {
        let itself = fs::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(needs_loader(&itself), Some(true), "test programs are linked dynamically");
        assert_eq!(needs_loader(b"#!/bin/sh"), None);
        assert_eq!(needs_loader(&itself[..0x30]), None);
    }
}
