//! Compiles the programs of a release: no folder of this machine leaves a trace in them, and each
//! carries the list of crates that it is made of (`cargo auditable`).

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use super::{Commit, said};
use crate::{binaries, environment, sealed};

/// The newest glibc that a program may ask for: Debian 12's.
const GLIBC: (u32, u32) = (2, 36);

/// Where the programs are.
pub(super) struct Programs {
    /// Folder of the services and `r4`.
    pub(super) folder: PathBuf,
    /// `re4_dump`.
    pub(super) sealed: PathBuf,
}

/// Compiles them in a target folder of their own.
pub(super) fn build(commit: &Commit) -> Result<Programs> {
    let target = environment::target_dir()?.join("for-release");
    let folders = Folders::find(&target)?;
    let cargo = |subcommand, target: &Path| {
        let mut cargo = Command::new(environment::cargo());
        cargo.args(["auditable", subcommand, "--locked"]).arg("--target-dir").arg(target);
        cargo.env_remove("CARGO_BUILD_TARGET").env_remove("CARGO_ENCODED_RUSTFLAGS");
        cargo.env("R4_GIT", commit.short()).env("SOURCE_DATE_EPOCH", &commit.time);
        cargo.env("RUSTFLAGS", folders.rustflags()).env("CFLAGS", folders.cflags());
        cargo.current_dir(environment::root());
        cargo
    };
    require_auditable()?;
    let folder = binaries::build_by(cargo("build", &target), &target)?;
    for name in binaries::NAMES {
        require_old_glibc(&folder.join(name))?;
    }
    let target = target.join("sealed");
    let sealed = sealed::build_by(cargo("rustc", &target), &target, &folders.rustflags())?;
    Ok(Programs { folder, sealed })
}

/// Folders of this machine, and what stands for each in a program.
struct Folders(Vec<(String, String)>);

impl Folders {
    fn find(target: &Path) -> Result<Self> {
        let home = environment::text("HOME").map(|home| format!("{home}/.cargo"));
        let cargo = environment::text("CARGO_HOME").or(home).context("set CARGO_HOME")?;
        let mut rustc = Command::new("rustc");
        rustc.args(["--print", "sysroot"]);
        let library = format!("{}/lib/rustlib/src/rust", said(rustc)?);
        let mut rustc = Command::new("rustc");
        rustc.arg("-vV");
        let version = said(rustc)?;
        let hash = version.lines().find_map(|line| line.strip_prefix("commit-hash: "));
        // What the standard library is called where its source is not installed.
        let library_as = format!("/rustc/{}", hash.context("rustc says no commit-hash")?);

        let root = environment::root().display().to_string();
        let target = target.display().to_string();
        // Of several that fit the last one counts: the target folder may be in the root.
        let pairs = [
            (cargo, "/cargo".to_owned()),
            (library, library_as),
            (root, "/re4ctor".to_owned()),
            (target, "/target".to_owned()),
        ];
        for (folder, _) in &pairs {
            let plain = !folder.contains(|c: char| c.is_whitespace() || c == '=');
            ensure!(plain, "{folder:?} has a space or an = in its name; build elsewhere");
        }
        Ok(Self(pairs.into()))
    }

    fn rustflags(&self) -> String {
        self.each("--remap-path-prefix=")
    }

    fn cflags(&self) -> String {
        self.each("-ffile-prefix-map=")
    }

    fn each(&self, option: &str) -> String {
        let one = |(folder, name): &(String, String)| format!("{option}{folder}={name}");
        self.0.iter().map(one).collect::<Vec<_>>().join(" ")
    }
}

fn require_auditable() -> Result<()> {
    let mut cargo = Command::new(environment::cargo());
    cargo.args(["auditable", "--version"]);
    said(cargo).map(drop).context("install it by: cargo install --locked cargo-auditable")
}

/// Checks that a program runs on the oldest system that a release is for.
fn require_old_glibc(program: &Path) -> Result<()> {
    let mut objdump = Command::new("objdump");
    objdump.arg("-T").arg(program);
    let newest = newest_glibc(&said(objdump).context("it is part of binutils")?);
    let newest = newest.with_context(|| format!("{} asks for no glibc", program.display()))?;
    ensure!(
        newest <= GLIBC,
        "{} needs glibc {}.{}, and a release must run with {}.{}; build it on Debian 12",
        program.display(),
        newest.0,
        newest.1,
        GLIBC.0,
        GLIBC.1
    );
    Ok(())
}

/// Returns the highest version after `GLIBC_` in the symbols that a program imports.
fn newest_glibc(symbols: &str) -> Option<(u32, u32)> {
    let version = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (major, minor) = text.get(..end)?.split_once('.')?;
        Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
    };
    symbols.split("GLIBC_").skip(1).filter_map(version).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_glibc_is_found() {
        let symbols = "00 DF *UND* 00 (GLIBC_2.9) a\n00 DF *UND* 00 (GLIBC_2.34) b\n\
                       00 DF *UND* 00 (GLIBC_2.2.5) c";
        assert_eq!(newest_glibc(symbols), Some((2, 34)));
        assert_eq!(newest_glibc("no symbols"), None);
    }

    #[test]
    fn every_folder_gets_another_name() {
        let folders = Folders::find(Path::new("/t")).unwrap();
        assert!(folders.rustflags().ends_with("=/re4ctor --remap-path-prefix=/t=/target"));
        assert_eq!(folders.cflags().matches("-ffile-prefix-map=").count(), 4);
        assert!(Folders::find(Path::new("/a b")).is_err());
    }
}
