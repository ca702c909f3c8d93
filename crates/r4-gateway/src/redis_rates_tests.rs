//! Shared limits against a real redis-server, on simulated time where the numbers matter.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use governor::clock::FakeRelativeClock;

use super::*;
use crate::limits::{Limiter, Standing};

/// Gives the script a clock that the tests set, and lets no bucket expire by the real one.
fn simulated() -> String {
    let clock = "{redis.call('GET', 'seconds'), redis.call('GET', 'micros')}";
    let script = SCRIPT.replace("redis.call('TIME')", clock);
    let script = script.replace("'PX', string.format('%.0f', keep_ms)", "'PX', 600000");
    assert!(!script.contains("TIME") && !script.contains("keep_ms)"), "{script}");
    script
}

/// A server without persistence; gone with the value.
struct Server {
    child: Child,
    port: u16,
    more: &'static [&'static str],
}

impl Server {
    fn start(more: &'static [&'static str]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("address").port();
        drop(free);
        Self { child: Self::spawn(port, more), port, more }
    }

    fn spawn(port: u16, more: &[&str]) -> Child {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port.to_string()]);
        command.args(["--save", "", "--appendonly", "no", "--dir", "/tmp"]).args(more);
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap_or_else(|e| panic!("install the package redis-server: {e}"))
    }

    fn signal(&self, signal: &str) {
        let done = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(done.expect("kill starts").success(), "{signal}");
    }

    fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("status");
    }

    fn start_again(&mut self) {
        self.child = Self::spawn(self.port, self.more);
    }

    fn url(&self, user: &str) -> RedisUrl {
        format!("redis://{user}127.0.0.1:{}", self.port).parse().expect("URL")
    }

    /// Returns a connection of the test's own.
    async fn link(&self) -> MultiplexedConnection {
        let client = Client::open(self.url("").0).expect("client");
        for _ in 0..200 {
            if let Ok(link) = client.get_multiplexed_async_connection().await {
                return link;
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("redis-server does not listen on port {}", self.port);
    }

    /// Returns limits on a simulated clock, and what sets it. Their patience is that of a busy machine.
    async fn simulated(&self) -> (RedisRates, MultiplexedConnection) {
        let mut link = self.link().await;
        set_clock(&mut link, START).await;
        (self.rates(&simulated(), Duration::from_secs(10)).await, link)
    }

    /// Returns limits by the clock of Redis.
    async fn real(&self) -> RedisRates {
        self.rates(SCRIPT, Duration::from_secs(10)).await
    }

    async fn rates(&self, script: &str, patience: Duration) -> RedisRates {
        drop(self.link().await);
        let rates = RedisRates::begin(self.url(""), script, patience);
        until("it never connects", || rates.0.link.load().is_some()).await;
        rates
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

async fn until(what: &str, done: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(5);
    while !done() {
        assert!(Instant::now() < end, "gave up: {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

async fn run(link: &mut MultiplexedConnection, words: &[&str]) -> redis::Value {
    let mut command = redis::Cmd::new();
    command.arg(words);
    command.query_async(link).await.expect("an answer")
}

async fn keys(link: &mut MultiplexedConnection) -> Vec<String> {
    let mut command = redis::Cmd::new();
    command.arg(&["KEYS", "*"]);
    command.query_async(link).await.expect("names")
}

/// Sets the simulated clock.
async fn set_clock(link: &mut MultiplexedConnection, micros: u64) {
    let (seconds, rest) = ((micros / 1_000_000).to_string(), (micros % 1_000_000).to_string());
    run(link, &["MSET", "seconds", &seconds, "micros", &rest]).await;
}

fn policy(rate: &str, burst: u32) -> Policy {
    let burst = count(burst);
    Policy { name: "key", rate: rate.parse().expect("rate"), burst }
}

fn count(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).expect("at least 1")
}

async fn take(rates: &RedisRates, policy: &Policy, units: u32) -> Taken {
    rates.take("a", policy, count(units)).await.expect("Redis answers")
}

/// A time in this century, as the simulated clock starts.
const START: u64 = 1_790_000_000_123_456;

/// Numbers that look random and are the same in each run (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)).checked_rem(most).expect("not 0")
    }
}

#[tokio::test]
async fn the_answers_are_those_of_the_limits_of_one_process() {
    let server = Server::start(&[]);
    let (rates, mut link) = server.simulated().await;
    let mut numbers = Numbers(1);
    let all = ["50/s", "3/s", "7/m", "1/h", "1000/h", "999983/s", "1000000/s", "300007/s"];
    let (mut passed, mut refused) = (0, 0);
    for round in 0..48 {
        let rate = all[round % all.len()];
        let most = if round % 3 == 0 { 4 } else { 120 };
        let policy = policy(rate, u32::try_from(1 + numbers.below(most)).expect("small"));
        let (clock, bucket) = (FakeRelativeClock::default(), format!("k:{round}"));
        let limiter = Limiter::with_clock(policy, clock.clone());
        let mut now = START;
        for step in 0..60 {
            let units = count(u32::try_from(1 + numbers.below(6)).expect("small"));
            set_clock(&mut link, now).await;
            let wanted: Standing = limiter.take(&0, units);
            let taken = rates.take(&bucket, &policy, units).await.expect("Redis answers");
            let got = policy.standing(taken.remaining, taken.retry);
            assert_eq!(got, wanted, "{rate}, round {round}, step {step}, {units} units");
            let counted = if wanted.retry_seconds.is_none() { &mut passed } else { &mut refused };
            *counted += 1;
            // Whole microseconds, which is what Redis counts; often an exact number of periods.
            let period = u64::try_from(policy.period().as_micros()).expect("fits").max(1);
            let wait = match numbers.below(4) {
                0 => 0,
                1 => period * numbers.below(5),
                _ => numbers.below(8 * period),
            };
            now += wait;
            clock.advance(Duration::from_micros(wait));
        }
    }
    assert!(passed > 500 && refused > 500, "{passed} passed, {refused} refused");
}

#[tokio::test]
async fn what_a_bucket_holds_comes_back_unit_by_unit() {
    let server = Server::start(&[]);
    let (rates, mut link) = server.simulated().await;
    let policy = policy("10/s", 10);
    for left in (0..10).rev() {
        assert_eq!(take(&rates, &policy, 1).await, Taken { remaining: left, retry: None });
    }
    let wait = |millis| Taken { remaining: 0, retry: Some(Duration::from_millis(millis)) };
    assert_eq!(take(&rates, &policy, 1).await, wait(100));
    set_clock(&mut link, START + 99_999).await;
    let Taken { retry, .. } = take(&rates, &policy, 1).await;
    assert_eq!(retry, Some(Duration::from_micros(1)));
    set_clock(&mut link, START + 100_000).await;
    assert_eq!(take(&rates, &policy, 1).await, Taken { remaining: 0, retry: None });
    // What does not fit takes nothing, and three units are there after 0.3 s.
    set_clock(&mut link, START + 400_000).await;
    let refused = Taken { remaining: 3, retry: Some(Duration::from_millis(200)) };
    assert_eq!(take(&rates, &policy, 5).await, refused);
    assert_eq!(take(&rates, &policy, 3).await, Taken { remaining: 0, retry: None });
    assert_eq!(
        rates.take("b", &policy, count(1)).await.map(|taken| taken.remaining),
        Ok(9),
        "another bucket"
    );
}

#[tokio::test]
async fn more_than_the_burst_is_the_whole_bucket() {
    let server = Server::start(&[]);
    let (rates, _link) = server.simulated().await;
    let policy = policy("1/s", 3);
    assert_eq!(take(&rates, &policy, 1000).await, Taken { remaining: 0, retry: None });
    let refused = Taken { remaining: 0, retry: Some(Duration::from_secs(3)) };
    assert_eq!(take(&rates, &policy, u32::MAX).await, refused);
}

#[tokio::test]
async fn the_largest_settings_stay_exact() {
    let server = Server::start(&[]);
    let (rates, mut link) = server.simulated().await;
    // The year 2100.
    set_clock(&mut link, 4_102_444_800_000_000).await;
    // A bucket that would need 114 years to fill holds what 35 years bring.
    let slow = policy("1/h", 1_000_000);
    let first = take(&rates, &slow, 1).await.remaining;
    assert!((310_000..320_000).contains(&first), "{first}");
    assert_eq!(take(&rates, &slow, 2).await, Taken { remaining: first - 2, retry: None });
    assert_eq!(take(&rates, &slow, 1_000_000).await.remaining, first - 2);
    let fast = policy("1000000/s", 1_000_000);
    let taken = rates.take("b", &fast, count(1)).await.expect("Redis answers");
    assert_eq!(taken, Taken { remaining: 999_999, retry: None });
}

#[tokio::test]
async fn a_clock_that_goes_back_holds_a_bucket_no_longer_than_it_needs_to_fill() {
    let server = Server::start(&[]);
    let (rates, mut link) = server.simulated().await;
    let policy = policy("1/s", 5);
    take(&rates, &policy, 5).await;
    set_clock(&mut link, START - 3_600_000_000).await;
    let wait = Taken { remaining: 0, retry: Some(Duration::from_secs(1)) };
    assert_eq!(take(&rates, &policy, 1).await, wait);
    // The same for a limit that was lowered.
    let lower = Policy { burst: count(2), ..policy };
    assert_eq!(take(&rates, &lower, 2).await.retry, Some(Duration::from_secs(2)));
}

#[tokio::test]
async fn a_value_that_is_not_ours_is_an_empty_bucket() {
    let server = Server::start(&[]);
    let (rates, mut link) = (server.real().await, server.link().await);
    run(&mut link, &["SET", "r4:rate:a", "9e99"]).await;
    assert_eq!(take(&rates, &policy("1/m", 2), 1).await.remaining, 1);
}

#[tokio::test]
async fn a_bucket_that_is_full_again_is_gone() {
    let server = Server::start(&[]);
    let (rates, mut link) = (server.real().await, server.link().await);
    for _ in 0..3 {
        take(&rates, &policy("10/s", 3), 1).await;
    }
    take(&rates, &policy("10/s", 3), 1).await.retry.expect("refused");
    assert!(keys(&mut link).await.contains(&"r4:rate:a".to_owned()));
    for _ in 0..100 {
        if !keys(&mut link).await.contains(&"r4:rate:a".to_owned()) {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("still there: {:?}", keys(&mut link).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_share_a_rate() {
    let server = Server::start(&[]);
    let replicas = [server.real().await, server.real().await];
    let policy = policy("200/s", 20);
    let started = Instant::now();
    let ask = |rates: RedisRates| async move {
        let mut passed = 0_u32;
        while started.elapsed() < Duration::from_secs(2) {
            passed += u32::from(take(&rates, &policy, 1).await.retry.is_none());
            sleep(Duration::from_millis(2)).await;
        }
        passed
    };
    let tasks: Vec<_> = (0..8).map(|i| tokio::spawn(ask(replicas[i % 2].clone()))).collect();
    let mut passed = 0;
    for task in tasks {
        passed += task.await.expect("a client");
    }
    let wanted = 20.0 + 200.0 * started.elapsed().as_secs_f64();
    let off = (f64::from(passed) / wanted - 1.0).abs();
    assert!(off < 0.05, "{passed} instead of {wanted}");
}

#[tokio::test]
async fn a_server_that_forgot_the_script_is_told_it_again() {
    let server = Server::start(&[]);
    let (rates, mut link) = (server.real().await, server.link().await);
    run(&mut link, &["SCRIPT", "FLUSH"]).await;
    assert_eq!(take(&rates, &policy("1/m", 9), 1).await.remaining, 8);
}

/// Asserts that Redis is down, and how long that takes to say.
async fn down(rates: &RedisRates, most: Duration) {
    let started = Instant::now();
    assert_eq!(rates.take("a", &policy("1/m", 9), count(1)).await, Err(RedisDown));
    assert!(started.elapsed() < most, "{:?}", started.elapsed());
}

async fn heals(rates: &RedisRates) {
    until("it never heals", || rates.0.link.load().is_some()).await;
    take(rates, &policy("1/m", 9), 1).await;
}

#[tokio::test]
async fn a_server_that_hangs_holds_up_nobody_but_the_first() {
    let server = Server::start(&[]);
    let rates = server.rates(SCRIPT, PATIENCE).await;
    server.signal("-STOP");
    down(&rates, Duration::from_millis(250)).await;
    for _ in 0..100 {
        down(&rates, Duration::from_millis(10)).await;
    }
    server.signal("-CONT");
    heals(&rates).await;
}

#[tokio::test]
async fn a_server_that_is_gone_is_found_again() {
    let mut server = Server::start(&[]);
    let rates = server.real().await;
    server.kill();
    down(&rates, Duration::from_millis(250)).await;
    thread::sleep(Duration::from_millis(100));
    server.start_again();
    heals(&rates).await;
}

#[tokio::test]
async fn a_server_that_is_gone_is_noticed_without_a_request() {
    let mut server = Server::start(&[]);
    let rates = server.real().await;
    server.kill();
    until("nobody notices", || rates.0.link.load().is_none()).await;
}

#[tokio::test]
async fn a_server_that_takes_no_data_is_down() {
    let server = Server::start(&["--maxmemory", "1", "--maxmemory-policy", "noeviction"]);
    drop(server.link().await);
    let rates = RedisRates::connect(server.url(""));
    let trouble = rates.0.open().await.map(drop).expect_err("it has no memory");
    assert_eq!(trouble.cause(), "refused", "{trouble}");
    down(&rates, Duration::from_millis(10)).await;
}

#[tokio::test]
async fn the_password_opens_and_is_shown_nowhere() {
    let server = Server::start(&["--requirepass", "right-one"]);
    let right = RedisRates::connect(server.url(":right-one@"));
    until("the right password does not open", || right.0.link.load().is_some()).await;
    assert_eq!(take(&right, &policy("1/m", 9), 1).await.remaining, 8);
    let wrong = RedisRates::connect(server.url("default:wrong-one@"));
    let trouble = wrong.0.open().await.map(drop).expect_err("the password is wrong");
    assert_eq!(trouble.cause(), "refused", "{trouble}");
    let shown = [
        format!("{trouble} {trouble:?}"),
        format!("{right:?} {wrong:?}"),
        format!("{:?}", server.url("default:wrong-one@")),
    ];
    assert!(shown.iter().all(|text| !text.contains("-one")), "{shown:?}");
    assert!(shown[2].contains(&server.port.to_string()), "{shown:?}");
}

#[test]
fn addresses() {
    for good in ["redis://r", "redis://127.0.0.1:6379", "redis://:p@h/2", "redis://u:p@[::1]:1/0"] {
        assert!(good.parse::<RedisUrl>().is_ok(), "{good}");
    }
    let tls = "rediss://:secret@host".parse::<RedisUrl>().expect_err("TLS");
    assert_eq!(tls, RedisUrlError::Tls);
    for bad in ["", "host", "http://host", "redis://", "redis://h:x", "redis://h/x", "unix:///s"] {
        assert_eq!(bad.parse::<RedisUrl>().map(drop), Err(RedisUrlError::Malformed), "{bad}");
    }
}
