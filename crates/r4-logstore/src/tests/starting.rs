//! Starts: what is read, what is made again, and what is refused.

use super::host::TestHost;
use super::*;
use std::fs;
use std::thread;
use std::time::Duration;

#[test]
fn a_log_goes_on_where_it_was() {
    let folder = closed(20);
    let store = open(folder.path()).unwrap();
    assert_eq!((store.size(), store.origin()), (20, ORIGIN));
    assert_eq!(store.notes().sentences, Vec::<String>::new());
    let included = append_all(&store, 20..30);
    included.iter().for_each(verify);
    let head = store.head();
    close(store);
    let store = open(folder.path()).unwrap();
    assert_eq!(store.head(), head);
    for index in 1..30 {
        assert_eq!(store.find(&record(index).id.unwrap()).unwrap(), Some(index));
    }
}

#[test]
fn whatever_can_be_made_again_is() {
    for gone in ["mark", "offsets"] {
        let folder = closed(700);
        fs::remove_file(folder.path().join("journal").join(gone)).unwrap();
        all_is_there(folder.path(), gone);
        fs::write(folder.path().join("journal").join(gone), b"damaged").unwrap();
        all_is_there(folder.path(), gone);
    }
    let folder = closed(700);
    fs::remove_dir_all(folder.path().join("log/tile")).unwrap();
    all_is_there(folder.path(), "tile");
}

fn all_is_there(folder: &Path, gone: &str) {
    let store = open(folder).unwrap_or_else(|error| panic!("{gone}: {error}"));
    let index = 300;
    store.inclusion(index, 700).unwrap();
    assert_eq!(store.find(&record(index).id.unwrap()).unwrap(), Some(index), "{gone}");
    assert_eq!(store.body(index).unwrap(), Some(record(index).body), "{gone}");
    close(store);
    let report = crate::fsck::check(folder, &[host::key()]);
    assert!(report.is_fine(), "{gone}: {:?}", report.findings);
}

#[test]
fn what_a_log_cannot_be_without_is_named() {
    for (gone, sentence) in [
        ("journal/journal", "journal/journal is missing, although the log has begun"),
        ("journal/origin", "journal/origin is missing"),
        ("log/checkpoint", "log/checkpoint is missing, although the log has begun"),
    ] {
        let folder = closed(10);
        let path = folder.path().join(gone);
        let kept = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(LogStore::exists(folder.path()), "{gone}");
        let error = open(folder.path()).unwrap_err().to_string();
        let command = format!("r4 log fsck {}", folder.path().display());
        assert!(error.contains(sentence) && error.contains(&command), "{error}");
        let made = LogStore::create(folder.path(), ORIGIN, first(), TestHost::plain(), settings(8));
        assert!(matches!(made, Err(OpenError::Exists { .. })), "{gone}");
        fs::write(&path, b"").unwrap();
        assert!(open(folder.path()).is_err(), "{gone}");
        fs::write(&path, kept).unwrap();
        open(folder.path()).unwrap();
    }
}

#[test]
fn an_empty_folder_has_no_log() {
    let folder = fresh();
    assert!(!LogStore::exists(folder.path()));
    assert!(open(folder.path()).is_err());
    assert!(!LogStore::exists(folder.path()));
    for origin in ["", "two\nlines"] {
        let made = LogStore::create(folder.path(), origin, first(), TestHost::plain(), settings(8));
        assert!(matches!(made, Err(OpenError::Unusable { .. })));
    }
    for bad in [record(1), Record { id: Some([1; 32]), ..first() }] {
        let made = LogStore::create(folder.path(), ORIGIN, bad, TestHost::plain(), settings(8));
        assert!(matches!(made, Err(OpenError::First(_))));
    }
    assert!(!LogStore::exists(folder.path()));
}

#[test]
fn the_log_is_locked_as_long_as_it_is_open() {
    let folder = closed(3);
    let _open = open(folder.path()).unwrap();
    assert!(matches!(open(folder.path()), Err(OpenError::InUse { .. })));
}

#[test]
fn a_closed_log_is_not_locked_though_a_child_process_has_its_files() {
    let folder = closed(3);
    let store = open(folder.path()).unwrap();
    // A child process has the same open file from fork(2) to execve(2).
    let _childs = store.shared.offsets.try_clone().unwrap();
    close(store);
    open(folder.path()).unwrap();
}

#[test]
fn a_log_that_is_looked_at_can_be_opened() {
    let folder = closed(3);
    let offsets = fs::File::open(folder.path().join("journal/offsets")).unwrap();
    offsets.lock_shared().unwrap();
    let looker = thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        drop(offsets);
    });
    open(folder.path()).unwrap();
    looker.join().unwrap();
}

#[test]
fn wrong_tiles_are_never_used_for_a_proof() {
    let folder = closed(700);
    let tile = folder.path().join("log/tile/0/000");
    let mut bytes = fs::read(&tile).unwrap();
    bytes[40] ^= 1;
    fs::write(&tile, bytes).unwrap();
    // The edge is read through this tile, so the start makes it again.
    let store = open(folder.path()).unwrap();
    assert!(store.notes().sentences.iter().any(|note| note.contains("made again")));
    store.inclusion(300, 700).unwrap();
}
