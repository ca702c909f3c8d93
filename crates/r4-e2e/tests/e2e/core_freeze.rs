//! r4-core and its generator frozen together, as `docker pause` and a suspended machine do: time in
//! which neither ran is no fault of the generator's.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::{Signal, kill_process};

use crate::core_generator::generator;
use crate::core_sealed::attests;
use crate::harness::client::{Client, Request};
use crate::harness::external::skips_processes;
use crate::harness::node::{KEY, Sealed};
use crate::harness::process::Service;

/// Freezes that a core survives.
const FREEZES: usize = 5;
/// Threads that draw meanwhile.
const THREADS: usize = 4;
/// More than the generator may take for what is needed.
const FROZEN: Duration = Duration::from_millis(3500);
/// How much later than the core the generator goes on.
const LAG: Duration = Duration::from_millis(50);
/// Time in which what went wrong in a freeze shows.
const THAWED: Duration = Duration::from_millis(300);

/// Draws until `done`; what is answered in a freeze is not looked at.
fn draw(core: &Client, done: &AtomicBool) {
    while !done.load(Ordering::Relaxed) {
        let _any = core.once(&Request::get("/random?n=100000").key(KEY));
    }
}

fn freeze(core: &Service) {
    let generator = generator(core);
    kill_process(generator, Signal::STOP).unwrap();
    core.signal(Signal::STOP);
    thread::sleep(FROZEN);
    core.signal(Signal::CONT);
    thread::sleep(LAG);
    // A core that took the freeze for a hang has killed it.
    let _gone = kill_process(generator, Signal::CONT);
    thread::sleep(THAWED);
}

#[test]
fn a_freeze_is_not_taken_for_a_hang() {
    if skips_processes() {
        return;
    }
    let sealed = Sealed::genuine();
    let core = sealed.core(&[("R4_STRICT_FIPS", "1")]).ready();
    let (client, done) = (core.client(), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| draw(&client, &done));
        }
        let frozen = scope.spawn(|| (0..FREEZES).for_each(|_| freeze(&core))).join();
        done.store(true, Ordering::Relaxed);
        frozen.expect("the core keeps its generator");
    });
    let version = attests(&client, "verified", Some("pass"), "sealed");
    assert_eq!(version["entropy"]["health"]["restarts"], 0, "{version}");
    let answer = client.send(&Request::get("/random?n=32").key(KEY)).expect(200);
    assert_eq!(answer.header("x-r4-mode"), Some("sealed"), "{answer:?}");
}
