//! Tiles and bundles on disk, full ones of hashes also in a small cache.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use r4_tlog::tile::{Kind, Tile};

use crate::edge::{Full, cut, is_whole};
use crate::error::ReadError;
use crate::layout::Layout;
use crate::replace::{Sync, replace};

/// Full tiles kept in memory: 2 MiB.
const CACHED_TILES: usize = 256;

/// The folder of tiles.
#[derive(Debug)]
pub(crate) struct Tiles {
    layout: Layout,
    /// Guards the tiles in memory and the order they came in.
    cache: Mutex<Cache>,
}

#[derive(Debug, Default)]
struct Cache {
    tiles: BTreeMap<Tile, Arc<[u8]>>,
    order: VecDeque<Tile>,
}

impl Tiles {
    pub(crate) fn new(layout: &Layout) -> Self {
        Self { layout: layout.clone(), cache: Mutex::default() }
    }

    /// Writes tiles, without syncing them. They may be of a batch that is undone, so they are not
    /// cached.
    pub(crate) fn write(&self, tiles: &[Full]) -> io::Result<()> {
        tiles
            .iter()
            .try_for_each(|(tile, bytes)| replace(&self.layout.tile(tile), bytes, Sync::Later))
    }

    /// Keeps tiles in memory that have become part of the durable tree.
    pub(crate) fn remember(&self, tiles: Vec<Full>) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        for (tile, bytes) in tiles {
            if tile.kind != Kind::Entries {
                cache.insert(tile, bytes.into());
            }
        }
    }

    /// Reads a full tile of hashes.
    pub(crate) fn hashes(&self, tile: &Tile) -> Result<Arc<[u8]>, ReadError> {
        let cached =
            self.cache.lock().unwrap_or_else(PoisonError::into_inner).tiles.get(tile).cloned();
        if let Some(bytes) = cached {
            return Ok(bytes);
        }
        let bytes: Arc<[u8]> = self.read(tile)?.into();
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.insert(*tile, bytes.clone());
        Ok(bytes)
    }

    /// Reads a full tile or bundle.
    pub(crate) fn read(&self, tile: &Tile) -> Result<Vec<u8>, ReadError> {
        let path = self.layout.tile(tile);
        match fs::read(&path) {
            Ok(bytes) if is_whole(tile, &bytes) => Ok(bytes),
            Ok(_) => Err(ReadError::Damaged { path }),
            Err(cause) => Err(ReadError::File { path, cause }),
        }
    }

    /// Reads the first part of a full tile or bundle.
    pub(crate) fn read_part(&self, tile: &Tile) -> Result<Vec<u8>, ReadError> {
        let full = Tile { width: 256, ..*tile };
        let bytes = match tile.kind {
            Kind::Hashes(_) => self.hashes(&full)?.to_vec(),
            Kind::Entries => self.read(&full)?,
        };
        cut(tile, bytes).ok_or_else(|| ReadError::Damaged { path: self.layout.tile(&full) })
    }
}

impl Cache {
    fn insert(&mut self, tile: Tile, bytes: Arc<[u8]>) {
        if self.tiles.insert(tile, bytes).is_none() {
            self.order.push_back(tile);
        }
        if self.order.len() > CACHED_TILES
            && let Some(oldest) = self.order.pop_front()
        {
            self.tiles.remove(&oldest);
        }
    }
}
