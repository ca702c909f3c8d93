//! Clients that ask a node again and again until it is gone.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::client::{Client, Request};
use super::node::KEY;
use super::wire::{Broken, Response};

/// What the clients have read to its end.
#[derive(Default)]
pub(crate) struct Load {
    /// The answers, all of status 200.
    pub(crate) answers: Vec<Response>,
    /// The published checkpoints, as they were read.
    pub(crate) checkpoints: Vec<String>,
}

/// Asks for a receipt or for attested bytes; what is refused because too many ask is asked for again.
pub(crate) fn ask(vrf: &Client, path: &str) -> Result<Response, Broken> {
    loop {
        let answer = vrf.once(&Request::get(path).key(KEY))?;
        if answer.status != 503 || !answer.text().contains("busy") {
            return Ok(answer);
        }
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
        thread::sleep(Duration::from_millis(100));
    }
}

/// Lets `clients` ask for `paths` in turn, and one more look at the published checkpoint, while
/// `meanwhile` runs; the node is gone when it returns.
pub(crate) fn under_load(
    node: &Client,
    clients: usize,
    paths: &[&str],
    meanwhile: impl FnOnce(),
) -> Load {
    let (over, turn) = (AtomicBool::new(false), AtomicUsize::new(0));
    let goes_on = || !over.load(Ordering::Relaxed);
    thread::scope(|scope| {
        let client = || {
            let mut answers = Vec::new();
            while goes_on() {
                let path = paths[turn.fetch_add(1, Ordering::Relaxed) % paths.len()];
                let Ok(answer) = ask(node, path) else { break };
                answers.push(answer.expect(200));
            }
            answers
        };
        let asking: Vec<_> = (0..clients).map(|_| scope.spawn(client)).collect();
        let reading = scope.spawn(|| {
            let mut checkpoints = Vec::new();
            while goes_on() {
                let Ok(signed) = node.once(&Request::get("/log/checkpoint")) else { break };
                checkpoints.push(signed.expect(200).text().to_owned());
                thread::sleep(Duration::from_millis(20));
            }
            checkpoints
        });
        meanwhile();
        over.store(true, Ordering::Relaxed);
        let joined = "a client has failed";
        let answers = asking.into_iter().flat_map(|thread| thread.join().expect(joined)).collect();
        Load { answers, checkpoints: reading.join().expect(joined) }
    })
}
