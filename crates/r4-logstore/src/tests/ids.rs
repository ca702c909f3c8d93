//! The index of ids: in memory, in files of 65,536 entries, and over the boundary between them.

use super::host::TestHost;
use super::*;
use crate::ReadError;
use crate::fsck::{Fault, check, repair};
use std::fs;
use std::path::PathBuf;

/// Entries of a file.
const SEGMENT: u64 = 65_536;

/// A receipt's entry whose id looks random.
fn spread(index: u64) -> Record {
    with_id(index, leaf_hash(&index.to_be_bytes()))
}

fn with_id(index: u64, id: [u8; 32]) -> Record {
    let entry = [&[1, 1][..], &id, &index.to_be_bytes()].concat();
    Record { index, id: Some(id), entry, body: vec![5; 50] }
}

/// The id of which two begin alike: `tail` tells them apart.
fn alike(tail: u8) -> [u8; 32] {
    let mut id = spread(1).id.unwrap();
    id[31] = tail;
    id
}

/// Indexes with an id; the others are missed. The neighbours of the boundary are among them.
fn with_ids(size: u64) -> impl Iterator<Item = u64> {
    (1..size).filter(|index| index % 61 == 1 || index.abs_diff(SEGMENT) < 4)
}

/// Appends until the log has `size` entries.
fn grow(store: &LogStore, size: u64) {
    let indexes = with_ids(size).filter(|index| *index >= store.size());
    let answers: Vec<Answer> = indexes.map(|index| append(store, spread(index))).collect();
    store.fill(size).unwrap();
    for answer in answers {
        answer.recv_timeout(LONG).unwrap().unwrap();
    }
}

fn long(size: u64) -> tempfile::TempDir {
    let folder = fresh();
    let host = TestHost::plain();
    let store = LogStore::create(folder.path(), ORIGIN, first(), host, settings(4096)).unwrap();
    grow(&store, size);
    publish(&store);
    close(store);
    folder
}

fn copy_of(folder: &tempfile::TempDir) -> tempfile::TempDir {
    let copy = fresh();
    copy_folder(folder.path(), copy.path());
    copy
}

fn segment(folder: &tempfile::TempDir, number: u64) -> PathBuf {
    folder.path().join(format!("journal/ids/{number:08}"))
}

fn finds_all(store: &LogStore) {
    let size = store.size();
    for index in with_ids(size) {
        let found = store.find(&spread(index).id.unwrap()).unwrap();
        assert_eq!(found, Some(index), "{index} of {size}");
    }
    for index in [size, 2, 3] {
        assert_eq!(store.find(&spread(index + 1_000_000).id.unwrap()).unwrap(), None);
    }
}

fn is_fine(folder: &tempfile::TempDir, what: &str) {
    let report = check(folder.path(), &[host::key()]);
    assert!(report.is_fine(), "{what}: {:?}", report.findings);
}

#[test]
fn ids_are_found_across_the_boundary_of_a_file_and_after_a_start() {
    let folder = long(SEGMENT - 1);
    for size in [SEGMENT - 1, SEGMENT, SEGMENT + 1, SEGMENT + 300] {
        let store = open(folder.path()).unwrap();
        assert_eq!(store.notes().sentences, Vec::<String>::new());
        grow(&store, size);
        finds_all(&store);
        close(store);
        assert_eq!(segment(&folder, 0).exists(), size >= SEGMENT, "{size}");
        let store = open(folder.path()).unwrap();
        assert_eq!((store.size(), &store.notes().sentences), (size, &Vec::new()));
        finds_all(&store);
        close(store);
        is_fine(&folder, "after a start");
    }
}

#[test]
fn a_start_from_a_mark_before_the_boundary_writes_the_file_again() {
    let folder = long(SEGMENT - 1);
    let mark = folder.path().join("journal/mark");
    let before = fs::read(&mark).unwrap();
    let store = open(folder.path()).unwrap();
    grow(&store, SEGMENT + 2);
    close(store);
    let good = fs::read(segment(&folder, 0)).unwrap();
    for (mark_left, file_left) in [(true, true), (true, false), (false, true), (false, false)] {
        let copy = copy_of(&folder);
        let mark = copy.path().join("journal/mark");
        if mark_left { fs::write(&mark, &before) } else { fs::remove_file(&mark) }.unwrap();
        if file_left {
            fs::write(segment(&copy, 0), b"other").unwrap();
        } else {
            fs::remove_dir_all(copy.path().join("journal/ids")).unwrap();
        }
        let store = open(copy.path()).unwrap();
        finds_all(&store);
        assert_eq!(fs::read(segment(&copy, 0)).unwrap(), good);
        close(store);
        is_fine(&copy, "after a start");
    }
}

#[test]
fn ids_that_begin_alike_are_told_apart() {
    let folder = fresh();
    let host = TestHost::plain();
    let store = LogStore::create(folder.path(), ORIGIN, first(), host, settings(4096)).unwrap();
    let places = [5, 9, SEGMENT - 1, SEGMENT, SEGMENT + 7];
    let (again, last) = (SEGMENT + 8, SEGMENT + 9);
    let records = (1..).zip(places).map(|(tail, index)| with_id(index, alike(tail)));
    let records = records.chain([with_id(again, alike(1))]);
    let answers: Vec<Answer> = records.map(|record| append(&store, record)).collect();
    store.fill(last).unwrap();
    for answer in answers {
        answer.recv_timeout(LONG).unwrap().unwrap();
    }
    let told_apart = |store: &LogStore| {
        for (tail, index) in (1..).zip(places).skip(1) {
            assert_eq!(store.find(&alike(tail)).unwrap(), Some(index));
        }
        assert_eq!(store.find(&alike(1)).unwrap(), Some(again), "the newest of two");
        assert_eq!(store.find(&alike(99)).unwrap(), None);
    };
    told_apart(&store);
    close(store);
    told_apart(&open(folder.path()).unwrap());
}

#[test]
fn a_file_that_is_lost_or_cut_short_is_made_again_by_a_start() {
    let folder = long(SEGMENT + 3);
    let good = fs::read(segment(&folder, 0)).unwrap();
    let bundle = folder.path().join("log/tile/entries/003");
    let bytes = fs::read(&bundle).unwrap();
    let mut other = bytes.clone();
    let id = spread(794).id.unwrap();
    let place = bytes.windows(32).position(|octets| octets == id).unwrap();
    other[place] ^= 1;
    for left in [None, Some(0), Some(3), Some(good.len() - 1)] {
        for bundled in [Some(&bytes), Some(&other), None] {
            match bundled {
                Some(bytes) => fs::write(&bundle, bytes).unwrap(),
                None => fs::remove_file(&bundle).unwrap(),
            }
            match left {
                Some(length) => fs::write(segment(&folder, 0), &good[..length]).unwrap(),
                None => fs::remove_file(segment(&folder, 0)).unwrap(),
            }
            assert!(named(&folder, "journal/ids/00000000"));
            let store = open(folder.path()).unwrap();
            assert!(store.notes().sentences.join("\n").contains("ids/00000000 was missing or cut"));
            assert_eq!(fs::read(segment(&folder, 0)).unwrap(), good);
            finds_all(&store);
        }
        fs::write(&bundle, &bytes).unwrap();
        is_fine(&folder, "after a start");
    }
}

/// Tells whether fsck finds that something is wrong with a file of ids.
fn named(folder: &tempfile::TempDir, name: &str) -> bool {
    let findings = check(folder.path(), &[host::key()]).findings;
    findings.iter().any(|found| found.fault == Fault::Ids && found.sentence.starts_with(name))
}

#[test]
fn a_damaged_file_is_named_and_made_again_by_a_repair() {
    let folder = long(SEGMENT + 3);
    let good = fs::read(segment(&folder, 0)).unwrap();
    let flip = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 0x20;
        bytes
    };
    let shorter = good[16..].to_vec();
    for bytes in [flip(0), flip(good.len() / 2), flip(good.len() - 1), shorter] {
        fs::write(segment(&folder, 0), bytes).unwrap();
        assert!(named(&folder, "journal/ids/00000000 is damaged"));
        let report = repair(folder.path(), &[host::key()], 1_800_000_001);
        assert!(report.is_fine() && !report.repaired.is_empty(), "{report:?}");
        assert_eq!(fs::read(segment(&folder, 0)).unwrap(), good);
    }
}

#[test]
fn a_file_that_names_another_entry_is_not_believed() {
    let folder = long(SEGMENT + 3);
    let good = fs::read(segment(&folder, 0)).unwrap();
    let id = spread(62).id.unwrap();
    let place = good.chunks(16).position(|hint| hint[..8] == id[..8]).unwrap() * 16;
    let store = open(folder.path()).unwrap();
    for at in [place + 15, place + 8] {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        fs::write(segment(&folder, 0), bytes).unwrap();
        let found = store.find(&id);
        assert!(matches!(found, Err(ReadError::Damaged { .. })), "{found:?}");
    }
    fs::write(segment(&folder, 0), &good[..7]).unwrap();
    assert!(matches!(store.find(&id), Err(ReadError::Damaged { .. })));
    fs::remove_file(segment(&folder, 0)).unwrap();
    assert!(matches!(store.find(&id), Err(ReadError::File { .. })));
}

#[test]
fn files_ahead_of_the_journal_are_removed() {
    let folder = closed(10);
    for remove in [true, false] {
        fs::write(segment(&folder, 0), [0; 20]).unwrap();
        assert!(named(&folder, "journal/ids/00000000 is ahead of the journal"));
        if remove {
            let store = open(folder.path()).unwrap();
            assert!(store.notes().sentences[0].contains("ahead of the journal"));
            assert_eq!(store.find(&record(9).id.unwrap()).unwrap(), Some(9));
        } else {
            assert!(repair(folder.path(), &[], 1).is_fine());
        }
        assert!(!segment(&folder, 0).exists());
    }
}
