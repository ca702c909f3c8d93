//! Faults of the disk that tests induce.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicBool, Ordering};

/// What fails from now on.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) full: AtomicBool,
    pub(crate) sync: AtomicBool,
    pub(crate) undo: AtomicBool,
}

impl Faults {
    /// A full disk takes half of what is written.
    pub(crate) fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        if self.full.load(Ordering::SeqCst) {
            file.write_all_at(&bytes[..bytes.len() / 2], offset)?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        fail(&self.sync)
    }

    pub(crate) fn undo(&self) -> io::Result<()> {
        fail(&self.undo)
    }
}

fn fail(fault: &AtomicBool) -> io::Result<()> {
    if fault.load(Ordering::SeqCst) { Err(io::Error::other("induced")) } else { Ok(()) }
}
