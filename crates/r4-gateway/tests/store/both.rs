//! The stores that a test of the contract runs against.

use std::sync::Arc;

use r4_gateway::keys::{KeyId, KeyPolicy, NewKey, Scopes, SecretText};
use r4_gateway::store::Store;

use crate::postgres::Database;

/// Some time.
pub(crate) const NOW: u64 = 1_800_000_000;

/// A store, and what it stands on.
pub(crate) struct Kept {
    pub(crate) store: Arc<Store>,
    database: Option<Database>,
    _folder: Option<tempfile::TempDir>,
}

impl Kept {
    /// Makes a store in a file.
    pub(crate) fn file() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let store = Arc::new(Store::open(folder.path()).expect("store"));
        Self { store, database: None, _folder: Some(folder) }
    }

    /// Makes a store in a database of its own.
    pub(crate) async fn database() -> Self {
        let database = Database::make().await;
        let store = Arc::new(Store::connect(&database.url()).await.expect("store"));
        Self { store, database: Some(database), _folder: None }
    }

    /// Makes a store in memory.
    pub(crate) fn memory() -> Self {
        let store = Arc::new(Store::in_memory().expect("store"));
        Self { store, database: None, _folder: None }
    }

    /// Returns a store as another process has it; one in a file is for one process alone.
    pub(crate) async fn another(&self) -> Arc<Store> {
        let Some(database) = &self.database else { return Arc::clone(&self.store) };
        let store = Arc::new(Store::connect(&database.url()).await.expect("store"));
        for store in [&self.store, &store] {
            warm_up(store).await;
        }
        store
    }

    /// Runs statements in the database, if there is one.
    pub(crate) async fn run(&self, statements: &str) {
        if let Some(database) = &self.database {
            database.run(statements).await;
        }
    }
}

/// Makes all connections of a store, which takes longer than a call may where many do it at once.
async fn warm_up(store: &Arc<Store>) {
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(store);
        asking.spawn(async move { while store.list(None, 1).await.is_err() {} });
    }
    asking.join_all().await;
}

/// Makes of a test of the contract one for each store.
macro_rules! on_both {
    ($($(#[$note:meta])* $name:ident;)*) => {
        mod on_a_file {
            $($(#[$note])* #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name($crate::both::Kept::file()).await;
            })*
        }
        mod on_a_database {
            $($(#[$note])* #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name($crate::both::Kept::database().await).await;
            })*
        }
    };
}
pub(crate) use on_both;

/// Returns a new key of a name, and its text.
pub(crate) fn key(name: &str) -> (NewKey, SecretText) {
    let secret = SecretText::generate().expect("randomness");
    let rate: r4_gateway::limits::Rate = "50/s".parse().expect("rate");
    let policy = KeyPolicy {
        rate,
        burst: rate.each_second(),
        quota: Some("1000/month".parse().expect("quota")),
        scopes: Scopes::ALL,
    };
    let key = NewKey {
        id: KeyId::random().expect("randomness"),
        name: name.parse().expect("name"),
        hash: secret.hash(),
        policy,
        expires: Some(NOW + 1000),
    };
    (key, secret)
}

/// Returns an id that no key has.
pub(crate) fn some_id() -> KeyId {
    KeyId::random().expect("randomness")
}
