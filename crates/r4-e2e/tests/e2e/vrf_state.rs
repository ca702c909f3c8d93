//! The state folder of r4-vrf: what is loose, shared or incomplete is refused, with a sentence.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::process::Signal;

use crate::harness::external::skips_processes;
use crate::harness::node::{NOWHERE, try_vrf, vrf};
use crate::harness::seconds;

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
    // Not dumpable: the files of the process in /proc belong to root, not to the user it runs as.
    if rustix::process::geteuid().is_root() {
        return println!("skipped: root may read every process's memory");
    }
    let memory = fs::metadata(format!("/proc/{}/mem", service.pid().as_raw_nonzero())).unwrap();
    assert_eq!(memory.uid(), 0, "the memory of r4-vrf belongs to its user");
}
