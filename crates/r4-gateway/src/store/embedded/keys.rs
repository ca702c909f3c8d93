//! Keys and their audit trail.

use r4_api::keys::{AuditAction, AuditHead, AuditRow};
use redb::{ReadTransaction, ReadableTable, WriteTransaction};

use super::Embedded;
use super::tables::{AUDIT, HEADS, KEYS, NAMES, NUMBERS, REVISIONS};
use crate::keys::{KeyId, KeyRecord, NewKey, SecretHash};
use crate::store::audit::Deed;
use crate::store::row::{broken, decode, encode};
use crate::store::{Changes, Conflict, MOST_CHANGES, StoreError};

const REVISION: &str = "revision";
const HEAD: &str = "head";

impl Embedded {
    pub(in crate::store) async fn changes_since(&self, since: u64) -> Result<Changes, StoreError> {
        self.read(move |reading| changes(reading, since)).await
    }

    pub(in crate::store) async fn create(
        &self,
        key: NewKey,
        actor: &str,
        now: u64,
    ) -> Result<KeyRecord, StoreError> {
        let actor = actor.to_owned();
        self.write(move |writing| {
            let deed = Deed { action: AuditAction::Create, actor: &actor, now };
            if writing.open_table(NAMES)?.get(key.name.as_str())?.is_some() {
                return Err(Conflict::NameTaken.into());
            }
            if writing.open_table(KEYS)?.get(key.id.number())?.is_some() {
                return Err(Conflict::IdTaken.into());
            }
            writing.open_table(NAMES)?.insert(key.name.as_str(), key.id.number())?;
            let record = KeyRecord::new(key, now, next_revision(writing)?);
            keep(writing, None, &record, &deed)?;
            Ok(record)
        })
        .await
    }

    pub(in crate::store) async fn rotate(
        &self,
        id: KeyId,
        hash: SecretHash,
        overlap: u64,
        actor: &str,
        now: u64,
    ) -> Result<KeyRecord, StoreError> {
        let actor = actor.to_owned();
        self.write(move |writing| {
            let deed = Deed { action: AuditAction::Rotate, actor: &actor, now };
            change(writing, id, &deed, |record, revision| {
                record.rotate(hash, overlap, now, revision);
            })
        })
        .await
    }

    pub(in crate::store) async fn revoke(
        &self,
        id: KeyId,
        actor: &str,
        now: u64,
    ) -> Result<KeyRecord, StoreError> {
        let actor = actor.to_owned();
        self.write(move |writing| {
            let deed = Deed { action: AuditAction::Revoke, actor: &actor, now };
            let record =
                change(writing, id, &deed, |record, revision| record.revoke(now, revision))?;
            writing.open_table(NAMES)?.remove(record.name.as_str())?;
            Ok(record)
        })
        .await
    }

    pub(in crate::store) async fn list(
        &self,
        after: Option<KeyId>,
        limit: usize,
    ) -> Result<Vec<KeyRecord>, StoreError> {
        let from = after.map_or(0, |id| id.number().saturating_add(1));
        self.read(move |reading| {
            let table = reading.open_table(KEYS)?;
            let rows = table.range(from..)?.take(limit);
            rows.map(|row| decode(row?.1.value())).collect()
        })
        .await
    }

    pub(in crate::store) async fn find(&self, id_or_name: &str) -> Result<KeyRecord, StoreError> {
        let asked = id_or_name.to_owned();
        self.read(move |reading| {
            let id = match asked.parse::<KeyId>() {
                Ok(id) => Some(id.number()),
                Err(_) => reading.open_table(NAMES)?.get(asked.as_str())?.map(|id| id.value()),
            };
            let id = id.ok_or(StoreError::NotFound)?;
            let row = reading.open_table(KEYS)?.get(id)?.ok_or(StoreError::NotFound)?;
            decode(row.value())
        })
        .await
    }

    pub(in crate::store) async fn audit(
        &self,
        from: u64,
        limit: usize,
    ) -> Result<(Vec<AuditRow>, AuditHead), StoreError> {
        self.read(move |reading| {
            let table = reading.open_table(AUDIT)?;
            let rows = table.range(from..)?.take(limit);
            let rows: Result<Vec<AuditRow>, StoreError> =
                rows.map(|row| read_audit_row(row?.1.value())).collect();
            Ok((rows?, head(&reading.open_table(HEADS)?)?))
        })
        .await
    }
}

fn changes(reading: &ReadTransaction, since: u64) -> Result<Changes, StoreError> {
    let last = reading.open_table(NUMBERS)?.get(REVISION)?.map_or(0, |number| number.value());
    let keys = reading.open_table(KEYS)?;
    let mut records = Vec::new();
    for row in reading.open_table(REVISIONS)?.range(since.saturating_add(1)..)?.take(MOST_CHANGES) {
        let row = keys.get(row?.1.value())?.ok_or_else(|| broken("a changed key is missing"))?;
        records.push(decode(row.value())?);
    }
    let told = records.last().map_or(last, |record| record.revision);
    Ok(Changes { revision: told, more: told < last, records })
}

/// Changes a key that is not revoked.
fn change(
    writing: &WriteTransaction,
    id: KeyId,
    deed: &Deed<'_>,
    change: impl FnOnce(&mut KeyRecord, u64),
) -> Result<KeyRecord, StoreError> {
    let mut record = {
        let table = writing.open_table(KEYS)?;
        let row = table.get(id.number())?.ok_or(StoreError::NotFound)?;
        decode(row.value())?
    };
    if record.revoked.is_some() {
        return Err(Conflict::Revoked.into());
    }
    let before = record.revision;
    change(&mut record, next_revision(writing)?);
    keep(writing, Some(before), &record, deed)?;
    Ok(record)
}

fn next_revision(writing: &WriteTransaction) -> Result<u64, StoreError> {
    let mut numbers = writing.open_table(NUMBERS)?;
    let last = numbers.get(REVISION)?.map_or(0, |number| number.value());
    let next = last.saturating_add(1);
    numbers.insert(REVISION, next)?;
    Ok(next)
}

/// Writes a key, whose last change was `before`, and the row about its change.
fn keep(
    writing: &WriteTransaction,
    before: Option<u64>,
    record: &KeyRecord,
    deed: &Deed<'_>,
) -> Result<(), StoreError> {
    let id = record.id.number();
    writing.open_table(KEYS)?.insert(id, encode(record)?.as_slice())?;
    let mut revisions = writing.open_table(REVISIONS)?;
    if let Some(before) = before {
        revisions.remove(before)?;
    }
    revisions.insert(record.revision, id)?;
    let mut heads = writing.open_table(HEADS)?;
    let row = deed.row(&head(&heads)?, record);
    let text = serde_json::to_vec(&row).map_err(|cause| StoreError::Corrupt(cause.to_string()))?;
    writing.open_table(AUDIT)?.insert(row.seq, text.as_slice())?;
    heads.insert(HEAD, (row.seq, row.hash.as_str()))?;
    Ok(())
}

fn head(
    heads: &impl ReadableTable<&'static str, (u64, &'static str)>,
) -> Result<AuditHead, StoreError> {
    let head = heads.get(HEAD)?;
    Ok(head.map_or_else(AuditHead::empty, |head| {
        let (seq, hash) = head.value();
        AuditHead { seq, hash: hash.to_owned() }
    }))
}

fn read_audit_row(bytes: &[u8]) -> Result<AuditRow, StoreError> {
    serde_json::from_slice(bytes).map_err(|_| broken("a row of the audit trail is not its JSON"))
}
