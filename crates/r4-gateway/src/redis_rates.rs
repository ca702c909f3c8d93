//! Rate limits that all replicas share, in Redis: the buckets of `limits`, by the server's clock.
//!
//! A request waits at most 50 ms for Redis. Whoever gets no good answer closes the connection
//! for all, and the limits of each replica count until a task in the background has a new one that
//! works; so a Redis that hangs holds nobody up but those who met it first. What is kept there are
//! times, which expire when a bucket is full again.

use std::fmt;
use std::num::NonZeroU32;
use std::pin::pin;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _,
    RedisError, Script,
};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::limits::Policy;

/// Most time that a request waits for Redis.
const PATIENCE: Duration = Duration::from_millis(50);
/// So many pieces of it.
const PIECES: u32 = 5;
/// Most time to connect; nobody waits for it.
const CONNECT: Duration = Duration::from_secs(1);
/// Time between two looks at Redis, and from a failure until the next attempt to connect.
const EVERY: Duration = Duration::from_secs(1);
/// Attempts to use Redis that failed, by cause.
const FAILURES: &str = "r4_gateway_redis_failures_total";
/// Before the name of every bucket.
const PREFIX: &str = "r4:rate:";
/// The bucket that a look takes from.
const LOOK: &str = "look";
/// Most time that a bucket needs to fill, 35 years: what is more holds no more. It keeps the script's
/// numbers, which are doubles, far below 2^53.
const MOST_MICROS: u128 = 1 << 50;

/// GCRA on a bucket. Its value is when it will be full again: microseconds since 1970, a point, and
/// the nanoseconds over. The answer is what is left of the bucket after the request, as a time in
/// the same two parts, the second not negative; less than nothing refuses the request.
const SCRIPT: &str = r"
local take_us, take_ns = tonumber(ARGV[1]), tonumber(ARGV[2])
local most_us, most_ns = tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local kept = redis.call('GET', KEYS[1]) or ''
local us, ns = string.match(kept, '^(%d+)%.(%d+)$')
us, ns = tonumber(us), tonumber(ns)
if not us or us < now then
  us, ns = now, 0
elseif us - now > most_us then
  us, ns = now + most_us, most_ns
end
us, ns = us + take_us, ns + take_ns
if ns >= 1000 then us, ns = us + 1, ns - 1000 end
local left_us, left_ns = now + most_us - us, most_ns - ns
if left_ns < 0 then left_us, left_ns = left_us - 1, left_ns + 1000 end
if left_us >= 0 then
  local keep_ms = math.ceil((us + 1 - now) / 1000)
  redis.call('SET', KEYS[1], string.format('%.0f.%d', us, ns), 'PX', string.format('%.0f', keep_ms))
end
return {left_us, left_ns}
";

/// Where Redis is: `redis://[[user]:password@]host[:port][/database]`.
#[derive(Clone)]
pub struct RedisUrl(ConnectionInfo);

/// Why a text is no [`RedisUrl`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedisUrlError {
    /// `rediss://`.
    #[error(
        "rediss:// is not supported: reach Redis by a private network or a tunnel, with redis://"
    )]
    Tls,
    /// Something else.
    #[error("must be redis://[[user]:password@]host[:port][/database]")]
    Malformed,
}

impl FromStr for RedisUrl {
    type Err = RedisUrlError;

    fn from_str(text: &str) -> Result<Self, RedisUrlError> {
        if text.starts_with("rediss:") {
            return Err(RedisUrlError::Tls);
        }
        let info = text.into_connection_info().map_err(|_| RedisUrlError::Malformed)?;
        match info.addr() {
            ConnectionAddr::Tcp(host, _) if !host.is_empty() && text.starts_with("redis://") => {
                Ok(Self(info))
            }
            _ => Err(RedisUrlError::Malformed),
        }
    }
}

impl fmt::Debug for RedisUrl {
    /// Shows the address, without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({})", self.0.addr())
    }
}

/// What a request took from a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Units left.
    pub remaining: u32,
    /// When a refused request may be repeated; `None` when it was let through.
    pub retry: Option<Duration>,
}

/// Redis gave no good answer in time; the cause is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Redis does not answer")]
pub struct RedisDown;

/// Buckets in Redis.
#[derive(Clone)]
pub struct RedisRates(Arc<Shared>);

struct Shared {
    client: Client,
    script: Script,
    /// Most time that a request waits.
    patience: Duration,
    /// `None` while Redis cannot be used.
    link: ArcSwapOption<MultiplexedConnection>,
    /// Tells the task in the background that a link was given up, and why.
    lost: mpsc::Sender<Trouble>,
}

/// Why Redis cannot be used.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("no answer within {} ms", .0.as_millis())]
    Late(Duration),
    #[error(transparent)]
    Failed(#[from] RedisError),
}

impl fmt::Debug for RedisRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let up = self.0.link.load().is_some();
        f.debug_struct("RedisRates").field("up", &up).finish_non_exhaustive()
    }
}

impl RedisRates {
    /// Begins to connect, in a task that ends with the runtime; until then Redis is down.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn connect(url: RedisUrl) -> Self {
        Self::begin(url, SCRIPT, PATIENCE)
    }

    fn begin(RedisUrl(info): RedisUrl, script: &str, patience: Duration) -> Self {
        #[expect(clippy::expect_used, reason = "only an address with TLS or a socket can fail")]
        let client = Client::open(info).expect("host and port");
        let (lost, losses) = mpsc::channel(1);
        let (script, link) = (Script::new(script), ArcSwapOption::empty());
        let shared = Arc::new(Shared { client, script, patience, link, lost });
        metrics::gauge!("r4_gateway_redis_up").set(0.0);
        for cause in Trouble::CAUSES {
            metrics::counter!(FAILURES, "cause" => cause).increment(0);
        }
        tokio::spawn(Arc::clone(&shared).keep_connected(losses));
        Self(shared)
    }

    /// Takes `units` from a bucket; a request that costs more than may be spent at once takes the
    /// whole bucket.
    ///
    /// # Errors
    /// [`RedisDown`]: the limit has to be counted here.
    pub async fn take(
        &self,
        bucket: &str,
        policy: &Policy,
        units: NonZeroU32,
    ) -> Result<Taken, RedisDown> {
        let link = self.0.link.load_full().ok_or(RedisDown)?;
        self.0.take(link, bucket, &Cost::of(policy, units)).await
    }
}

impl Shared {
    /// Takes over a connection, which is given up when it gives no good answer in time.
    async fn take(
        &self,
        link: Arc<MultiplexedConnection>,
        bucket: &str,
        cost: &Cost,
    ) -> Result<Taken, RedisDown> {
        let asked = self.ask(MultiplexedConnection::clone(&link), bucket, cost);
        let trouble = match self.wait_for(asked).await {
            Ok(taken) => return Ok(taken),
            Err(trouble) => trouble,
        };
        // Of those who shared it, one gives it up; none touches a newer one.
        let before = self.link.compare_and_swap(&link, None);
        if before.as_ref().is_some_and(|before| Arc::ptr_eq(before, &link)) {
            let _full = self.lost.try_send(trouble);
        }
        Err(RedisDown)
    }

    /// Waits in pieces: a time in which this process itself did not run is one piece, however long.
    async fn wait_for(
        &self,
        asked: impl Future<Output = Result<Taken, RedisError>>,
    ) -> Result<Taken, Trouble> {
        let mut asked = pin!(asked);
        for _ in 0..PIECES {
            if let Ok(answer) = timeout(self.patience / PIECES, asked.as_mut()).await {
                return Ok(answer?);
            }
        }
        Err(Trouble::Late(self.patience))
    }

    async fn ask(
        &self,
        mut link: MultiplexedConnection,
        bucket: &str,
        cost: &Cost,
    ) -> Result<Taken, RedisError> {
        let mut call = self.script.key(format!("{PREFIX}{bucket}"));
        for part in parts(cost.take).into_iter().chain(parts(cost.most)) {
            call.arg(part);
        }
        let (micros, nanos): (i64, i64) = call.invoke_async(&mut link).await?;
        Ok(cost.taken(i128::from(micros).saturating_mul(1000).saturating_add(nanos.into())))
    }

    /// Connects, looks at Redis every second, and connects anew when it is lost, for ever.
    async fn keep_connected(self: Arc<Self>, mut losses: mpsc::Receiver<Trouble>) {
        let mut told = false;
        loop {
            let trouble = match self.open().await {
                Ok(link) => {
                    tracing::info!("Redis answers: rates are limited over all replicas");
                    metrics::gauge!("r4_gateway_redis_up").set(1.0);
                    told = false;
                    self.link.store(Some(Arc::clone(&link)));
                    self.keep_looking(link, &mut losses).await
                }
                Err(trouble) => Some(trouble),
            };
            metrics::gauge!("r4_gateway_redis_up").set(0.0);
            if let Some(trouble) = trouble {
                metrics::counter!(FAILURES, "cause" => trouble.cause()).increment(1);
                if !told {
                    tracing::warn!(cause = %trouble, "Redis is down: each replica limits alone");
                }
                told = true;
            }
            sleep(EVERY).await;
        }
    }

    /// Opens a connection that works.
    async fn open(&self) -> Result<Arc<MultiplexedConnection>, Trouble> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(CONNECT));
        let opened = async {
            let link = self.client.get_multiplexed_async_connection_with_config(&config).await?;
            self.ask(link.clone(), LOOK, &Cost::look()).await?;
            Ok(Arc::new(link))
        };
        timeout(CONNECT, opened).await.unwrap_or(Err(Trouble::Late(CONNECT)))
    }

    /// Looks at Redis every second until the link is lost, and returns why it was.
    async fn keep_looking(
        &self,
        link: Arc<MultiplexedConnection>,
        losses: &mut mpsc::Receiver<Trouble>,
    ) -> Option<Trouble> {
        loop {
            match timeout(EVERY, losses.recv()).await {
                Ok(trouble) => return trouble,
                // Its failure comes by `losses`.
                Err(_) => drop(self.take(Arc::clone(&link), LOOK, &Cost::look()).await),
            }
        }
    }
}

impl Trouble {
    /// What [`Self::cause`] may be.
    const CAUSES: [&str; 3] = ["late", "connection", "refused"];

    /// Returns the label in the metrics.
    fn cause(&self) -> &'static str {
        let [late, connection, refused] = Self::CAUSES;
        match self {
            Self::Late(_) => late,
            Self::Failed(error) if error.is_timeout() => late,
            Self::Failed(error) if error.is_io_error() => connection,
            Self::Failed(_) => refused,
        }
    }
}

/// A request as times, in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Cost {
    /// In which one unit comes back.
    period: u128,
    /// In which what the request takes comes back.
    take: u128,
    /// In which a whole bucket comes back.
    most: u128,
}

impl Cost {
    fn of(policy: &Policy, units: NonZeroU32) -> Self {
        let most_nanos = MOST_MICROS.saturating_mul(1000);
        let period = policy.period().as_nanos().clamp(1, most_nanos);
        let of = |count: NonZeroU32| period.saturating_mul(u128::from(count.get())).min(most_nanos);
        Self { period, take: of(units.min(policy.burst)), most: of(policy.burst) }
    }

    /// Of a request that finds out whether the script runs.
    fn look() -> Self {
        Self { period: 1, take: 1, most: MOST_MICROS }
    }

    /// Returns what a request took that leaves `left` of its bucket, or would.
    fn taken(&self, left: i128) -> Taken {
        let units = |time: u128| {
            let units = time.checked_div(self.period).unwrap_or(0);
            u32::try_from(units).unwrap_or(u32::MAX)
        };
        let over = left.unsigned_abs();
        if left >= 0 {
            return Taken { remaining: units(over), retry: None };
        }
        let retry = Duration::from_nanos(u64::try_from(over).unwrap_or(u64::MAX));
        Taken { remaining: units(self.take.saturating_sub(over)), retry: Some(retry) }
    }
}

/// Splits a time into microseconds and the nanoseconds over.
fn parts(nanos: u128) -> [u64; 2] {
    let part = |time: Option<u128>| time.and_then(|t| u64::try_from(t).ok()).unwrap_or(0);
    [part(nanos.checked_div(1000)), part(nanos.checked_rem(1000))]
}

#[cfg(test)]
#[path = "redis_rates_tests.rs"]
mod tests;
