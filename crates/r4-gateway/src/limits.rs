//! Rate limits: one bucket a client address or key (GCRA), and the headers that tell its state.
//! These are the buckets of one process; `rates` says when a shared one counts instead.
//!
//! Memory is bounded: buckets that are full again are dropped every second, and above
//! [`MOST_SOURCES`] all addresses share [`SHARED_BUCKETS`] buckets until there is room.

use std::cell::RefCell;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
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

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STANDING: HeaderName = HeaderName::from_static("ratelimit");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Name, quota and window of a limit.
type PolicyParts = (&'static str, u32, u32);

thread_local! {
    static LAST_POLICY: RefCell<Option<(PolicyParts, HeaderValue)>> = const { RefCell::new(None) };
}

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unit = match self.per.as_secs() {
            0..=1 => "s",
            2..=60 => "m",
            _ => "h",
        };
        write!(f, "{}/{unit}", self.count)
    }
}

/// A limit and its name in `RateLimit-Policy`. What it counts are units: a request costs one or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    /// Name shown to callers.
    pub name: &'static str,
    /// How fast units come back.
    pub rate: Rate,
    /// How many may be spent at once.
    pub burst: NonZeroU32,
}

impl Policy {
    /// Returns the time in which one unit comes back.
    pub fn period(&self) -> Duration {
        self.rate.per.div_f64(f64::from(self.rate.count.get()))
    }

    /// Returns where a caller stands who has `remaining` units left, and whose request was refused
    /// for the time `retry`, if it was.
    pub fn standing(&self, remaining: u32, retry: Option<Duration>) -> Standing {
        let (quota, period) = (self.burst.get(), self.period());
        let used = quota.saturating_sub(remaining);
        Standing {
            name: self.name,
            quota,
            window_seconds: whole_seconds(period.saturating_mul(quota)).max(1),
            remaining,
            reset_seconds: whole_seconds(period.saturating_mul(used)),
            retry_seconds: retry.map(|wait| whole_seconds(wait).max(1)),
        }
    }
}

/// Where a caller stands with one limit after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Name of the limit.
    pub name: &'static str,
    /// Units that may be spent at once.
    pub quota: u32,
    /// Seconds in which the whole quota comes back.
    pub window_seconds: u32,
    /// Units left.
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
        let Self { name, quota, remaining, reset_seconds, .. } = *self;
        let told = format!("\"{name}\";r={remaining};t={reset_seconds}");
        let values = [
            (POLICY, self.policy_value()),
            (STANDING, HeaderValue::try_from(told).ok()),
            (LIMIT, Some(quota.into())),
            (REMAINING, Some(remaining.into())),
            (RESET, Some(reset_seconds.into())),
        ];
        for (name, value) in values.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            headers.insert(name, value);
        }
    }

    /// Returns the value of `RateLimit-Policy`: that of this thread's last answer, mostly.
    fn policy_value(&self) -> Option<HeaderValue> {
        let policy = (self.name, self.quota, self.window_seconds);
        LAST_POLICY.with_borrow_mut(|last| match last {
            Some((of, value)) if *of == policy => Some(value.clone()),
            _ => {
                let (name, quota, window) = policy;
                let text = format!("\"{name}\";q={quota};w={window}");
                let value = HeaderValue::try_from(text).ok()?;
                Some(last.insert((policy, value)).1.clone())
            }
        })
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

    /// Returns the limit.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Takes `units` from the bucket of `key`; a request that costs more than may be spent at once
    /// takes the whole bucket.
    pub fn take(&self, key: &K, units: NonZeroU32) -> Standing {
        let units = units.min(self.policy.burst);
        match self.buckets.check_key_n(key, units) {
            Ok(Ok(state)) => self.policy.standing(state.remaining_burst_capacity(), None),
            Ok(Err(until)) => {
                let wait = until.wait_time_from(self.buckets.clock().now());
                let missing = wait.as_nanos().div_ceil(self.policy.period().as_nanos().max(1));
                let missing = u32::try_from(missing).unwrap_or(u32::MAX);
                self.policy.standing(units.get().saturating_sub(missing), Some(wait))
            }
            // Units above the burst, which there are none of.
            Err(_) => self.policy.standing(0, Some(self.policy.period())),
        }
    }

    /// Returns how many buckets there are.
    pub fn held(&self) -> usize {
        self.buckets.len()
    }

    /// Drops the buckets that are full again, and returns how many are left.
    pub fn sweep(&self) -> usize {
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

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::V4(octets) => Ipv4Addr::from(octets).fmt(f),
            Self::V6(network) => {
                let mut segments = [0; 8];
                segments.iter_mut().zip(network).for_each(|(segment, given)| *segment = given);
                write!(f, "{}/64", Ipv6Addr::from(segments))
            }
            Self::Shared(bucket) => write!(f, "shared {bucket}"),
        }
    }
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

    /// Returns the limit.
    pub fn policy(&self) -> &Policy {
        self.limiter.policy()
    }

    /// Takes one request from the bucket of `address`; IPv6 addresses share one for each /64.
    pub fn take(&self, address: IpAddr) -> Standing {
        let own = Source::from(address);
        if !self.crowded.load(Ordering::Relaxed) {
            return self.limiter.take(&own, NonZeroU32::MIN);
        }
        let bucket = self.hasher.hash_one(own).checked_rem(u64::from(SHARED_BUCKETS));
        let bucket = bucket.and_then(|b| u16::try_from(b).ok()).unwrap_or(0);
        self.limiter.take(&Source::Shared(bucket), NonZeroU32::MIN)
    }

    /// Returns how many addresses have a bucket.
    pub fn held(&self) -> usize {
        self.limiter.held()
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
