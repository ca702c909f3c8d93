//! Faults, induced: every row of the table is a fault in the sealed program, with and without strict
//! mode, and says what the node does about it. The r4-core under test is the released one; the
//! program it runs is a test build of `re4_dump` that fails as it is told.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::harness::client::{Client, Request};
use crate::harness::external::skips_processes;
use crate::harness::node::{KEY, Sealed};
use crate::harness::process::Service;
use crate::harness::wire::Response;
use crate::harness::{seconds, wait_for};

/// Rows tried at once.
const AT_ONCE: usize = 6;

/// What a node does about a fault.
#[derive(Clone, Copy, Debug)]
enum Then {
    /// Serves on from the sealed generator; the source is in this state.
    Serves(&'static str, &'static str),
    /// Serves on, after a failure of the source that was only intermittent.
    Recovers(&'static str),
    /// Serves the kernel's bytes, and says why.
    FallsBack(&'static str),
    /// Serves nothing, and says why.
    Blocks(&'static str),
}
use Then::{Blocks, FallsBack, Recovers, Serves};

/// Fault, what happens without strict mode, what happens with it.
type Row = (&'static str, Then, Then);

const TABLE: &[Row] = &[
    // No fault: the control of this experiment.
    ("", Serves("jitter", "ok"), Serves("jitter", "ok")),
    // Jitter at the start and at a reseed: dropped and said, or blocked.
    ("jitter:stick", Serves("jitter", "failed"), Blocks("jitter: the repetition-count")),
    ("jitter:stick@4000", Serves("jitter", "failed"), Blocks("jitter: the repetition-count")),
    ("jitter:bias", Serves("jitter", "failed"), Blocks("jitter: the adaptive-proportion")),
    ("jitter:bias@4000", Serves("jitter", "failed"), Blocks("jitter: the adaptive-proportion")),
    ("jitter:lag", Serves("jitter", "failed"), Blocks("jitter: the lag")),
    ("jitter:lag@4000", Serves("jitter", "failed"), Blocks("jitter: the lag")),
    ("jitter:vanish", Serves("jitter", "failed"), Blocks("noise source jitter: No such device")),
    ("jitter:vanish@4000", Serves("jitter", "failed"), Blocks("noise source jitter")),
    ("jitter:repeat@4000", Recovers("jitter"), Recovers("jitter")),
    // RDSEED: its absence is no failure.
    ("rdseed:absent", Serves("rdseed", "absent"), Serves("rdseed", "absent")),
    ("rdseed:stick", Serves("rdseed", "failed"), Blocks("rdseed: the repetition-count")),
    ("rdseed:stick@1100", Serves("rdseed", "failed"), Blocks("rdseed: it gave the same")),
    ("rdseed:vanish@1100", Serves("rdseed", "failed"), Blocks("noise source rdseed")),
    ("rdseed:busy", Serves("rdseed", "failed"), Blocks("rdseed: it gives no noise just now")),
    ("rdseed:pause@1100", Recovers("rdseed"), Recovers("rdseed")),
    ("rdseed:absent,jitter:stick", Serves("jitter", "failed"), Blocks("noise source jitter")),
    ("rdseed:stick,jitter:lag", Serves("rdseed", "failed"), Blocks("noise source jitter")),
    // The kernel is never optional.
    ("getrandom:stick", Blocks("getrandom: the repetition"), Blocks("getrandom: the repetition")),
    ("getrandom:stick@3000", Blocks("getrandom: it gave the same"), Blocks("it gave the same")),
    ("getrandom:lag", Blocks("getrandom: the lag"), Blocks("getrandom: the lag")),
    ("getrandom:vanish", Blocks("noise source getrandom"), Blocks("noise source getrandom")),
    ("getrandom:vanish@3000", Blocks("noise source getrandom"), Blocks("noise source getrandom")),
    // Known-answer tests.
    ("selftest:sha-512", FallsBack("sha-512"), Blocks("sha-512")),
    ("selftest:hang", FallsBack("hangs in its self-test"), Blocks("hangs in its self-test")),
    ("selftest:drbg-chacha20", FallsBack("drbg-chacha20"), Blocks("drbg-chacha20")),
    ("selftest:drbg-ctr-aes256", FallsBack("drbg-ctr-aes256"), Blocks("drbg-ctr-aes256")),
    // The process.
    ("output:hang", FallsBack("hangs"), Blocks("hangs")),
    ("output:hang@500000", FallsBack("hangs"), Blocks("hangs")),
    ("output:slow", FallsBack("too slow"), Blocks("too slow")),
    ("output:slow@500000", FallsBack("too slow"), Blocks("too slow")),
    ("output:die", FallsBack("died"), Blocks("died")),
    ("output:die@300000", FallsBack("keeps dying"), Blocks("keeps dying")),
    ("output:short", FallsBack("keeps dying"), Blocks("keeps dying")),
    // A forbidden system call.
    ("call:socket", FallsBack("died"), Blocks("died")),
];

#[test]
fn every_fault_has_its_state_its_answer_its_alarm_and_its_end() {
    if skips_processes() {
        return;
    }
    let cases: Vec<(&str, bool, Then)> = TABLE
        .iter()
        .flat_map(|&(fault, lenient, strict)| [(fault, false, lenient), (fault, true, strict)])
        .collect();
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(&(fault, strict, then)) =
                    cases.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let tried = std::panic::catch_unwind(|| try_case(fault, strict, then));
                    if tried.is_err() {
                        failed.lock().expect("no panic within").push((fault, strict, then));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("no panic within");
    assert!(failed.is_empty(), "{} of {} cases: {failed:#?}", failed.len(), cases.len());
}

/// One row in one mode, from the fault to the restart that ends it.
fn try_case(fault: &str, strict: bool, then: Then) {
    let sealed = Sealed::inducing();
    sealed.induce(fault);
    let env: &[_] = if strict { &[("R4_STRICT_FIPS", "1")] } else { &[] };
    let core = sealed.core(env);
    let client = core.client();
    wait_for(&format!("{fault} (strict: {strict}): {then:?}"), seconds(40), || {
        arrived(&version(&client), then).then_some(())
    });
    answers(&client, then);
    alarms(&core, then);

    // The fault goes, the state stays.
    sealed.induce("");
    thread::sleep(Duration::from_millis(1500));
    assert!(arrived(&version(&client), then), "{fault}: left its state: {}", version(&client));
    answers(&client, then);
    drop(core);

    // A restart with passing tests serves again.
    let core = sealed.core(env).ready();
    let version = version(&core.client());
    assert_eq!((&version["mode"], &version["selftest"]), (&"sealed".into(), &"pass".into()));
    assert_eq!(version["entropy"]["status"], "ok", "{version}");
    random(&core.client(), "n=32").expect(200);
}

fn version(client: &Client) -> Value {
    client.get("/version").json()
}

fn random(client: &Client, query: &str) -> Response {
    client.send(&Request::get(&format!("/random?{query}")).key(KEY))
}

fn source<'v>(version: &'v Value, name: &str) -> Option<&'v Value> {
    let sources = version["entropy"]["sources"].as_array()?;
    sources.iter().find(|source| source["name"] == name)
}

/// Tells whether `/version` shows what the row says.
fn arrived(version: &Value, then: Then) -> bool {
    let reason = version["reason"].as_str().unwrap_or_default();
    let state = |name, state| source(version, name).is_some_and(|s| s["state"] == state);
    match then {
        Serves(name, wanted) => version["mode"] == "sealed" && state(name, wanted),
        Recovers(name) => {
            let failures = source(version, name).map(|s| &s["intermittent_failures"]);
            version["mode"] == "sealed" && state(name, "ok") && failures == Some(&1.into())
        }
        FallsBack(why) => version["mode"] == "fallback" && reason.contains(why),
        Blocks(why) => version["mode"] == "blocked" && reason.contains(why),
    }
}

/// The HTTP answers of the state.
fn answers(client: &Client, then: Then) {
    let response = random(client, "n=32&fmt=hex");
    let (mode, ready) = match then {
        Serves(..) | Recovers(_) => (Some("sealed"), 200),
        FallsBack(_) => (Some("fallback"), 200),
        Blocks(why) => {
            assert_eq!(response.status, 503, "{then:?}");
            let detail = response.json()["detail"].as_str().expect("a detail").to_owned();
            assert!(detail.contains(why), "{then:?}: {detail}");
            (None, 503)
        }
    };
    assert_eq!(response.header("x-r4-mode"), mode, "{then:?}");
    if let Some(mode) = mode {
        let json = random(client, "n=8&fmt=json").json();
        assert_eq!(json["source"], mode, "{then:?}: {json}");
        assert_eq!(random(client, "n=1000000").expect(200).body.len(), 1_000_000, "{then:?}");
    }
    assert_eq!(client.get("/ready").status, ready, "{then:?}");
    let status = match then {
        Serves(_, "failed") | FallsBack(_) => "degraded",
        Serves(..) | Recovers(_) => "ok",
        Blocks(_) => "failed",
    };
    assert_eq!(version(client)["entropy"]["status"], status, "{then:?}");
}

/// What the operator is told, in the log and in the metrics.
fn alarms(core: &Service, then: Then) {
    // Log lines come through a pipe of their own, a moment after the state.
    let logged = |word: &str| {
        let what = format!("{then:?}: {word:?} in the log");
        wait_for(&what, seconds(5), || core.log().contains(word).then_some(()));
    };
    let metrics = core.client().get("/metrics");
    let metrics = metrics.text();
    let counted = |line: &str| assert!(metrics.contains(line), "{then:?}: no {line}\n{metrics}");
    match then {
        Serves(name, state) => {
            counted(&format!("r4_core_source_state{{source=\"{name}\",state=\"{state}\"}} 1"));
            if state == "failed" {
                logged(&format!("noise source {name}"));
                logged("ERROR");
            } else {
                assert!(!core.log().contains("ERROR"), "{then:?}: {}", core.log());
            }
        }
        Recovers(name) => {
            logged(&format!("noise source {name}"));
            logged("WARN");
            let labels = format!("source=\"{name}\",severity=\"intermittent\"");
            counted(&format!("r4_core_health_failures_total{{{labels}}} 1"));
        }
        FallsBack(why) => {
            logged(why);
            logged("ERROR");
            counted("r4_core_mode{mode=\"fallback\"} 1");
        }
        Blocks(why) => {
            logged(why);
            logged("ERROR");
            counted("r4_core_mode{mode=\"blocked\"} 1");
        }
    }
}
