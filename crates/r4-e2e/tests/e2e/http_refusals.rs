//! What is refused is explained, also to a client that sends all before it listens, and costs
//! nothing.

use std::net::SocketAddr;

use crate::harness::client::{Client, Request};
use crate::harness::external::skips_processes;
use crate::harness::node::{KEY, Node, UNLIMITED};
use crate::harness::target::problem;
use crate::harness::wire::{Broken, Response, Wire};

/// More than any buffer on the way holds, and than any body may have.
const BODY_BYTES: usize = 5_000_000;

/// Sends a request to its last byte, and only then reads the answer.
fn send_first(address: SocketAddr, line: &str, key: &str) -> Result<Response, Broken> {
    let mut wire = Wire::connect(address)?;
    let head = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {BODY_BYTES}\r\n\r\n"
    );
    wire.send(head.as_bytes())?;
    wire.send(&vec![b' '; BODY_BYTES])?;
    wire.response("POST")
}

#[test]
fn who_sends_a_whole_body_first_gets_the_refusal() {
    if skips_processes() {
        return;
    }
    let node = Node::shared();
    let (core, vrf) = (node.core.address(), node.vrf.address());
    let gateway = node.gateway.address();
    let table = [
        (core, "GET /random?n=8", "WRONG", 400),
        (core, "POST /nothing", KEY, 404),
        (core, "POST /random?n=8", KEY, 405),
        (vrf, "POST /vrf", "WRONG", 401),
        (vrf, "POST /nothing", KEY, 404),
        (vrf, "POST /keys", KEY, 405),
        (vrf, "POST /vrf", KEY, 413),
        (vrf, "POST /verify", KEY, 413),
        (gateway, "POST /v1/vrf", "WRONG", 401),
        (gateway, "POST /v1/nothing", KEY, 404),
        (gateway, "POST /nothing", KEY, 404),
        (gateway, "POST /v1/random?n=8", KEY, 405),
        (gateway, "POST /v1/vrf", KEY, 413),
        (gateway, "POST /v1/verify", KEY, 413),
    ];
    for (address, line, key, status) in table {
        let answer = send_first(address, line, key);
        let answer = answer.unwrap_or_else(|Broken(e)| panic!("{line} with key {key}: {e}"));
        problem(&answer, status);
    }
}

#[test]
fn head_is_refused_where_an_answer_costs_an_index() {
    if skips_processes() {
        return;
    }
    let node = Node::start(UNLIMITED);
    let (front, vrf) = (node.gateway.client(), node.vrf.client());
    let index = || -> u64 {
        let receipt = front.send(&Request::get("/v1/vrf?sig=ecdsa").key(KEY)).expect(200).json();
        receipt["index"].as_str().unwrap().parse().unwrap()
    };
    let before = index();
    let refused = |client: &Client, path: &str| {
        let answer = client.send(&Request::new("HEAD", path).key(KEY)).expect(405);
        let allowed = answer.header("allow").unwrap_or_else(|| panic!("no Allow: {answer:?}"));
        let methods: Vec<&str> = allowed.split(',').map(str::trim).collect();
        assert!(methods.contains(&"GET") && !methods.contains(&"HEAD"), "{path}: {allowed}");
    };
    for path in ["/v1/vrf", "/v1/vrf?alpha=ab", "/v1/random_dual?n=16"] {
        refused(&front, path);
    }
    for path in ["/vrf", "/random_dual?n=16"] {
        refused(&vrf, path);
    }
    assert_eq!(index(), before + 1, "a refused request took an index");
}
