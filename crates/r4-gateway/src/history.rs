//! How the node was: what each look saw, in buckets of five minutes, in the store.
//!
//! A look stands for the time since the one before. Time in which nobody looked is in no bucket: a
//! gateway that does not run says nothing about what is behind it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use r4_api::gateway::Health;
use r4_api::status::{Component, SecondsSeen, StatusAnswer, StatusBucket};
use r4_service::clock::unix_now;

use crate::store::{HealthDelta, HealthRow, Store, StoreError};

/// Length of a bucket.
const BUCKET_SECONDS: u64 = 300;
/// How far back the status goes: seven days.
const SHOWN_SECONDS: u64 = 7 * 86_400;
/// A look after a longer pause stands for one second: the gateway was stopped meanwhile.
const LONGEST_LOOK: Duration = Duration::from_secs(4);
/// Time between two writings.
const WRITE_EVERY: Duration = Duration::from_secs(10);
/// Most counts that wait while the store does not answer: of a day.
const MOST_WAITING: usize = 288 * Component::ALL.len();
/// How long an answer is given again.
const FRESH: Duration = Duration::from_secs(5);

/// What was seen and is not in the store yet.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Never locked across an await.
    seen: Mutex<Seen>,
    /// The last answer; held while a new one is made, so that the store is asked once.
    answer: tokio::sync::Mutex<Option<(Instant, Arc<StatusAnswer>)>>,
}

#[derive(Debug, Default)]
struct Seen {
    waiting: BTreeMap<(u64, Component), SecondsSeen>,
    /// Up to when seconds are counted.
    counted: Option<Instant>,
}

impl Seen {
    /// Returns the whole seconds since the look before.
    fn seconds(&mut self, at: Instant) -> u32 {
        let since = self.counted.map(|counted| (counted, at.saturating_duration_since(counted)));
        let Some((counted, passed)) = since.filter(|(_, passed)| *passed <= LONGEST_LOOK) else {
            self.counted = Some(at);
            return 1;
        };
        let whole = passed.as_secs();
        self.counted = counted.checked_add(Duration::from_secs(whole));
        u32::try_from(whole).unwrap_or(u32::MAX)
    }
}

impl History {
    /// Takes what a look saw that ended at `at`, which is `now` in Unix seconds.
    pub(crate) fn take(&self, states: [(Component, Health); 3], at: Instant, now: u64) {
        let mut seen = self.lock();
        let seconds = seen.seconds(at);
        if seconds == 0 {
            return;
        }
        for (component, health) in states {
            let counts = seen.waiting.entry((start_of(now), component)).or_default();
            let count = match health {
                Health::Ok => &mut counts.ok,
                Health::Degraded => &mut counts.degraded,
                Health::Down => &mut counts.down,
            };
            *count = count.saturating_add(seconds);
        }
        while seen.waiting.len() > MOST_WAITING {
            seen.waiting.pop_first();
        }
    }

    /// Writes what waits, for ever.
    pub(crate) async fn keep_writing(self: Arc<Self>, store: Arc<Store>) {
        loop {
            tokio::time::sleep(WRITE_EVERY).await;
            self.write(&store).await;
        }
    }

    /// Writes what waits; what the store does not take waits on.
    pub(crate) async fn write(&self, store: &Store) {
        let deltas = self.take_waiting();
        if deltas.is_empty() {
            return;
        }
        if let Err(error) = store.add_health(&deltas).await {
            tracing::warn!(%error, "the history of health cannot be written yet");
            metrics::counter!("r4_gateway_history_failures_total").increment(1);
            self.put_back(&deltas);
        }
    }

    /// Returns how many counts wait to be written.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Returns the status, a few seconds old at most.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn status(&self, store: &Store) -> Result<Arc<StatusAnswer>, StoreError> {
        let mut answer = self.answer.lock().await;
        if let Some((made, answer)) = &*answer
            && made.elapsed() < FRESH
        {
            return Ok(Arc::clone(answer));
        }
        let now = unix_now();
        let since = start_of(now.saturating_sub(SHOWN_SECONDS));
        let rows = store.health(since).await?;
        let new = Arc::new(self.answer_of(&rows, since, now));
        *answer = Some((Instant::now(), Arc::clone(&new)));
        Ok(new)
    }

    /// Puts together what the store has and what waits.
    fn answer_of(&self, rows: &[HealthRow], since: u64, now: u64) -> StatusAnswer {
        let mut buckets: BTreeMap<u64, StatusBucket> = BTreeMap::new();
        let mut add = |start: u64, component: Component, more: SecondsSeen| {
            let bucket = buckets.entry(start).or_default();
            bucket.start = start;
            sum(bucket.of(component).get_or_insert_default(), more);
        };
        for HealthRow { start, component, ok, degraded, down } in rows {
            let known = Component::ALL.into_iter().find(|known| known.name() == component);
            if let Some(component) = known {
                add(*start, component, SecondsSeen { ok: *ok, degraded: *degraded, down: *down });
            }
        }
        for (&(start, component), &more) in &self.lock().waiting {
            add(start, component, more);
        }
        StatusAnswer {
            now,
            since,
            components: Component::ALL.to_vec(),
            bucket_seconds: BUCKET_SECONDS,
            buckets: buckets.into_values().filter(|bucket| bucket.start >= since).collect(),
        }
    }

    fn take_waiting(&self) -> Vec<HealthDelta> {
        let waiting = std::mem::take(&mut self.lock().waiting);
        let delta = |((start, component), SecondsSeen { ok, degraded, down })| {
            let component = Component::name(component);
            HealthDelta { start, component, ok, degraded, down }
        };
        waiting.into_iter().map(delta).collect()
    }

    fn put_back(&self, deltas: &[HealthDelta]) {
        let mut seen = self.lock();
        for &HealthDelta { start, component, ok, degraded, down } in deltas {
            let known = Component::ALL.into_iter().find(|known| known.name() == component);
            if let Some(component) = known {
                let counts = seen.waiting.entry((start, component)).or_default();
                sum(counts, SecondsSeen { ok, degraded, down });
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn start_of(now: u64) -> u64 {
    now.saturating_sub(now % BUCKET_SECONDS)
}

fn sum(counts: &mut SecondsSeen, more: SecondsSeen) {
    counts.ok = counts.ok.saturating_add(more.ok);
    counts.degraded = counts.degraded.saturating_add(more.degraded);
    counts.down = counts.down.saturating_add(more.down);
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
