//! The published checkpoint and its partial tiles.

use super::host::TestHost;
use super::*;
use crate::PublishError;
use r4_tlog::SignedCheckpoint;
use std::fs;

fn sign(store: &LogStore, size: u64) -> SignedCheckpoint {
    let checkpoint = r4_tlog::Checkpoint { size, root: store.root(size).unwrap(), ..store.head() };
    TestHost::plain().sign(&checkpoint).unwrap()
}

#[test]
fn the_checkpoint_only_grows_and_is_of_this_log() {
    let folder = fresh();
    let store = create(folder.path(), &TestHost::plain());
    append_all(&store, 1..10);
    assert_eq!(store.published().checkpoint.size, 1);
    store.publish(sign(&store, 7)).unwrap();
    let text = fs::read_to_string(folder.path().join("log/checkpoint")).unwrap();
    assert_eq!((&*store.published().text, store.published().checkpoint.size), (&*text, 7));
    let host = TestHost::plain();
    let beyond = r4_tlog::Checkpoint { size: 11, ..store.head() };
    let root = r4_tlog::Checkpoint { root: [1; 32], ..store.head() };
    let origin = r4_tlog::Checkpoint { origin: "another".to_owned(), ..store.head() };
    let bad = [beyond, root, origin].map(|checkpoint| host.sign(&checkpoint).unwrap());
    for signed in bad.into_iter().chain([sign(&store, 6)]) {
        let error = store.publish(signed).unwrap_err();
        assert!(matches!(error, PublishError::Refused { .. }), "{error}");
    }
    assert_eq!(fs::read_to_string(folder.path().join("log/checkpoint")).unwrap(), text);
    store.publish(sign(&store, 7)).unwrap();
    store.publish(sign(&store, 10)).unwrap();
}

#[test]
fn a_second_writers_checkpoint_is_not_overwritten() {
    let folder = fresh();
    let store = create(folder.path(), &TestHost::plain());
    append_all(&store, 1..5);
    let path = folder.path().join("log/checkpoint");
    let theirs = sign(&store, 3).to_string();
    let ours = fs::read(&path).unwrap();
    fs::write(&path, &theirs).unwrap();
    let error = store.publish(sign(&store, 5)).unwrap_err();
    assert!(matches!(error, PublishError::Changed { .. }), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), theirs);
    fs::remove_file(&path).unwrap();
    assert!(matches!(store.publish(sign(&store, 5)), Err(PublishError::Changed { .. })));
    assert!(!path.exists());
    fs::write(&path, ours).unwrap();
    store.publish(sign(&store, 5)).unwrap();
}

#[test]
fn two_threads_publish_one_after_the_other() {
    let folder = fresh();
    let store = create(folder.path(), &TestHost::plain());
    append_all(&store, 1..40);
    std::thread::scope(|scope| {
        for offset in [0, 1] {
            let store = &store;
            scope.spawn(move || {
                for size in (2 + offset..40).step_by(2) {
                    match store.publish(sign(store, size)) {
                        Ok(()) | Err(PublishError::Refused { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
    });
    let text = fs::read_to_string(folder.path().join("log/checkpoint")).unwrap();
    assert_eq!(&*store.published().text, text);
}

#[test]
fn partial_tiles_are_those_of_the_published_size_alone() {
    let folder = fresh();
    let store = create(folder.path(), &TestHost::plain());
    store.fill(600).unwrap();
    for size in [2, 255, 256, 257, 512, 600] {
        store.publish(sign(&store, size)).unwrap();
        let mut want: Vec<String> =
            crate::edge::partial_tiles(size).iter().map(ToString::to_string).collect();
        want.sort();
        let mut have = Vec::new();
        list(&folder.path().join("log"), "", &mut have);
        have.retain(|name| name.contains(".p/"));
        have.sort();
        assert_eq!(have, want, "{size}");
    }
}

fn list(folder: &Path, prefix: &str, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            list(&entry.path(), &format!("{name}/"), names);
        } else {
            names.push(name);
        }
    }
}
