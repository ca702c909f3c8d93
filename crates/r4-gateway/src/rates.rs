//! The rate limits of the node: counted over Redis for all replicas, where it is configured and
//! answers, and by this process alone otherwise. This process always counts too, so that nobody has
//! a full bucket again in the moment in which Redis fails.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};

use crate::keys::{KeyEntry, KeyId};
use crate::limits::{AddressLimiter, Limiter, Policy, Source, Standing};
use crate::redis_rates::RedisRates;

/// Buckets of addresses, of keys, and of the demonstration.
pub(crate) struct Rates {
    address: AddressLimiter,
    demo: AddressLimiter,
    demo_in_all: Limiter<()>,
    keys: KeyLimiters,
    shared: Option<RedisRates>,
}

/// What the limits of the node are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policies {
    pub(crate) address: Policy,
    /// Of one address that uses the demonstration.
    pub(crate) demo: Policy,
    /// Of all who use the demonstration together, at one replica.
    pub(crate) demo_in_all: Policy,
}

impl Rates {
    pub(crate) fn new(policies: &Policies, shared: Option<RedisRates>) -> Self {
        Self {
            address: AddressLimiter::new(policies.address),
            demo: AddressLimiter::new(policies.demo),
            demo_in_all: Limiter::new(policies.demo_in_all),
            keys: KeyLimiters::default(),
            shared,
        }
    }

    /// Takes a request from the bucket of `address`; IPv6 addresses share one for each /64.
    pub(crate) async fn take_address(&self, address: IpAddr) -> Standing {
        self.take_for(&self.address, 'a', address).await
    }

    /// Takes a request of the demonstration from the bucket of `address`, and from that of all.
    pub(crate) async fn take_demo(&self, address: IpAddr) -> Standing {
        let own = self.take_for(&self.demo, 'd', address).await;
        if own.retry_seconds.is_some() {
            return own;
        }
        let all = self.demo_in_all.take(&(), NonZeroU32::MIN);
        if all.retry_seconds.is_some() { all } else { own }
    }

    /// Takes `units` from the bucket of a key.
    pub(crate) async fn take_key(&self, key: &KeyEntry, units: NonZeroU32) -> Standing {
        let limiter = self.keys.of(key);
        let local = limiter.take(&key.id, units);
        let bucket = || format!("k:{}", key.id);
        self.take_shared(limiter.policy(), bucket, units).await.unwrap_or(local)
    }

    async fn take_for(&self, local: &AddressLimiter, kind: char, address: IpAddr) -> Standing {
        let standing = local.take(address);
        let bucket = || format!("{kind}:{}", Source::from(address));
        self.take_shared(local.policy(), bucket, NonZeroU32::MIN).await.unwrap_or(standing)
    }

    /// Takes from a bucket that all replicas share; `None` where there is none, or it does not
    /// answer.
    async fn take_shared(
        &self,
        policy: &Policy,
        bucket: impl FnOnce() -> String,
        units: NonZeroU32,
    ) -> Option<Standing> {
        let shared = self.shared.as_ref()?;
        let taken = Box::pin(shared.take(&bucket(), policy, units)).await.ok()?;
        Some(policy.standing(taken.remaining, taken.retry))
    }

    /// Returns the buckets held in this process, by the name of their limit.
    pub(crate) fn sizes(&self) -> [(&'static str, usize); 3] {
        [("address", self.address.held()), ("demo", self.demo.held()), ("key", self.keys.held())]
    }

    /// Frees the buckets of callers who have left.
    pub(crate) fn sweep(&self) {
        self.address.sweep();
        self.demo.sweep();
        self.keys.sweep();
    }
}

/// A limiter for each limit that some key has, so that an idle key costs no memory here.
#[derive(Default)]
struct KeyLimiters {
    /// Never locked across an await.
    limiters: RwLock<HashMap<Policy, Arc<Limiter<KeyId>>>>,
}

impl KeyLimiters {
    fn of(&self, key: &KeyEntry) -> Arc<Limiter<KeyId>> {
        let policy = Policy { name: "key", rate: key.policy.rate, burst: key.policy.burst };
        let known = self.limiters.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(limiter) = known.get(&policy) {
            return Arc::clone(limiter);
        }
        drop(known);
        let mut known = self.limiters.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(policy).or_insert_with(|| Arc::new(Limiter::new(policy))))
    }

    fn held(&self) -> usize {
        let known = self.limiters.read().unwrap_or_else(PoisonError::into_inner);
        known.values().map(|limiter| limiter.held()).sum()
    }

    /// Drops full buckets, and limiters without any.
    fn sweep(&self) {
        let mut known = self.limiters.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, limiter| limiter.sweep() > 0 || Arc::strong_count(limiter) > 1);
    }
}
