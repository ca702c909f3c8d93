//! `r4 log fsck`: a node's state folder that is well, damaged, in use, or none.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use r4_keystore::index::IndexStore;
use r4_keystore::note_keys::NoteKeys;
use r4_keystore::seed::RootSeed;
use r4_logstore::{Host, HostError, LogStore, Record, Settings};
use r4_tlog::{Checkpoint, SignedCheckpoint};

use crate::log_sample::{ORIGIN, SampleLog, now};
use crate::run::{Folder, r4};

/// What signs in place of a node.
struct Signer(NoteKeys);

impl Host for Signer {
    fn now(&self) -> u64 {
        now()
    }

    fn sign(&self, checkpoint: &Checkpoint) -> Result<SignedCheckpoint, HostError> {
        let lines = self.0.sign(checkpoint, now()).map_err(|e| HostError(e.to_string()))?;
        Ok(SignedCheckpoint::new(checkpoint.clone(), lines))
    }

    fn missed(&self, _: u64) -> Result<Vec<u8>, HostError> {
        Err(HostError("nothing is missed here".to_owned()))
    }
}

/// Makes the state folder of a node with a log of one entry.
fn node(folder: &Folder) -> std::path::PathBuf {
    let state = folder.path("state");
    fs::create_dir(&state).unwrap();
    drop(IndexStore::create(&state.join("index")).unwrap());
    let seed = RootSeed::create(&state.join("log.seed")).unwrap();
    let host = Arc::new(Signer(NoteKeys::log(&seed, ORIGIN).unwrap()));
    let entry = SampleLog::new(1).entries.remove(0);
    let first = Record { index: 0, id: None, entry, body: Vec::new() };
    LogStore::create(&state, ORIGIN, first, host, Settings::default()).unwrap().close().unwrap();
    state
}

fn append(path: &Path, bytes: &[u8]) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

#[test]
fn a_good_log_is_well() {
    let folder = Folder::new();
    let state = node(&folder);
    r4(&[&"log", &"fsck", &state]).exits(0).says("1 entries, 1 of them published").says("is well");
    r4(&[&"log", &"fsck", &"--repair", &state]).exits(0);
}

#[test]
fn what_can_be_made_again_is_repaired() {
    let folder = Folder::new();
    let state = node(&folder);
    fs::write(state.join("log/tile/0/000.p/1"), [0; 32]).unwrap();
    r4(&[&"log", &"fsck", &state]).exits(1).says("tile").says("--repair makes it again");
    r4(&[&"log", &"fsck", &"--repair", &state]).exits(0).says("repaired:").says("is well");
    append(&state.join("journal/journal"), &[0, 0, 0, 200, 1, 2]);
    r4(&[&"log", &"fsck", &state]).exits(1).says("torn-tail");
    r4(&[&"log", &"fsck", &"--repair", &state]).exits(0);
    r4(&[&"log", &"fsck", &state]).exits(0);
}

#[test]
fn what_only_a_backup_helps_is_left_alone() {
    let folder = Folder::new();
    let state = node(&folder);
    let journal = state.join("journal/journal");
    let mut bytes = fs::read(&journal).unwrap();
    bytes[100] ^= 1;
    fs::write(&journal, &bytes).unwrap();
    r4(&[&"log", &"fsck", &"--repair", &state]).exits(1).says("the log is not well");
    assert_eq!(fs::read(&journal).unwrap(), bytes);
}

#[test]
fn the_checkpoint_must_be_signed_by_the_logs_seed() {
    let folder = Folder::new();
    let state = node(&folder);
    fs::remove_file(state.join("log.seed")).unwrap();
    r4(&[&"log", &"fsck", &state]).exits(0).says("signatures are not checked");
    RootSeed::create(&state.join("log.seed")).unwrap();
    r4(&[&"log", &"fsck", &state]).exits(1).says("signature");
}

#[test]
fn folders_that_cannot_be_used() {
    let folder = Folder::new();
    r4(&[&"log", &"fsck", &folder.path("")]).exits(2).says("there is no log in this folder");
    let state = node(&folder);
    let held = IndexStore::open(&state.join("index")).unwrap();
    r4(&[&"log", &"fsck", &state]).exits(2).says("stop r4-vrf first");
    drop(held);
    fs::remove_file(state.join("index")).unwrap();
    r4(&[&"log", &"fsck", &state]).exits(0).says("index");
    r4(&[&"log", &"fsck", &"--repair", &state]).exits(2).says("index");
}
