//! How many requests one client address may have open at once: slow senders and slow readers must
//! not take every place there is.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::limits::Source;

/// Counts the open requests of each address; IPv6 addresses share one count for each /64.
#[derive(Debug)]
pub(crate) struct OpenRequests {
    most: NonZeroU32,
    /// Only addresses with an open request; never locked across an await.
    open: Mutex<HashMap<Source, u32>>,
}

/// A place among an address's open requests, kept until the answer has been sent; it is free again
/// when this is dropped.
#[derive(Debug)]
pub(crate) struct OpenPermit {
    requests: Arc<OpenRequests>,
    source: Source,
}

impl OpenRequests {
    pub(crate) fn new(most: NonZeroU32) -> Self {
        Self { most, open: Mutex::default() }
    }

    /// Returns how many requests an address may have open.
    pub(crate) fn most(&self) -> u32 {
        self.most.get()
    }

    /// Returns how many addresses have requests open.
    pub(crate) fn addresses(&self) -> usize {
        self.lock().len()
    }

    /// Takes a place, if the address has one left.
    pub(crate) fn take(self: &Arc<Self>, address: IpAddr) -> Option<OpenPermit> {
        let source = Source::from(address);
        let mut open = self.lock();
        let count = open.entry(source).or_default();
        if *count >= self.most.get() {
            return None;
        }
        *count = count.saturating_add(1);
        Some(OpenPermit { requests: Arc::clone(self), source })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Source, u32>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenPermit {
    fn drop(&mut self) {
        let mut open = self.requests.lock();
        let left = open.get(&self.source).copied().unwrap_or_default().saturating_sub(1);
        if left == 0 {
            open.remove(&self.source);
        } else {
            open.insert(self.source, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::response::Response;
    use r4_service::held::hold;

    use super::*;

    #[test]
    fn each_address_has_its_own_places_and_gets_them_back() {
        let requests = Arc::new(OpenRequests::new(NonZeroU32::MIN.saturating_add(1)));
        let address = |text: &str| text.parse::<IpAddr>().expect("address");
        let first = requests.take(address("2001:db8::1")).expect("first");
        let second = requests.take(address("2001:db8::2")).expect("second of the /64");
        assert!(requests.take(address("2001:db8::3")).is_none());
        let other = requests.take(address("192.0.2.1")).expect("another address");
        drop(first);
        let response = hold(Response::new(Body::from("x")), second);
        let third = requests.take(address("2001:db8::3")).expect("a place is free again");
        assert!(requests.take(address("2001:db8::3")).is_none(), "the answer is not sent yet");
        assert_eq!(requests.addresses(), 2, "a /64 is one");
        drop((response, third, other));
        assert!(requests.lock().is_empty());
    }
}
