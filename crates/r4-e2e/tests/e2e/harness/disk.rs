//! Folders: copies of them, and a disk that is as small as a test needs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Copies a folder with all that is in it; nothing may be there yet.
#[track_caller]
pub(crate) fn copy(from: &Path, to: &Path) {
    assert!(!to.exists(), "{} is there already", to.display());
    let done = Command::new("cp").arg("-a").args([from, to]).output().expect("cp starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Puts a copy of `from` in the place of `to`.
#[track_caller]
pub(crate) fn put_back(from: &Path, to: &Path) {
    let removed = if to.is_dir() { fs::remove_dir_all(to) } else { fs::remove_file(to) };
    removed.unwrap_or_else(|e| panic!("{}: {e}", to.display()));
    copy(from, to);
}

/// A file system in memory; gone with the value.
pub(crate) struct SmallDisk {
    path: PathBuf,
    /// The folder, if it is the disk's own.
    dir: Option<TempDir>,
}

impl SmallDisk {
    /// `None` where this process may not mount.
    pub(crate) fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().expect("folder");
        let mut disk = Self::mount_at(dir.path())?;
        disk.dir = Some(dir);
        Some(disk)
    }

    /// As [`Self::mount`], at a folder that is there.
    pub(crate) fn mount_at(path: &Path) -> Option<Self> {
        // The index of ids alone takes a megabyte.
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs"]).arg(path);
        let mounted = mount.output().is_ok_and(|done| done.status.success());
        mounted.then(|| Self { path: path.to_owned(), dir: None })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes until nothing more fits.
    pub(crate) fn fill(&self) {
        let filler = self.path().join("filler");
        let mut size = 1024 * 1024;
        let mut written = Vec::new();
        while size > 0 {
            written.resize(written.len() + size, 0);
            if fs::write(&filler, &written).is_err() {
                written.truncate(written.len() - size);
                size /= 2;
            }
        }
        let _full = fs::write(&filler, vec![0; 4 * 1024 * 1024]);
    }

    pub(crate) fn free(&self) {
        fs::remove_file(self.path().join("filler")).expect("it is there");
    }

    /// Lets nobody write any more, or again.
    #[track_caller]
    pub(crate) fn remount(&self, how: &str) {
        let mut mount = Command::new("mount");
        let done = mount.args(["-o", &format!("remount,{how}")]).arg(self.path()).output();
        let done = done.expect("mount starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily, because the service may hold files until it is dropped itself.
        let _gone = Command::new("umount").arg("--lazy").arg(self.path()).status();
        drop(self.dir.take());
    }
}
