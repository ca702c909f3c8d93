//! r4-gateway when what stands behind it is gone, hangs or is asked too much.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::harness::client::{Client, Request};
use crate::harness::external::skips_processes;
use crate::harness::node::{KEY, NOWHERE, Node, UNLIMITED, gateway};
use crate::harness::process::Variables;
use crate::harness::target::problem;
use crate::harness::wire::Response;
use crate::harness::{seconds, wait_for};

/// A dead upstream is noticed within this.
const QUICK: Duration = Duration::from_secs(3);
/// A hanging upstream is given up within this.
const BOUNDED: Duration = Duration::from_secs(12);

/// Asks with the key; asserts that the answer takes no longer than `most`.
#[track_caller]
fn ask(gateway: &Client, path: &str, most: Duration) -> Response {
    let started = Instant::now();
    let answer = gateway.send(&Request::get(path).key(KEY));
    assert!(started.elapsed() <= most, "{path}: {:?}: {answer:?}", started.elapsed());
    answer
}

/// Asserts that `/v1/health` soon says `status` of one upstream.
#[track_caller]
fn health_says(gateway: &Client, upstream: &str, status: &str) {
    wait_for(&format!("{upstream} is never {status}"), seconds(10), || {
        let health = gateway.get("/v1/health").json();
        (health["upstreams"][upstream]["status"] == status).then_some(())
    });
}

#[test]
fn without_the_core_the_vrf_goes_on() {
    if skips_processes() {
        return;
    }
    let mut node = Node::start(UNLIMITED);
    let front = node.gateway.client();
    health_says(&front, "r4-core", "ok");
    node.core.signal(Signal::TERM);
    assert_eq!(node.core.wait_exit(seconds(10)).code(), Some(0));
    for path in ["/v1/random?n=8", "/v1/random?n=1000000", "/v1/random_dual?n=32"] {
        let answer = ask(&front, path, QUICK);
        let (_, detail) = problem(&answer, 503);
        assert!(detail.contains("r4-core"), "{path}: {detail}");
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
    }
    ask(&front, "/v1/vrf?alpha=ab", QUICK).expect(200);
    ask(&front, "/v1/keys", QUICK).expect(200);
    health_says(&front, "r4-core", "down");
    assert!(problem(&front.get("/ready"), 503).1.contains("r4-core"));
    problem(&node.vrf.client().send(&Request::get("/random_dual?n=32").key(KEY)), 503);
    // A bad request is still the caller's fault.
    problem(&ask(&front, "/v1/random?n=0", QUICK), 400);
    problem(&front.get("/v1/random?n=8"), 401);
}

#[test]
fn without_the_vrf_random_bytes_go_on() {
    if skips_processes() {
        return;
    }
    let mut node = Node::start(UNLIMITED);
    let front = node.gateway.client();
    node.vrf.signal(Signal::TERM);
    assert_eq!(node.vrf.wait_exit(seconds(10)).code(), Some(0));
    for path in ["/v1/vrf", "/v1/vrf?alpha=ab&sig=ecdsa", "/v1/random_dual?n=32"] {
        let (_, detail) = problem(&ask(&front, path, QUICK), 503);
        assert!(detail.contains("r4-vrf"), "{path}: {detail}");
    }
    let receipt = Request::post("/v1/verify", "{}");
    let answer = front.send(&receipt);
    assert!([400, 422, 503].contains(&answer.status), "{answer:?}");
    assert_eq!(ask(&front, "/v1/random?n=8", QUICK).expect(200).body.len(), 8);
    health_says(&front, "r4-vrf", "down");
}

#[test]
fn an_upstream_that_hangs_is_given_up() {
    if skips_processes() {
        return;
    }
    let node = Node::start(UNLIMITED);
    let front = node.gateway.client();
    node.core.signal(Signal::STOP);
    node.vrf.signal(Signal::STOP);
    std::thread::scope(|scope| {
        for (path, upstream) in [
            ("/v1/random?n=8", "r4-core"),
            ("/v1/random?n=1000000", "r4-core"),
            ("/v1/vrf", "r4-vrf"),
            ("/v1/random_dual?n=32", "r4-vrf"),
        ] {
            let front = &front;
            scope.spawn(move || {
                let (_, detail) = problem(&ask(front, path, BOUNDED), 503);
                assert!(detail.contains(upstream), "{path}: {detail}");
            });
        }
        // The health itself never hangs.
        ask(&front, "/v1/health", QUICK);
    });
    health_says(&front, "r4-core", "down");
    node.core.signal(Signal::CONT);
    node.vrf.signal(Signal::CONT);
    health_says(&front, "r4-core", "ok");
    health_says(&front, "r4-vrf", "ok");
    ask(&front, "/v1/random?n=8", QUICK).expect(200);
    ask(&front, "/v1/vrf", QUICK).expect(200);
}

#[test]
fn a_node_that_comes_up_later_is_found() {
    if skips_processes() {
        return;
    }
    let gateway = gateway(NOWHERE, NOWHERE, UNLIMITED);
    let front = gateway.client();
    front.get("/health").expect(200);
    let detail = problem(&front.get("/ready"), 503).1;
    assert!(detail.contains("r4-core") && detail.contains("r4-vrf"), "{detail}");
    let health = front.get("/v1/health").json();
    assert_eq!(health["status"], "down", "{health}");
    problem(&ask(&front, "/v1/random?n=8", QUICK), 503);
}

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
fn a_key_in_the_query_is_written_nowhere() {
    if skips_processes() {
        return;
    }
    let secret = "n0t-to-be-written-anywhere";
    let node = Node::start(&[UNLIMITED, &[("R4_LOG_LEVEL", "debug")]].concat());
    let services = [&node.core, &node.vrf, &node.gateway];
    for (service, paths) in services.iter().zip([
        ["/random?n=8", "/random?n=0", "/nothing?n=8"],
        ["/vrf?alpha=ab", "/vrf?alpha=x", "/nothing?n=8"],
        ["/v1/random?n=8", "/v1/vrf?sig=x", "/v1/nothing?n=8"],
    ]) {
        for path in paths {
            let answer = service.client().get(&format!("{path}&key={secret}"));
            assert!(answer.status >= 400, "{answer:?}");
            assert!(!format!("{answer:?}").contains(secret), "{answer:?}");
        }
        // An unknown parameter is named in the error; its value is not.
        let metrics = service.client().get("/metrics").expect(200);
        assert!(!metrics.text().contains(secret), "{}", metrics.text());
        assert!(metrics.text().contains("r4_http_requests_total"), "{}", metrics.text());
    }
    for service in services {
        let log = service.log();
        assert!(!log.is_empty(), "nothing is logged at all");
        assert!(!log.contains(secret), "{log}");
    }
}
