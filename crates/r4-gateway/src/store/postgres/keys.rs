//! Keys and their audit trail.

use r4_api::keys::{AuditAction, AuditHead, AuditRow};
use tokio_postgres::Row;

use super::session::Session;
use super::{Postgres, signed, unsigned};
use crate::keys::{KeyId, KeyPolicy, KeyRecord, NewKey, OldSecret, SecretHash};
use crate::store::audit::Deed;
use crate::store::row::broken;
use crate::store::{Changes, Conflict, MOST_CHANGES, StoreError};

/// The columns of a key, in the order in which [`Columns`] has them.
macro_rules! columns {
    () => {
        "id, revision, name, hash, old_hashes, old_untils, rate, burst, quota, scopes, created, \
         expires, rotated, revoked"
    };
}

const CHANGES: &str =
    concat!("SELECT ", columns!(), " FROM r4_keys WHERE revision > $1 ORDER BY revision LIMIT $2");
const LIST: &str =
    concat!("SELECT ", columns!(), " FROM r4_keys WHERE id > $1 ORDER BY id LIMIT $2");
const BY_ID: &str = concat!("SELECT ", columns!(), " FROM r4_keys WHERE id = $1");
const BY_NAME: &str =
    concat!("SELECT ", columns!(), " FROM r4_keys WHERE name = $1 AND revoked IS NULL");
const INSERT: &str = concat!(
    "INSERT INTO r4_keys (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
);
/// What a change of a key changes.
const UPDATE: &str = "UPDATE r4_keys SET revision = $2, hash = $3, old_hashes = $4, \
                      old_untils = $5, rotated = $6, revoked = $7 WHERE id = $1";
const INSERT_AUDIT: &str = "INSERT INTO r4_audit (seq, time, actor, action, key_id, name, detail, \
                            previous_hash, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const AUDIT: &str = "SELECT seq, time, actor, action, key_id, name, detail, previous_hash, hash \
                     FROM r4_audit WHERE seq >= $1 ORDER BY seq LIMIT $2";
const HEAD: &str = "SELECT revision, audit_seq, audit_hash FROM r4_head";
const LOCK_HEAD: &str = "SELECT revision, audit_seq, audit_hash FROM r4_head FOR UPDATE";

impl Postgres {
    pub(in crate::store) async fn changes_since(&self, since: u64) -> Result<Changes, StoreError> {
        let mut session = self.session().await?;
        // Read first: what changes in between is told the next time.
        let last = Head::read(&mut session, HEAD).await?.revision;
        if last <= since {
            return Ok(Changes { revision: last, records: Vec::new(), more: false });
        }
        let most = i64::try_from(MOST_CHANGES).unwrap_or(i64::MAX);
        let rows = session.query(CHANGES, &[&signed(since), &most]).await?;
        let records = rows.iter().map(record).collect::<Result<Vec<_>, _>>()?;
        let told = records.last().map_or(last, |record| record.revision);
        Ok(Changes { revision: told, more: told < last, records })
    }

    pub(in crate::store) async fn create(
        &self,
        key: NewKey,
        actor: &str,
        now: u64,
    ) -> Result<KeyRecord, StoreError> {
        let (mut session, head) = self.change_begins().await?;
        let taken = |conflict: Conflict| Err(conflict.into());
        if session.row(BY_NAME, &[&key.name.as_str()]).await?.is_some() {
            session.undo().await?;
            return taken(Conflict::NameTaken);
        }
        if session.row(BY_ID, &[&signed(key.id.number())]).await?.is_some() {
            session.undo().await?;
            return taken(Conflict::IdTaken);
        }
        let record = KeyRecord::new(key, now, head.next_revision());
        let columns = Columns::of(&record);
        let policy = &record.policy;
        session
            .execute(
                INSERT,
                &[
                    &columns.id,
                    &columns.revision,
                    &record.name.as_str(),
                    &columns.hash,
                    &columns.old_hashes,
                    &columns.old_untils,
                    &policy.rate.to_string(),
                    &i64::from(policy.burst.get()),
                    &policy.quota.map(|quota| quota.to_string()),
                    &policy.scopes.to_string(),
                    &signed(record.created),
                    &record.expires.map(signed),
                    &columns.rotated,
                    &columns.revoked,
                ],
            )
            .await?;
        change_ends(session, &head, &record, &Deed { action: AuditAction::Create, actor, now })
            .await?;
        Ok(record)
    }

    pub(in crate::store) async fn rotate(
        &self,
        id: KeyId,
        hash: SecretHash,
        overlap: u64,
        actor: &str,
        now: u64,
    ) -> Result<KeyRecord, StoreError> {
        let deed = Deed { action: AuditAction::Rotate, actor, now };
        let rotate = |record: &mut KeyRecord, revision| record.rotate(hash, overlap, now, revision);
        self.change(id, &deed, rotate).await
    }

    pub(in crate::store) async fn revoke(
        &self,
        id: KeyId,
        actor: &str,
        now: u64,
    ) -> Result<KeyRecord, StoreError> {
        let deed = Deed { action: AuditAction::Revoke, actor, now };
        let revoke = |record: &mut KeyRecord, revision| record.revoke(now, revision);
        self.change(id, &deed, revoke).await
    }

    pub(in crate::store) async fn list(
        &self,
        after: Option<KeyId>,
        limit: usize,
    ) -> Result<Vec<KeyRecord>, StoreError> {
        let after = after.map_or(-1, |id| signed(id.number()));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = self.session().await?.query(LIST, &[&after, &limit]).await?;
        rows.iter().map(record).collect()
    }

    pub(in crate::store) async fn find(&self, id_or_name: &str) -> Result<KeyRecord, StoreError> {
        let mut session = self.session().await?;
        let row = match id_or_name.parse::<KeyId>() {
            Ok(id) => session.row(BY_ID, &[&signed(id.number())]).await?,
            Err(_) => session.row(BY_NAME, &[&id_or_name]).await?,
        };
        record(&row.ok_or(StoreError::NotFound)?)
    }

    pub(in crate::store) async fn audit(
        &self,
        from: u64,
        limit: usize,
    ) -> Result<(Vec<AuditRow>, AuditHead), StoreError> {
        let mut session = self.session().await?;
        // Read first: the trail may only be longer than that.
        let head = Head::read(&mut session, HEAD).await?.audit;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = session.query(AUDIT, &[&signed(from), &limit]).await?;
        let rows: Vec<AuditRow> = rows.iter().map(audit_row).collect::<Result<_, _>>()?;
        Ok((rows.into_iter().filter(|row| row.seq <= head.seq).collect(), head))
    }

    /// Changes a key that is not revoked.
    async fn change(
        &self,
        id: KeyId,
        deed: &Deed<'_>,
        change: impl FnOnce(&mut KeyRecord, u64),
    ) -> Result<KeyRecord, StoreError> {
        let (mut session, head) = self.change_begins().await?;
        let Some(row) = session.row(BY_ID, &[&signed(id.number())]).await? else {
            session.undo().await?;
            return Err(StoreError::NotFound);
        };
        let mut record = record(&row)?;
        if record.revoked.is_some() {
            session.undo().await?;
            return Err(Conflict::Revoked.into());
        }
        change(&mut record, head.next_revision());
        let columns = Columns::of(&record);
        session
            .execute(
                UPDATE,
                &[
                    &columns.id,
                    &columns.revision,
                    &columns.hash,
                    &columns.old_hashes,
                    &columns.old_untils,
                    &columns.rotated,
                    &columns.revoked,
                ],
            )
            .await?;
        change_ends(session, &head, &record, deed).await?;
        Ok(record)
    }

    /// Begins a transaction, and waits for all other changes of keys to end.
    async fn change_begins(&self) -> Result<(Session, Head), StoreError> {
        let mut session = self.session().await?;
        session.begin().await?;
        let head = Head::read(&mut session, LOCK_HEAD).await?;
        Ok((session, head))
    }
}

/// Notes a change, and ends its transaction.
async fn change_ends(
    mut session: Session,
    head: &Head,
    record: &KeyRecord,
    deed: &Deed<'_>,
) -> Result<(), StoreError> {
    let row = deed.row(&head.audit, record);
    let detail = serde_json::to_string(&row.detail);
    let detail = detail.map_err(|cause| StoreError::Corrupt(cause.to_string()))?;
    session
        .execute(
            INSERT_AUDIT,
            &[
                &signed(row.seq),
                &signed(row.time),
                &row.actor,
                &row.action.as_str(),
                &row.key_id,
                &row.name,
                &detail,
                &row.previous_hash,
                &row.hash,
            ],
        )
        .await?;
    let moved = "UPDATE r4_head SET revision = $1, audit_seq = $2, audit_hash = $3";
    session.execute(moved, &[&signed(record.revision), &signed(row.seq), &row.hash]).await?;
    session.commit().await
}

/// The last change of any key, and the end of the audit trail.
struct Head {
    revision: u64,
    audit: AuditHead,
}

impl Head {
    async fn read(session: &mut Session, statement: &str) -> Result<Self, StoreError> {
        let row = session.row(statement, &[]).await?;
        let row = row.ok_or_else(|| broken("the table r4_head is empty"))?;
        let read = || -> Result<Self, tokio_postgres::Error> {
            Ok(Self {
                revision: unsigned(row.try_get(0)?),
                audit: AuditHead { seq: unsigned(row.try_get(1)?), hash: row.try_get(2)? },
            })
        };
        read().map_err(|_| broken("the row of r4_head has other columns"))
    }

    fn next_revision(&self) -> u64 {
        self.revision.saturating_add(1)
    }
}

/// What a change of a key changes, as the database has it.
struct Columns<'a> {
    id: i64,
    revision: i64,
    hash: &'a [u8],
    old_hashes: Vec<&'a [u8]>,
    old_untils: Vec<i64>,
    rotated: Option<i64>,
    revoked: Option<i64>,
}

impl<'a> Columns<'a> {
    fn of(record: &'a KeyRecord) -> Self {
        Self {
            id: signed(record.id.number()),
            revision: signed(record.revision),
            hash: record.hash.bytes(),
            old_hashes: record.old.iter().map(|old| old.hash.bytes().as_slice()).collect(),
            old_untils: record.old.iter().map(|old| signed(old.until)).collect(),
            rotated: record.rotated.map(signed),
            revoked: record.revoked.map(signed),
        }
    }
}

fn record(row: &Row) -> Result<KeyRecord, StoreError> {
    read_record(row).ok_or_else(|| broken("a key has a value that no key has"))
}

fn read_record(row: &Row) -> Option<KeyRecord> {
    let text = |column: usize| row.try_get::<_, String>(column).ok();
    let time = |column: usize| Some(row.try_get::<_, Option<i64>>(column).ok()?.map(unsigned));
    let (hashes, untils): (Vec<Vec<u8>>, Vec<i64>) = (row.try_get(4).ok()?, row.try_get(5).ok()?);
    let old = hashes
        .into_iter()
        .zip(untils)
        .map(|(hash, until)| Some(OldSecret { hash: read_hash(hash)?, until: unsigned(until) }));
    let quota: Option<String> = row.try_get(8).ok()?;
    Some(KeyRecord {
        id: unsigned(row.try_get(0).ok()?).try_into().ok()?,
        revision: unsigned(row.try_get(1).ok()?),
        name: text(2)?.parse().ok()?,
        hash: read_hash(row.try_get(3).ok()?)?,
        old: old.collect::<Option<_>>()?,
        policy: KeyPolicy {
            rate: text(6)?.parse().ok()?,
            burst: u32::try_from(row.try_get::<_, i64>(7).ok()?).ok()?.try_into().ok()?,
            quota: quota.map(|quota| quota.parse()).transpose().ok()?,
            scopes: text(9)?.parse().ok()?,
        },
        created: unsigned(row.try_get(10).ok()?),
        expires: time(11)?,
        rotated: time(12)?,
        revoked: time(13)?,
    })
}

fn read_hash(bytes: Vec<u8>) -> Option<SecretHash> {
    bytes.try_into().ok().map(SecretHash::new)
}

fn audit_row(row: &Row) -> Result<AuditRow, StoreError> {
    let read = || -> Option<AuditRow> {
        let action: String = row.try_get(3).ok()?;
        let detail: String = row.try_get(6).ok()?;
        Some(AuditRow {
            seq: unsigned(row.try_get(0).ok()?),
            time: unsigned(row.try_get(1).ok()?),
            actor: row.try_get(2).ok()?,
            action: AuditAction::ALL.into_iter().find(|known| known.as_str() == action)?,
            key_id: row.try_get(4).ok()?,
            name: row.try_get(5).ok()?,
            detail: serde_json::from_str(&detail).ok()?,
            previous_hash: row.try_get(7).ok()?,
            hash: row.try_get(8).ok()?,
        })
    };
    read().ok_or_else(|| broken("a row of the audit trail has a value that none has"))
}
