//! `kill -9`, at each labelled point in the life of the log and at random moments under load: what
//! was answered stays, no index repeats, and what was signed is the beginning of what comes after.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use r4_logstore::POINTS;
use tempfile::TempDir;

use crate::harness::build::induced_r4_vrf;
use crate::harness::external::{self, skips_processes};
use crate::harness::ledger::Ledger;
use crate::harness::load::{ask, under_load};
use crate::harness::node::{KEY, NOWHERE, Sealed, try_vrf, vrf};
use crate::harness::process::{Service, Variables};
use crate::harness::seconds;

/// What clients ask for: every kind of answer.
const EVERYTHING: [&str; 5] = [
    "/vrf?sig=ecdsa",
    "/vrf?sig=mldsa65",
    "/random_dual?n=32",
    "/vrf?sig=ecdsa&alpha=0x00ff",
    "/vrf",
];
/// What clients ask for when no core runs.
const RECEIPTS: [&str; 3] = ["/vrf?sig=ecdsa", "/vrf?sig=ecdsa&alpha=0x00ff", "/vrf?sig=mldsa65"];
/// Nodes that crash at the same time.
const TOGETHER: usize = 3;
/// Kills under load, all nodes together.
const KILLS: usize = 201;

/// A state folder that processes die on, and what clients have seen of them.
struct Trial {
    state: TempDir,
    core_url: String,
    ledger: Ledger,
}

impl Trial {
    fn new(core_url: &str) -> Self {
        let state = tempfile::tempdir().unwrap();
        Self { state, core_url: core_url.to_owned(), ledger: Ledger::default() }
    }

    fn path(&self) -> &Path {
        self.state.path()
    }

    /// Starts the build that ends itself at `place`, and loads it until it does; it is killed if it
    /// has not within `limit`. Returns whether it has.
    fn crash(&mut self, place: &str, limit: Duration) -> bool {
        let env: Variables<'_> = &[
            ("R4_API_KEY", KEY),
            ("R4_STATE_DIR", self.state.path().to_str().unwrap()),
            ("R4_CORE_URL", &self.core_url),
            ("R4_CRASH_AT", place),
        ];
        let mut service = match Service::try_start_build("r4-vrf", induced_r4_vrf(), env) {
            Ok(service) => service,
            Err(end) => {
                assert!(end.starts_with("signal: 9"), "{place}: {end}");
                return true;
            }
        };
        let mut died = false;
        let load = under_load(&service.client(), 4, &EVERYTHING, || {
            let end = Instant::now() + limit;
            while service.is_running() && Instant::now() < end {
                thread::sleep(Duration::from_millis(5));
            }
            died = !service.is_running();
            service.kill();
        });
        self.ledger.take(&load);
        died
    }

    /// Starts the ordinary build; all that was seen must be true, and the node goes on.
    fn restart(&mut self, place: &str) {
        let service = vrf(self.path(), &self.core_url);
        let client = service.client();
        self.ledger.prove(&client);
        self.ledger.answered(&ask(&client, "/vrf").unwrap().expect(200));
        assert!(!service.log().contains("ERROR"), "{place}: {}", service.log());
        self.ledger.prove(&client);
    }
}

#[test]
fn a_crash_at_each_labelled_point_loses_nothing() {
    if skips_processes() {
        return;
    }
    let sealed = Sealed::genuine();
    let core = sealed.core(&[]).ready();
    let points = Mutex::new(POINTS.iter());
    let next = || points.lock().unwrap().next().copied();
    thread::scope(|scope| {
        for _ in 0..TOGETHER {
            scope.spawn(|| {
                while let Some(point) = next() {
                    crashes_at(point, &core.url());
                }
            });
        }
    });
}

fn crashes_at(point: &str, core_url: &str) {
    let mut trial = Trial::new(core_url);
    assert!(trial.crash(point, seconds(20)), "{point} is never reached");
    // A start after a crash comes by many of the points, too.
    let again = trial.crash(point, seconds(1));
    trial.restart(point);
    // Later, when much was answered before.
    let later = trial.crash(&format!("{point}:12"), seconds(4));
    trial.restart(point);
    let Ledger { missed, .. } = trial.ledger;
    let answers = trial.ledger.answers();
    println!("{point}: again {again}, later {later}, {answers} answers, {missed} missed");
}

#[test]
fn a_kill_at_any_moment_under_load_loses_nothing() {
    if skips_processes() {
        return;
    }
    let seed = external::text("R4_E2E_SEED").map(|text| text.parse().expect("a number"));
    let seed = seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
    println!("R4_E2E_SEED={seed}");
    thread::scope(|scope| {
        for node in 0..TOGETHER {
            let dice = Dice(seed.wrapping_add(node as u64));
            scope.spawn(move || killed_again_and_again(dice, KILLS / TOGETHER));
        }
    });
}

fn killed_again_and_again(mut dice: Dice, kills: usize) {
    let mut trial = Trial::new(NOWHERE);
    for _ in 0..kills {
        if dice.below(4) == 0 {
            let state = trial.path().to_str().unwrap();
            let env = [("R4_API_KEY", KEY), ("R4_STATE_DIR", state)];
            Service::start_and_kill("r4-vrf", &env, dice.moment(700));
        }
        let service = try_vrf(trial.path(), NOWHERE).unwrap_or_else(|end| panic!("{end}"));
        let client = service.client();
        trial.ledger.prove(&client);
        let load = under_load(&client, 4, &RECEIPTS, || {
            thread::sleep(dice.moment(400));
            service.kill();
        });
        trial.ledger.take(&load);
    }
    let service = vrf(trial.path(), NOWHERE);
    trial.ledger.prove_all(&service.client());
    let (answers, missed) = (trial.ledger.answers(), trial.ledger.missed);
    println!("{kills} kills, {answers} answers, {missed} missed");
    assert!(answers > kills, "there was hardly any load: {answers} answers");
}

/// Numbers by chance, the same for the same seed (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn moment(&mut self, milliseconds: u64) -> Duration {
        Duration::from_micros(self.below(milliseconds * 1000))
    }
}
