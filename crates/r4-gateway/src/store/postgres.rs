//! The store in a `PostgreSQL` database that replicas share.
//!
//! Every change of keys takes the one row of `r4_head` first: so revisions and audit rows follow
//! each other without a gap, whatever replica makes them, and a revision that can be read is never
//! followed by a lower one.

mod answers;
mod counts;
mod keys;
mod schema;
mod session;
mod url;

use std::fmt;

use deadpool_postgres::Pool;
use tokio::sync::OnceCell;

use super::{Connections, StoreError};
use session::Session;

/// A `PostgreSQL` database. It is connected to when it is needed, and anew when it was gone.
pub struct Postgres {
    pool: Pool,
    /// Set when the tables were seen to be of this version.
    prepared: OnceCell<()>,
}

impl Postgres {
    /// Takes the database of `url`, and makes its tables if it answers.
    ///
    /// # Errors
    /// [`StoreError`]: the URL cannot be used, or the tables are of another version.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let store = Self { pool: session::pool(url::parse(url)?)?, prepared: OnceCell::new() };
        match store.session().await {
            Err(StoreError::Down(cause)) => {
                tracing::error!(cause, "the database does not answer; it is asked again and again");
            }
            Err(other) => return Err(other),
            Ok(_) => {}
        }
        Ok(store)
    }

    /// Returns how the connections stand.
    pub fn connections(&self) -> Connections {
        let pool = self.pool.status();
        let in_use = pool.size.saturating_sub(pool.available);
        Connections { in_use, waiting: pool.waiting, most: pool.max_size }
    }

    /// Returns a connection to tables of this version.
    async fn session(&self) -> Result<Session, StoreError> {
        self.prepared.get_or_try_init(|| schema::prepare(&self.pool)).await?;
        Session::open(&self.pool).await
    }
}

impl fmt::Debug for Postgres {
    /// Says nothing of the URL, which holds a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Postgres(..)")
    }
}

/// Returns a number as the database has it.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Returns a number of the database, which has none below zero.
fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
