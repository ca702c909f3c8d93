//! The store as a whole: what it is told, what it leaves on disk, what it does after each crash.

mod appending;
mod copying;
mod crashes;
mod damage;
mod disk;
mod host;
mod ids;
mod large;
mod publishing;
mod repairs;
mod starting;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use r4_tlog::Hash;
use r4_tlog::hash::{leaf_hash, node_hash};
use r4_tlog::tree::verify_inclusion;

use crate::{AppendError, Host as _, Included, LogStore, OpenError, Record, Settings};
use host::{ORIGIN, TestHost};

/// Time enough for anything that happens at all.
const LONG: Duration = Duration::from_secs(20);

type Answer = Receiver<Result<Included, AppendError>>;

fn settings(batch_size: usize) -> Settings {
    Settings { batch_interval: Duration::from_millis(1), batch_size }
}

/// A folder in memory where there is one: syncing hundreds of logs on a disk takes long.
fn fresh() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn close(store: LogStore) {
    store.close().unwrap();
    drop(store);
}

/// A receipt's entry, whose digest is made from its index.
fn record(index: u64) -> Record {
    let mut id = [7; 32];
    id[..8].copy_from_slice(&index.to_be_bytes());
    let mut entry = vec![1, 1];
    entry.extend(id);
    entry.extend([u8::try_from(index % 251).unwrap(); 20]);
    Record { index, id: Some(id), entry, body: format!("body {index}").into_bytes() }
}

fn first() -> Record {
    Record { index: 0, id: None, entry: b"\x01\x04keys".to_vec(), body: Vec::new() }
}

fn create(folder: &Path, host: &Arc<TestHost>) -> LogStore {
    LogStore::create(folder, ORIGIN, first(), host.clone(), settings(8)).unwrap()
}

fn open(folder: &Path) -> Result<LogStore, OpenError> {
    LogStore::open(folder, TestHost::plain(), settings(8))
}

fn append(store: &LogStore, record: Record) -> Answer {
    let (send, receive) = channel();
    store.append(record, Box::new(move |answer| drop(send.send(answer))));
    receive
}

/// Appends records and waits for all of them.
fn append_all(store: &LogStore, indexes: impl IntoIterator<Item = u64>) -> Vec<Included> {
    let answers: Vec<Answer> =
        indexes.into_iter().map(|index| append(store, record(index))).collect();
    answers.iter().map(|answer| answer.recv_timeout(LONG).unwrap().unwrap()).collect()
}

/// A store of `size` entries in a fresh folder, published and closed.
fn closed(size: u64) -> tempfile::TempDir {
    let folder = fresh();
    let store = create(folder.path(), &TestHost::plain());
    append_all(&store, 1..size);
    publish(&store);
    close(store);
    folder
}

fn publish(store: &LogStore) {
    store.publish(TestHost::plain().sign(&store.head()).unwrap()).unwrap();
}

/// Checks an answer on its own, as its receiver would.
fn verify(included: &Included) {
    verify_unsigned(included).verify(&host::key()).unwrap();
}

/// Checks all but the signature; returns the checkpoint.
fn verify_unsigned(included: &Included) -> r4_tlog::SignedCheckpoint {
    let Included { index, leaf_hash, tree_size, root, proof, checkpoint } = included;
    verify_inclusion(leaf_hash, *index, *tree_size, proof, root).unwrap();
    let signed = r4_tlog::SignedCheckpoint::parse(checkpoint).unwrap();
    assert_eq!((signed.checkpoint.size, signed.checkpoint.root), (*tree_size, *root));
    signed
}

/// The root by the definition alone (RFC 6962 §2.1).
fn naive_root(entries: &[Vec<u8>]) -> Hash {
    if let [entry] = entries {
        return leaf_hash(entry);
    }
    let (left, right) = entries.split_at(entries.len().next_power_of_two() / 2);
    node_hash(&naive_root(left), &naive_root(right))
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else if std::fs::copy(entry.path(), &target).is_err() {
            // It was renamed or removed meanwhile.
            drop(std::fs::remove_file(target));
        }
    }
}
