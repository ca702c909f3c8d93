//! The state folder of r4-vrf: what is loose, shared or incomplete is refused, with a sentence.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;

use rustix::process::Signal;
use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::harness::build;
use crate::harness::client::Request;
use crate::harness::external::skips_processes;
use crate::harness::node::{KEY, NOWHERE, try_vrf, vrf};
use crate::harness::process::Service;
use crate::harness::{seconds, wait_for};

/// A user who is not root and owns nothing else.
const SOMEBODY: u32 = 54_321;
const SEED: &str = "root.seed";
const INDEX: &str = "index";

/// Starts r4-vrf once, so that the folder is complete, and stops it.
fn first_start(state: &Path) -> String {
    let mut service = vrf(state, NOWHERE);
    let active = service.client().get("/keys").expect(200).json()["active"].clone();
    service.signal(Signal::TERM);
    assert_eq!(service.wait_exit(seconds(10)).code(), Some(0));
    active.as_str().unwrap().to_owned()
}

#[track_caller]
fn refused(state: &Path, words: &[&str]) {
    let left = try_vrf(state, NOWHERE).err().expect("r4-vrf starts on a bad state");
    for word in words {
        assert!(left.contains(word), "{word:?} is not in: {left}");
    }
    assert!(!left.contains("panicked"), "{left}");
}

#[test]
fn a_first_start_makes_a_private_seed_and_later_ones_keep_it() {
    if skips_processes() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("made/here");
    let active = first_start(&state);
    assert_eq!(fs::metadata(state.join(SEED)).unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(fs::metadata(&state).unwrap().permissions().mode() & 0o077, 0);
    assert_eq!(first_start(&state), active, "the keys changed");
    let other = tempfile::tempdir().unwrap();
    assert_ne!(first_start(other.path()), active, "two nodes have the same keys");
}

#[test]
fn a_second_process_on_the_same_folder_is_refused() {
    if skips_processes() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let mut first = vrf(state.path(), NOWHERE);
    refused(state.path(), &["in use by another process"]);
    assert!(first.is_running());
    first.client().get("/health").expect(200);
}

#[test]
fn a_seed_that_others_may_read_is_refused() {
    if skips_processes() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    first_start(state.path());
    for mode in [0o644, 0o640, 0o660, 0o604, 0o700] {
        fs::set_permissions(state.path().join(SEED), Permissions::from_mode(mode)).unwrap();
        refused(state.path(), &[SEED, "0600", &format!("{mode:04o}")]);
    }
    fs::set_permissions(state.path().join(SEED), Permissions::from_mode(0o400)).unwrap();
    drop(vrf(state.path(), NOWHERE));
}

#[test]
fn half_a_state_is_refused_and_left_alone() {
    if skips_processes() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let active = first_start(state.path());
    let (seed, index) = (state.path().join(SEED), state.path().join(INDEX));
    let (kept_seed, kept_index) = (fs::read(&seed).unwrap(), fs::read(&index).unwrap());

    fs::remove_file(&seed).unwrap();
    refused(state.path(), &["index", SEED]);
    assert!(!seed.exists(), "a new seed was made under an old history");

    fs::write(&seed, &kept_seed).unwrap();
    fs::set_permissions(&seed, Permissions::from_mode(0o600)).unwrap();
    fs::remove_file(&index).unwrap();
    refused(state.path(), &["index"]);
    assert!(!index.exists(), "a new index was made under an old key");

    for damaged in [b"".as_slice(), b"garbage", &kept_index[..kept_index.len() / 2]] {
        fs::write(&index, damaged).unwrap();
        refused(state.path(), &["index"]);
    }
    fs::write(&index, &kept_index).unwrap();
    for damaged in [b"".as_slice(), b"short", &[7; 64]] {
        fs::write(&seed, damaged).unwrap();
        refused(state.path(), &[SEED]);
    }
    fs::write(&seed, &kept_seed).unwrap();
    assert_eq!(first_start(state.path()), active);
}

#[test]
fn the_seed_is_written_nowhere_else() {
    if skips_processes() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let service = vrf(state.path(), NOWHERE);
    let seed = hex::encode(fs::read(state.path().join(SEED)).unwrap());
    assert!(!service.log().contains(&seed));
    assert!(!service.client().get("/metrics").expect(200).text().contains(&seed));
}

#[test]
fn the_memory_of_the_process_is_closed_to_its_own_user() {
    if skips_processes() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let service = vrf_of_a_plain_user(state.path());
    // Not dumpable: the files of the process in /proc belong to root, not to the user it runs as.
    let memory = fs::metadata(format!("/proc/{}/mem", service.pid().as_raw_nonzero())).unwrap();
    assert_eq!(memory.uid(), 0, "the memory of r4-vrf belongs to its user");
}

/// Starts r4-vrf as somebody who is not root, to whom `state` then belongs.
fn vrf_of_a_plain_user(state: &Path) -> Service {
    if !rustix::process::geteuid().is_root() {
        return vrf(state, NOWHERE);
    }
    chown(state, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    // The target folder may be closed to others.
    let copy = tempfile::tempdir().unwrap();
    fs::set_permissions(copy.path(), Permissions::from_mode(0o755)).unwrap();
    let program = copy.path().join("r4-vrf");
    fs::copy(build::program("r4-vrf"), &program).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    let env = [("R4_API_KEY", KEY), ("R4_STATE_DIR", state.to_str().unwrap())];
    Service::start_as(SOMEBODY, "r4-vrf", &program, &env).ready()
}

#[test]
fn the_time_of_the_first_start_is_kept() {
    if skips_processes() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let (from, issued) = valid_from(state.path());
    assert!(from <= issued, "valid from {from}, after a receipt of {issued}");
    assert!(issued - from < Duration::minutes(5), "valid from {from}, started at {issued}");
    // A whole second later the time would be another one.
    wait_for("the next second", seconds(10), || {
        let (later, now) = valid_from(state.path());
        assert_eq!(later, from, "the start of the epoch moved");
        (now - issued >= Duration::seconds(2)).then_some(())
    });
}

/// Starts r4-vrf and stops it; returns since when its keys are valid, and the time of a receipt.
fn valid_from(state: &Path) -> (OffsetDateTime, OffsetDateTime) {
    let service = vrf(state, NOWHERE);
    let keys = service.client().get("/keys").expect(200).json();
    let from = &keys["epochs"][0]["valid_from"];
    let receipt = service.client().send(&Request::get("/vrf?sig=ecdsa").key(KEY)).expect(200);
    let time = |value: &Value| {
        let text = value.as_str().unwrap_or_else(|| panic!("no time: {value}"));
        OffsetDateTime::parse(text, &Rfc3339).unwrap_or_else(|e| panic!("{text}: {e}"))
    };
    (time(from), time(&receipt.json()["timestamp"]))
}
