//! Full, failing and read-only disks.

use super::host::{TestHost, missed};
use super::*;
use std::fs;
use std::process::Command;
use std::sync::atomic::Ordering;

#[test]
fn a_full_disk_loses_nothing_that_was_answered_and_the_log_goes_on() {
    let folder = fresh();
    let store = create(folder.path(), &TestHost::plain());
    append_all(&store, 1..5);
    let journal = folder.path().join("journal/journal");
    let before = fs::read(&journal).unwrap();
    store.faults.full.store(true, Ordering::SeqCst);
    let answers: Vec<_> = [5, 6, 9].map(|index| append(&store, record(index))).into();
    for answer in answers {
        let answer = answer.recv_timeout(LONG).unwrap();
        assert!(matches!(answer, Err(AppendError::Disk { .. })), "{answer:?}");
    }
    assert!(store.healthy().is_err() && !store.retry());
    assert!(matches!(store.fill(7), Err(AppendError::Disk { .. })));
    assert_eq!((store.size(), fs::read(&journal).unwrap()), (5, before));
    store.faults.full.store(false, Ordering::SeqCst);
    assert!(store.retry() && store.healthy().is_ok());
    // Nobody abandoned 7 and 8; 9 was given up when the disk was full.
    append_all(&store, [7, 8, 10]);
    let entries = store.entries(5, 9).unwrap();
    let want =
        [missed(5), missed(6), record(7).entry, record(8).entry, missed(9), record(10).entry];
    assert_eq!(entries, want);
    close(store);
    assert_eq!(open(folder.path()).unwrap().size(), 11);
}

#[test]
fn the_store_tries_again_by_itself() {
    let folder = fresh();
    let store = create(folder.path(), &TestHost::plain());
    store.faults.full.store(true, Ordering::SeqCst);
    append(&store, record(1)).recv_timeout(LONG).unwrap().unwrap_err();
    store.faults.full.store(false, Ordering::SeqCst);
    for _ in 0..500 {
        if store.healthy().is_ok() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(store.entries(1, 9).unwrap(), [missed(1)]);
    assert_eq!(store.healthy(), Ok(()));
}

#[test]
fn an_append_after_the_disk_has_room_is_answered() {
    let folder = fresh();
    let store = create(folder.path(), &TestHost::plain());
    store.faults.full.store(true, Ordering::SeqCst);
    append(&store, record(1)).recv_timeout(LONG).unwrap().unwrap_err();
    store.faults.full.store(false, Ordering::SeqCst);
    append_all(&store, [2]).iter().for_each(verify);
    assert_eq!(store.entries(1, 9).unwrap(), [missed(1), record(2).entry]);
}

#[test]
fn after_a_failed_sync_or_undo_the_store_stops() {
    for undo in [false, true] {
        let folder = fresh();
        let store = create(folder.path(), &TestHost::plain());
        append_all(&store, 1..5);
        store.faults.full.store(undo, Ordering::SeqCst);
        store.faults.undo.store(undo, Ordering::SeqCst);
        store.faults.sync.store(!undo, Ordering::SeqCst);
        let answer = append(&store, record(5)).recv_timeout(LONG).unwrap();
        assert!(matches!(answer, Err(AppendError::Stopped { .. })), "{answer:?}");
        assert!(answer.unwrap_err().to_string().contains("restart the service"));
        store.faults.undo.store(false, Ordering::SeqCst);
        store.faults.sync.store(false, Ordering::SeqCst);
        store.faults.full.store(false, Ordering::SeqCst);
        let answer = append(&store, record(6)).recv_timeout(LONG).unwrap();
        assert!(matches!(answer, Err(AppendError::Stopped { .. })), "{answer:?}");
        assert_eq!(store.size(), 5);
        drop(store);
        // What is on disk is read again: a whole record counts, half a one does not.
        let store = open(folder.path()).unwrap();
        assert_eq!(store.size(), if undo { 5 } else { 6 });
    }
}

/// A file system in memory, unmounted at the end.
struct Mounted(tempfile::TempDir);

impl Mounted {
    /// None where mounting is not allowed.
    fn new(size: &str) -> Option<Self> {
        let folder = fresh();
        let size = format!("size={size},mode=0700");
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &size, "r4-logstore"])
            .arg(folder.path())
            .status()
            .is_ok_and(|status| status.success())
            .then(|| Self(folder))
    }

    fn read_only(&self, how: &str) {
        let status = Command::new("mount").args(["-o", how]).arg(self.0.path()).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.0.path()).status());
    }
}

#[test]
fn a_file_system_without_room_refuses_and_recovers() {
    let Some(mounted) = Mounted::new("4m") else { return };
    let folder = mounted.0.path();
    let store = create(folder, &TestHost::plain());
    let big = |index| Record { body: vec![3; 300_000], ..record(index) };
    let mut index = 1;
    while append(&store, big(index)).recv_timeout(LONG).unwrap().is_ok() {
        index += 1;
        assert!(index < 20, "4 MiB hold fewer");
    }
    let size = store.size();
    assert_eq!(size, index);
    assert!(store.healthy().unwrap_err().contains("No space left"));
    publish(&store);
    // Less would be too little for the journal and more than is needed for the rest.
    mounted.read_only("remount,size=16m");
    assert!(store.retry());
    append(&store, big(index + 1)).recv_timeout(LONG).unwrap().unwrap();
    assert_eq!(store.entries(size, 1).unwrap(), [missed(size)]);
    close(store);
    assert_eq!(open(folder).unwrap().size(), index + 2);
}

#[test]
fn a_read_only_file_system_is_refused() {
    let Some(mounted) = Mounted::new("16m") else { return };
    let folder = mounted.0.path();
    close(create(folder, &TestHost::plain()));
    mounted.read_only("remount,ro");
    let error = open(folder).unwrap_err();
    assert!(matches!(error, OpenError::Folder { .. }), "{error}");
    assert!(error.to_string().contains("Read-only"), "{error}");
    mounted.read_only("remount,rw");
    assert_eq!(open(folder).unwrap().size(), 1);
}

#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    let folder = closed(3);
    let log = folder.path().join("log");
    fs::rename(&log, folder.path().join("moved")).unwrap();
    std::os::unix::fs::symlink("/proc/self/fdinfo", &log).unwrap();
    assert!(open(folder.path()).is_err());
    fs::remove_file(&log).unwrap();
    fs::rename(folder.path().join("moved"), &log).unwrap();
    open(folder.path()).unwrap();
}
