//! r4-core and a generator that fails its tests, hangs, dies or is stopped while it serves.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use crate::core_sealed::attests;
use crate::harness::client::{Client, Request};
use crate::harness::external::skips_processes;
use crate::harness::node::{KEY, Sealed};
use crate::harness::process::Service;
use crate::harness::target::problem;
use crate::harness::wire::{Broken, Response};
use crate::harness::{seconds, wait_for};

/// Kills that a core survives within a minute.
const KILLS: usize = 4;
/// Threads that ask meanwhile.
const THREADS: usize = 4;
/// Size of the pieces in which large answers are compared.
const PIECE: usize = 32;

fn once(core: &Client, query: &str) -> Result<Response, Broken> {
    core.once(&Request::get(&format!("/random?{query}")).key(KEY))
}

fn ask(core: &Client, query: &str) -> Response {
    once(core, query).unwrap_or_else(|Broken(e)| panic!("{query}: {e}"))
}

/// Returns the one process that makes the bytes.
pub(crate) fn generator(core: &Service) -> Pid {
    wait_for("the core has no generator", seconds(10), || match core.children()[..] {
        [pid] => Some(pid),
        _ => None,
    })
}

#[test]
fn a_generator_that_runs_dry_is_given_up_within_seconds() {
    if skips_processes() {
        return;
    }
    let sealed = Sealed::inducing();
    // It writes one byte, and then no more.
    sealed.induce("output:hang@1");
    thread::scope(|scope| {
        scope.spawn(|| {
            let core = sealed.core(&[]).ready();
            let started = Instant::now();
            let answer = ask(&core.client(), "n=10000").expect(200);
            assert_eq!(answer.header("x-r4-mode"), Some("fallback"), "{answer:?}");
            assert!(started.elapsed() < seconds(10), "{:?}", started.elapsed());
        });
        scope.spawn(|| {
            let core = sealed.core(&[("STRICT_FIPS", "true")]).ready();
            problem(&ask(&core.client(), "n=10000"), 503);
            attests(&core.client(), "verified", Some("degraded"), "blocked");
        });
    });
}

#[test]
fn a_stopped_generator_is_replaced_openly_or_not_at_all() {
    if skips_processes() {
        return;
    }
    thread::scope(|scope| {
        for strict in ["0", "1"] {
            scope.spawn(move || stopped(strict == "1", &[("R4_STRICT_FIPS", strict)]));
        }
    });
}

fn stopped(strict: bool, env: &[(&str, &str)]) {
    let sealed = Sealed::genuine();
    let core = sealed.core(env).ready();
    let client = core.client();
    ask(&client, "n=32").expect(200);
    kill_process(generator(&core), Signal::STOP).unwrap();
    // More than any buffer holds, and made whole before its head says where it is from.
    let large = ask(&client, "n=1000000");
    if strict {
        problem(&large, 503);
    } else {
        let large = large.expect(200);
        assert_eq!(large.header("x-r4-mode"), Some("fallback"), "{large:?}");
        assert_eq!(large.body.len(), 1_000_000);
    }
    let next = ask(&client, "n=32");
    if strict {
        problem(&next, 503);
        attests(&client, "verified", Some("degraded"), "blocked");
    } else {
        assert_eq!(next.expect(200).header("x-r4-mode"), Some("fallback"));
        attests(&client, "verified", Some("degraded"), "fallback");
    }
    wait_for("the stopped generator is left over", seconds(5), || {
        core.children().is_empty().then_some(())
    });
}

/// What the threads that ask have seen.
#[derive(Default)]
struct Seen {
    pieces: Mutex<HashSet<[u8; PIECE]>>,
    answers: AtomicUsize,
    refused: AtomicUsize,
    broken: AtomicUsize,
}

impl Seen {
    /// Asks until `done`; every answer is whole, a 503, or breaks off.
    fn ask_on(&self, core: &Client, done: &AtomicBool) {
        for round in 0.. {
            if done.load(Ordering::Relaxed) {
                return;
            }
            let n = if round % 4 == 3 { 1_000_000 } else { PIECE };
            match once(core, &format!("n={n}")) {
                Ok(answer) if answer.status == 200 => {
                    assert_eq!(answer.body.len(), n, "a short body that looks whole");
                    assert_eq!(answer.header("x-r4-mode"), Some("sealed"), "{answer:?}");
                    self.note(&answer.body);
                    self.answers.fetch_add(1, Ordering::Relaxed);
                }
                Ok(answer) => {
                    problem(&answer, 503);
                    self.refused.fetch_add(1, Ordering::Relaxed);
                }
                Err(Broken(_)) => drop(self.broken.fetch_add(1, Ordering::Relaxed)),
            }
        }
    }

    /// Notes every eighth piece of large answers, and all of small ones.
    fn note(&self, body: &[u8]) {
        let step = if body.len() > PIECE { 8 } else { 1 };
        let mut pieces = self.pieces.lock().unwrap();
        for piece in body.as_chunks::<PIECE>().0.iter().step_by(step) {
            assert!(pieces.insert(*piece), "bytes were served twice");
        }
    }
}

#[test]
fn a_generator_killed_under_load_is_started_again_and_nothing_repeats() {
    if skips_processes() {
        return;
    }
    let sealed = Sealed::genuine();
    let core = sealed.core(&[]).ready();
    let client = core.client();
    let (seen, done) = (Seen::default(), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| seen.ask_on(&client, &done));
        }
        let mut last = None;
        for _ in 0..KILLS {
            let before = seen.answers.load(Ordering::Relaxed);
            let victim = wait_for("no new generator", seconds(10), || {
                core.children().into_iter().find(|pid| Some(*pid) != last)
            });
            let _raced = kill_process(victim, Signal::KILL);
            last = Some(victim);
            wait_for("no answers after a kill", seconds(10), || {
                (seen.answers.load(Ordering::Relaxed) > before + 30 * THREADS).then_some(())
            });
        }
        done.store(true, Ordering::Relaxed);
    });
    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    let Seen { answers, refused, broken, .. } = &seen;
    println!("{} whole, {} refused, {} broken off", count(answers), count(refused), count(broken));
    let version = attests(&client, "verified", Some("pass"), "sealed");
    let health = &version["entropy"]["health"];
    assert!(health["restarts"].as_u64() >= Some(KILLS as u64), "{version}");
    assert_eq!(health["integrity_failures"], 0, "{version}");
    client.get("/ready").expect(200);
}

#[test]
fn a_generator_that_keeps_dying_is_given_up() {
    if skips_processes() {
        return;
    }
    let sealed = Sealed::genuine();
    let core = sealed.core(&[("R4_STRICT_FIPS", "1")]).ready();
    let client = core.client();
    wait_for("the core never gives up", seconds(30), || {
        for pid in core.children() {
            let _raced = kill_process(pid, Signal::KILL);
        }
        // More than is held ready, so that each round needs the generator.
        matches!(once(&client, "n=1000000"), Ok(answer) if answer.status == 503).then_some(())
    });
    attests(&client, "verified", Some("degraded"), "blocked");
    problem(&ask(&client, "n=1"), 503);
}
