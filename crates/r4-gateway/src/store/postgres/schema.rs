//! The tables, made by numbered steps. Replicas that start at once make them one after the other.

use std::time::Duration;

use deadpool_postgres::Pool;

use super::session::Session;
use crate::store::StoreError;

/// The steps, the first of which makes version 1.
const STEPS: [&str; 1] = [include_str!("schema_1.sql")];

/// The lock that is held while the tables are made; any number that nobody else takes.
const LOCK: i64 = 0x7234_6761_7465;

/// Most time for a step, and to wait for another replica that makes the tables.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes the tables, or brings them to this version.
///
/// # Errors
/// [`StoreError::Corrupt`]: they are of a later version.
pub(super) async fn prepare(pool: &Pool) -> Result<(), StoreError> {
    let mut session = Session::open(pool).await?;
    session.be_patient(PATIENCE);
    session.begin().await?;
    session.execute("SET LOCAL statement_timeout = '20s'", &[]).await?;
    session.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    session.run("CREATE TABLE IF NOT EXISTS r4_schema (version bigint PRIMARY KEY)").await?;
    let found = session.row("SELECT coalesce(max(version), 0) FROM r4_schema", &[]).await?;
    let found: i64 = found.map_or(Ok(0), |row| row.try_get(0)).unwrap_or(i64::MAX);
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(StoreError::Corrupt(format!(
            "the tables of the database have version {found}, and this program knows version \
             {known} at most; use the program that made them, or a later one"
        )));
    }
    for (version, step) in (1_i64..).zip(STEPS) {
        if version > found {
            session.run(step).await?;
            session.execute("INSERT INTO r4_schema VALUES ($1)", &[&version]).await?;
            tracing::info!(version, "the tables of the database were made");
        }
    }
    session.commit().await
}
