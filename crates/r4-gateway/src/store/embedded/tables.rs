//! The tables of the file, and the version of their form.

use redb::{Database, ReadableDatabase as _, TableDefinition, TableHandle as _, WriteTransaction};

use crate::store::StoreError;

/// The version of the tables' form. Another one is refused.
const FORMAT: u64 = 1;

/// `format` and `revision`.
pub(super) const NUMBERS: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");
/// Keys by id, as JSON.
pub(super) const KEYS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("keys");
/// Ids of the keys that are not revoked, by name.
pub(super) const NAMES: TableDefinition<'_, &str, u64> = TableDefinition::new("names");
/// Ids of all keys, by the revision of their last change.
pub(super) const REVISIONS: TableDefinition<'_, u64, u64> = TableDefinition::new("revisions");
/// Rows of the audit trail by number, as JSON.
pub(super) const AUDIT: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("audit");
/// Under `head`, number and hash of the last row of the audit trail.
pub(super) const HEADS: TableDefinition<'_, &str, (u64, &str)> = TableDefinition::new("heads");
/// Units given out, by key and start of the period.
pub(super) const GRANTS: TableDefinition<'_, (u64, u64), u64> = TableDefinition::new("grants");
/// Requests and units, by key, day and route.
pub(super) const USAGE: TableDefinition<'_, (u64, u32, &str), (u64, u64)> =
    TableDefinition::new("usage");
/// Requests that name themselves: owner, fingerprint and end.
pub(super) const SLOTS: TableDefinition<'_, &[u8; 32], (u64, &[u8; 32], u64)> =
    TableDefinition::new("slots");
/// Slots by their end and owner.
pub(super) const SLOT_ENDS: TableDefinition<'_, (u64, u64, &[u8; 32]), ()> =
    TableDefinition::new("slot_ends");
/// How many slots an owner has.
pub(super) const SLOT_COUNTS: TableDefinition<'_, u64, u64> = TableDefinition::new("slot_counts");
/// Answers by slot: status, type and body.
pub(super) const ANSWERS: TableDefinition<'_, &[u8; 32], (u16, &str, &[u8])> =
    TableDefinition::new("answers");
/// Public lists by hash.
pub(super) const LISTS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("lists");
/// Looks that found a component ok, degraded or down, by start of five minutes and component.
pub(super) const HEALTH: TableDefinition<'_, (u64, &str), (u32, u32, u32)> =
    TableDefinition::new("health");

/// Checks the version of the tables, and makes them in a database that has none.
pub(super) fn prepare(database: &Database) -> Result<(), StoreError> {
    let reading = database.begin_read()?;
    let tables: Vec<String> = reading.list_tables()?.map(|table| table.name().to_owned()).collect();
    if tables.is_empty() {
        return make(database);
    }
    let found = if tables.iter().any(|name| name == NUMBERS.name()) {
        reading.open_table(NUMBERS)?.get("format")?.map(|format| format.value())
    } else {
        None
    };
    match found {
        Some(FORMAT) => Ok(()),
        Some(other) => Err(StoreError::Corrupt(format!(
            "the file has format {other}, and this program knows format {FORMAT} alone; use the \
             version of the program that made it"
        ))),
        None => Err(StoreError::Corrupt("the file was made by another program".to_owned())),
    }
}

fn make(database: &Database) -> Result<(), StoreError> {
    let writing = database.begin_write()?;
    make_all(&writing)?;
    writing.commit()?;
    Ok(())
}

/// Makes the tables, and notes their form.
pub(super) fn make_all(writing: &WriteTransaction) -> Result<(), StoreError> {
    writing.open_table(NUMBERS)?.insert("format", FORMAT)?;
    for table in [REVISIONS, SLOT_COUNTS] {
        writing.open_table(table)?;
    }
    for table in [KEYS, AUDIT] {
        writing.open_table(table)?;
    }
    writing.open_table(NAMES)?;
    writing.open_table(HEADS)?;
    writing.open_table(GRANTS)?;
    writing.open_table(USAGE)?;
    writing.open_table(SLOTS)?;
    writing.open_table(SLOT_ENDS)?;
    writing.open_table(ANSWERS)?;
    writing.open_table(LISTS)?;
    writing.open_table(HEALTH)?;
    Ok(())
}
