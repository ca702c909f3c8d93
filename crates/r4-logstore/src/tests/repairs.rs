//! What fsck finds, names and makes again.

use super::*;
use crate::fsck::{Fault, Remedy, check, repair};
use std::fs;

const SIZE: u64 = 600;

fn faults(folder: &Path) -> Vec<Fault> {
    check(folder, &[host::key()]).findings.iter().map(|finding| finding.fault).collect()
}

fn is_repaired(folder: &Path, expected: Fault, what: &str) {
    assert!(faults(folder).contains(&expected), "{what}: {:?}", faults(folder));
    let report = repair(folder, &[host::key()], 1_800_000_001);
    assert!(report.is_fine() && !report.repaired.is_empty(), "{what}: {report:?}");
    assert_eq!((report.entries, report.published), (SIZE, Some(SIZE)));
    assert_eq!(report.remarks, Vec::<String>::new(), "{what}");
    let store = open(folder).unwrap();
    assert_eq!(store.notes().sentences, Vec::<String>::new(), "{what}: nothing is left to do");
    store.inclusion(3, SIZE).unwrap();
    assert_eq!(store.find(&record(3).id.unwrap()).unwrap(), Some(3));
}

#[test]
fn a_good_log_has_no_finding() {
    let folder = closed(SIZE);
    let report = check(folder.path(), &[host::key()]);
    assert!(report.is_fine() && report.remarks.is_empty(), "{report:?}");
    assert_eq!((report.entries, report.published), (SIZE, Some(SIZE)));
    assert_eq!(repair(folder.path(), &[host::key()], 1), report, "and there is nothing to do");
}

#[test]
fn every_file_of_the_tree_is_made_again_when_deleted_or_changed() {
    let folder = closed(SIZE);
    let tiles = [
        "0/000",
        "0/001",
        "0/002.p/88",
        "1/000.p/2",
        "entries/000",
        "entries/001",
        "entries/002.p/88",
    ];
    for tile in tiles {
        let path = folder.path().join("log/tile").join(tile);
        let good = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        is_repaired(folder.path(), Fault::Tile, tile);
        assert_eq!(fs::read(&path).unwrap(), good, "{tile}");
        for at in [0, good.len() / 2, good.len() - 1] {
            let mut changed = good.clone();
            changed[at] ^= 0x10;
            fs::write(&path, changed).unwrap();
            is_repaired(folder.path(), Fault::Tile, tile);
            assert_eq!(fs::read(&path).unwrap(), good, "{tile}");
        }
        fs::write(&path, &good[..good.len() - 1]).unwrap();
        is_repaired(folder.path(), Fault::Tile, tile);
    }
}

#[test]
fn offsets_mark_and_origin_are_made_again() {
    let folder = closed(SIZE);
    for (name, fault) in
        [("offsets", Fault::Offsets), ("mark", Fault::Mark), ("origin", Fault::Origin)]
    {
        let path = folder.path().join("journal").join(name);
        let good = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        is_repaired(folder.path(), fault, name);
        let mut changed = good.clone();
        changed[40.min(good.len() / 2)..].fill(b'\n');
        fs::write(&path, changed).unwrap();
        if name == "origin" {
            continue;
        }
        is_repaired(folder.path(), fault, name);
    }
}

#[test]
fn what_only_a_backup_helps_is_left_alone() {
    let folder = closed(SIZE);
    let checkpoint = folder.path().join("log/checkpoint");
    let good = fs::read_to_string(&checkpoint).unwrap();
    fs::remove_file(folder.path().join("log/tile/0/000")).unwrap();
    let signature = good.rfind('A').unwrap();
    let mut forged = good.clone();
    forged.replace_range(signature..=signature, "B");
    for (text, fault) in
        [("", Fault::Checkpoint), ("no note", Fault::Checkpoint), (&forged, Fault::Signature)]
    {
        fs::write(&checkpoint, text).unwrap();
        assert!(faults(folder.path()).contains(&fault), "{fault}");
        let report = repair(folder.path(), &[host::key()], 1);
        let backup = report.findings.iter().find(|finding| finding.remedy == Remedy::Backup);
        assert!(backup.unwrap().sentence.contains("put back a backup"));
        assert!(report.repaired.is_empty() && !folder.path().join("log/tile/0/000").exists());
    }
    fs::write(&checkpoint, good).unwrap();
    is_repaired(folder.path(), Fault::Tile, "after the backup");
    fs::remove_file(folder.path().join("journal/journal")).unwrap();
    assert!(faults(folder.path()).contains(&Fault::Journal));
    assert!(repair(folder.path(), &[], 1).repaired.is_empty());
}

#[test]
fn a_torn_tail_is_cut_and_strays_are_removed() {
    let folder = closed(SIZE);
    let journal = folder.path().join("journal/journal");
    let good = fs::read(&journal).unwrap();
    fs::write(&journal, [&good[..], &good[..50]].concat()).unwrap();
    let strays = ["log/checkpoint.new", "log/tile/0/002.p/80", "log/tile/0/001.p/9"];
    for stray in strays {
        let path = folder.path().join(stray);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"left over").unwrap();
    }
    assert_eq!(check(folder.path(), &[]).remarks.len(), strays.len());
    // Fifty octets of a whole record of index 0 are no record of index 600.
    is_repaired(folder.path(), Fault::TornTail, "tail");
    assert_eq!(fs::read(&journal).unwrap(), good);
    for stray in strays {
        assert!(!folder.path().join(stray).exists(), "{stray}");
    }
}
