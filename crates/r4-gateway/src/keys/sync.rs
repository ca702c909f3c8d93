//! Keeps the key table up to date with the store.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, MissedTickBehavior};

use super::KeyTable;
use crate::store::{Store, StoreError};

/// Time between two looks for changes.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Carries the changes of the store into the table.
#[derive(Debug)]
pub struct KeySync {
    store: Arc<Store>,
    table: Arc<KeyTable>,
    /// The last change that the table has; held while changes are carried over, so that none is
    /// overtaken by one before it.
    revision: Mutex<u64>,
}

impl KeySync {
    /// Makes a table for `store`, empty until the first [`KeySync::refresh`].
    pub fn new(store: Arc<Store>) -> Self {
        let table = if store.is_shared() { KeyTable::shared() } else { KeyTable::local() };
        Self { store, table: Arc::new(table), revision: Mutex::new(0) }
    }

    /// Returns the table.
    pub fn table(&self) -> Arc<KeyTable> {
        Arc::clone(&self.table)
    }

    /// Carries all changes over that the store has now.
    ///
    /// # Errors
    /// [`StoreError`]; the table stays as it is, and goes stale if the store is shared.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let mut revision = self.revision.lock().await;
        loop {
            let asked = Instant::now();
            let changes = self.store.changes_since(*revision).await?;
            if changes.revision < *revision {
                tracing::warn!("the store was set back; all keys are read again");
                self.table.clear();
                *revision = 0;
                continue;
            }
            self.table.apply(changes.records);
            *revision = changes.revision;
            if !changes.more {
                self.table.confirm(asked);
                return Ok(());
            }
        }
    }

    /// Looks for changes, for ever.
    pub async fn keep_looking(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            ticks.tick().await;
            let looked = self.refresh().await;
            match &looked {
                Ok(()) if failing => tracing::info!("changes of keys are read again"),
                Err(error) if !failing => {
                    tracing::error!(%error, "changes of keys cannot be read from the store");
                }
                Ok(()) | Err(_) => {}
            }
            failing = looked.is_err();
        }
    }
}
