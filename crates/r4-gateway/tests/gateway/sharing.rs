//! Small requests for random bytes that share calls of r4-core: each gets its own bytes, or the same
//! problem.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use r4_service::{Problem, kind};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::client::{Answer, KEY, gateway, get as ask, get_keyed};
use crate::stub::Stub;

/// A slow r4-core: it answers when it is let, with numbers that it never gives twice.
#[derive(Clone)]
struct SlowCore {
    address: SocketAddr,
    may_answer: Arc<Semaphore>,
    /// What every call asked for, and whose id it carried.
    calls: Arc<Mutex<Vec<(usize, String)>>>,
    next: Arc<Mutex<u32>>,
    behaves: Behaves,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Behaves {
    Well,
    Blocked,
    Short,
}

impl SlowCore {
    async fn start(behaves: Behaves) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
        let address = listener.local_addr().expect("address");
        let may_answer = Arc::new(Semaphore::new(0));
        let (calls, next) = (Arc::default(), Arc::default());
        let core = Self { address, may_answer, calls, next, behaves };
        let routes = Router::new().route("/random", get(random)).with_state(core.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        core
    }

    fn calls(&self) -> Vec<(usize, String)> {
        self.calls.lock().expect("lock").clone()
    }

    /// Waits until r4-core was called so often.
    async fn called(&self, times: usize) {
        let wait = async {
            while self.calls().len() < times {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), wait).await.expect("calls");
    }
}

async fn random(State(core): State<SlowCore>, uri: Uri, headers: HeaderMap) -> Response {
    let n = uri.query().and_then(|query| query.strip_prefix("n=")?.parse().ok());
    let n: usize = n.expect("n alone");
    let id = headers.get("x-request-id").map(|id| id.to_str().expect("text").to_owned());
    core.calls.lock().expect("lock").push((n, id.expect("an id")));
    core.may_answer.acquire().await.expect("open").forget();
    let length = match core.behaves {
        Behaves::Well => n,
        Behaves::Short => n.saturating_sub(1),
        Behaves::Blocked => {
            return Problem::unavailable(kind::CORE_BLOCKED, "it is blocked", 5).into_response();
        }
    };
    let mut next = core.next.lock().expect("lock");
    let words = std::iter::repeat_with(|| {
        *next = next.wrapping_add(1);
        next.to_be_bytes()
    });
    let bytes: Vec<u8> = words.flatten().take(length).collect();
    let head = [("content-type", "application/octet-stream"), ("x-r4-mode", "sealed")];
    (head, bytes).into_response()
}

async fn node(behaves: Behaves) -> (SocketAddr, SlowCore) {
    let core = SlowCore::start(behaves).await;
    let vrf = Stub::start().await;
    let more = [("R4_OPEN_ADDRESS", "1000")];
    (gateway(core.address, vrf.address, &more).await, core)
}

/// Asks for so many bytes, in a task of its own.
fn asking(to: SocketAddr, n: usize) -> tokio::task::JoinHandle<Answer> {
    tokio::spawn(async move { get_keyed(to, &format!("/v1/random?n={n}")).await })
}

/// Occupies both calls that may be made at once, with 4 bytes each.
async fn occupied(to: SocketAddr, core: &SlowCore) -> [tokio::task::JoinHandle<Answer>; 2] {
    let first = asking(to, 4);
    core.called(1).await;
    let second = asking(to, 4);
    core.called(2).await;
    [first, second]
}

/// Waits until so many of the tasks' requests have come to the gateway.
async fn come() {
    tokio::time::sleep(Duration::from_millis(200)).await;
}

#[tokio::test]
async fn who_waits_shares_the_next_call_and_gets_bytes_of_its_own() {
    let (to, core) = node(Behaves::Well).await;
    let first = occupied(to, &core).await;
    let waiting: Vec<_> = (0..50).map(|_| asking(to, 8)).collect();
    come().await;
    core.may_answer.add_permits(1000);
    let mut seen = HashSet::new();
    for asked in first.into_iter().chain(waiting) {
        let answer = asked.await.expect("no panic");
        assert_eq!((answer.status.as_u16(), answer.header("x-r4-mode")), (200, "sealed"));
        for word in answer.body.expect("whole").chunks(4) {
            assert!(seen.insert(word.to_vec()), "a byte was given out twice");
        }
    }
    let counts: Vec<usize> = core.calls().into_iter().map(|(count, _)| count).collect();
    assert_eq!(seen.len(), 2 + 50 * 2);
    assert_eq!(counts.iter().sum::<usize>(), 2 * 4 + 50 * 8, "nothing is made for nobody");
    assert!(counts.len() <= 4, "50 waited for {counts:?}");
}

#[tokio::test]
async fn alone_each_request_is_a_call_of_its_own_with_its_id() {
    let (to, core) = node(Behaves::Well).await;
    core.may_answer.add_permits(1000);
    for (n, id) in [(1, "request-one"), (2, "request-two"), (4096, "request-three")] {
        let headers = [("x-api-key", KEY), ("x-request-id", id)];
        let answer = ask(to, &format!("/v1/random?n={n}&fmt=hex"), &headers).await;
        assert_eq!((answer.header("x-request-id"), answer.text().len()), (id, n * 2));
        assert_eq!(core.calls().pop(), Some((n, id.to_owned())));
    }
}

#[tokio::test]
async fn more_than_a_call_may_ask_for_goes_in_several() {
    let (to, core) = node(Behaves::Well).await;
    let first = occupied(to, &core).await;
    let waiting: Vec<_> = (0..30).map(|_| asking(to, 4096)).collect();
    come().await;
    core.may_answer.add_permits(1000);
    for asked in first.into_iter().chain(waiting) {
        assert_eq!(asked.await.expect("no panic").status, 200);
    }
    let most = core.calls().into_iter().map(|(count, _)| count).max();
    assert_eq!(most, Some(48 * 1024));
}

#[tokio::test]
async fn a_problem_and_a_short_answer_are_everybodys() {
    for (behaves, slug) in [(Behaves::Blocked, "core-blocked"), (Behaves::Short, "upstream-broken")]
    {
        let (to, core) = node(behaves).await;
        let first = occupied(to, &core).await;
        let waiting: Vec<_> = (0..10).map(|_| asking(to, 8)).collect();
        come().await;
        core.may_answer.add_permits(1000);
        for asked in first.into_iter().chain(waiting) {
            let answer = asked.await.expect("no panic");
            assert_eq!(answer.problem(), (503, slug.to_owned()));
            assert_ne!(answer.header("retry-after"), "");
        }
    }
}

#[tokio::test]
async fn who_gives_up_takes_nobody_else_along() {
    let (to, core) = node(Behaves::Well).await;
    let [first, second] = occupied(to, &core).await;
    let (stays, leaves) = (asking(to, 8), asking(to, 8));
    come().await;
    for given_up in [first, leaves] {
        given_up.abort();
        assert!(given_up.await.is_err());
    }
    come().await;
    core.may_answer.add_permits(1000);
    assert_eq!(second.await.expect("no panic").status, 200);
    assert_eq!(stays.await.expect("no panic").body.expect("whole").len(), 8);
    assert!(core.calls().iter().all(|(count, _)| *count <= 8), "{:?}", core.calls());
}

#[tokio::test]
async fn a_core_that_hangs_costs_each_one_deadline() {
    let (to, core) = node(Behaves::Well).await;
    let first = occupied(to, &core).await;
    let begun = std::time::Instant::now();
    let waiting: Vec<_> = (0..30).map(|_| asking(to, 4096)).collect();
    for asked in first.into_iter().chain(waiting) {
        let answer = asked.await.expect("no panic");
        assert_eq!(answer.problem(), (503, "upstream-timeout".to_owned()));
        assert!(answer.json()["detail"].as_str().is_some_and(|d| d.contains("r4-core")));
    }
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_forgotten() {
    let (to, core) = node(Behaves::Well).await;
    core.may_answer.add_permits(100_000);
    let callers = (0..40).map(|_| {
        tokio::spawn(async move {
            for _ in 0..50 {
                assert_eq!(get_keyed(to, "/v1/random?n=8").await.status, 200);
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.expect("all are answered");
    }
    let counts: Vec<usize> = core.calls().into_iter().map(|(count, _)| count).collect();
    assert_eq!(counts.iter().sum::<usize>(), 40 * 50 * 8);
}
