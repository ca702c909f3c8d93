//! The store in a file of this process alone (redb), or in its memory.
//!
//! Every change is on the disk when its call returns. After a failed write the file is opened anew,
//! at most once a second, so that a disk that was full is used again when it has room.

mod answers;
mod counts;
mod failure;
mod keys;
mod place;
mod snapshot;
mod tables;

#[cfg(test)]
mod faulty;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use redb::{Database, ReadTransaction, ReadableDatabase as _, WriteTransaction};

use super::StoreError;
use place::Place;

pub use place::FILE;

/// Time between two tries to open a file anew that failed.
const OPEN_EVERY: Duration = Duration::from_secs(1);

/// The embedded store. Its calls run where blocking is allowed.
#[derive(Clone, Debug)]
pub struct Embedded {
    held: Arc<Held>,
}

#[derive(Debug)]
struct Held {
    place: Place,
    /// None while the file is being opened anew. Guards nothing else.
    database: RwLock<Option<Database>>,
    /// When the last write failed, or the last try to open the file anew.
    failed: Mutex<Option<Instant>>,
}

impl Embedded {
    /// Makes a store in memory.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::at(Place::Memory)
    }

    /// Opens the store in the folder `folder`, and makes it there if there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::at(Place::Folder(folder.to_owned()))
    }

    fn at(place: Place) -> Result<Self, StoreError> {
        let database = RwLock::new(Some(place.open()?));
        Ok(Self { held: Arc::new(Held { place, database, failed: Mutex::default() }) })
    }

    /// Reads, as of one moment.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&ReadTransaction) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(move |database| work(&database.begin_read()?)).await
    }

    /// Changes, and puts the change on the disk, unless `work` fails: then nothing is changed.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(move |database| {
            let transaction = database.begin_write()?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let held = Arc::clone(&self.held);
        let done = tokio::task::spawn_blocking(move || held.run(work)).await;
        done.unwrap_or_else(|cause| Err(StoreError::Down(cause.to_string())))
    }
}

impl Held {
    fn run<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.mend()?;
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_ref().ok_or_else(closed)?;
        let done = work(database);
        if matches!(done, Err(StoreError::Down(_))) {
            *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        done
    }

    /// Opens the file anew if a write failed, and the last try was a while ago.
    fn mend(&self) -> Result<(), StoreError> {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(when) = *failed else { return Ok(()) };
        if when.elapsed() < OPEN_EVERY {
            return Err(closed());
        }
        *failed = Some(Instant::now());
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        // The lock of the file goes with the one that holds it.
        drop(database.take());
        *database = Some(self.place.open()?);
        *failed = None;
        Ok(())
    }
}

fn closed() -> StoreError {
    StoreError::Down("the last write failed; it is tried again within a second".to_owned())
}
