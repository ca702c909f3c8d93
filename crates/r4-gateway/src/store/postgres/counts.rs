//! What is counted: quotas, usage and health; and the forgetting of what is old.

use std::collections::BTreeMap;

use tokio_postgres::Row;

use super::{Postgres, signed, unsigned};
use crate::keys::KeyId;
use crate::store::row::broken;
use crate::store::{Ages, HealthDelta, HealthRow, Lease, StoreError, UsageDelta, UsageRow};

/// One statement, so that no two leases see the same units left.
const LEASE: &str = "INSERT INTO r4_grants AS held (key_id, period_start, granted, last) \
    SELECT $1, $2, LEAST($5::bigint, $3::bigint), LEAST($5, $3) WHERE $3 >= $4::bigint \
    ON CONFLICT (key_id, period_start) DO UPDATE \
    SET granted = held.granted + LEAST($5, $3 - held.granted), \
        last = LEAST($5, $3 - held.granted) \
    WHERE $3 - held.granted >= $4 \
    RETURNING granted, last";
const GRANTED: &str = "SELECT granted FROM r4_grants WHERE key_id = $1 AND period_start = $2";
const GIVE_BACK: &str = "UPDATE r4_grants SET granted = GREATEST(0, granted - $3) \
    WHERE key_id = $1 AND period_start = $2";
const ADD_USAGE: &str = "INSERT INTO r4_usage AS held (key_id, day, route, requests, units) \
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[]) \
    ON CONFLICT (key_id, day, route) DO UPDATE \
    SET requests = held.requests + EXCLUDED.requests, units = held.units + EXCLUDED.units";
const USAGE: &str = "SELECT day, route, requests, units FROM r4_usage \
    WHERE key_id = $1 AND day BETWEEN $2 AND $3 ORDER BY day, route";
const ADD_HEALTH: &str = "INSERT INTO r4_health AS held (start, component, ok, degraded, down) \
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) \
    ON CONFLICT (start, component) DO UPDATE SET ok = held.ok + EXCLUDED.ok, \
        degraded = held.degraded + EXCLUDED.degraded, down = held.down + EXCLUDED.down";
const HEALTH: &str = "SELECT start, component, ok, degraded, down FROM r4_health \
    WHERE start >= $1 ORDER BY start, component";

impl Postgres {
    pub(in crate::store) async fn lease(
        &self,
        id: KeyId,
        period_start: u64,
        quota: u64,
        need: u64,
        want: u64,
    ) -> Result<Lease, StoreError> {
        let (id, start, units) = (signed(id.number()), signed(period_start), signed(quota));
        let (need, want) = (signed(need), signed(want.max(need)));
        let mut session = self.session().await?;
        let row = session.row(LEASE, &[&id, &start, &units, &need, &want]).await?;
        if let Some(row) = row {
            let (given_out, granted) = (number(&row, 0)?, number(&row, 1)?);
            return Ok(Lease { granted, left: quota.saturating_sub(given_out) });
        }
        let row = session.row(GRANTED, &[&id, &start]).await?;
        let given_out = row.map_or(Ok(0), |row| number(&row, 0))?;
        Ok(Lease { granted: 0, left: quota.saturating_sub(given_out) })
    }

    pub(in crate::store) async fn give_back(
        &self,
        id: KeyId,
        period_start: u64,
        units: u64,
    ) -> Result<(), StoreError> {
        let (id, start, units) = (signed(id.number()), signed(period_start), signed(units));
        self.session().await?.execute(GIVE_BACK, &[&id, &start, &units]).await
    }

    pub(in crate::store) async fn granted(
        &self,
        id: KeyId,
        period_start: u64,
    ) -> Result<u64, StoreError> {
        let (id, start) = (signed(id.number()), signed(period_start));
        let row = self.session().await?.row(GRANTED, &[&id, &start]).await?;
        row.map_or(Ok(0), |row| number(&row, 0))
    }

    pub(in crate::store) async fn add_usage(
        &self,
        deltas: &[UsageDelta],
    ) -> Result<(), StoreError> {
        // One row for each place, in one order: two replicas that wait for each other would be
        // stopped by the database.
        let mut sums = BTreeMap::<_, (u64, u64)>::new();
        for delta in deltas {
            let (requests, units) = sums.entry((delta.id, delta.day, delta.route)).or_default();
            *requests = requests.saturating_add(delta.requests);
            *units = units.saturating_add(delta.units);
        }
        if sums.is_empty() {
            return Ok(());
        }
        let ids: Vec<i64> = sums.keys().map(|(id, ..)| signed(id.number())).collect();
        let days: Vec<i64> = sums.keys().map(|(_, day, _)| i64::from(*day)).collect();
        let routes: Vec<&str> = sums.keys().map(|(.., route)| *route).collect();
        let requests: Vec<i64> = sums.values().map(|(requests, _)| signed(*requests)).collect();
        let units: Vec<i64> = sums.values().map(|(_, units)| signed(*units)).collect();
        let mut session = self.session().await?;
        session.execute(ADD_USAGE, &[&ids, &days, &routes, &requests, &units]).await
    }

    pub(in crate::store) async fn usage(
        &self,
        id: KeyId,
        from_day: u32,
        to_day: u32,
    ) -> Result<Vec<UsageRow>, StoreError> {
        let (id, from, to) = (signed(id.number()), i64::from(from_day), i64::from(to_day));
        let rows = self.session().await?.query(USAGE, &[&id, &from, &to]).await?;
        let read = |row: &Row| {
            Ok(UsageRow {
                day: small(row, 0)?,
                route: text(row, 1)?,
                requests: number(row, 2)?,
                units: number(row, 3)?,
            })
        };
        rows.iter().map(read).collect()
    }

    pub(in crate::store) async fn add_health(
        &self,
        deltas: &[HealthDelta],
    ) -> Result<(), StoreError> {
        let mut sums = BTreeMap::<_, [i64; 3]>::new();
        for delta in deltas {
            let sum = sums.entry((delta.start, delta.component)).or_default();
            for (sum, more) in sum.iter_mut().zip([delta.ok, delta.degraded, delta.down]) {
                *sum = sum.saturating_add(i64::from(more));
            }
        }
        if sums.is_empty() {
            return Ok(());
        }
        let starts: Vec<i64> = sums.keys().map(|(start, _)| signed(*start)).collect();
        let components: Vec<&str> = sums.keys().map(|(_, component)| *component).collect();
        let ok: Vec<i64> = sums.values().map(|[ok, ..]| *ok).collect();
        let degraded: Vec<i64> = sums.values().map(|[_, degraded, _]| *degraded).collect();
        let down: Vec<i64> = sums.values().map(|[.., down]| *down).collect();
        let mut session = self.session().await?;
        session.execute(ADD_HEALTH, &[&starts, &components, &ok, &degraded, &down]).await
    }

    pub(in crate::store) async fn health(&self, from: u64) -> Result<Vec<HealthRow>, StoreError> {
        let rows = self.session().await?.query(HEALTH, &[&signed(from)]).await?;
        let read = |row: &Row| {
            Ok(HealthRow {
                start: number(row, 0)?,
                component: text(row, 1)?,
                ok: small(row, 2)?,
                degraded: small(row, 3)?,
                down: small(row, 4)?,
            })
        };
        rows.iter().map(read).collect()
    }

    pub(in crate::store) async fn sweep(&self, now: u64) -> Result<(), StoreError> {
        let ages = Ages::at(now);
        let mut session = self.session().await?;
        for (statement, bound) in [
            ("DELETE FROM r4_slots WHERE ends <= $1", signed(ages.now)),
            ("DELETE FROM r4_grants WHERE period_start < $1", signed(ages.first_grant)),
            ("DELETE FROM r4_usage WHERE day < $1", i64::from(ages.first_day)),
            ("DELETE FROM r4_health WHERE start < $1", signed(ages.first_health)),
        ] {
            session.execute(statement, &[&bound]).await?;
        }
        Ok(())
    }
}

fn number(row: &Row, column: usize) -> Result<u64, StoreError> {
    row.try_get(column).map(unsigned).map_err(|_| broken("a count is no number"))
}

fn small(row: &Row, column: usize) -> Result<u32, StoreError> {
    Ok(u32::try_from(number(row, column)?).unwrap_or(u32::MAX))
}

fn text(row: &Row, column: usize) -> Result<String, StoreError> {
    row.try_get(column).map_err(|_| broken("a name is no text"))
}
