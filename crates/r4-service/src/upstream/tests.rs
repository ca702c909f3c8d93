//! Replicas of an upstream: who is asked, and who is asked once more.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::config::Env;
use crate::domain::Domain;

const NO_BYTES: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// A replica that counts the requests it gets, and answers `answer`, then closes where that is empty.
struct Replica {
    at: SocketAddr,
    asked: Arc<AtomicUsize>,
}

impl Replica {
    async fn start(answer: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (at, asked) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let counted = Arc::clone(&counted);
                tokio::spawn(async move {
                    let mut head = [0; 4096];
                    while stream.read(&mut head).await.is_ok_and(|read| read > 0) {
                        counted.fetch_add(1, Ordering::SeqCst);
                        if answer.is_empty() || stream.write_all(answer).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { at, asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Returns an address that refuses connections.
async fn refusing() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

fn upstream(addresses: impl IntoIterator<Item = SocketAddr>) -> Upstream {
    let base = Uri::from_static("http://127.0.0.1:1");
    let mut env = Env::of([("R4_API_KEY".to_owned(), "a-key".to_owned())]);
    let keys = Keys::read(&mut env, &Domain::default()).unwrap();
    let upstream = Upstream::to_watch("many", &base, &keys, UpstreamLimits::default());
    Upstream { addresses: Addresses::fixed(addresses), ..upstream }
}

async fn send(upstream: &Upstream, method: Method) -> Result<(), UpstreamError> {
    let request = Request::builder().method(method).uri("/x?y").body(Bytes::from("a body"));
    upstream.send(request.unwrap()).await.map(|_| ())
}

const DOWN: Result<(), UpstreamError> = Err(UpstreamError::Down { name: "many" });

#[tokio::test]
async fn replicas_share_the_requests() {
    let (one, two) = (Replica::start(NO_BYTES).await, Replica::start(NO_BYTES).await);
    let upstream = upstream([one.at, two.at]);
    for _ in 0..10 {
        assert_eq!(send(&upstream, Method::GET).await, Ok(()));
    }
    assert_eq!((one.asked(), two.asked()), (5, 5));
}

#[tokio::test]
async fn what_nobody_took_goes_to_the_next() {
    let (one, gone) = (Replica::start(NO_BYTES).await, refusing().await);
    let upstream = upstream([gone, one.at]);
    for _ in 0..4 {
        assert_eq!(send(&upstream, Method::POST).await, Ok(()));
    }
    assert_eq!(one.asked(), 4);
    assert_eq!(send(&self::upstream([gone]), Method::GET).await, DOWN);
}

#[tokio::test]
async fn what_broke_off_is_repeated_once_and_elsewhere_and_only_if_it_is_a_get() {
    let (one, bad) = (Replica::start(NO_BYTES).await, Replica::start(b"").await);
    for (method, want) in [(Method::GET, [Ok(()), Ok(())]), (Method::POST, [DOWN, Ok(())])] {
        let both = upstream([bad.at, one.at]);
        let mut answers = [send(&both, method.clone()).await, send(&both, method).await];
        answers.sort_by_key(Result::is_ok);
        assert_eq!(answers, want);
    }
    assert_eq!((bad.asked(), one.asked()), (2, 3));

    assert_eq!(send(&upstream([bad.at]), Method::GET).await, DOWN);
    assert_eq!(bad.asked(), 3);

    // Not a third time.
    let [one, two, three] =
        [Replica::start(b"").await, Replica::start(b"").await, Replica::start(b"").await];
    assert_eq!(send(&upstream([one.at, two.at, three.at]), Method::GET).await, DOWN);
    assert_eq!([one, two, three].iter().map(Replica::asked).sum::<usize>(), 2);
}
