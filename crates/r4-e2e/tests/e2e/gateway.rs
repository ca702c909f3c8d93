//! r4-gateway when what stands behind it is gone, hangs or comes late, and what it writes down.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::harness::client::{Client, Request};
use crate::harness::external::skips_processes;
use crate::harness::node::{KEY, Node, Sealed, UNLIMITED, gateway};
use crate::harness::process::Service;
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
    let receipt = ask(&front, "/v1/vrf", QUICK).expect(200).body;
    front.send(&Request::post("/v1/verify", receipt.clone())).expect(200);
    node.vrf.signal(Signal::TERM);
    assert_eq!(node.vrf.wait_exit(seconds(10)).code(), Some(0));
    for path in ["/v1/vrf", "/v1/vrf?alpha=ab&sig=ecdsa", "/v1/random_dual?n=32"] {
        let (_, detail) = problem(&ask(&front, path, QUICK), 503);
        assert!(detail.contains("r4-vrf"), "{path}: {detail}");
    }
    let (_, detail) = problem(&front.send(&Request::post("/v1/verify", receipt)), 503);
    assert!(detail.contains("r4-vrf"), "{detail}");
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
    // Another program may take a port meanwhile; then others are tried.
    assert!((0..5).any(|_| comes_up_later()), "no port stays free");
}

/// Starts the gateway before what stands behind it; false when a port was taken meanwhile.
fn comes_up_later() -> bool {
    let [core_port, vrf_port] = free_ports();
    let url = |port: &str| format!("http://127.0.0.1:{port}");
    let gateway = gateway(&url(&core_port), &url(&vrf_port), UNLIMITED);
    let front = gateway.client();
    front.get("/health").expect(200);
    let detail = problem(&front.get("/ready"), 503).1;
    assert!(detail.contains("r4-core") && detail.contains("r4-vrf"), "{detail}");
    let health = front.get("/v1/health").json();
    assert_eq!(health["status"], "down", "{health}");
    problem(&ask(&front, "/v1/random?n=8", QUICK), 503);
    problem(&ask(&front, "/v1/vrf", QUICK), 503);

    let (sealed, state) = (Sealed::genuine(), tempfile::tempdir().unwrap());
    let Some(_core) = unless_taken(sealed.try_core(&[("PORT", &core_port)]), &core_port) else {
        return false;
    };
    health_says(&front, "r4-core", "ok");
    health_says(&front, "r4-vrf", "down");
    ask(&front, "/v1/random?n=8", QUICK).expect(200);

    let path = state.path().to_str().unwrap();
    let env = [("R4_API_KEY", KEY), ("R4_STATE_DIR", path), ("PORT", &vrf_port)];
    let Some(_vrf) = unless_taken(Service::try_start("r4-vrf", &[], &env), &vrf_port) else {
        return false;
    };
    health_says(&front, "r4-vrf", "ok");
    ask(&front, "/v1/vrf", QUICK).expect(200);
    wait_for("the gateway is not ready", seconds(10), || {
        (front.get("/ready").status == 200).then_some(())
    });
    true
}

/// Returns two ports that were free a moment ago.
fn free_ports() -> [String; 2] {
    let held = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap().port().to_string())
}

/// Returns the service, or `None` when its port was taken; any other failure panics.
#[track_caller]
fn unless_taken(started: Result<Service, String>, port: &str) -> Option<Service> {
    started.inspect_err(|left| assert!(left.contains(port), "{left}")).ok()
}

#[test]
fn a_key_in_the_query_is_written_nowhere() {
    if skips_processes() {
        return;
    }
    let (accepted, internal, wrong) =
        ("an-accepted-key-of-a-caller", "a-key-between-the-services", "n0t-to-be-written-anywhere");
    let settings =
        [("R4_API_KEY", accepted), ("R4_INTERNAL_KEY", internal), ("R4_LOG_LEVEL", "trace")];
    let node = Node::start(&[UNLIMITED, &settings].concat());
    let services = [&node.core, &node.vrf, &node.gateway];
    let secrets = [accepted, internal, wrong];
    let hides = |text: &str| secrets.iter().all(|secret| !text.contains(secret));
    for (service, paths) in services.into_iter().zip([
        [("/random?n=8", 200), ("/random?n=0", 400), ("/nothing?n=8", 404)],
        [("/vrf?alpha=ab", 200), ("/vrf?alpha=x", 400), ("/nothing?n=8", 404)],
        [("/v1/random_dual?n=16", 200), ("/v1/vrf?sig=x", 400), ("/v1/nothing?n=8", 404)],
    ]) {
        for (path, status) in paths {
            let answer = service.client().get(&format!("{path}&key={accepted}")).expect(status);
            assert!(hides(&format!("{answer:?}")), "{answer:?}");
            let answer = service.client().get(&format!("{path}&key={wrong}"));
            assert!(answer.status >= 400, "{answer:?}");
            assert!(hides(&format!("{answer:?}")), "{answer:?}");
        }
        let metrics = service.client().get("/metrics").expect(200);
        assert!(hides(metrics.text()), "{}", metrics.text());
        assert!(metrics.text().contains("r4_http_requests_total"), "{}", metrics.text());
    }
    let logs = services.map(Service::log);
    assert!(logs.iter().any(|log| log.contains("TRACE")), "level trace is not set");
    for log in logs {
        assert!(log.contains("DEBUG"), "{log}");
        assert!(hides(&log), "{log}");
    }
}
