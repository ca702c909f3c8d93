//! Small requests for random bytes share the calls of r4-core.
//!
//! A request that comes while calls are under way waits for the next one, which brings the bytes of
//! all who wait. So every byte is asked for after its request has come, nothing is kept in store, and
//! a node without load calls once for each request. A call belongs to the request that asked first: it
//! carries that one's id and trace.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::http::{HeaderMap, Response, StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use r4_service::Problem;
use r4_service::context::Carried;
use r4_service::upstream::{Upstream, UpstreamError};
use tokio::sync::oneshot;

use crate::config::Deadlines;
use crate::error::upstream_broken;
use crate::passage::count;
use crate::relay::Call;

/// Most bytes of a request that shares a call.
pub(crate) const MOST_SHARED: usize = 4096;
/// Most bytes of a call: r4-core makes so many at once.
const MOST_OF_A_CALL: usize = 48 * 1024;
/// Most requests that wait, as many as calls of an upstream may be open.
const MOST_WAITING: usize = 512;
/// Most headers of an answer.
const MOST_HEADERS: usize = 16;
/// Most calls at once.
const MOST_CALLS: usize = 2;

/// What r4-core said: to all who share a call, each with its own bytes.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// 200, or that of a problem.
    pub(crate) status: StatusCode,
    pub(crate) headers: Arc<HeaderMap>,
    /// The random bytes, or the text of a problem.
    pub(crate) body: Bytes,
}

type Outcome = Result<Reply, Problem>;

/// The calls, and who waits for them.
#[derive(Clone, Debug)]
pub(crate) struct SharedCalls {
    core: Upstream,
    deadlines: Deadlines,
    /// Never locked across an await.
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Debug, Default)]
struct Waiting {
    asks: Vec<Ask>,
    /// Calls under way.
    calls: usize,
}

impl Waiting {
    fn forget_who_left(&mut self) {
        self.asks.retain(|ask| !ask.answer.is_closed());
    }

    fn end_one(&mut self) {
        self.calls = self.calls.saturating_sub(1);
    }
}

/// A request that waits.
#[derive(Debug)]
struct Ask {
    count: usize,
    request: Carried,
    answer: oneshot::Sender<Outcome>,
}

impl SharedCalls {
    pub(crate) fn new(core: Upstream, deadlines: Deadlines) -> Self {
        Self { core, deadlines, waiting: Arc::default() }
    }

    /// Returns what r4-core says to a request for `count` bytes, at most [`MOST_SHARED`].
    ///
    /// # Errors
    /// 503 that names r4-core.
    pub(crate) async fn ask(&self, count: usize) -> Outcome {
        let (answer, answered) = oneshot::channel();
        let ask = Ask { count, request: Carried::current(), answer };
        if let Some(caller) = self.join(ask)? {
            // A task of its own: the others' calls do not end when this request is given up.
            tokio::spawn(caller.call_until_nobody_waits());
        }
        match tokio::time::timeout(self.deadlines.upstream.head, answered).await {
            Ok(answer) => answer.unwrap_or_else(|_| Err(Problem::internal())),
            Err(_) => Err(self.failed(UpstreamError::Timeout { name: self.core.name() })),
        }
    }

    fn failed(&self, error: UpstreamError) -> Problem {
        count(self.core.name());
        error.into()
    }

    /// Lets a request wait, and returns who calls if more calls may be made.
    ///
    /// # Errors
    /// 503: too many wait.
    fn join(&self, ask: Ask) -> Result<Option<Caller>, Problem> {
        let mut waiting = self.lock();
        if waiting.asks.len() >= MOST_WAITING {
            waiting.forget_who_left();
        }
        if waiting.asks.len() >= MOST_WAITING {
            return Err(self.failed(UpstreamError::Busy { name: self.core.name() }));
        }
        waiting.asks.push(ask);
        let free = waiting.calls < MOST_CALLS;
        Ok(free.then(|| {
            waiting.calls = waiting.calls.saturating_add(1);
            Caller { calls: self.clone(), ended: false }
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn call(&self, total: usize) -> Outcome {
        let path = format!("/random?n={total}");
        let response = Call::get(&self.core, self.deadlines, &path)?.relay().await?;
        let (head, body) = response.into_parts();
        let broken = || upstream_broken(self.core.name());
        let body = body.collect().await.map_err(|_| broken())?.to_bytes();
        if head.status == StatusCode::OK && body.len() != total {
            return Err(broken());
        }
        Ok(Reply { status: head.status, headers: Arc::new(head.headers), body })
    }
}

/// One of the calls that may be under way; its place is free when this is dropped.
struct Caller {
    calls: SharedCalls,
    /// Whether the place is free already.
    ended: bool,
}

impl Caller {
    async fn call_until_nobody_waits(mut self) {
        while let Some(asks) = self.next() {
            let total = asks.iter().map(|ask| ask.count).sum();
            let Some(first) = asks.first() else { return };
            let outcome = first.request.clone().over(self.calls.call(total)).await;
            hand_out(asks, outcome);
        }
    }

    /// Takes those who wait, as many as one call can serve. Without any this caller has ended before
    /// somebody can wait for it.
    fn next(&mut self) -> Option<Vec<Ask>> {
        let mut waiting = self.calls.lock();
        waiting.forget_who_left();
        let mut sum = 0_usize;
        let fits = waiting.asks.iter().take_while(|ask| {
            sum = sum.saturating_add(ask.count);
            sum <= MOST_OF_A_CALL
        });
        let fits = fits.count();
        let rest = waiting.asks.split_off(fits);
        let taken = std::mem::replace(&mut waiting.asks, rest);
        if taken.is_empty() {
            waiting.end_one();
            self.ended = true;
            return None;
        }
        Some(taken)
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let mut waiting = self.calls.lock();
        waiting.end_one();
        if waiting.calls == 0 {
            // Nobody is left to call for them.
            waiting.asks.clear();
        }
    }
}

/// Gives each its own bytes, or all the same problem.
fn hand_out(asks: Vec<Ask>, outcome: Outcome) {
    let mut outcome = outcome;
    for Ask { count, answer, .. } in asks {
        let part = match &mut outcome {
            Ok(reply) if reply.status == StatusCode::OK => {
                let body = reply.body.split_to(count.min(reply.body.len()));
                Ok(Reply { body, ..reply.clone() })
            }
            same => same.clone(),
        };
        // Who has left meanwhile leaves its bytes to nobody.
        let _ = answer.send(part);
    }
}

impl From<Reply> for Response<Body> {
    fn from(Reply { status, headers, body }: Reply) -> Self {
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        // What the layers around add goes in there, too.
        response.headers_mut().reserve(MOST_HEADERS);
        response.headers_mut().extend(headers.iter().map(|(n, v)| (n.clone(), v.clone())));
        response
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use r4_service::config::Env;
    use r4_service::domain::Domain;
    use r4_service::keys::Keys;
    use r4_service::upstream::UpstreamLimits;

    use super::*;

    fn calls() -> SharedCalls {
        let second = Duration::from_secs(1);
        let upstream = UpstreamLimits { connect: second, head: second, calls: 1 };
        let deadlines =
            Deadlines { upstream, answer_body: second, request_body: second, head: second };
        let mut env = Env::of([("R4_API_KEY".to_owned(), "a-key".to_owned())]);
        let keys = Keys::read(&mut env, &Domain::default()).expect("a key");
        let base = "http://127.0.0.1:1".parse().expect("address");
        SharedCalls::new(Upstream::new("r4-core", &base, &keys, upstream), deadlines)
    }

    fn ask() -> (Ask, oneshot::Receiver<Outcome>) {
        let (answer, answered) = oneshot::channel();
        (Ask { count: 1, request: Carried::current(), answer }, answered)
    }

    #[tokio::test]
    async fn no_more_than_so_many_wait_and_who_left_makes_room() {
        let calls = calls();
        let (mut callers, mut waiting) = (Vec::new(), Vec::new());
        for _ in 0..MOST_WAITING {
            let (ask, answered) = ask();
            callers.extend(calls.join(ask).expect("there is room"));
            waiting.push(answered);
        }
        assert_eq!(callers.len(), MOST_CALLS);
        let refused = calls.join(ask().0).map(|caller| caller.is_some());
        assert_eq!(refused.map_err(|problem| problem.slug()), Err("upstream-busy"));
        waiting.truncate(MOST_WAITING / 2);
        assert!(calls.join(ask().0).is_ok());
        drop(callers);
        for answered in waiting {
            assert!(answered.await.is_err(), "nobody is left to call");
        }
    }
}
