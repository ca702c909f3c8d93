//! SIGTERM: what is under way is finished, nothing new is taken, exit 0 within ten seconds.

use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::harness::external::skips_processes;
use crate::harness::node::{KEY, Node, UNLIMITED};
use crate::harness::process::Service;
use crate::harness::wire::{Broken, Wire};
use crate::harness::{seconds, wait_for};

/// Longest time from the signal to the end.
const STOP_SECONDS: u64 = 10;

/// Asks for the largest answer and reads only its beginning.
fn begin_download(service: &Service, path: &str) -> Wire {
    let mut wire = Wire::connect(service.address()).unwrap();
    wire.get(path, Some(KEY)).unwrap();
    assert!(wire.read_some(1024).unwrap() > 0);
    wire
}

/// Sends a request without its body, and waits until the service asks for it: from then on the
/// request is under way.
fn begin_upload(service: &Service, path: &str) -> Wire {
    let mut wire = Wire::connect(service.address()).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {KEY}\r\n\
         Content-Type: application/json\r\nContent-Length: 14\r\nExpect: 100-continue\r\n\r\n"
    );
    wire.send(head.as_bytes()).unwrap();
    assert_eq!(wire.head().unwrap().0, 100);
    wire.send(b"{\"alpha\"").unwrap();
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

/// Reads the rest slowly, then the whole must be complete.
fn finish_download(mut wire: Wire, bytes: usize) {
    for _ in 0..20 {
        wire.read_some(16 * 1024).unwrap();
        thread::sleep(Duration::from_millis(50));
    }
    let answer = wire.response("GET").unwrap_or_else(|Broken(e)| panic!("cut off: {e}"));
    assert_eq!((answer.status, answer.body.len()), (200, bytes));
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
    let Node { core, .. } = Node::start(UNLIMITED);
    let wire = begin_download(&core, "/random?n=1000000&fmt=hex");
    let idle = Wire::connect(core.address()).unwrap();
    let started = stop(&core);
    finish_download(wire, 2_000_000);
    ended(core, started);
    drop(idle);
}

#[test]
fn the_gateway_finishes_what_it_passes_on() {
    if skips_processes() {
        return;
    }
    let node = Node::start(UNLIMITED);
    let wire = begin_download(&node.gateway, "/v1/random?n=1000000&fmt=hex");
    let mut upload = begin_upload(&node.gateway, "/v1/vrf");
    let started = stop(&node.gateway);
    upload.send(b":\"ab\"}").unwrap();
    let receipt = upload.response("POST").unwrap_or_else(|Broken(e)| panic!("cut off: {e}"));
    assert_eq!(receipt.expect(200).json()["alpha"], "0xab");
    finish_download(wire, 2_000_000);
    let Node { gateway, .. } = node;
    ended(gateway, started);
}

#[test]
fn the_vrf_finishes_what_it_signs() {
    if skips_processes() {
        return;
    }
    let node = Node::start(UNLIMITED);
    let mut upload = begin_upload(&node.vrf, "/vrf");
    let started = stop(&node.vrf);
    upload.send(b":\"ab\"}").unwrap();
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
    let Node { mut core, .. } = Node::start(UNLIMITED);
    let _stuck = begin_download(&core, "/random?n=250000&fmt=u32");
    let started = stop(&core);
    let status = core.wait_exit(seconds(STOP_SECONDS).saturating_sub(started.elapsed()));
    // Where the kernel took the whole answer there was nothing to cut off.
    let forced = status.code() == Some(1) && core.log().contains("cut off");
    assert!(forced || status.success(), "{status}: {}", core.log());
}
