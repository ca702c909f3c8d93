//! A connection to the database for one call, with bounds on its time.
//!
//! A connection goes back to the pool only after it answered everything it was asked. One that was
//! left in the middle of a statement or a transaction is closed, and the server undoes what was not
//! committed.

use std::error::Error as _;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, Runtime};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, NoTls, Row};

use super::url::CONNECT;
use crate::store::StoreError;

/// Most connections.
const CONNECTIONS: usize = 8;
/// Most time for one statement.
const STATEMENT: Duration = Duration::from_secs(1);

/// A parameter of a statement.
pub(super) type Parameter<'a> = &'a (dyn ToSql + Sync);

/// Makes a pool, which does not connect yet.
pub(super) fn pool(config: Config) -> Result<Pool, StoreError> {
    let manager = Manager::from_config(config, NoTls, ManagerConfig::default());
    Pool::builder(manager)
        .max_size(CONNECTIONS)
        .wait_timeout(Some(CONNECT))
        .create_timeout(Some(CONNECT))
        .recycle_timeout(Some(STATEMENT))
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|cause| StoreError::Down(cause.to_string()))
}

/// A connection in use.
pub(super) struct Session {
    /// None when it was given up.
    client: Option<Object>,
    /// Whether the connection may go back to the pool as it is.
    clean: bool,
    /// Most time for one statement.
    patience: Duration,
}

impl Session {
    /// Takes a connection of the pool.
    pub(super) async fn open(pool: &Pool) -> Result<Self, StoreError> {
        let client = pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => explain(&error),
            PoolError::Timeout(_) => {
                StoreError::Down("the database does not answer in time".to_owned())
            }
            other => StoreError::Down(other.to_string()),
        })?;
        Ok(Self { client: Some(client), clean: true, patience: STATEMENT })
    }

    /// Waits as long as `patience` for each statement from now on.
    pub(super) fn be_patient(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Runs a statement, and returns its rows.
    pub(super) async fn query(
        &mut self,
        statement: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let client = self.client.as_ref().ok_or_else(gone)?;
        let was_clean = std::mem::replace(&mut self.clean, false);
        let asking = async {
            let prepared = client.prepare_cached(statement).await?;
            client.query(&prepared, parameters).await
        };
        match tokio::time::timeout(self.patience, asking).await {
            Ok(Ok(rows)) => {
                self.clean = was_clean;
                Ok(rows)
            }
            Ok(Err(error)) => {
                // What the server itself refuses leaves the connection as it was.
                self.clean = was_clean && error.as_db_error().is_some();
                Err(explain(&error))
            }
            Err(_) => Err(StoreError::Down("the database does not answer in time".to_owned())),
        }
    }

    /// Runs a statement that returns one row at most.
    pub(super) async fn row(
        &mut self,
        statement: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.query(statement, parameters).await?.into_iter().next())
    }

    /// Runs a statement for what it does.
    pub(super) async fn execute(
        &mut self,
        statement: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<(), StoreError> {
        self.query(statement, parameters).await.map(drop)
    }

    /// Begins a transaction. Without [`Session::commit`], nothing of it is done.
    pub(super) async fn begin(&mut self) -> Result<(), StoreError> {
        self.execute("BEGIN", &[]).await?;
        self.clean = false;
        Ok(())
    }

    /// Ends the transaction, and everything in it is done.
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        self.execute("COMMIT", &[]).await?;
        self.clean = true;
        Ok(())
    }

    /// Ends the transaction, and nothing in it is done.
    pub(super) async fn undo(mut self) -> Result<(), StoreError> {
        self.execute("ROLLBACK", &[]).await?;
        self.clean = true;
        Ok(())
    }

    /// Runs several statements.
    pub(super) async fn run(&mut self, statements: &str) -> Result<(), StoreError> {
        let client = self.client.as_ref().ok_or_else(gone)?;
        let running = tokio::time::timeout(self.patience, client.batch_execute(statements)).await;
        match running {
            Ok(done) => done.map_err(|error| explain(&error)),
            Err(_) => Err(StoreError::Down("the database does not answer in time".to_owned())),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(client) = self.client.take().filter(|_| !self.clean) {
            drop(Object::take(client));
        }
    }
}

fn gone() -> StoreError {
    StoreError::Down("the connection to the database was given up".to_owned())
}

/// Says what is wrong without any value: a message of the server may quote one in its detail.
fn explain(error: &tokio_postgres::Error) -> StoreError {
    let Some(said) = error.as_db_error() else {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        return StoreError::Down(format!("the database cannot be asked: {error}{cause}"));
    };
    let text = format!("the database says: {} ({})", said.message(), said.code().code());
    let code = said.code();
    let other_tables = [
        SqlState::UNDEFINED_TABLE,
        SqlState::UNDEFINED_COLUMN,
        SqlState::UNDEFINED_FUNCTION,
        SqlState::DATATYPE_MISMATCH,
        SqlState::DATA_CORRUPTED,
        SqlState::INDEX_CORRUPTED,
    ];
    if other_tables.contains(code) { StoreError::Corrupt(text) } else { StoreError::Down(text) }
}
