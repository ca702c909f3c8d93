//! The index under crashes, damage, full disks and rivals.

use super::*;
use std::collections::BTreeSet;
use std::fs;

fn fresh() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    (folder, path)
}

#[test]
fn starts_at_zero_and_counts() {
    let (_folder, path) = fresh();
    let store = IndexStore::create(&path).unwrap();
    for want in 0..200 {
        assert_eq!(store.next().unwrap(), want);
    }
    assert_eq!(store.ceiling(), 256);
}

#[test]
fn every_index_is_below_what_the_disk_says_before_it_is_returned() {
    let (_folder, path) = fresh();
    let store = IndexStore::create(&path).unwrap();
    for _ in 0..200 {
        let index = store.next().unwrap();
        assert!(index < read(&path).unwrap().0);
    }
}

#[test]
fn no_index_repeats_after_crashes() {
    let (_folder, path) = fresh();
    drop(IndexStore::create(&path).unwrap());
    let mut last = None;
    for used in [1, 63, 64, 65, 0, 2, 128] {
        let store = IndexStore::open(&path).unwrap();
        for _ in 0..used {
            let index = store.next().unwrap();
            assert!(last.is_none_or(|l| index > l), "{index} after {last:?}");
            last = Some(index);
        }
        // No shutdown code runs: what a kill -9 leaves is what this drop leaves.
        drop(store);
    }
}

#[test]
fn a_crash_between_write_and_rename_is_harmless() {
    let (_folder, path) = fresh();
    let store = IndexStore::create(&path).unwrap();
    let first = store.next().unwrap();
    drop(store);
    fs::write(beside(&path, ".new"), "r4-index/v1\n99").unwrap();
    assert_eq!(IndexStore::open(&path).unwrap().next().unwrap(), first + BATCH);
}

#[test]
fn threads_never_share_an_index() {
    let (_folder, path) = fresh();
    let store = IndexStore::create(&path).unwrap();
    let seen = Mutex::new(BTreeSet::new());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let index = store.next().unwrap();
                    assert!(seen.lock().unwrap().insert(index), "{index} twice");
                }
            });
        }
    });
    assert_eq!(seen.into_inner().unwrap().len(), 800);
}

#[test]
fn a_second_open_is_refused_and_a_later_one_is_not() {
    let (_folder, path) = fresh();
    let store = IndexStore::create(&path).unwrap();
    let error = IndexStore::open(&path).expect_err("locked");
    assert!(matches!(error, IndexError::Locked { .. }), "{error}");
    store.next().unwrap();
    assert!(matches!(IndexStore::open(&path), Err(IndexError::Locked { .. })), "after a rename");
    drop(store);
    assert!(IndexStore::open(&path).is_ok());
}

#[test]
fn an_unwritable_disk_gives_no_index_and_loses_none() {
    let (_folder, path) = fresh();
    let store = IndexStore::create(&path).unwrap();
    let last = (0..BATCH).map(|_| store.next().unwrap()).last().unwrap();
    // A folder in the temporary file's place fails every write, as a full disk would.
    fs::create_dir(beside(&path, ".new")).unwrap();
    for _ in 0..3 {
        assert!(matches!(store.next(), Err(IndexError::Write { .. })));
        assert!(matches!(store.reserve(), Err(IndexError::Write { .. })));
    }
    fs::remove_dir(beside(&path, ".new")).unwrap();
    store.reserve().unwrap();
    assert_eq!(store.next().unwrap(), last + 1);
}

#[test]
fn damaged_files_are_refused_in_a_sentence() {
    let (_folder, path) = fresh();
    for (text, word) in [
        ("", "ends early"),
        ("r4-index/v1\n64\n64", "ends early"),
        ("r4-index/v1\n64\n", "three or five lines"),
        ("r4-index/v1\n64\n64\n64\n", "three or five lines"),
        ("r4-index/v1\n64\n64\n9\n10\n", "same number"),
        ("r4-index/v2\n64\n64\n", "first line"),
        ("r4-index/v1\n-1\n-1\n", "not a number"),
        ("r4-index/v1\nsix\nsix\n", "not a number"),
        ("r4-index/v1\n18446744073709551616\n18446744073709551616\n", "not a number"),
        ("r4-index/v1\n64\n128\n", "same number"),
        ("r4-index/v1\n+64\n+64\n", "same number"),
        ("r4-index/v1\n064\n064\n", "same number"),
        ("r4-index/v1\n64\n64\r\n", "same number"),
    ] {
        fs::write(&path, text).unwrap();
        let error = IndexStore::open(&path).expect_err(text).to_string();
        assert!(error.contains("damaged") && error.contains(word), "{text:?}: {error}");
    }
    fs::write(&path, [0xff, 0xfe, b'\n']).unwrap();
    assert!(IndexStore::open(&path).expect_err("bytes").to_string().contains("not text"));
}

#[test]
fn every_flipped_bit_is_refused_or_kept_apart() {
    let (_folder, path) = fresh();
    let good = b"r4-index/v1\n640\n640\n590\n590\n";
    fs::write(&path, good).unwrap();
    assert_eq!(IndexStore::open(&path).unwrap().logged(), 590);
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.to_vec();
            bad[at] ^= 1 << bit;
            fs::write(&path, &bad).unwrap();
            assert!(IndexStore::open(&path).is_err(), "byte {at} bit {bit}");
        }
    }
}

#[test]
fn a_missing_index_is_not_made_by_open_and_the_end_is_the_end() {
    let (_folder, path) = fresh();
    assert!(matches!(IndexStore::open(&path), Err(IndexError::Read { .. })));
    let last = u64::MAX;
    fs::write(&path, format!("{MAGIC}\n{last}\n{last}\n")).unwrap();
    let store = IndexStore::open(&path).unwrap();
    assert!(matches!(store.next(), Err(IndexError::Exhausted { .. })));
}

#[test]
fn what_is_given_back_is_handed_out_again_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    let store = IndexStore::create(&path).unwrap();
    assert_eq!((store.next().unwrap(), store.next().unwrap()), (0, 1));
    store.release().unwrap();
    assert_eq!((store.ceiling(), store.next().unwrap()), (2, 2));
    store.release().unwrap();
    drop(store);
    let store = IndexStore::open(&path).unwrap();
    assert_eq!((store.ceiling(), store.next().unwrap(), store.ceiling()), (3, 3, 67));
}

#[test]
fn the_logs_size_is_kept_and_never_shrinks() {
    let (_folder, path) = fresh();
    let reopened = |path: &Path| IndexStore::open(path).unwrap().logged();
    let store = IndexStore::create(&path).unwrap();
    store.note(7);
    drop(store);
    assert_eq!(reopened(&path), 0, "a note alone is not on disk");
    let store = IndexStore::open(&path).unwrap();
    store.note(7);
    store.note(5);
    store.next().unwrap();
    drop(store);
    assert_eq!(reopened(&path), 7, "it goes with the next batch");
    let store = IndexStore::open(&path).unwrap();
    store.keep(9).unwrap();
    store.keep(8).unwrap();
    drop(store);
    assert_eq!(reopened(&path), 9);
    fs::write(&path, format!("{MAGIC}\n64\n64\n")).unwrap();
    assert_eq!(reopened(&path), 0, "written by hand");
}
