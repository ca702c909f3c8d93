//! `POST /selftest` of r4-core: every test by its name, and what a failure does.

use std::thread;

use serde_json::{Value, json};

use crate::core_sealed::attests;
use crate::harness::client::{Client, Request};
use crate::harness::external::skips_processes;
use crate::harness::node::{KEY, Sealed};
use crate::harness::process::Service;
use crate::harness::target::problem;
use crate::harness::{seconds, wait_for};

fn selftest(core: &Client) -> Value {
    core.send(&Request::new("POST", "/selftest").key(KEY)).expect(200).json()
}

#[test]
fn the_tests_of_a_good_core_pass_whenever_they_are_asked_for() {
    if skips_processes() {
        return;
    }
    let sealed = Sealed::genuine();
    let core = sealed.core(&[]).ready();
    let client = core.client();
    let answer = selftest(&client);
    assert_eq!((&answer["passed"], &answer["failed"]), (&json!(true), &json!([])), "{answer}");
    let tests = answer["tests"].as_array().unwrap();
    for name in ["sha-256", "drbg-chacha20", "drbg-ctr-aes256"] {
        assert!(tests.contains(&json!({"name": name, "ok": true})), "{name}: {answer}");
    }
    let version = attests(&client, "verified", Some("pass"), "sealed");
    let health = &version["entropy"]["health"];
    assert_eq!((&health["selftests"], &health["selftest_failures"]), (&json!(2), &json!(0)));
    let metrics = client.get("/metrics").text().to_owned();
    assert!(metrics.contains("r4_core_selftests_total{result=\"pass\"} 2"), "{metrics}");

    problem(&client.send(&Request::new("POST", "/selftest")), 401);
    problem(&client.send(&Request::get("/selftest").key(KEY)), 405);
    problem(&client.send(&Request::new("POST", "/selftest?x=1").key(KEY)), 400);
}

#[test]
fn a_test_that_fails_later_stops_the_core_and_no_success_starts_it_again() {
    if skips_processes() {
        return;
    }
    thread::scope(|scope| {
        for (strict, mode) in [("0", "fallback"), ("1", "blocked")] {
            scope.spawn(move || fails_later(strict, mode));
        }
    });
}

fn fails_later(strict: &str, mode: &str) {
    let sealed = Sealed::inducing();
    let core = sealed.core(&[("R4_STRICT_FIPS", strict)]).ready();
    let client = core.client();
    assert_eq!(selftest(&client)["passed"], true);
    attests(&client, "verified", Some("pass"), "sealed");

    sealed.induce("selftest:sha-512");
    let answer = selftest(&client);
    assert_eq!((&answer["passed"], &answer["failed"]), (&json!(false), &json!(["sha-512"])));
    let version = attests(&client, "verified", Some("failed"), mode);
    assert!(version["reason"].as_str().unwrap().contains("sha-512 failed"), "{version}");
    assert_eq!(version["entropy"]["health"]["selftest_failures"], 1, "{version}");
    wait_for("the generator is left running", seconds(5), || {
        core.children().is_empty().then_some(())
    });

    sealed.induce("");
    assert_eq!(selftest(&client)["passed"], true);
    attests(&client, "verified", Some("failed"), mode);
}

#[test]
fn without_a_sealed_core_there_is_nothing_to_test() {
    if skips_processes() {
        return;
    }
    let dev = Service::start("r4-core", &["--dev"], &[("API_KEY", KEY)]).ready();
    let broken = Sealed::genuine();
    broken.flip(0);
    for core in [dev, broken.core(&[])] {
        let answer = core.client().send(&Request::new("POST", "/selftest").key(KEY));
        assert_eq!(problem(&answer, 503).0, "selftest-unavailable");
    }
}
