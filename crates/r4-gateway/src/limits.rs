//! Rate limits: one bucket a client address or key (GCRA), and the headers that tell its state.
//!
//! Memory is bounded: buckets that are full again are dropped every second, and above
//! [`MOST_SOURCES`] all addresses share [`SHARED_BUCKETS`] buckets until there is room.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use r4_api::gateway::RateStanding;

/// Most addresses with a bucket of their own.
pub const MOST_SOURCES: usize = 200_000;
/// Buckets that all addresses share when there are more.
pub const SHARED_BUCKETS: u16 = 4096;
/// Most requests that a setting may ask for, at once or in a second, minute or hour.
const MOST_REQUESTS: u32 = 1_000_000;

/// So many requests, as a setting says it: from 1 to 1,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(pub NonZeroU32);

impl FromStr for Count {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let count: NonZeroU32 = text.parse().map_err(|_| ())?;
        if count.get() > MOST_REQUESTS { Err(()) } else { Ok(Self(count)) }
    }
}

/// So many requests in so much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests.
    pub count: NonZeroU32,
    /// A second, a minute or an hour.
    pub per: Duration,
}

impl Rate {
    /// Returns the requests of one second, rounded up.
    pub fn each_second(self) -> NonZeroU32 {
        let seconds = u32::try_from(self.per.as_secs()).unwrap_or(u32::MAX).max(1);
        NonZeroU32::new(self.count.get().div_ceil(seconds)).unwrap_or(NonZeroU32::MIN)
    }
}

impl FromStr for Rate {
    type Err = ();

    /// Parses `10/s`, `600/m` or `1000/h`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (count, unit) = text.split_once('/').ok_or(())?;
        let Count(count) = count.trim().parse()?;
        let per = match unit.trim() {
            "s" => Duration::from_secs(1),
            "m" => Duration::from_mins(1),
            "h" => Duration::from_hours(1),
            _ => return Err(()),
        };
        Ok(Self { count, per })
    }
}

/// A limit and its name in `RateLimit-Policy`.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Name shown to callers.
    pub name: &'static str,
    /// How fast requests come back.
    pub rate: Rate,
    /// How many may come at once.
    pub burst: NonZeroU32,
}

impl Policy {
    /// Returns the time in which one request comes back.
    fn period(&self) -> Duration {
        self.rate.per.div_f64(f64::from(self.rate.count.get()))
    }
}

/// Where a caller stands with one limit after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Name of the limit.
    pub name: &'static str,
    /// Requests that may come at once.
    pub quota: u32,
    /// Seconds in which the whole quota comes back.
    pub window_seconds: u32,
    /// Requests left.
    pub remaining: u32,
    /// Seconds until the whole quota is back.
    pub reset_seconds: u32,
    /// Seconds after which a refused request may be repeated; `None` when it was let through.
    pub retry_seconds: Option<u32>,
}

impl Standing {
    /// Returns whichever of the two leaves fewer requests; this one when they are equal.
    #[must_use]
    pub fn tighter(self, other: Option<Self>) -> Self {
        other.filter(|o| o.remaining < self.remaining).unwrap_or(self)
    }

    /// Writes the current IETF draft's headers and the older ones.
    pub fn write(&self, headers: &mut HeaderMap) {
        let Self { name, quota, window_seconds, remaining, reset_seconds, .. } = self;
        let mut put = |header: &'static str, text: String| {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(HeaderName::from_static(header), value);
            }
        };
        put("ratelimit-policy", format!("\"{name}\";q={quota};w={window_seconds}"));
        put("ratelimit", format!("\"{name}\";r={remaining};t={reset_seconds}"));
        put("ratelimit-limit", quota.to_string());
        put("ratelimit-remaining", remaining.to_string());
        put("ratelimit-reset", reset_seconds.to_string());
    }

    /// Returns the form shown by `GET /v1/limits`.
    pub fn to_api(self) -> RateStanding {
        RateStanding {
            limit: self.quota,
            window_seconds: self.window_seconds,
            remaining: self.remaining,
            reset_seconds: self.reset_seconds,
        }
    }
}

/// Buckets, one a key.
#[derive(Debug)]
pub struct Limiter<K: Hash + Eq + Clone, C: Clock = DefaultClock> {
    policy: Policy,
    buckets: RateLimiter<K, DashMapStateStore<K>, C, StateInformationMiddleware>,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// Makes a limiter without buckets.
    pub fn new(policy: Policy) -> Self {
        Self::with_clock(policy, DefaultClock::default())
    }
}

impl<K: Hash + Eq + Clone, C: Clock> Limiter<K, C> {
    /// Makes a limiter that takes its time from `clock`.
    pub fn with_clock(policy: Policy, clock: C) -> Self {
        let quota = Quota::with_period(policy.period())
            .unwrap_or_else(|| Quota::per_second(policy.rate.count))
            .allow_burst(policy.burst);
        let buckets = RateLimiter::new(quota, DashMapStateStore::default(), clock);
        Self { policy, buckets }
    }

    /// Takes one request from the bucket of `key`.
    pub fn take(&self, key: &K) -> Standing {
        let (remaining, retry) = match self.buckets.check_key(key) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(until) => {
                let wait = until.wait_time_from(self.buckets.clock().now());
                (0, Some(whole_seconds(wait).max(1)))
            }
        };
        let quota = self.policy.burst.get();
        let used = quota.saturating_sub(remaining);
        let period = self.policy.period();
        Standing {
            name: self.policy.name,
            quota,
            window_seconds: whole_seconds(period.saturating_mul(quota)).max(1),
            remaining,
            reset_seconds: whole_seconds(period.saturating_mul(used)),
            retry_seconds: retry,
        }
    }

    /// Drops the buckets that are full again, and returns how many are left.
    fn sweep(&self) -> usize {
        self.buckets.retain_recent();
        self.buckets.len()
    }
}

/// Returns seconds, rounded up.
fn whole_seconds(time: Duration) -> u32 {
    let part = u64::from(time.subsec_nanos() > 0);
    u32::try_from(time.as_secs().saturating_add(part)).unwrap_or(u32::MAX)
}

/// What an address is limited by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    V4([u8; 4]),
    /// A /64: what one subscriber has (RFC 6177).
    V6([u16; 4]),
    Shared(u16),
}

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(ip) => Self::V4(ip.octets()),
            IpAddr::V6(ip) => {
                let [a, b, c, d, ..] = ip.segments();
                Self::V6([a, b, c, d])
            }
        }
    }
}

/// The limit of client addresses, with bounded memory.
#[derive(Debug)]
pub struct AddressLimiter<C: Clock = DefaultClock> {
    limiter: Limiter<Source, C>,
    most: usize,
    crowded: AtomicBool,
    hasher: RandomState,
}

impl AddressLimiter {
    /// Makes the limiter.
    pub fn new(policy: Policy) -> Self {
        Self::with_clock(policy, MOST_SOURCES, DefaultClock::default())
    }
}

impl<C: Clock> AddressLimiter<C> {
    fn with_clock(policy: Policy, most: usize, clock: C) -> Self {
        Self {
            limiter: Limiter::with_clock(policy, clock),
            most,
            crowded: AtomicBool::new(false),
            hasher: RandomState::new(),
        }
    }

    /// Takes one request from the bucket of `address`; IPv6 addresses share one for each /64.
    pub fn take(&self, address: IpAddr) -> Standing {
        let own = Source::from(address);
        if !self.crowded.load(Ordering::Relaxed) {
            return self.limiter.take(&own);
        }
        let bucket = self.hasher.hash_one(own).checked_rem(u64::from(SHARED_BUCKETS));
        let bucket = bucket.and_then(|b| u16::try_from(b).ok()).unwrap_or(0);
        self.limiter.take(&Source::Shared(bucket))
    }

    /// Drops what is not needed and notes whether there are too many addresses.
    pub fn sweep(&self) {
        let held = self.limiter.sweep();
        let crowded = held > self.most;
        if crowded != self.crowded.swap(crowded, Ordering::Relaxed) {
            tracing::warn!(held, crowded, "rate limits of addresses are shared when crowded");
        }
    }
}

#[cfg(test)]
#[path = "limits_tests.rs"]
mod tests;
