//! r4-core and a generator that fails while nobody waits for it long enough to notice.

use std::thread;
use std::time::Instant;

use rustix::process::{Signal, kill_process};
use serde_json::Value;

use crate::core_generator::generator;
use crate::core_sealed::attests;
use crate::harness::external::skips_processes;
use crate::harness::node::{KEY, Sealed};
use crate::harness::process::{Service, Variables};
use crate::harness::wire::Wire;
use crate::harness::{seconds, wait_for};

/// How long impatient clients come, each for at most one second.
const RUSH_SECONDS: u64 = 8;
/// Within this an idle core notices a generator that is stopped, with time to spare.
const NOTICE_STOPPED_SECONDS: u64 = 15;
/// Within this an idle core has replaced a generator that died, with time to spare.
const NOTICE_DEAD_SECONDS: u64 = 10;

/// Settings, and the mode that a core with a hanging generator is then in.
const MODES: [(Variables<'static>, &str); 2] =
    [(&[], "fallback"), (&[("R4_STRICT_FIPS", "1")], "blocked")];

/// Starts a core and runs `check` on it, with and without strict mode at the same time.
fn in_both_modes(check: impl Fn(&Service, &str) + Sync) {
    let check = &check;
    thread::scope(|scope| {
        for (env, mode) in MODES {
            scope.spawn(move || {
                let sealed = Sealed::genuine();
                let core = sealed.core(env).ready();
                attests(&core.client(), "verified", Some("pass"), "sealed");
                check(&core, mode);
            });
        }
    });
}

fn version(core: &Service) -> Value {
    core.client().get("/version").expect(200).json()
}

#[test]
fn clients_who_give_up_early_do_not_hide_a_generator_that_hangs() {
    if skips_processes() {
        return;
    }
    in_both_modes(|core, mode| {
        kill_process(generator(core), Signal::STOP).unwrap();
        let started = Instant::now();
        while started.elapsed() < seconds(RUSH_SECONDS) {
            let mut wire = Wire::connect(core.address()).unwrap();
            wire.get("/random?n=1000000", Some(KEY)).unwrap();
            // Gone after a second without a byte, answered or not.
            let _impatient = wire.read_to_close(1);
        }
        attests(&core.client(), "verified", Some("degraded"), mode);
    });
}

#[test]
fn an_idle_core_notices_a_generator_that_is_stopped() {
    if skips_processes() {
        return;
    }
    in_both_modes(|core, mode| {
        kill_process(generator(core), Signal::STOP).unwrap();
        wait_for("a stopped generator goes unnoticed", seconds(NOTICE_STOPPED_SECONDS), || {
            (version(core)["mode"] == mode).then_some(())
        });
        attests(&core.client(), "verified", Some("degraded"), mode);
    });
}

#[test]
fn an_idle_core_replaces_a_generator_that_died() {
    if skips_processes() {
        return;
    }
    in_both_modes(|core, _| {
        let old = generator(core);
        kill_process(old, Signal::KILL).unwrap();
        let restarts = |version: &Value| version["entropy"]["health"]["restarts"].as_u64();
        wait_for("a dead generator goes unnoticed", seconds(NOTICE_DEAD_SECONDS), || {
            (restarts(&version(core)) >= Some(1)).then_some(())
        });
        assert_ne!(generator(core), old);
        let version = attests(&core.client(), "verified", Some("pass"), "sealed");
        assert_eq!(restarts(&version), Some(1), "{version}");
    });
}
