//! What r4-gateway allows one address and one key, and who counts as one.

use std::time::Duration;

use crate::harness::client::Request;
use crate::harness::external::skips_processes;
use crate::harness::node::{KEY, Node, UNLIMITED, gateway};
use crate::harness::process::Variables;
use crate::harness::target::problem;
use crate::harness::wire::{Response, Wire};
use crate::harness::{seconds, wait_for};

/// Requests that one address may have open unless told otherwise.
const OPEN_REQUESTS: usize = 32;

#[test]
fn the_default_limit_of_an_address_is_ten_at_once() {
    if skips_processes() {
        return;
    }
    let node = Node::shared();
    let gateway = gateway(&node.core.url(), &node.vrf.url(), &[]);
    let front = gateway.client();
    let request = Request::get("/v1/random?n=8&fmt=hex").key(KEY);
    let answers: Vec<Response> = (0..40).map(|_| front.once(&request).unwrap()).collect();
    let passed = answers.iter().filter(|a| a.status == 200).count();
    assert!((10..40).contains(&passed), "{passed} of 40 passed");
    let refused = answers.iter().find(|a| a.status == 429).expect("one is refused");
    let (slug, detail) = problem(refused, 429);
    assert_eq!(slug, "rate-limited", "{detail}");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=2).contains(&wait), "{refused:?}");
    assert_eq!(refused.header("ratelimit-policy"), Some("\"default\";q=10;w=1"));
    assert!(refused.header("ratelimit").unwrap().starts_with("\"default\";r=0;t="), "{refused:?}");
    std::thread::sleep(Duration::from_secs(wait));
    front.once(&request).unwrap().expect(200);
}

#[test]
fn the_limits_can_be_set() {
    if skips_processes() {
        return;
    }
    let node = Node::shared();
    let table: [(Variables<'_>, &str, usize); 2] = [
        (&[("R4_RATE_ADDRESS", "3/h"), ("R4_BURST_ADDRESS", "3")], "default", 3),
        (
            &[
                ("R4_RATE_ADDRESS", "1000/s"),
                ("R4_BURST_ADDRESS", "1000"),
                ("R4_RATE_KEY", "2/h"),
                ("R4_BURST_KEY", "2"),
            ],
            "key",
            2,
        ),
    ];
    for (env, policy, burst) in table {
        let gateway = gateway(&node.core.url(), &node.vrf.url(), env);
        let front = gateway.client();
        for round in 0..burst + 2 {
            let answer = front.once(&Request::get("/v1/random?n=8").key(KEY)).unwrap();
            let wanted = if round < burst { 200 } else { 429 };
            let answer = answer.expect(wanted);
            if wanted == 429 {
                let told = answer.header("ratelimit-policy").unwrap();
                assert!(told.starts_with(&format!("\"{policy}\";q={burst};")), "{told}");
            }
        }
        // Who has no key is limited by address alone.
        if policy == "key" {
            front.once(&Request::get("/v1/health")).unwrap().expect(200);
        }
    }
}

#[test]
fn a_stranger_cannot_choose_its_address() {
    if skips_processes() {
        return;
    }
    let node = Node::shared();
    let few = [("R4_RATE_ADDRESS", "2/h"), ("R4_BURST_ADDRESS", "2")];
    let statuses = |env: &[(&str, &str)]| {
        let gateway = gateway(&node.core.url(), &node.vrf.url(), env);
        let ask = |i: i32| {
            let from = format!("203.0.113.{i}");
            let request = Request::get("/v1/meta").with("X-Forwarded-For", &from);
            gateway.client().once(&request).unwrap().status
        };
        (0..4).map(ask).collect::<Vec<u16>>()
    };
    assert_eq!(statuses(&few), [200, 200, 429, 429], "the header of a stranger counts");
    let trusting = [few.as_slice(), &[("R4_TRUSTED_PROXIES", "127.0.0.0/8")]].concat();
    assert_eq!(statuses(&trusting), [200; 4], "the header of a trusted proxy does not count");
}

#[test]
fn a_weak_key_is_for_local_callers() {
    if skips_processes() {
        return;
    }
    let node = Node::shared();
    let trusting = [UNLIMITED, &[("R4_TRUSTED_PROXIES", "127.0.0.1")]].concat();
    let gateway = gateway(&node.core.url(), &node.vrf.url(), &trusting);
    let ask = |from: &str| {
        let request = Request::get("/v1/random?n=8").key(KEY).with("X-Forwarded-For", from);
        gateway.client().send(&request)
    };
    let (_, detail) = problem(&ask("203.0.113.7"), 403);
    assert!(detail.contains("R4_API_KEY"), "{detail}");
    ask("10.1.2.3").expect(200);
}

#[test]
fn an_address_has_a_bounded_number_of_requests_open() {
    if skips_processes() {
        return;
    }
    let node = Node::shared();
    let default = [("R4_OPEN_ADDRESS", ""), ("R4_TRUSTED_PROXIES", "127.0.0.1")];
    let gateway = gateway(&node.core.url(), &node.vrf.url(), &[UNLIMITED, &default].concat());
    let front = gateway.client();
    let begin = |_| Wire::begin_upload(gateway.address(), "/v1/verify", KEY);
    let mut open: Vec<Wire> = (0..OPEN_REQUESTS).map(begin).collect();

    let one_more = Request::get("/v1/meta");
    for request in [&one_more, &Request::post("/v1/verify", "{}"), &Request::get("/v1/vrf")] {
        let refused = front.once(request).unwrap();
        let (slug, detail) = problem(&refused, 429);
        assert_eq!(slug, "too-many-open", "{detail}");
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=10).contains(&wait), "{refused:?}");
    }
    // Somebody else is not held up, nor is the node's own health check.
    let elsewhere = one_more.clone().with("X-Forwarded-For", "203.0.113.7");
    front.once(&elsewhere).unwrap().expect(200);
    front.get("/health").expect(200);

    // One that is answered makes room for one.
    let mut last = open.pop().unwrap();
    last.end_upload().unwrap();
    problem(&last.response("POST").unwrap(), 400);
    wait_for("an answered request counts as open", seconds(3), || {
        (front.once(&one_more).unwrap().status == 200).then_some(())
    });
}

#[test]
fn a_client_that_leaves_has_nothing_open() {
    if skips_processes() {
        return;
    }
    let node = Node::shared();
    let one = [UNLIMITED, &[("R4_OPEN_ADDRESS", "1")]].concat();
    let gateway = gateway(&node.core.url(), &node.vrf.url(), &one);
    let front = gateway.client();
    for _ in 0..3 {
        let open = Wire::begin_upload(gateway.address(), "/v1/verify", KEY);
        let refused = front.once(&Request::get("/v1/meta")).unwrap();
        assert_eq!(problem(&refused, 429).0, "too-many-open");
        drop(open);
        wait_for("a request whose client has left counts as open", seconds(3), || {
            (front.once(&Request::get("/v1/meta")).unwrap().status == 200).then_some(())
        });
    }
}
