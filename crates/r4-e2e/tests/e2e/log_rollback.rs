//! Older copies of parts of the state folder, put back beside newer ones, and folders from before the
//! log: refused, before anything that others have seen is written again.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::harness::disk::{copy, put_back};
use crate::harness::external::skips_processes;
use crate::harness::ledger::Ledger;
use crate::harness::load::ask;
use crate::harness::node::{KEY, NOWHERE, try_vrf, vrf};
use crate::harness::process::Service;
use crate::harness::tree::checkpoint;
use crate::harness::{seconds, wait_for};

/// A state folder, and an older copy of it.
struct Folders {
    dir: TempDir,
    ledger: Ledger,
}

impl Folders {
    fn new() -> Self {
        let mut folders = Self { dir: tempfile::tempdir().unwrap(), ledger: Ledger::default() };
        folders.answer();
        copy(&folders.new_one(), &folders.old_one());
        folders.answer();
        copy(&folders.new_one(), &folders.kept());
        folders
    }

    fn new_one(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    fn old_one(&self) -> PathBuf {
        self.dir.path().join("old")
    }

    fn kept(&self) -> PathBuf {
        self.dir.path().join("kept")
    }

    /// Lets the node answer ten times and stop, once that is published.
    fn answer(&mut self) {
        let service = vrf(&self.new_one(), NOWHERE);
        let client = service.client();
        for _ in 0..10 {
            self.ledger.answered(&ask(&client, "/vrf?sig=ecdsa").unwrap().expect(200));
        }
        let size = self.ledger.answers() as u64 + 1;
        wait_for("the checkpoint is not published", seconds(10), || {
            let note = client.get("/log/checkpoint").expect(200);
            (checkpoint(note.text()).size() == size).then_some(())
        });
        service.stop();
    }

    /// Puts older copies of these back.
    fn roll_back(&self, names: &[&str]) {
        for name in names {
            put_back(&self.old_one().join(name), &self.new_one().join(name));
        }
    }

    /// Puts the newest ones back; the node then goes on.
    #[track_caller]
    fn restore(&self) {
        put_back(&self.kept(), &self.new_one());
        self.ledger.clone().prove_all(&vrf(&self.new_one(), NOWHERE).client());
        put_back(&self.kept(), &self.new_one());
    }
}

#[track_caller]
fn refused(state: &Path, words: &[&str]) {
    let before = fs::read(state.join("journal/journal")).ok();
    let left = try_vrf(state, NOWHERE).err().expect("r4-vrf starts on a bad state");
    for word in words {
        assert!(left.contains(word), "{word:?} is not in: {left}");
    }
    assert!(!left.contains("panicked"), "{left}");
    assert_eq!(fs::read(state.join("journal/journal")).ok(), before, "it was written to");
}

#[test]
fn an_older_part_beside_newer_ones_is_refused() {
    if skips_processes() {
        return;
    }
    let folders = Folders::new();
    let state = folders.new_one();
    let rolled_back = "was rolled back or damaged: its journal has 11 entries";
    for older in [&["journal/journal"][..], &["journal"], &["journal", "index"]] {
        folders.roll_back(older);
        refused(&state, &[rolled_back, "21", "r4 log fsck"]);
        folders.restore();
    }
    folders.roll_back(&["index"]);
    refused(&state, &["the log has 21 entries", "only 11 indexes", "printf"]);
    folders.restore();
    folders.roll_back(&["log", "journal/journal"]);
    refused(&state, &[rolled_back, "journal/mark", "r4 log fsck"]);
    folders.restore();
}

#[test]
fn an_older_checkpoint_alone_takes_nothing_back() {
    if skips_processes() {
        return;
    }
    let mut folders = Folders::new();
    // It is as after a crash: the journal is the truth, and goes on from where it ends.
    folders.roll_back(&["log"]);
    folders.ledger.prove_all(&vrf(&folders.new_one(), NOWHERE).client());
}

#[test]
fn a_whole_older_folder_is_known_to_those_who_saw_more() {
    if skips_processes() {
        return;
    }
    let folders = Folders::new();
    put_back(&folders.old_one(), &folders.new_one());
    // All of it fits together, so that the node cannot know; what its clients have says it.
    let service = vrf(&folders.new_one(), NOWHERE);
    let proof = AssertUnwindSafe(|| folders.ledger.clone().prove_all(&service.client()));
    let refused = catch_unwind(proof).expect_err("answers are lost, and nobody sees it");
    let said = refused.downcast_ref::<String>().unwrap();
    assert!(said.contains("is lost"), "{said}");
}

#[test]
fn a_log_far_behind_the_index_is_refused() {
    if skips_processes() {
        return;
    }
    let folders = Folders::new();
    let state = folders.new_one();
    folders.roll_back(&["log", "journal"]);
    // As if thousands of receipts had been issued since the copy.
    fs::write(state.join("index"), "r4-index/v1\n4200\n4200\n").unwrap();
    refused(&state, &["4200 indexes", "only 11 entries", "Put back the newest copy"]);
    folders.restore();
}

#[test]
fn an_older_log_beside_a_newer_index_is_refused() {
    if skips_processes() {
        return;
    }
    let folders = Folders::new();
    folders.roll_back(&["log", "journal"]);
    refused(&folders.new_one(), &["21 indexes", "only 11 entries", "Put back the newest copy"]);
    folders.restore();
}

#[test]
fn a_folder_from_before_the_log_is_refused() {
    if skips_processes() {
        return;
    }
    let folders = Folders::new();
    let state = folders.new_one();
    fs::remove_file(state.join("log.seed")).unwrap();
    refused(&state, &["from before the receipt log", "backup", "empty folder", "R4_STATE_DIR"]);
    assert!(!state.join("log.seed").exists());
    for name in ["log", "journal"] {
        fs::remove_dir_all(state.join(name)).unwrap();
    }
    refused(&state, &["from before the receipt log"]);
    fs::copy(folders.kept().join("log.seed"), state.join("log.seed")).unwrap();
    refused(&state, &["journal/origin", "is missing", "r4 log fsck"]);
}

#[test]
fn a_log_keeps_its_name() {
    if skips_processes() {
        return;
    }
    let mut folders = Folders::new();
    let state = folders.new_one();
    let env = |origin| {
        [("R4_API_KEY", KEY), ("R4_STATE_DIR", state.to_str().unwrap()), ("R4_LOG_ORIGIN", origin)]
    };
    let left = Service::try_start("r4-vrf", &[], &env("other.example/log")).err().expect("refused");
    for word in ["localhost/v1/log", "other.example/log", "R4_LOG_ORIGIN"] {
        assert!(left.contains(word), "{word:?} is not in: {left}");
    }
    Service::start("r4-vrf", &[], &env("localhost/v1/log")).ready().stop();
    folders.ledger.prove_all(&vrf(&state, NOWHERE).client());
}
