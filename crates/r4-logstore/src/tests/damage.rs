//! Every byte of the journal cut or changed: what was published is refused, a torn tail is cut off.

use super::*;
use crate::fsck::{self, Fault, Remedy};
use std::fs;

/// Entries of the damaged log; the last batch is records 6 to 9.
const SIZE: u64 = 10;

/// A log that published 6 entries and has four more, without a mark.
fn unmarked() -> tempfile::TempDir {
    let folder = closed(6);
    let store = open(folder.path()).unwrap();
    append_all(&store, 6..SIZE);
    close(store);
    fs::remove_file(folder.path().join("journal/mark")).unwrap();
    folder
}

/// Where record `index` begins.
fn place(folder: &Path, index: usize) -> usize {
    let offsets = fs::read(folder.join("journal/offsets")).unwrap();
    let bytes = offsets[index * 8..][..8].try_into().unwrap();
    usize::try_from(u64::from_be_bytes(bytes)).unwrap()
}

#[test]
fn a_tail_cut_at_any_byte_is_cut_off_and_noted() {
    let folder = unmarked();
    let path = folder.path().join("journal/journal");
    let journal = fs::read(&path).unwrap();
    let places: Vec<usize> = (6..10).map(|index| place(folder.path(), index)).collect();
    for length in places[0]..journal.len() {
        fs::write(&path, &journal[..length]).unwrap();
        let whole = 6 + places[1..].iter().filter(|place| **place <= length).count();
        let torn = !places.contains(&length);
        let report = fsck::check(folder.path(), &[]);
        let found = report.findings.iter().find(|finding| finding.fault == Fault::TornTail);
        assert_eq!(found.is_some(), torn, "{length}: {:?}", report.findings);
        let store = open(folder.path()).unwrap();
        assert_eq!(store.size(), whole as u64, "{length}");
        let notes = store.notes().sentences.join("\n");
        assert_eq!(notes.contains("cut short"), torn, "{length}: {notes}");
        assert_eq!(store.find(&record(9).id.unwrap()).unwrap(), None, "{length}");
        append_all(&store, whole as u64..SIZE);
        drop(store);
        assert_eq!(fs::read(&path).unwrap(), journal, "{length}");
        fs::remove_file(folder.path().join("journal/mark")).unwrap();
    }
}

#[test]
fn a_tail_of_zeros_or_noise_is_a_torn_one() {
    let folder = unmarked();
    let path = folder.path().join("journal/journal");
    let journal = fs::read(&path).unwrap();
    for tail in [vec![0; 5000], vec![0xa5; 4097], journal[..7].to_vec()] {
        fs::write(&path, [&journal[..], &tail].concat()).unwrap();
        assert_eq!(open(folder.path()).unwrap().size(), SIZE);
        assert_eq!(fs::read(&path).unwrap(), journal);
    }
}

#[test]
fn a_journal_cut_below_what_was_published_is_refused() {
    let folder = unmarked();
    let path = folder.path().join("journal/journal");
    let journal = fs::read(&path).unwrap();
    let end = place(folder.path(), 6);
    for length in 0..end {
        fs::write(&path, &journal[..length]).unwrap();
        let error = open(folder.path()).unwrap_err();
        let named = matches!(error, OpenError::RolledBack { .. } | OpenError::Damaged { .. });
        assert!(named && error.to_string().contains("r4 log fsck"), "{length}: {error}");
        assert_eq!(fs::metadata(&path).unwrap().len(), length as u64);
    }
}

#[test]
fn a_journal_cut_below_the_mark_is_refused() {
    let folder = closed(6);
    let store = open(folder.path()).unwrap();
    append_all(&store, 6..SIZE);
    close(store);
    let path = folder.path().join("journal/journal");
    let journal = fs::read(&path).unwrap();
    for length in [place(folder.path(), 8), place(folder.path(), 8) + 3] {
        fs::write(&path, &journal[..length]).unwrap();
        let error = open(folder.path()).unwrap_err();
        let named = matches!(error, OpenError::RolledBack { .. } | OpenError::Damaged { .. });
        assert!(named, "{error}");
        let report = fsck::repair(folder.path(), &[], 1);
        assert!(report.findings.iter().any(|finding| finding.fault == Fault::RolledBack));
        assert_eq!(fs::metadata(&path).unwrap().len(), length as u64);
    }
}

#[test]
fn every_changed_byte_of_the_journal_is_found_and_named() {
    let folder = unmarked();
    let path = folder.path().join("journal/journal");
    let journal = fs::read(&path).unwrap();
    let last = place(folder.path(), 9);
    for at in 0..journal.len() {
        let mut changed = journal.clone();
        changed[at] ^= 1 << (at % 8);
        fs::write(&path, &changed).unwrap();
        let report = fsck::check(folder.path(), &[]);
        let index = (0..10).rev().find(|index| place(folder.path(), *index) <= at).unwrap();
        let (fault, remedy) = if at >= last {
            (Fault::TornTail, Remedy::Repair)
        } else {
            (Fault::Record, Remedy::Backup)
        };
        let found = report.findings.iter().find(|finding| finding.fault == fault);
        let found = found.unwrap_or_else(|| panic!("byte {at}: {:?}", report.findings));
        assert!(found.sentence.contains(&format!("index {index} ")), "{at}: {}", found.sentence);
        assert_eq!(found.remedy, remedy);
        if at < last {
            let error = open(folder.path()).unwrap_err();
            assert!(matches!(error, OpenError::Damaged { .. }), "byte {at}: {error}");
            let after = fsck::repair(folder.path(), &[], 1);
            assert!(!after.is_fine() && after.repaired.is_empty());
            assert_eq!(fs::read(&path).unwrap(), changed, "a repair leaves it alone");
        }
    }
}

#[test]
fn a_checkpoint_of_a_longer_or_another_log_is_refused() {
    let (folder, longer, other) = (closed(6), closed(9), fresh());
    let checkpoint = folder.path().join("log/checkpoint");
    fs::copy(longer.path().join("log/checkpoint"), &checkpoint).unwrap();
    let error = open(folder.path()).unwrap_err();
    assert!(matches!(error, OpenError::RolledBack { have: 6, want: 9, .. }), "{error}");
    let faults = |folder: &Path| {
        let report = fsck::check(folder, &[host::key()]);
        report.findings.iter().map(|finding| finding.fault).collect::<Vec<_>>()
    };
    assert_eq!(faults(folder.path()), [Fault::RolledBack]);

    let store = create(other.path(), &host::TestHost::plain());
    store.fill(6).unwrap();
    publish(&store);
    drop(store);
    fs::copy(other.path().join("log/checkpoint"), &checkpoint).unwrap();
    let error = open(folder.path()).unwrap_err();
    assert!(matches!(error, OpenError::OtherRoot { size: 6, .. }), "{error}");
    assert_eq!(faults(folder.path()), [Fault::OtherRoot]);

    let text = fs::read_to_string(&checkpoint).unwrap();
    fs::write(&checkpoint, text.replacen(host::ORIGIN, "example.com/log", 1)).unwrap();
    let error = open(folder.path()).unwrap_err();
    assert!(error.to_string().contains("of another log"), "{error}");
    assert_eq!(faults(folder.path()), [Fault::Checkpoint]);
}
