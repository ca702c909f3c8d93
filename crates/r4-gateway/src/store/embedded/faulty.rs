//! A disk in memory that can be full, and tests of what the store does then.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::StorageBackend;
use redb::backends::InMemoryBackend;

/// A disk that outlives the databases that are opened on it.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    bytes: Arc<InMemoryBackend>,
    full: Arc<AtomicBool>,
}

impl Disk {
    fn check(&self) -> io::Result<()> {
        if self.full.load(Ordering::SeqCst) {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        Ok(())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.bytes.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.bytes.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.check()?;
        self.bytes.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.check()?;
        self.bytes.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check()?;
        self.bytes.write(offset, data)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Embedded, OPEN_EVERY, Place};
    use super::*;
    use crate::keys::{KeyId, KeyPolicy, NewKey, Scopes, SecretHash};
    use crate::store::StoreError;

    fn key(name: &str) -> NewKey {
        let rate: crate::limits::Rate = "50/s".parse().expect("rate");
        let policy =
            KeyPolicy { rate, burst: rate.each_second(), quota: None, scopes: Scopes::ALL };
        NewKey {
            id: KeyId::random().expect("randomness"),
            name: name.parse().expect("name"),
            hash: SecretHash::new([1; 32]),
            policy,
            expires: None,
        }
    }

    #[tokio::test]
    async fn a_full_disk_keeps_nothing_by_halves() {
        let disk = Disk::default();
        let store = Embedded::at(Place::Faulty(disk.clone())).expect("store");
        let alice = store.create(key("alice"), "admin", 1).await.expect("made");
        disk.full.store(true, Ordering::SeqCst);
        for _ in 0..2 {
            let refused = store.create(key("bob"), "admin", 2).await;
            assert!(matches!(refused, Err(StoreError::Down(_))), "{refused:?}");
        }
        disk.full.store(false, Ordering::SeqCst);
        // The time after which the file is opened anew.
        std::thread::sleep(OPEN_EVERY + Duration::from_millis(10));
        assert_eq!(store.find("bob").await, Err(StoreError::NotFound));
        assert_eq!(store.find("alice").await, Ok(alice));
        let (rows, head) = store.audit(1, 10).await.expect("trail");
        assert_eq!((rows.len(), head.seq), (1, 1));
        let bob = store.create(key("bob"), "admin", 3).await.expect("made");
        assert_eq!(bob.revision, 2);
        drop(store);
        let again = Embedded::at(Place::Faulty(disk)).expect("whole");
        assert_eq!(again.find("bob").await, Ok(bob));
    }
}
