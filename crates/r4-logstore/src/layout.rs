//! Where the log's files are in a state folder.

use std::fs;
use std::path::{Path, PathBuf};

use r4_tlog::tile::Tile;

/// The paths of a state folder.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    state_dir: PathBuf,
}

impl Layout {
    pub(crate) fn of(state_dir: &Path) -> Self {
        Self { state_dir: state_dir.to_owned() }
    }

    pub(crate) fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    pub(crate) fn journal_folder(&self) -> PathBuf {
        self.state_dir.join("journal")
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.state_dir.join("journal/journal")
    }

    pub(crate) fn offsets(&self) -> PathBuf {
        self.state_dir.join("journal/offsets")
    }

    pub(crate) fn ids(&self) -> PathBuf {
        self.state_dir.join("journal/ids")
    }

    /// Returns the file of the ids of a segment of entries.
    pub(crate) fn segment(&self, number: u64) -> PathBuf {
        self.ids().join(format!("{number:08}"))
    }

    /// Lists the files of ids that are there, from a segment on.
    pub(crate) fn segments_from(&self, first: u64) -> Vec<PathBuf> {
        let files = fs::read_dir(self.ids()).into_iter().flatten().flatten();
        let number = |path: &Path| path.file_name()?.to_str()?.parse::<u64>().ok();
        let mut paths: Vec<PathBuf> = files.map(|file| file.path()).collect();
        paths.retain(|path| number(path).is_some_and(|number| number >= first));
        paths.sort();
        paths
    }

    pub(crate) fn mark(&self) -> PathBuf {
        self.state_dir.join("journal/mark")
    }

    pub(crate) fn origin(&self) -> PathBuf {
        self.state_dir.join("journal/origin")
    }

    pub(crate) fn log_folder(&self) -> PathBuf {
        self.state_dir.join("log")
    }

    pub(crate) fn checkpoint(&self) -> PathBuf {
        self.state_dir.join("log/checkpoint")
    }

    pub(crate) fn tile_folder(&self) -> PathBuf {
        self.state_dir.join("log/tile")
    }

    pub(crate) fn tile(&self, tile: &Tile) -> PathBuf {
        self.log_folder().join(tile.to_string())
    }
}
