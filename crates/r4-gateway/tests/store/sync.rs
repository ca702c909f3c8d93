//! The key table follows the store.

use std::sync::Arc;
use std::time::{Duration, Instant};

use r4_gateway::keys::{KeyRefusal, KeySync, SecretText};
use r4_gateway::store::Store;

use crate::both::{NOW, key};
use crate::postgres::Server;

/// Waits until something holds, and returns how long it took.
async fn until(what: &str, holds: impl Fn() -> bool) -> Duration {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(10), "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    start.elapsed()
}

#[tokio::test]
async fn a_table_has_what_the_store_has() {
    let store = Arc::new(Store::in_memory().expect("store"));
    let sync = KeySync::new(Arc::clone(&store));
    let table = sync.table();
    let (alice, secret) = key("alice");
    let id = store.create(alice, "admin", NOW).await.expect("made").id;
    assert_eq!(table.find(secret.as_str(), NOW), Err(KeyRefusal::Unknown));
    sync.refresh().await.expect("refreshed");
    assert_eq!(table.find(secret.as_str(), NOW).expect("known").id, id);
    store.revoke(id, "admin", NOW).await.expect("revoked");
    sync.refresh().await.expect("refreshed");
    assert_eq!(table.find(secret.as_str(), NOW), Err(KeyRefusal::Revoked));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_many_keys_is_read_in_parts() {
    const KEYS: usize = 10_050;
    let server = Server::start().await;
    let store = Arc::new(Store::connect(&server.url()).await.expect("store"));
    let made = format!(
        "INSERT INTO r4_keys SELECT n, n, 'key' || n, sha256(n::text::bytea), '{{}}', '{{}}', \
         '50/s', 50, NULL, 'random', 0, NULL, NULL, NULL FROM generate_series(1, {KEYS}) n; \
         UPDATE r4_head SET revision = {KEYS}"
    );
    server.run(&made).await.expect("made");
    let sync = KeySync::new(Arc::clone(&store));
    sync.refresh().await.expect("refreshed");
    assert_eq!(sync.table().len(), KEYS);
    let part = store.changes_since(0).await.expect("changes");
    assert!(part.more && part.records.len() < KEYS);
    server.run("DELETE FROM r4_keys; UPDATE r4_head SET revision = 5").await.expect("set back");
    sync.refresh().await.expect("refreshed");
    assert!(sync.table().is_empty(), "a store that was set back is read anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_is_refused_by_every_replica_within_a_second() {
    let server = Server::start().await;
    let mut replicas = Vec::new();
    for _ in 0..2 {
        let store = Arc::new(Store::connect(&server.url()).await.expect("store"));
        let sync = Arc::new(KeySync::new(Arc::clone(&store)));
        tokio::spawn(Arc::clone(&sync).keep_looking());
        replicas.push((store, sync.table()));
    }
    let (alice, secret) = key("alice");
    let id = replicas[0].0.create(alice, "admin", NOW).await.expect("made").id;
    let known = |n: usize| replicas[n].1.find(secret.as_str(), NOW);
    until("both know it", || known(0).is_ok() && known(1).is_ok()).await;
    replicas[0].0.revoke(id, "admin", NOW).await.expect("revoked");
    let revoked = Err(KeyRefusal::Revoked);
    let took = until("both refuse it", || known(0) == revoked && known(1) == revoked).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_database_no_key_is_taken_until_it_is_back() {
    let mut server = Server::start().await;
    let store = Arc::new(Store::connect(&server.url()).await.expect("store"));
    let sync = Arc::new(KeySync::new(Arc::clone(&store)));
    let (table, (alice, secret)) = (sync.table(), key("alice"));
    store.create(alice, "admin", NOW).await.expect("made");
    tokio::spawn(Arc::clone(&sync).keep_looking());
    let find = || table.find(secret.as_str(), NOW);
    until("it is known", || find().is_ok()).await;
    for kill in [false, true] {
        if kill {
            server.kill();
        } else {
            server.freeze();
        }
        // When exactly is a matter of the table's own tests.
        until("it goes stale", || find() == Err(KeyRefusal::Stale)).await;
        let other = SecretText::generate().expect("randomness");
        assert_eq!(table.find(other.as_str(), NOW), Err(KeyRefusal::Stale));
        if kill {
            server.start_again().await;
        } else {
            server.thaw();
        }
        until("it is taken again", || find().is_ok()).await;
    }
}
