//! Copies of a log that is written meanwhile, and copies that are completed.

use super::host::TestHost;
use super::*;
use crate::{Completion, CopyPoint, is_derived};
use std::fs;
use std::io::Read as _;
use std::sync::atomic::{AtomicBool, Ordering};

/// Writes what a copy has into a fresh folder.
fn restore(point: &CopyPoint) -> tempfile::TempDir {
    let folder = fresh();
    for name in ["journal", "log"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    let mut journal = Vec::new();
    point.open_journal().unwrap().read_to_end(&mut journal).unwrap();
    assert_eq!(journal.len() as u64, point.journal_bytes);
    fs::write(folder.path().join("journal/journal"), journal).unwrap();
    fs::write(folder.path().join("journal/origin"), format!("{}\n", point.origin)).unwrap();
    fs::write(folder.path().join("log/checkpoint"), &*point.published.text).unwrap();
    folder
}

#[test]
fn a_copy_under_load_has_all_that_was_answered_before_it() {
    let folder = fresh();
    let store = create(folder.path(), &TestHost::plain());
    let (done, answered) = (AtomicBool::new(false), std::sync::atomic::AtomicU64::new(1));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut next = 1;
            // Bounded, so that a failure ends.
            while !done.load(Ordering::Relaxed) && next < 100_000 {
                append_all(&store, next..next + 5);
                next += 5;
                answered.store(next, Ordering::SeqCst);
                if next % 50 == 1 {
                    publish(&store);
                }
            }
        });
        for _ in 0..5 {
            let before = answered.load(Ordering::SeqCst);
            let point = CopyPoint::find(folder.path(), |_| {}).unwrap();
            assert!(point.scan.entries >= before, "{} of {before}", point.scan.entries);
            assert_eq!(point.scan.flaw, None);
            let copy = restore(&point);
            let again = open(copy.path()).unwrap();
            assert_eq!(again.size(), point.scan.entries);
            let ours = store.entries(0, usize::try_from(again.size()).unwrap()).unwrap();
            assert_eq!(again.head().root, naive_root(&ours));
            let last = record(before - 1).body;
            assert!(before == 1 || again.body(before - 1).unwrap() == Some(last), "{before}");
            close(again);
        }
        done.store(true, Ordering::Relaxed);
    });
    close(store);
}

#[test]
fn a_copy_after_a_crash_ends_with_the_last_whole_record() {
    let folder = closed(20);
    let journal = folder.path().join("journal/journal");
    let whole = fs::read(&journal).unwrap();
    fs::remove_file(folder.path().join("journal/mark")).unwrap();
    fs::write(&journal, [&whole[..], &whole[..13]].concat()).unwrap();
    // Without a mark and with nobody at work, damage cannot be told from a torn end.
    assert!(CopyPoint::find(folder.path(), |_| {}).is_err());
    open(folder.path()).map(close).unwrap();
    fs::write(&journal, [&whole[..], &whole[..13]].concat()).unwrap();
    let point = CopyPoint::find(folder.path(), |_| {}).unwrap();
    assert_eq!((point.scan.entries, point.journal_bytes), (20, whole.len() as u64));
    let copy = restore(&point);
    all_there(copy.path(), 20);
}

fn all_there(folder: &Path, size: u64) {
    let store = open(folder).unwrap();
    assert_eq!(store.size(), size);
    append_all(&store, size..size + 3).iter().for_each(verify);
    close(store);
    assert!(crate::fsck::check(folder, &[host::key()]).is_fine());
}

#[test]
fn what_is_damaged_or_no_log_is_not_copied() {
    assert!(CopyPoint::find(fresh().path(), |_| {}).is_err());
    let folder = closed(20);
    let journal = folder.path().join("journal/journal");
    let whole = fs::read(&journal).unwrap();
    for bad in [&whole[..whole.len() - 1], &whole[..40], b""] {
        fs::write(&journal, bad).unwrap();
        assert!(CopyPoint::find(folder.path(), |_| {}).is_err(), "{} bytes", bad.len());
    }
    for place in [0, 9, 30, whole.len() - 1] {
        let mut bad = whole.clone();
        bad[place] ^= 1;
        fs::write(&journal, bad).unwrap();
        assert!(CopyPoint::find(folder.path(), |_| {}).is_err(), "byte {place}");
    }
}

#[test]
fn a_copy_is_completed_by_the_entries_alone() {
    let folder = closed(20);
    let copy = restore(&CopyPoint::find(folder.path(), |_| {}).unwrap());
    let store = open(folder.path()).unwrap();
    append_all(&store, 20..600);
    publish(&store);
    let later = store.entries(20, 580).unwrap();
    let (head, note) = (store.head(), store.published().text.clone());
    close(store);
    let bytes = fs::metadata(copy.path().join("journal/journal")).unwrap().len();

    let mut other = Completion::begin(copy.path(), bytes).unwrap();
    other.push(&record(77).entry).unwrap();
    assert_ne!(other.root(), head.root);
    other.undo().unwrap();
    // Cut short, and begun again.
    let mut half = Completion::begin(copy.path(), bytes).unwrap();
    for entry in &later[..300] {
        half.push(entry).unwrap();
    }
    drop(half);
    let mut log = Completion::begin(copy.path(), bytes).unwrap();
    assert_eq!(log.size(), 20);
    for entry in &later {
        log.push(entry).unwrap();
    }
    assert_eq!((log.size(), log.root()), (head.size, head.root));
    log.finish(&note).unwrap();

    let store = open(copy.path()).unwrap();
    assert_eq!(store.head(), head);
    assert_eq!(store.body(19).unwrap(), Some(record(19).body));
    assert_eq!(store.find(&record(500).id.unwrap()).unwrap(), Some(500));
    assert_eq!(store.body(500).unwrap().unwrap_or_default(), b"");
    close(store);
    all_there(copy.path(), 600);
    assert!(Completion::begin(copy.path(), bytes + 1).is_err());
}

#[test]
fn only_what_cannot_be_made_again_is_copied() {
    for derived in ["journal/mark", "journal/ids/00000000", "log/tile/0/000", "index.new"] {
        assert!(is_derived(Path::new(derived)), "{derived}");
    }
    for kept in ["journal/journal", "log/checkpoint", "root.seed", "closed/x/journal/mark"] {
        assert!(!is_derived(Path::new(kept)), "{kept}");
    }
}
