//! The store in a database: its tables, its trail, and what it does when the database is gone.

use std::time::{Duration, Instant};

use r4_api::keys::{AuditFault, AuditHead};
use r4_gateway::store::{Store, StoreError};

use crate::both::{NOW, key, some_id};
use crate::postgres::{PASSWORD, Server};

async fn check(store: &Store) -> Result<(), AuditFault> {
    let (rows, end) = store.audit(1, 1000).await.expect("trail");
    let head = rows.iter().try_fold(AuditHead::empty(), |head, row| head.extend(row));
    head?.ends_at(&end)
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_start_at_once_make_the_tables_once() {
    let server = Server::start().await;
    let mut starting = tokio::task::JoinSet::new();
    for number in 0..6 {
        let url = server.url();
        starting.spawn(async move {
            let store = Store::connect(&url).await.expect("store");
            store.create(key(&format!("key{number}")).0, "admin", NOW).await.expect("made");
            store
        });
    }
    let stores = starting.join_all().await;
    assert_eq!(stores[0].list(None, 100).await.expect("list").len(), 6);
    check(&stores[0]).await.expect("one trail");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_a_later_version_are_refused() {
    let server = Server::start().await;
    let store = Store::connect(&server.url()).await.expect("store");
    store.create(key("alice").0, "admin", NOW).await.expect("made");
    server.run("INSERT INTO r4_schema VALUES (1000)").await.expect("written");
    let error = Store::connect(&server.url()).await.expect_err("a later version");
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
    assert!(error.to_string().contains("version 1000"), "{error}");
    server.run("DELETE FROM r4_schema WHERE version = 1000").await.expect("written");
    let store = Store::connect(&server.url()).await.expect("store");
    assert!(store.find("alice").await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_trail_is_only_ever_added_to() {
    let server = Server::start().await;
    let store = Store::connect(&server.url()).await.expect("store");
    for name in ["alice", "bob", "carol"] {
        store.create(key(name).0, "admin", NOW).await.expect("made");
    }
    for change in [
        "UPDATE r4_audit SET actor = 'nobody'",
        "DELETE FROM r4_audit WHERE seq = 3",
        "TRUNCATE r4_audit",
    ] {
        let refused = server.run(change).await.expect_err(change);
        let said = refused.as_db_error().expect("the server says so").message().to_owned();
        assert!(said.contains("only ever added to"), "{change}: {said}");
    }
    check(&store).await.expect("unchanged");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_gets_past_the_trigger_is_found_out() {
    let server = Server::start().await;
    let store = Store::connect(&server.url()).await.expect("store");
    for name in ["alice", "bob", "carol"] {
        store.create(key(name).0, "admin", NOW).await.expect("made");
    }
    let change = async |change: &str| {
        let past = format!("SET session_replication_role = replica; {change}");
        server.run(&past).await.expect(change);
        check(&store).await
    };
    let fault = change("UPDATE r4_audit SET actor = 'nobody' WHERE seq = 2").await;
    assert_eq!(fault, Err(AuditFault::Hash { seq: 2 }));
    let fault = change("DELETE FROM r4_audit WHERE seq = 2").await;
    assert_eq!(fault, Err(AuditFault::Gap { want: 2, got: 3 }));
    let fault = change("DELETE FROM r4_audit WHERE seq > 1").await;
    assert_eq!(fault, Err(AuditFault::End { want: 3, got: 1 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_hangs_is_not_waited_for() {
    let server = Server::start().await;
    let store = Store::connect(&server.url()).await.expect("store");
    let id = some_id();
    store.lease(id, NOW, 10, 1, 1).await.expect("lease");
    server.freeze();
    for _ in 0..3 {
        let start = Instant::now();
        let lease = store.lease(id, NOW, 10, 1, 1).await;
        assert!(matches!(lease, Err(StoreError::Down(_))), "{lease:?}");
        // A connection is asked for a second, and a new one is waited for two.
        assert!(start.elapsed() < Duration::from_millis(3500), "{:?}", start.elapsed());
    }
    server.thaw();
    let left = loop {
        match store.lease(id, NOW, 10, 1, 1).await {
            Ok(lease) => break lease.left,
            Err(error) => assert!(matches!(error, StoreError::Down(_)), "{error}"),
        }
    };
    assert!((5..=8).contains(&left), "{left}: what was asked while it hung may have been done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_gone_is_used_again() {
    let mut server = Server::start().await;
    let store = Store::connect(&server.url()).await.expect("store");
    let made = store.create(key("alice").0, "admin", NOW).await.expect("made");
    server.kill();
    for _ in 0..2 {
        let error = store.find("alice").await.expect_err("it is gone");
        assert!(matches!(error, StoreError::Down(_)), "{error}");
        assert!(!error.to_string().contains(PASSWORD), "{error}");
        let error = store.create(key("bob").0, "admin", NOW).await.expect_err("it is gone");
        assert!(matches!(error, StoreError::Down(_)), "{error}");
    }
    server.start_again().await;
    assert_eq!(store.find("alice").await, Ok(made));
    assert_eq!(store.create(key("bob").0, "admin", NOW).await.map(|key| key.revision), Ok(2));
    check(&store).await.expect("unbroken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_may_start_before_its_database() {
    let mut server = Server::start().await;
    server.kill();
    let store = Store::connect(&server.url()).await.expect("not an error yet");
    assert!(matches!(store.changes_since(0).await, Err(StoreError::Down(_))));
    server.start_again().await;
    store.create(key("alice").0, "admin", NOW).await.expect("made, with the tables");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_error_shows_the_password() {
    let server = Server::start().await;
    let wrong = format!("postgres://r4:not-it@{}/postgres", server.address());
    let nobody = format!("postgres://nobody:pass%2Fword@{}/postgres", server.address());
    let nowhere = format!("postgres://r4:pass%2Fword@{}/nowhere", server.address());
    for url in [wrong, nobody, nowhere] {
        let store = Store::connect(&url).await.expect("not an error yet");
        let error = store.find("alice").await.expect_err("refused");
        let shown = format!("{error} {error:?} {store:?}");
        assert!(matches!(error, StoreError::Down(_)), "{shown}");
        for secret in [PASSWORD, "pass%2Fword", "not-it"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    let tls = format!("{}?sslmode=require", server.url());
    let error = Store::connect(&tls).await.expect_err("no TLS").to_string();
    assert!(error.contains("sslmode=disable") && !error.contains("pass"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_given_up_is_undone_and_blocks_nobody() {
    let server = Server::start().await;
    let store = std::sync::Arc::new(Store::connect(&server.url()).await.expect("store"));
    store.create(key("alice").0, "admin", NOW).await.expect("made");
    for number in 0..20 {
        let store = std::sync::Arc::clone(&store);
        let creating = tokio::spawn(async move {
            store.create(key(&format!("key{number}")).0, "admin", NOW).await
        });
        tokio::time::sleep(Duration::from_micros(number * 200)).await;
        creating.abort();
        drop(creating.await);
    }
    store.create(key("bob").0, "admin", NOW).await.expect("made");
    check(&store).await.expect("whole rows alone");
    let keys = store.list(None, 100).await.expect("list").len();
    let (rows, _) = store.audit(1, 100).await.expect("trail");
    assert_eq!(rows.len(), keys, "each key has its row");
}
