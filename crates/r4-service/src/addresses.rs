//! The addresses behind the name of an upstream: looked up every second, and asked in turn.
//!
//! So that replicas share the work, one that is new gets its part at once, and one that the name
//! leaves out before it is stopped gets no request any more.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use axum::http::Uri;
use axum::http::uri::Authority;

/// Time between two look-ups.
const LOOK_UP_EVERY: Duration = Duration::from_secs(1);
/// How long an address that took no connection is asked after the others.
const ASKED_LAST: Duration = Duration::from_secs(5);

/// One address.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    at: SocketAddr,
    /// The same as a part of a URI.
    pub(crate) authority: Authority,
    /// When it last took no connection.
    failed: Option<Instant>,
}

impl Address {
    fn new(at: SocketAddr) -> Option<Self> {
        Some(Self { at, authority: at.to_string().parse().ok()?, failed: None })
    }

    fn is_asked_last(&self, now: Instant) -> bool {
        self.failed.is_some_and(|failed| now.saturating_duration_since(failed) < ASKED_LAST)
    }
}

/// The addresses of one name.
#[derive(Debug)]
pub(crate) struct Addresses {
    host: String,
    port: u16,
    /// Never locked across an await.
    turns: Mutex<Turns>,
}

impl Addresses {
    /// Takes the name from a URL, and looks it up for as long as somebody holds the addresses.
    pub(crate) fn of(base: &Uri) -> Arc<Self> {
        let host = base.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = base.port_u16().unwrap_or(80);
        let addresses = Arc::new(Self { host, port, turns: Mutex::default() });
        if let Ok(ip) = addresses.host.parse() {
            addresses.lock().take([SocketAddr::new(ip, port)]);
        } else {
            tokio::spawn(Self::keep_looking_up(Arc::downgrade(&addresses)));
        }
        addresses
    }

    /// Returns the addresses in the order in which to try them; none if the name never resolved.
    pub(crate) async fn in_turn(&self) -> Vec<Address> {
        if self.lock().known.is_empty() {
            self.look_up().await;
        }
        self.lock().next(Instant::now())
    }

    /// Notes that an address took no connection.
    pub(crate) fn failed(&self, address: &Address) {
        let now = Instant::now();
        let mut turns = self.lock();
        let known = turns.known.iter_mut().filter(|known| known.at == address.at);
        known.for_each(|known| known.failed = Some(now));
    }

    async fn keep_looking_up(addresses: Weak<Self>) {
        loop {
            tokio::time::sleep(LOOK_UP_EVERY).await;
            let Some(addresses) = addresses.upgrade() else { return };
            addresses.look_up().await;
        }
    }

    /// Looks the name up. One that does not resolve now keeps the addresses it had.
    async fn look_up(&self) {
        match tokio::net::lookup_host((self.host.as_str(), self.port)).await {
            Ok(found) => self.lock().take(found),
            Err(cause) => tracing::debug!(name = self.host, %cause, "an upstream does not resolve"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known, and whose turn it is.
#[derive(Debug, Default)]
struct Turns {
    /// By number, since name servers shuffle.
    known: Vec<Address>,
    turn: usize,
}

impl Turns {
    /// Replaces the addresses; those that stay keep what is known of them.
    fn take(&mut self, found: impl IntoIterator<Item = SocketAddr>) {
        let before = std::mem::take(&mut self.known);
        let kept = |at| before.iter().find(|known| known.at == at).cloned();
        self.known.extend(found.into_iter().filter_map(|at| kept(at).or_else(|| Address::new(at))));
        self.known.sort_by_key(|address| address.at);
        self.known.dedup_by_key(|address| address.at);
    }

    fn next(&mut self, now: Instant) -> Vec<Address> {
        self.turn = self.turn.wrapping_add(1);
        let first = self.turn.checked_rem(self.known.len()).unwrap_or(0);
        let mut order = self.known.clone();
        order.rotate_left(first);
        order.sort_by_key(|address| address.is_asked_last(now));
        order
    }
}

#[cfg(test)]
impl Addresses {
    /// The addresses of a name that is not looked up.
    pub(crate) fn fixed(found: impl IntoIterator<Item = SocketAddr>) -> Arc<Self> {
        let addresses = Self { host: String::new(), port: 0, turns: Mutex::default() };
        addresses.lock().take(found);
        Arc::new(addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(last: u8) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, last], 8080))
    }

    fn order(turns: &mut Turns, now: Instant) -> Vec<SocketAddr> {
        turns.next(now).iter().map(|address| address.at).collect()
    }

    #[test]
    fn each_has_its_turn_in_whatever_order_they_are_found() {
        let (mut turns, now) = (Turns::default(), Instant::now());
        assert_eq!(order(&mut turns, now), []);
        let mut firsts = Vec::new();
        for found in [[at(1), at(2), at(3)], [at(3), at(1), at(2)], [at(2), at(3), at(1)]] {
            turns.take(found);
            let order = order(&mut turns, now);
            assert_eq!(order.len(), 3);
            firsts.push(order[0]);
        }
        firsts.sort();
        assert_eq!(firsts, [at(1), at(2), at(3)]);
    }

    #[test]
    fn who_takes_no_connection_comes_last_for_a_while() {
        let (mut turns, now) = (Turns::default(), Instant::now());
        turns.take([at(1), at(2)]);
        turns.known[0].failed = Some(now);
        // Another look-up does not forget it.
        turns.take([at(2), at(1)]);
        for _ in 0..4 {
            assert_eq!(order(&mut turns, now), [at(2), at(1)]);
        }
        let later = now + ASKED_LAST;
        let firsts = [order(&mut turns, later)[0], order(&mut turns, later)[0]];
        assert!(firsts.contains(&at(1)) && firsts.contains(&at(2)), "{firsts:?}");
        // What the name leaves out is gone.
        turns.take([at(2)]);
        assert_eq!(order(&mut turns, now), [at(2)]);
    }

    #[tokio::test]
    async fn names_and_literals() {
        for (url, want) in [
            ("http://127.0.0.1:81", "127.0.0.1:81"),
            ("http://[::1]:81", "[::1]:81"),
            ("http://10.1.2.3", "10.1.2.3:80"),
        ] {
            let addresses = Addresses::of(&url.parse().expect("a URL"));
            assert_eq!(addresses.in_turn().await[0].authority.as_str(), want);
        }
        let local = Addresses::of(&"http://localhost:81".parse().expect("a URL")).in_turn().await;
        assert!(local.iter().any(|address| address.authority == "127.0.0.1:81"), "{local:?}");
        let nowhere = Addresses::of(&"http://does-not-exist.invalid".parse().expect("a URL"));
        assert!(nowhere.in_turn().await.is_empty());
    }
}
