//! Quotas of keys, exact over all replicas, and what keys have used.
//!
//! A replica takes units from the store in leases: a small part of what is left, so that many
//! requests cost one step of the store, and down to the very units that a request needs when the
//! quota nears its end, so that no unit is given out twice and none is held back for long. What a
//! replica does not use it gives back after [`IDLE_SECONDS`] and at its end; one that is killed
//! loses its lease, which then counts as used.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use r4_service::clock::unix_now;
use tokio::sync::Mutex as AsyncMutex;

use crate::keys::{KeyId, Quota};
use crate::store::{Store, StoreError, UsageDelta, day_of};

/// A lease is this part of what is left.
const PART: u64 = 64;
/// Most units of a lease.
const MOST_LEASED: u64 = 1000;
/// Time after which units that nobody asks for are given back.
const IDLE_SECONDS: u64 = 2;
/// Time between two writings of what was used.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// Counts what keys use.
pub(crate) struct Meters {
    store: Arc<Store>,
    /// Of keys with a quota that were used lately; never locked across an await.
    leases: Mutex<HashMap<KeyId, Arc<AsyncMutex<Lease>>>>,
    /// Not written yet, by key, route and day; never locked across an await.
    used: Mutex<HashMap<(KeyId, &'static str, u32), Used>>,
}

/// Units that this replica may give out.
#[derive(Debug, Default)]
struct Lease {
    /// Start of the period that they belong to, Unix seconds.
    period: u64,
    units: u64,
    /// What the store had left after the last lease.
    left: u64,
    /// When one was asked for last, Unix seconds.
    asked: u64,
}

/// What a key used of one route.
#[derive(Clone, Copy, Debug, Default)]
struct Used {
    requests: u64,
    units: u64,
}

/// Why a quota gives no units.
#[derive(Debug)]
pub(crate) enum NoUnits {
    /// Too few are left until the period ends.
    Exhausted,
    /// A fault of ours, which the log has.
    Failed,
    /// The store does not answer.
    Store(StoreError),
}

impl Meters {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self { store, leases: Mutex::default(), used: Mutex::default() }
    }

    /// Takes `units` of the quota of a key, and returns the start of the period that they belong to.
    pub(crate) async fn spend(&self, key: KeyId, quota: Quota, units: u64) -> Result<u64, NoUnits> {
        let now = unix_now();
        let period = quota.per.start(now);
        let mut lease = self.lease_of(key).lock_owned().await;
        lease.begin(period);
        lease.asked = now;
        let need = units.saturating_sub(lease.units);
        if need > 0 {
            let store = Arc::clone(&self.store);
            // A caller who hangs up meanwhile must not take the units with it.
            let leasing = tokio::spawn(async move {
                let want = (lease.left / PART).min(MOST_LEASED).max(need);
                let given = store.lease(key, period, quota.units, need, want).await;
                given.map(|given| {
                    lease.left = given.left;
                    lease.units = lease.units.saturating_add(given.granted);
                    lease
                })
            });
            lease = leasing.await.map_err(|_| NoUnits::Failed)?.map_err(NoUnits::Store)?;
        }
        lease.units = lease.units.checked_sub(units).ok_or(NoUnits::Exhausted)?;
        Ok(period)
    }

    /// Gives `units` of a period back that a request turned out not to cost. They are lost when
    /// another period has begun.
    pub(crate) async fn refund(&self, key: KeyId, period: u64, units: u64) {
        let lease = self.lease_of(key);
        let mut lease = lease.lock().await;
        if lease.period == 0 {
            lease.begin(period);
        }
        if lease.period == period {
            lease.units = lease.units.saturating_add(units);
        }
    }

    fn lease_of(&self, key: KeyId) -> Arc<AsyncMutex<Lease>> {
        Arc::clone(locked(&self.leases).entry(key).or_default())
    }

    /// Returns the units of a key's quota that this replica holds and has not given out.
    pub(crate) async fn in_hand(&self, key: KeyId) -> u64 {
        let lease = locked(&self.leases).get(&key).map(Arc::clone);
        match lease {
            Some(lease) => lease.lock().await.units,
            None => 0,
        }
    }

    /// Counts a request of a key.
    pub(crate) fn count(&self, key: KeyId, route: &'static str, units: u64) {
        let mut used = locked(&self.used);
        let used = used.entry((key, route, day_of(unix_now()))).or_default();
        used.requests = used.requests.saturating_add(1);
        used.units = used.units.saturating_add(units);
    }

    /// Writes what was used, and gives idle units back, for ever.
    pub(crate) async fn keep_flushing(self: Arc<Self>) {
        loop {
            tokio::time::sleep(FLUSH_EVERY).await;
            self.flush(unix_now().saturating_sub(IDLE_SECONDS)).await;
        }
    }

    /// Writes what was used, and gives all units back: at the end.
    pub(crate) async fn close(&self) {
        self.flush(u64::MAX).await;
    }

    /// Writes what was used, and gives back the units that nobody asked for since `idle_since`.
    pub(crate) async fn flush(&self, idle_since: u64) {
        self.write_used().await;
        let leases: Vec<_> =
            locked(&self.leases).iter().map(|(key, lease)| (*key, Arc::clone(lease))).collect();
        for (key, lease) in leases {
            let mut lease = lease.lock().await;
            if lease.asked > idle_since || lease.units == 0 {
                continue;
            }
            // Once: after a failure nobody knows whether they are back, and twice would be too many.
            let units = std::mem::take(&mut lease.units);
            if let Err(error) = self.store.give_back(key, lease.period, units).await {
                tracing::warn!(%error, units, "units of a quota could not be given back and are lost");
            }
        }
        locked(&self.leases).retain(|_, lease| match Arc::get_mut(lease) {
            Some(lease) => lease.get_mut().asked > idle_since || lease.get_mut().units > 0,
            None => true,
        });
    }

    async fn write_used(&self) {
        let used = std::mem::take(&mut *locked(&self.used));
        if used.is_empty() {
            return;
        }
        let deltas: Vec<UsageDelta> = used
            .iter()
            .map(|(&(id, route, day), &Used { requests, units })| UsageDelta {
                id,
                day,
                route,
                requests,
                units,
            })
            .collect();
        if let Err(error) = self.store.add_usage(&deltas).await {
            tracing::warn!(%error, "usage cannot be written yet; it is kept");
            let mut kept = locked(&self.used);
            for (key, used) in used {
                let kept = kept.entry(key).or_default();
                kept.requests = kept.requests.saturating_add(used.requests);
                kept.units = kept.units.saturating_add(used.units);
            }
        }
    }
}

impl Lease {
    /// Forgets what belongs to another period.
    fn begin(&mut self, period: u64) {
        if self.period != period {
            *self = Self { period, ..Self::default() };
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
