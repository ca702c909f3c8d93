//! Damage to the log on disk: what a write that was cut short leaves is repaired, what can be made
//! again is, and anything else is refused with a sentence that names `r4 log fsck`.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::harness::disk::{copy, put_back};
use crate::harness::external::skips_processes;
use crate::harness::ledger::Ledger;
use crate::harness::load::ask;
use crate::harness::node::{NOWHERE, try_vrf, vrf};
use crate::harness::process::Service;
use crate::harness::r4::r4;
use crate::harness::target::problem;

/// A state folder as it was left, to be damaged in copies of it.
struct Left {
    dir: TempDir,
    ledger: Ledger,
}

impl Left {
    /// Lets a node answer some times and ends it.
    fn by(end: fn(Service)) -> Self {
        let (dir, mut ledger) = (tempfile::tempdir().unwrap(), Ledger::default());
        let service = vrf(&dir.path().join("good"), NOWHERE);
        for path in ["/vrf?sig=ecdsa", "/vrf", "/vrf?sig=mldsa65"].iter().cycle().take(9) {
            ledger.answered(&ask(&service.client(), path).unwrap().expect(200));
        }
        end(service);
        Self { dir, ledger }
    }

    fn good(&self) -> PathBuf {
        self.dir.path().join("good")
    }

    /// Makes a fresh copy.
    fn copy(&self) -> PathBuf {
        let bad = self.dir.path().join("bad");
        if bad.exists() {
            fs::remove_dir_all(&bad).unwrap();
        }
        copy(&self.good(), &bad);
        bad
    }

    /// The node starts in the folder and has all that was answered; returns what it said.
    #[track_caller]
    fn starts(&self, state: &Path) -> String {
        let service = vrf(state, NOWHERE);
        // Each copy goes on in its own way.
        self.ledger.clone().prove_all(&service.client());
        service.log()
    }
}

/// The node does not start in the folder, and says all of `words`.
#[track_caller]
fn refused(state: &Path, words: &[&str]) {
    let left = try_vrf(state, NOWHERE).err().expect("r4-vrf starts on a damaged log");
    for word in words {
        assert!(left.contains(word), "{word:?} is not in: {left}");
    }
    assert!(!left.contains("panicked"), "{left}");
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 4;
    fs::write(path, bytes).unwrap();
}

/// Where the records of a journal begin.
fn records(journal: &[u8]) -> Vec<usize> {
    let mut places = vec![0];
    while let Some((length, _)) = journal[*places.last().unwrap()..].split_first_chunk() {
        places.push(places.last().unwrap() + 8 + u32::from_be_bytes(*length) as usize);
    }
    assert_eq!(places.pop(), Some(journal.len()));
    places
}

#[test]
fn a_write_that_was_cut_short_is_cut_off() {
    if skips_processes() {
        return;
    }
    let left = Left::by(Service::kill);
    let good = fs::read(left.good().join("journal/journal")).unwrap();
    // What a node would have written next: entries of missed indexes.
    let next = left.copy();
    vrf(&next, NOWHERE).kill();
    let longer = fs::read(next.join("journal/journal")).unwrap();
    assert!(longer.starts_with(&good));
    let after = &records(&longer)[records(&good).len()..];
    let (second, third) = (after[1], after[2]);
    let cut_short = |bytes: &[u8]| {
        let state = left.copy();
        fs::write(state.join("journal/journal"), bytes).unwrap();
        let said = left.starts(&state);
        assert!(said.contains("cut short") && said.contains("cut off"), "{said}");
    };
    for end in [good.len() + 1, good.len() + 8, second - 1, second + 7, second + 60, third - 1] {
        cut_short(&longer[..end]);
    }
    // The last write has its length, and not all of its bytes.
    let mut torn = longer[..third].to_vec();
    torn[second + 40..].fill(0);
    cut_short(&torn);
    *torn.last_mut().unwrap() ^= 1;
    cut_short(&torn);
}

#[test]
fn a_journal_that_lost_what_was_signed_is_refused() {
    if skips_processes() {
        return;
    }
    let left = Left::by(Service::stop);
    let good = fs::read(left.good().join("journal/journal")).unwrap();
    let places = records(&good);
    assert_eq!(places.len(), 10);
    let state = left.copy();
    let journal = state.join("journal/journal");
    let fsck = format!("r4 log fsck {}", state.display());
    for end in [0, places[1], places[5], places[9]] {
        fs::write(&journal, &good[..end]).unwrap();
        refused(&state, &["rolled back or damaged", &fsck]);
    }
    for end in [1, places[1] + 9, places[9] + 100, good.len() - 1] {
        fs::write(&journal, &good[..end]).unwrap();
        refused(&state, &["is damaged at index", "ends early", &fsck]);
    }
    for at in [0, 3, 5, 12, 400, places[4] + 1, places[4] + 50, places[9] + 30, good.len() - 1] {
        fs::write(&journal, &good).unwrap();
        flip(&journal, at);
        refused(&state, &["is damaged at index", &fsck]);
        let said = r4(&["log", "fsck", state.to_str().unwrap()], b"");
        assert_ne!(said.code, 0, "byte {at}: {said:?}");
    }
    fs::remove_file(&journal).unwrap();
    refused(&state, &["is missing", &fsck]);
    // Nothing of it has changed the rest.
    fs::write(&journal, &good).unwrap();
    left.starts(&state);
}

#[test]
fn what_is_made_of_the_journal_is_made_again() {
    if skips_processes() {
        return;
    }
    let left = Left::by(Service::stop);
    for name in ["mark", "offsets"] {
        let state = left.copy();
        let file = state.join("journal").join(name);
        fs::remove_file(&file).unwrap();
        left.starts(&state);
        put_back(&left.good().join("journal").join(name), &file);
    }
    let state = left.copy();
    fs::remove_dir_all(state.join("log/tile")).unwrap();
    left.starts(&state);
    let partial = fs::read_dir(left.good().join("log/tile/0/000.p")).unwrap().next().unwrap();
    let partial = format!("log/tile/0/000.p/{}", partial.unwrap().file_name().display());
    for name in ["journal/mark", "journal/offsets", &partial] {
        let state = left.copy();
        flip(&state.join(name), 20);
        left.starts(&state);
    }
    for (name, why) in [("journal/origin", "is missing"), ("log/checkpoint", "is missing")] {
        let state = left.copy();
        fs::remove_file(state.join(name)).unwrap();
        refused(&state, &[name, why, "r4 log fsck"]);
    }
}

#[test]
fn damage_that_a_start_does_not_read_is_never_served() {
    if skips_processes() {
        return;
    }
    let left = Left::by(Service::stop);
    let state = left.copy();
    // So many entries that the first ones are in full tiles, which a start believes.
    fs::write(state.join("index"), "r4-index/v1\n300\n300\n").unwrap();
    vrf(&state, NOWHERE).stop();
    // Behind the first record, which every start reads: it names the keys.
    flip(&state.join("journal/journal"), 2200);
    let service = vrf(&state, NOWHERE);
    let client = service.client();
    client.get("/receipts?from=0&limit=1").expect(200);
    problem(&client.get("/receipts?from=1&limit=1"), 500);
    assert!(service.log().contains("r4 log fsck"), "{}", service.log());
    service.stop();
    let said = r4(&["log", "fsck", state.to_str().unwrap()], b"");
    assert!(said.code != 0 && (said.out + &said.err).contains("record"), "code {}", said.code);
}
