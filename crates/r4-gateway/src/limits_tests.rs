//! Limits on simulated time.

use governor::clock::FakeRelativeClock;

use super::*;

fn policy(rate: &str, burst: u32) -> Policy {
    Policy {
        name: "default",
        rate: rate.parse().expect("rate"),
        burst: NonZeroU32::new(burst).expect("burst"),
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("address")
}

fn take<C: Clock>(limiter: &Limiter<u8, C>, key: u8, units: u32) -> Standing {
    limiter.take(&key, NonZeroU32::new(units).expect("units"))
}

#[test]
fn rates_parse() {
    assert_eq!("10/s".parse::<Rate>().map(|r| r.count.get()), Ok(10));
    assert_eq!("90/m".parse::<Rate>().map(|r| r.each_second().get()), Ok(2));
    assert_eq!("1/h".parse::<Rate>().map(|r| r.each_second().get()), Ok(1));
    for same in ["10/s", "90/m", "1/h"] {
        assert_eq!(same.parse::<Rate>().map(|r| r.to_string()), Ok(same.to_owned()));
    }
    for bad in ["", "10", "10/", "/s", "0/s", "-1/s", "10/d", "1e3/s", "1000001/s", "10/s/s"] {
        assert_eq!(bad.parse::<Rate>(), Err(()), "{bad}");
    }
}

#[test]
fn burst_then_refused_then_one_comes_back() {
    let clock = FakeRelativeClock::default();
    let limiter = Limiter::with_clock(policy("10/s", 10), clock.clone());
    for left in (0..10).rev() {
        let standing = take(&limiter, 1, 1);
        assert_eq!((standing.remaining, standing.retry_seconds), (left, None));
        assert_eq!(standing.reset_seconds, 1);
    }
    assert_eq!(take(&limiter, 1, 1).retry_seconds, Some(1));
    assert_eq!(take(&limiter, 2, 1).remaining, 9, "another key has its own bucket");
    clock.advance(Duration::from_millis(99));
    assert!(take(&limiter, 1, 1).retry_seconds.is_some());
    clock.advance(Duration::from_millis(1));
    assert_eq!(take(&limiter, 1, 1).retry_seconds, None);
    assert!(take(&limiter, 1, 1).retry_seconds.is_some());
}

#[test]
fn a_dear_request_takes_its_units_or_none() {
    let clock = FakeRelativeClock::default();
    let limiter = Limiter::with_clock(policy("10/s", 10), clock.clone());
    assert_eq!(take(&limiter, 1, 5).remaining, 5);
    assert_eq!(take(&limiter, 1, 2).remaining, 3);
    let refused = take(&limiter, 1, 5);
    assert_eq!((refused.remaining, refused.retry_seconds), (3, Some(1)), "nothing is taken");
    assert_eq!(take(&limiter, 1, 3).remaining, 0);
    clock.advance(Duration::from_secs(1));
    let dearest = take(&limiter, 1, 99);
    assert_eq!((dearest.remaining, dearest.retry_seconds), (0, None), "the whole bucket");
}

#[test]
fn a_slow_rate_says_how_long_to_wait() {
    let clock = FakeRelativeClock::default();
    let limiter = Limiter::with_clock(policy("2/m", 2), clock.clone());
    assert_eq!(take(&limiter, 1, 1).reset_seconds, 30);
    let second = take(&limiter, 1, 1);
    assert_eq!((second.window_seconds, second.reset_seconds), (60, 60));
    assert_eq!(take(&limiter, 1, 1).retry_seconds, Some(30));
    clock.advance(Duration::from_secs(30));
    assert_eq!(take(&limiter, 1, 1).retry_seconds, None);
}

#[test]
fn headers_are_those_of_the_draft_and_the_older_ones() {
    let limiter = Limiter::with_clock(policy("10/s", 10), FakeRelativeClock::default());
    let mut headers = HeaderMap::new();
    take(&limiter, 1, 1).write(&mut headers);
    assert_eq!(headers["RateLimit-Policy"], "\"default\";q=10;w=1");
    assert_eq!(headers["RateLimit"], "\"default\";r=9;t=1");
    assert_eq!(headers["RateLimit-Limit"], "10");
    assert_eq!(headers["RateLimit-Remaining"], "9");
    assert_eq!(headers["RateLimit-Reset"], "1");
}

#[test]
fn ipv6_addresses_share_a_64_and_mapped_ones_are_ipv4() {
    let limiter = AddressLimiter::with_clock(policy("1/m", 1), 100, FakeRelativeClock::default());
    assert_eq!(limiter.take(address("2001:db8:0:1::1")).retry_seconds, None);
    assert!(limiter.take(address("2001:db8:0:1:ffff::2")).retry_seconds.is_some());
    assert_eq!(limiter.take(address("2001:db8:0:2::1")).retry_seconds, None);
    assert_eq!(limiter.take(address("192.0.2.1")).retry_seconds, None);
    assert!(limiter.take(address("::ffff:192.0.2.1")).retry_seconds.is_some());
}

#[test]
fn memory_is_bounded_and_freed() {
    let clock = FakeRelativeClock::default();
    let limiter = AddressLimiter::with_clock(policy("1/s", 1), 100, clock.clone());
    for i in 0..=200u8 {
        limiter.take(IpAddr::from([198, 51, 100, i]));
    }
    limiter.sweep();
    assert_eq!(limiter.limiter.buckets.len(), 201);
    for i in 0..20_000u16 {
        let [a, b] = i.to_be_bytes();
        limiter.take(IpAddr::from([203, 0, a, b]));
    }
    assert!(limiter.limiter.buckets.len() <= 201 + usize::from(SHARED_BUCKETS));
    clock.advance(Duration::from_secs(10));
    limiter.sweep();
    assert_eq!(limiter.limiter.buckets.len(), 0);
    assert!(!limiter.crowded.load(Ordering::Relaxed));
}
