//! Answers kept for a repeated request, and public lists.

use tokio_postgres::Row;

use super::{Postgres, signed};
use crate::keys::KeyId;
use crate::store::row::broken;
use crate::store::{Begun, KEEP_SECONDS, Kept, MOST_SLOTS, StoreError, UNDER_WAY_SECONDS};

/// Takes the slot if it is free, or was begun too long ago, or ended.
const TAKE: &str = "INSERT INTO r4_slots AS held (slot, owner, fingerprint, ends) \
    SELECT $1, $2, $3, $5 WHERE (SELECT count(*) FROM \
        (SELECT 1 FROM r4_slots WHERE owner = $2 AND ends > $4 LIMIT $6) AS live) < $6 \
    ON CONFLICT (slot) DO UPDATE SET owner = EXCLUDED.owner, \
        fingerprint = EXCLUDED.fingerprint, ends = EXCLUDED.ends, \
        status = NULL, content_type = NULL, body = NULL \
    WHERE held.ends <= $4 \
    RETURNING true";
const LOOK: &str =
    "SELECT fingerprint, status, content_type, body FROM r4_slots WHERE slot = $1 AND ends > $2";
const COUNT: &str = "SELECT count(*) FROM r4_slots WHERE owner = $1 AND ends > $2";
const FINISH: &str = "UPDATE r4_slots SET status = $2, content_type = $3, body = $4, ends = $5 \
    WHERE slot = $1";

/// Tries to take a slot that is freed again and again meanwhile.
const TRIES: u32 = 3;

impl Postgres {
    pub(in crate::store) async fn begin(
        &self,
        slot: [u8; 32],
        owner: KeyId,
        fingerprint: [u8; 32],
        now: u64,
    ) -> Result<Begun, StoreError> {
        let (slot, mark) = (slot.as_slice(), fingerprint.as_slice());
        let (owner, at) = (signed(owner.number()), signed(now));
        let (end, most) = (signed(now.saturating_add(UNDER_WAY_SECONDS)), signed(MOST_SLOTS));
        let mut session = self.session().await?;
        for _ in 0..TRIES {
            let taken = session.row(TAKE, &[&slot, &owner, &mark, &at, &end, &most]).await?;
            if taken.is_some() {
                return Ok(Begun::New);
            }
            if let Some(row) = session.row(LOOK, &[&slot, &at]).await? {
                return judge(&row, mark).ok_or_else(|| broken("an answer is not whole"));
            }
            let count = session.row(COUNT, &[&owner, &at]).await?;
            if count.is_none_or(|row| row.try_get(0).is_ok_and(|count: i64| count >= most)) {
                return Ok(Begun::Full);
            }
        }
        Ok(Begun::InProgress)
    }

    pub(in crate::store) async fn finish(
        &self,
        slot: [u8; 32],
        kept: Kept,
        now: u64,
    ) -> Result<(), StoreError> {
        let (slot, end) = (slot.as_slice(), signed(now.saturating_add(KEEP_SECONDS)));
        let Kept { status, content_type, body } = kept;
        let mut session = self.session().await?;
        session.execute(FINISH, &[&slot, &i64::from(status), &content_type, &body, &end]).await
    }

    pub(in crate::store) async fn release(&self, slot: [u8; 32]) -> Result<(), StoreError> {
        let free = "DELETE FROM r4_slots WHERE slot = $1 AND status IS NULL";
        self.session().await?.execute(free, &[&slot.as_slice()]).await
    }

    pub(in crate::store) async fn put_list(
        &self,
        hash: [u8; 32],
        text: &[u8],
    ) -> Result<(), StoreError> {
        let put = "INSERT INTO r4_lists (hash, text) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        self.session().await?.execute(put, &[&hash.as_slice(), &text]).await
    }

    pub(in crate::store) async fn list_text(
        &self,
        hash: [u8; 32],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let get = "SELECT text FROM r4_lists WHERE hash = $1";
        let row = self.session().await?.row(get, &[&hash.as_slice()]).await?;
        row.map(|row| row.try_get(0)).transpose().map_err(|_| broken("a list is not bytes"))
    }
}

/// Says what became of the request in a slot that is in use.
fn judge(row: &Row, fingerprint: &[u8]) -> Option<Begun> {
    if row.try_get::<_, &[u8]>(0).ok()? != fingerprint {
        return Some(Begun::Different);
    }
    let Some(status) = row.try_get::<_, Option<i64>>(1).ok()? else {
        return Some(Begun::InProgress);
    };
    Some(Begun::Done(Kept {
        status: u16::try_from(status).ok()?,
        content_type: row.try_get(2).ok()?,
        body: row.try_get(3).ok()?,
    }))
}
