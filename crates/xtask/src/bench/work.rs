//! What every part of the benchmark is given.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};

use super::{Effort, Options, say};
use crate::{
    environment,
    up::{
        node::{Node, Watch},
        private_folder,
        service::Plan,
    },
};

/// How much to do, where, and until when.
pub(super) struct Work {
    effort: Effort,
    /// A folder of this run's own, removed in the end.
    pub(super) dir: PathBuf,
    /// Set by a signal.
    pub(super) stop: Arc<AtomicBool>,
}

/// A running server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Server {
    pub(super) port: u16,
    pub(super) process: u32,
}

impl Work {
    /// Makes the folder.
    pub(super) fn begin(options: &Options) -> Result<Self> {
        let above = match &options.dir {
            Some(dir) => std::path::absolute(dir).context("cannot resolve the folder")?,
            None => environment::target_dir()?,
        };
        let dir = above.join("r4-bench");
        remove(&dir)?;
        private_folder(&dir)?;
        Ok(Self { effort: options.effort, dir, stop: Arc::default() })
    }

    /// Starts servers and waits until all of them are ready. They end with the node.
    pub(super) fn start<const N: usize>(&self, plans: [Plan; N]) -> Result<([Server; N], Node)> {
        let ports = plans.each_ref().map(|plan| plan.port);
        let mut node = Node::start(plans, Arc::clone(&self.stop))?;
        let ready = node.wait_ready(Duration::from_secs(30))?;
        ensure!(ready == Watch::Ready, "stopped");
        let mut processes = node.process_ids().into_iter();
        let server = |port| Server { port, process: processes.next().unwrap_or_default() };
        Ok((ports.map(server), node))
    }

    /// Makes a folder anew.
    pub(super) fn empty(&self, name: &str) -> Result<PathBuf> {
        let dir = self.dir.join(name);
        remove(&dir)?;
        private_folder(&dir)?;
        Ok(dir)
    }

    /// Fails when a signal has come.
    pub(super) fn go_on(&self) -> Result<()> {
        ensure!(!self.stop.load(Ordering::SeqCst), "stopped");
        Ok(())
    }

    /// Returns the one of two numbers that fits the effort.
    pub(super) fn either<T>(&self, full: T, quick: T) -> T {
        match self.effort {
            Effort::Full => full,
            Effort::Quick => quick,
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.dir) {
            say(&format!("{error:#}"));
        }
    }
}

fn remove(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", dir.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_leaves_nothing_behind_and_takes_nothing_else_away() {
        let above = tempfile::tempdir().unwrap();
        let dir = Some(above.path().to_owned());
        let work = Work::begin(&Options { dir, ..Options::default() }).unwrap();
        for _ in 0..2 {
            let empty = work.empty("state").unwrap();
            assert_eq!(fs::read_dir(&empty).unwrap().count(), 0);
            fs::write(empty.join("file"), "").unwrap();
        }
        fs::write(above.path().join("other"), "").unwrap();
        drop(work);
        let left = fs::read_dir(above.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(left.collect::<Vec<_>>(), ["other"]);
    }
}
