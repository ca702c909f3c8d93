//! The store in a file: who may open it, and what it does with a file that it cannot read.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use r4_gateway::store::{FILE, Store, StoreError};
use redb::{Database, ReadableDatabase as _, TableDefinition};
use tempfile::TempDir;

use crate::both::{NOW, key};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o7777
}

/// Makes a store with keys in it, and returns its folder and file.
async fn some_keys(count: usize) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("folder");
    let store = Store::open(folder.path()).expect("store");
    for number in 0..count {
        store.create(key(&format!("key{number}")).0, "admin", NOW).await.expect("made");
    }
    drop(store);
    let file = folder.path().join(FILE);
    (folder, file)
}

#[tokio::test]
async fn what_is_kept_is_there_after_a_restart() {
    let parent = tempfile::tempdir().expect("folder");
    let folder = parent.path().join("state/gateway");
    let store = Store::open(&folder).expect("store");
    let made = store.create(key("alice").0, "admin", NOW).await.expect("made");
    store.lease(made.id, NOW, 10, 1, 3).await.expect("lease");
    drop(store);
    assert_eq!((mode(&folder), mode(&folder.join(FILE))), (0o700, 0o600));
    let store = Store::open(&folder).expect("store");
    assert_eq!(store.find("alice").await, Ok(made.clone()));
    assert_eq!(store.granted(made.id, NOW).await, Ok(3));
    assert_eq!(store.changes_since(0).await.expect("changes").records, [made]);
    let (rows, head) = store.audit(1, 10).await.expect("trail");
    assert_eq!((rows.len(), head.seq), (1, 1));
}

#[tokio::test]
async fn a_store_in_memory_keeps_nothing() {
    let store = Store::in_memory().expect("store");
    store.create(key("alice").0, "admin", NOW).await.expect("made");
    assert!(store.find("alice").await.is_ok());
    let store = Store::in_memory().expect("store");
    assert_eq!(store.find("alice").await, Err(StoreError::NotFound));
}

#[tokio::test]
async fn a_file_is_one_processs_alone() {
    let (folder, _) = some_keys(1).await;
    let held = Store::open(folder.path()).expect("store");
    let error = Store::open(folder.path()).expect_err("in use").to_string();
    assert!(error.contains(FILE) && error.contains("R4_DATABASE_URL"), "{error}");
    drop(held);
    Store::open(folder.path()).expect("free again");
}

#[tokio::test]
async fn a_file_that_others_may_read_is_refused() {
    let (folder, file) = some_keys(1).await;
    for loose in [0o644, 0o640, 0o660, 0o601] {
        fs::set_permissions(&file, fs::Permissions::from_mode(loose)).expect("set");
        let error = Store::open(folder.path()).expect_err("loose").to_string();
        assert!(error.contains(&format!("{loose:04o}")) && error.contains("0600"), "{error}");
    }
}

#[tokio::test]
async fn another_version_is_refused_and_left_alone() {
    let (folder, file) = some_keys(1).await;
    let numbers: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");
    let database = Database::open(&file).expect("opened");
    let writing = database.begin_write().expect("begun");
    writing.open_table(numbers).expect("table").insert("format", 2).expect("written");
    writing.commit().expect("done");
    drop(database);
    let error = Store::open(folder.path()).expect_err("another version");
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
    assert!(error.to_string().contains("format 2"), "{error}");
    let database = Database::open(&file).expect("opened");
    let reading = database.begin_read().expect("begun");
    let format = reading.open_table(numbers).expect("table").get("format").expect("read");
    assert_eq!(format.expect("there").value(), 2);
}

#[tokio::test]
async fn a_file_of_another_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join(FILE);
    let other: TableDefinition<'_, &str, u64> = TableDefinition::new("other");
    let database = Database::create(&file).expect("made");
    let writing = database.begin_write().expect("begun");
    writing.open_table(other).expect("table");
    writing.commit().expect("done");
    drop(database);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("set");
    let error = Store::open(folder.path()).expect_err("not ours");
    assert!(error.to_string().contains("another program"), "{error}");

    for content in [&b"not a database"[..], &[0; 8192], &vec![b'x'; 100_000]] {
        fs::write(&file, content).expect("written");
        let error = Store::open(folder.path()).expect_err("no database");
        assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
        assert_eq!(fs::read(&file).expect("read"), content, "nothing was overwritten");
    }
}

/// Damages of every kind: none is served from, and none is a panic.
#[tokio::test]
async fn a_damaged_file_is_refused() {
    let (folder, file) = some_keys(200).await;
    let good = fs::read(&file).expect("read");
    let open = || Store::open(folder.path());
    let whole = open().expect("good").changes_since(0).await.expect("changes");
    let (mut refused, mut harmless) = (0, 0);
    for place in (0..good.len()).step_by(good.len() / 150) {
        fs::write(&file, &good).expect("written");
        let mut bytes = fs::OpenOptions::new().write(true).open(&file).expect("opened");
        bytes.seek(SeekFrom::Start(place as u64)).expect("there");
        bytes.write_all(&[0x5a; 64]).expect("written");
        drop(bytes);
        match open() {
            Err(StoreError::Corrupt(_)) => refused += 1,
            // A page that nothing stands in.
            Ok(store) => {
                assert_eq!(store.changes_since(0).await, Ok(whole.clone()), "at {place}");
                harmless += 1;
            }
            Err(other) => panic!("at {place}: {other}"),
        }
    }
    assert!(refused > 5, "{refused} refused, {harmless} harmless");
    for length in [1, good.len() / 2, good.len() - 4096] {
        fs::write(&file, &good[..length]).expect("written");
        match open() {
            Err(StoreError::Corrupt(_)) => {}
            Ok(store) => assert_eq!(store.changes_since(0).await, Ok(whole.clone()), "{length}"),
            Err(other) => panic!("{length}: {other}"),
        }
    }
}

/// A file system in memory, unmounted at the end.
struct Mounted(TempDir);

impl Mounted {
    /// None where mounting is not allowed.
    fn new(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("folder");
        let options = format!("size={size},mode=0700");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "r4-gateway"]).arg(folder.path());
        mount.status().is_ok_and(|status| status.success()).then(|| Self(folder))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.0.path()).status());
    }
}

/// The same without a mount is among the unit tests, with a disk that is full by word.
#[tokio::test]
async fn a_full_disk_refuses_and_recovers() {
    let Some(mounted) = Mounted::new("8m") else { return };
    let folder = mounted.0.path();
    let store = Store::open(folder).expect("store");
    store.create(key("alice").0, "admin", NOW).await.expect("made");
    let list = vec![b'x'; 1_000_000];
    let mut kept = 0;
    let error = loop {
        match store.put_list([kept; 32], &list).await {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < 20, "8 MiB hold fewer");
    };
    assert!(matches!(error, StoreError::Down(_)), "{error}");
    let resized = Command::new("mount").args(["-o", "remount,size=64m"]).arg(folder).status();
    assert!(resized.expect("mount").success());
    let made = loop {
        match store.create(key("bob").0, "admin", NOW).await {
            Ok(made) => break made,
            Err(StoreError::Down(_)) => tokio::task::yield_now().await,
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(made.revision, 2, "nothing of what failed was kept");
    assert_eq!(store.list_text([kept; 32]).await, Ok(None));
    for number in 0..kept {
        assert_eq!(store.list_text([number; 32]).await, Ok(Some(list.clone())));
    }
    drop(store);
    assert_eq!(Store::open(folder).expect("whole").find("bob").await, Ok(made));
}
