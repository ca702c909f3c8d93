//! What each failure does to the state, and that nothing gets better after it.

use super::*;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use r4_api::core::{Integrity, Selftest};
use r4_api::entropy::EntropyStatus;

use crate::testing::{REPORT, run_by, script};

/// A core whose sealed binary cannot be started.
fn unstartable(on_failure: OnFailure) -> Core {
    let nothing = Path::new("/nonexistent/interpreter");
    Core { sealed: Some(run_by(nothing)), ..core(on_failure) }
}

fn core(on_failure: OnFailure) -> Core {
    let core = Core::new(None, Engine::default(), on_failure, Readiness::not_yet("test"));
    core.change(|s| {
        s.integrity = Integrity::Verified;
        s.selftest = Selftest::Pass;
        s.mode = Mode::Sealed;
        s.reason = None;
    });
    core
}

fn failures() -> [(GeneratorError, Selftest, Mode); 7] {
    let said = || "said".to_owned();
    [
        (GeneratorError::SelftestFailed(said()), Selftest::Failed, Mode::Fallback),
        (GeneratorError::SelftestHung, Selftest::Degraded, Mode::Fallback),
        (GeneratorError::Hung, Selftest::Degraded, Mode::Fallback),
        (GeneratorError::Slow, Selftest::Degraded, Mode::Fallback),
        (GeneratorError::Unreported, Selftest::Degraded, Mode::Fallback),
        (GeneratorError::GaveUp(said()), Selftest::Degraded, Mode::Fallback),
        (GeneratorError::Noise(said()), Selftest::Degraded, Mode::Blocked),
    ]
}

#[tokio::test]
async fn each_failure_has_its_consequence() {
    for (error, selftest, open) in failures() {
        for (on_failure, mode) in [(OnFailure::FallBack, open), (OnFailure::Block, Mode::Blocked)] {
            let core = Arc::new(core(on_failure));
            core.give_up(&error);
            let status = core.status();
            assert_eq!((status.selftest, status.mode), (selftest, mode), "{error}");
            assert_eq!(status.reason, Some(error.to_string()));
            let filled = core.fill(&mut [0; 8]).await;
            let blocked = mode == Mode::Blocked;
            assert_eq!(filled.err(), blocked.then(|| Blocked(error.to_string())));
            assert_eq!(core.readiness.reason(), status.reason.filter(|_| blocked));
        }
    }
}

#[tokio::test]
async fn a_failed_test_on_demand_never_makes_a_state_better() {
    let failed = GeneratorError::SelftestFailed("sha-256".to_owned());
    let sealed = core(OnFailure::FallBack);
    sealed.stop_for(&failed).await;
    assert_eq!((sealed.mode(), sealed.status().reason), (Mode::Fallback, Some(failed.to_string())));

    let blocked = core(OnFailure::FallBack);
    let noise = GeneratorError::Noise("getrandom".to_owned());
    blocked.give_up(&noise);
    blocked.stop_for(&failed).await;
    let status = blocked.status();
    assert_eq!((status.mode, status.selftest), (Mode::Blocked, Selftest::Failed));
    assert_eq!(status.reason, Some(noise.to_string()), "the first reason stays");
}

#[tokio::test]
async fn without_a_verified_core_nothing_is_tested() {
    let readiness = Readiness::not_yet("test");
    let core = Core::start(SourceConfig::Dev, OnFailure::FallBack, readiness).await;
    let core = Arc::new(core);
    assert_eq!(core.selftest().await, Err(Untested::NoSealedCore));
    let status = core.status();
    assert_eq!((status.mode, status.health.selftests), (Mode::Fallback, 0));
    let entropy = core.entropy(&status);
    assert_eq!((entropy.status, entropy.drbg.as_str()), (EntropyStatus::Degraded, "kernel"));
}

#[tokio::test]
async fn one_test_at_a_time() {
    let core = Arc::new(core(OnFailure::FallBack));
    let turn = core.testing.lock().await;
    assert_eq!(core.selftest().await, Err(Untested::Busy));
    drop(turn);
    assert_eq!(core.selftest().await, Err(Untested::NoSealedCore));
}

#[tokio::test]
async fn a_test_on_demand_that_cannot_be_started_changes_nothing() {
    let core = Arc::new(unstartable(OnFailure::Block));
    let text = r#"echo "$REPORT" >&2; exec cat /dev/zero"#;
    let runs = Generator::start(script(text), &Arc::default(), Moment::now()).await.unwrap();
    core.running.lock().await.generator = Some(runs);
    let (before, pid) = (core.status(), core.generator_pid().await);
    let untested = core.selftest().await.unwrap_err();
    let Untested::Broken(why) = untested else { panic!("{untested:?}") };
    assert!(why.contains("cannot be started"), "{why}");
    assert_eq!(core.status(), before, "it is neither a pass nor a failure");
    assert_eq!(core.fill(&mut [0; 8]).await, Ok(Mode::Sealed));
    assert_eq!(core.generator_pid().await, pid);
}

#[tokio::test]
async fn a_test_that_cannot_be_started_at_first_is_a_failure() {
    let core = unstartable(OnFailure::Block);
    core.launch().await;
    let status = core.status();
    assert_eq!((status.mode, status.selftest), (Mode::Blocked, Selftest::Degraded));
    assert!(status.reason.unwrap().contains("cannot be started"));
    assert_eq!(status.health.selftests, 0, "no test ran");
}

#[tokio::test]
async fn a_generator_that_cannot_be_started_again_is_given_up_after_five_attempts() {
    let core = Arc::new(unstartable(OnFailure::Block));
    let begun = Instant::now();
    let Blocked(why) = core.fill(&mut [0; 8]).await.unwrap_err();
    assert!(why.contains("cannot be started"), "{why}");
    assert_eq!(core.status().health.restarts, 5);
    assert!((4..6).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_generator_that_can_be_started_a_little_later_is() {
    let dir = tempfile::tempdir().unwrap();
    let interpreter = dir.path().join("interpreter");
    let sealed = Some(run_by(&interpreter));
    let core = Arc::new(Core { sealed, ..core(OnFailure::Block) });
    let arrive = async {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let report = REPORT.replace('\n', "");
        let (new, text) = (dir.path().join("new"), "exec cat /dev/zero");
        fs::write(&new, format!("#!/bin/sh\necho '{report}' >&2\n{text}\n")).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(0o700)).unwrap();
        fs::rename(new, &interpreter).unwrap();
    };
    let mut out = [1; 8];
    let (filled, ()) = tokio::join!(core.fill(&mut out), arrive);
    assert_eq!((filled, out), (Ok(Mode::Sealed), [0; 8]));
}
