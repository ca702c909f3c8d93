//! SIGTERM: what is under way is finished, nothing new is taken, exit 0 within ten seconds; 1 for who was never
//! ready.

use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::client::Request;
use crate::harness::external::skips_processes;
use crate::harness::node::{KEY, NOWHERE, Node, UNLIMITED, gateway};
use crate::harness::process::Service;
use crate::harness::wire::{Broken, Wire};
use crate::harness::{seconds, wait_for};

/// Longest time from the signal to the end.
const STOP_SECONDS: u64 = 10;

/// How long a request is kept under way after the signal; less than a generator may hang.
const HELD: Duration = Duration::from_millis(1200);

/// A large answer that stays unfinished as long as the generator of the core is stopped.
struct Held {
    wire: Wire,
    generator: Pid,
}

impl Held {
    /// Asks `service`, the core or one that passes its bytes on.
    fn begin(core: &Service, service: &Service, path: &str) -> Self {
        // Fresh bytes in the buffers, so that the answer begins.
        core.client().send(&Request::get("/random?n=1").key(KEY)).expect(200);
        let [generator] = core.children()[..] else { panic!("one child: {:?}", core.children()) };
        kill_process(generator, Signal::STOP).unwrap();
        let mut wire = begin_download(service, path);
        // All that was ready comes at once, and it is not enough.
        wire.read_some(1024).unwrap();
        Self { wire, generator }
    }

    /// Lets the generator go on; the whole answer must be complete.
    fn finish(mut self, bytes: usize) {
        kill_process(self.generator, Signal::CONT).unwrap();
        let answer = self.wire.response("GET").unwrap_or_else(|Broken(e)| panic!("cut off: {e}"));
        assert_eq!((answer.status, answer.body.len()), (200, bytes));
    }
}

/// Asks for a large answer and reads only its beginning.
fn begin_download(service: &Service, path: &str) -> Wire {
    let mut wire = Wire::connect(service.address()).unwrap();
    wire.get(path, Some(KEY)).unwrap();
    assert!(wire.read_some(1024).unwrap() > 0);
    wire
}

/// Signals, and waits until new connections are refused.
fn stop(service: &Service) -> Instant {
    let started = Instant::now();
    service.signal(Signal::TERM);
    wait_for("new connections are still taken", seconds(3), || {
        TcpStream::connect(service.address()).is_err().then_some(())
    });
    started
}

/// Keeps what is under way waiting; the service waits, too.
fn hold(service: &mut Service) {
    thread::sleep(HELD);
    assert!(service.is_running(), "it did not wait: {}", service.log());
}

#[track_caller]
fn ended(mut service: Service, started: Instant) {
    let status = service.wait_exit(seconds(STOP_SECONDS).saturating_sub(started.elapsed()));
    assert_eq!(status.code(), Some(0), "{}", service.log());
    assert!(service.children().is_empty(), "children are left over");
}

#[test]
fn the_core_finishes_what_it_sends() {
    if skips_processes() {
        return;
    }
    let Node { mut core, .. } = Node::start(UNLIMITED);
    let download = Held::begin(&core, &core, "/random?n=1000000&fmt=hex");
    let idle = Wire::connect(core.address()).unwrap();
    let started = stop(&core);
    hold(&mut core);
    download.finish(2_000_000);
    ended(core, started);
    drop(idle);
}

#[test]
fn the_gateway_finishes_what_it_passes_on() {
    if skips_processes() {
        return;
    }
    let mut node = Node::start(UNLIMITED);
    let mut upload = Wire::begin_upload(node.gateway.address(), "/v1/vrf", KEY);
    let download = Held::begin(&node.core, &node.gateway, "/v1/random?n=1000000&fmt=hex");
    let started = stop(&node.gateway);
    hold(&mut node.gateway);
    upload.end_upload().unwrap();
    let receipt = upload.response("POST").unwrap_or_else(|Broken(e)| panic!("cut off: {e}"));
    assert_eq!(receipt.expect(200).json()["alpha"], "0xab");
    download.finish(2_000_000);
    let Node { gateway, .. } = node;
    ended(gateway, started);
}

#[test]
fn the_vrf_finishes_what_it_signs() {
    if skips_processes() {
        return;
    }
    let mut node = Node::start(UNLIMITED);
    let mut upload = Wire::begin_upload(node.vrf.address(), "/vrf", KEY);
    let started = stop(&node.vrf);
    hold(&mut node.vrf);
    upload.end_upload().unwrap();
    let receipt = upload.response("POST").unwrap_or_else(|Broken(e)| panic!("cut off: {e}"));
    assert_eq!(receipt.expect(200).json()["alpha"], "0xab");
    let Node { vrf, .. } = node;
    ended(vrf, started);
}

#[test]
fn an_idle_service_stops_at_once_and_ctrl_c_works_too() {
    if skips_processes() {
        return;
    }
    let Node { gateway, vrf, core, .. } = Node::start(UNLIMITED);
    for (mut service, signal) in [(gateway, Signal::INT), (vrf, Signal::TERM), (core, Signal::INT)]
    {
        let idle = Wire::connect(service.address()).unwrap();
        service.signal(signal);
        assert_eq!(service.wait_exit(seconds(3)).code(), Some(0), "{}", service.log());
        drop(idle);
    }
}

#[test]
fn a_client_that_never_ends_is_cut_off_and_the_exit_says_so() {
    if skips_processes() {
        return;
    }
    let Node { mut vrf, .. } = Node::start(UNLIMITED);
    let _stuck = Wire::begin_upload(vrf.address(), "/vrf", KEY);
    let started = stop(&vrf);
    let status = vrf.wait_exit(seconds(STOP_SECONDS).saturating_sub(started.elapsed()));
    // A service may also give up a body that takes too long, which is no force.
    let forced = status.code() == Some(1) && vrf.log().contains("cut off");
    assert!(forced || status.success(), "{status}: {}", vrf.log());
    assert!(started.elapsed() > HELD, "it did not wait at all");
}

/// Else Docker Swarm may take the end of a new replica that never got ready for its start, and stop
/// one that serves.
#[test]
fn a_gateway_that_was_never_ready_does_not_end_well_and_one_that_was_does() {
    if skips_processes() {
        return;
    }
    let mut lonely = gateway(NOWHERE, NOWHERE, UNLIMITED);
    lonely.client().get("/health").expect(200);
    lonely.signal(Signal::TERM);
    assert_eq!(lonely.wait_exit(seconds(STOP_SECONDS)).code(), Some(1), "{}", lonely.log());
    let said = "r4-gateway: stopped before it was ever ready: r4-core is not ready: ";
    assert!(lonely.log().contains(said), "{}", lonely.log());

    let Node { mut gateway, core, vrf, .. } = Node::start(UNLIMITED);
    wait_for("the gateway is never ready", seconds(10), || {
        (gateway.client().get("/ready").status == 200).then_some(())
    });
    core.stop();
    wait_for("the gateway stays ready", seconds(10), || {
        (gateway.client().get("/ready").status == 503).then_some(())
    });
    gateway.signal(Signal::TERM);
    assert_eq!(gateway.wait_exit(seconds(STOP_SECONDS)).code(), Some(0), "{}", gateway.log());
    drop(vrf);
}
