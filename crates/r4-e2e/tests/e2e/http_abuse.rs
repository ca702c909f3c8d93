//! Clients that are slow, huge or talk nonsense: they are cut off, and the others do not notice.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::client::Request;
use crate::harness::external::skips_processes;
use crate::harness::node::{KEY, Node};
use crate::harness::seconds;
use crate::harness::wire::Wire;

/// Longest time a head may take to arrive.
const HEAD_SECONDS: u64 = 12;

fn addresses(node: &Node) -> [(&'static str, SocketAddr, &'static str); 3] {
    [
        ("r4-core", node.core.address(), "/health"),
        ("r4-vrf", node.vrf.address(), "/health"),
        ("r4-gateway", node.gateway.address(), "/v1/health"),
    ]
}

/// Asserts that everyone else is served.
#[track_caller]
fn serves(node: &Node) {
    node.core.client().get("/health").expect(200);
    node.vrf.client().get("/health").expect(200);
    node.gateway.client().get("/v1/health").expect(200);
}

#[test]
fn a_head_that_trickles_in_is_cut_off() {
    if skips_processes() {
        return;
    }
    let node = Node::shared();
    thread::scope(|scope| {
        for (name, address, path) in addresses(&node) {
            scope.spawn(move || {
                let taken = trickle(address, path);
                assert!(taken <= seconds(HEAD_SECONDS), "{name}: {taken:?}");
            });
        }
        // Others are served at once meanwhile.
        for _ in 0..10 {
            let started = Instant::now();
            serves(&node);
            assert!(started.elapsed() < seconds(3), "{:?}", started.elapsed());
            thread::sleep(Duration::from_millis(100));
        }
    });
}

/// Sends a header line every half a second; returns after how long the other side gave up.
fn trickle(address: SocketAddr, path: &str) -> Duration {
    let started = Instant::now();
    let mut wire = Wire::connect(address).unwrap();
    wire.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n").as_bytes()).unwrap();
    let mut reader = wire.again();
    let closed = thread::spawn(move || reader.read_to_close(30).map(|_| Instant::now()));
    for line in 0..60 {
        if closed.is_finished() || wire.send(format!("X-Slow-{line}: 1\r\n").as_bytes()).is_err() {
            break;
        }
        thread::sleep(Duration::from_millis(500));
    }
    // A reset is a way of closing, too.
    closed.join().unwrap().unwrap_or_else(|_| Instant::now()).duration_since(started)
}

#[test]
fn a_body_that_never_comes_is_given_up() {
    if skips_processes() {
        return;
    }
    let node = Node::shared();
    let head = |path: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {KEY}\r\n\
             Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
        )
    };
    thread::scope(|scope| {
        for (address, path) in [(node.gateway.address(), "/v1/vrf"), (node.vrf.address(), "/vrf")] {
            scope.spawn(move || {
                let started = Instant::now();
                let mut wire = Wire::connect(address).unwrap();
                wire.send(head(path).as_bytes()).unwrap();
                let answer = wire.response("POST");
                let status = answer.map_or(0, |answer| answer.status);
                assert!([0, 400, 408, 503].contains(&status), "{path}: {status}");
                assert!(started.elapsed() < seconds(25), "{path}: {:?}", started.elapsed());
            });
        }
    });
    serves(&node);
}

#[test]
fn a_flood_of_headers_is_refused() {
    if skips_processes() {
        return;
    }
    let node = Node::shared();
    let lines = |count: usize| {
        let line = |head: String, i| head + &format!("X-Flood-{i}: 1\r\n");
        (0..count).fold(String::new(), line)
    };
    let many = lines(1000);
    let large = format!("X-Flood: {}\r\n", "a".repeat(1_000_000));
    for (name, address, path) in addresses(&node) {
        for flood in [&many, &large] {
            let mut wire = Wire::connect(address).unwrap();
            let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{flood}\r\n");
            wire.send_aside(head.into_bytes()).unwrap();
            // The refusal may be lost in the reset that ends the flood.
            if let Ok(answer) = wire.response("GET") {
                assert_eq!(answer.status, 431, "{name}: {answer:?}");
            }
        }
        // A small flood leaves nothing unread, so here the refusal must arrive.
        let mut wire = Wire::connect(address).unwrap();
        let few = lines(100);
        wire.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{few}\r\n").as_bytes())
            .unwrap();
        let answer = wire.response("GET").unwrap_or_else(|e| panic!("{name}: {e:?}"));
        assert_eq!(answer.status, 431, "{name}: {answer:?}");
    }
    serves(&node);
}

#[test]
fn garbage_is_answered_with_400_or_nothing() {
    if skips_processes() {
        return;
    }
    let node = Node::shared();
    let lines = "}{ this is not HTTP \u{0}\u{1}\u{7f}\r\n".repeat(1000);
    let tls = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec();
    let no_end = b"GET /health HTTP/1.1\r\nHost".to_vec();
    let two_lengths =
        b"POST /v1/vrf HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"
            .to_vec();
    let bad_version = b"GET /health HTTP/9.9\r\nHost: a\r\n\r\n".to_vec();
    for (name, address, _) in addresses(&node) {
        for garbage in [lines.as_bytes(), &tls, &no_end, &two_lengths, &bad_version] {
            let mut wire = Wire::connect(address).unwrap();
            let _refused = wire.send(garbage);
            let _refused = wire.finish_sending();
            if let Ok(answer) = wire.response("GET") {
                assert!((400..600).contains(&answer.status), "{name}: {answer:?}");
            }
        }
    }
    serves(&node);
}

#[test]
fn two_requests_in_one_piece_get_two_answers() {
    if skips_processes() {
        return;
    }
    let node = Node::shared();
    let mut wire = Wire::connect(node.core.address()).unwrap();
    wire.send(&b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2)).unwrap();
    for _ in 0..2 {
        assert_eq!(wire.response("GET").unwrap().expect(200).text().trim_end(), "ok");
    }
}

#[test]
fn a_slow_reader_holds_up_nobody() {
    if skips_processes() {
        return;
    }
    let node = Node::shared();
    let slow = |address, path| {
        let mut wire = Wire::connect(address).unwrap();
        wire.get(path, Some(KEY)).unwrap();
        wire
    };
    // Opened, and then not read.
    let _held: Vec<Wire> = (0..8)
        .map(|i| match i % 2 {
            0 => slow(node.core.address(), "/random?n=1000000&fmt=hex"),
            _ => slow(node.gateway.address(), "/v1/random?n=1000000&fmt=hex"),
        })
        .collect();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let started = Instant::now();
                    let request = Request::get("/v1/random?n=32").key(KEY);
                    assert_eq!(node.gateway.client().send(&request).expect(200).body.len(), 32);
                    assert!(started.elapsed() < seconds(3), "{:?}", started.elapsed());
                }
            });
        }
    });
}
