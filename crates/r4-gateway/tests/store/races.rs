//! Many at once, in two processes where the store allows it.

use std::sync::Arc;

use r4_api::keys::AuditHead;
use r4_gateway::keys::{KeyId, SecretText};
use r4_gateway::store::{Begun, Conflict, Store, StoreError};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::both::{Kept, NOW, key, on_both, some_id};

/// How many race.
const RACERS: usize = 20;

on_both! {
    the_last_unit_is_given_out_once;
    one_of_many_gets_the_name;
    one_of_many_revokes;
    no_rotation_is_lost;
    one_of_many_begins;
    the_audit_trail_has_no_gap_and_no_fork;
}

/// Lets `RACERS` do the same thing at once, half of them as another process.
async fn race<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    kept: &Kept,
    act: impl Fn(usize, Arc<Store>) -> F,
) -> Vec<T> {
    let (start, other) = (Arc::new(Barrier::new(RACERS)), kept.another().await);
    let mut racers = JoinSet::new();
    for number in 0..RACERS {
        let store = if number % 2 == 0 { &kept.store } else { &other };
        let (act, start) = (act(number, Arc::clone(store)), Arc::clone(&start));
        racers.spawn(async move {
            start.wait().await;
            act.await
        });
    }
    racers.join_all().await
}

async fn the_last_unit_is_given_out_once(kept: Kept) {
    let id = some_id();
    for (period, quota) in [(NOW, 1), (NOW + 1, 7)] {
        let lease = move |_, store: Arc<Store>| async move {
            store.lease(id, period, quota, 1, 1).await.expect("lease").granted
        };
        let granted = race(&kept, lease).await;
        assert_eq!(granted.iter().sum::<u64>(), quota, "{granted:?}");
        assert_eq!(kept.store.granted(id, period).await, Ok(quota));
    }
}

async fn one_of_many_gets_the_name(kept: Kept) {
    let create = |_, store: Arc<Store>| async move {
        store.create(key("alice").0, "admin", NOW).await.map(|record| record.id)
    };
    let made = race(&kept, create).await;
    assert_one(&made, &StoreError::Conflict(Conflict::NameTaken));
    assert_eq!(kept.store.list(None, 100).await.expect("list").len(), 1);
}

async fn one_of_many_revokes(kept: Kept) {
    let id = kept.store.create(key("alice").0, "admin", NOW).await.expect("made").id;
    let revoke = move |_, store: Arc<Store>| async move {
        store.revoke(id, "admin", NOW).await.map(|record| record.id)
    };
    assert_one(&race(&kept, revoke).await, &StoreError::Conflict(Conflict::Revoked));
}

fn assert_one(outcomes: &[Result<KeyId, StoreError>], others: &StoreError) {
    let refused = outcomes.iter().filter(|outcome| outcome.as_ref() == Err(others)).count();
    let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!((done, refused), (1, RACERS - 1), "{outcomes:?}");
}

async fn no_rotation_is_lost(kept: Kept) {
    let id = kept.store.create(key("alice").0, "admin", NOW).await.expect("made").id;
    let rotate = move |_, store: Arc<Store>| async move {
        let hash = SecretText::generate().expect("randomness").hash();
        store.rotate(id, hash, 100, "admin", NOW).await.expect("rotated");
        hash
    };
    let hashes = race(&kept, rotate).await;
    let record = kept.store.find("alice").await.expect("found");
    assert!(hashes.contains(&record.hash));
    assert!(record.old.iter().all(|old| hashes.contains(&old.hash)), "{record:?}");
    assert_eq!(usize::try_from(record.revision), Ok(RACERS + 1));
}

async fn one_of_many_begins(kept: Kept) {
    let owner = some_id();
    let begin = move |_, store: Arc<Store>| async move {
        store.begin([5; 32], owner, [1; 32], NOW).await.expect("begun")
    };
    let outcomes = race(&kept, begin).await;
    let count = |what: &Begun| outcomes.iter().filter(|outcome| *outcome == what).count();
    assert_eq!(count(&Begun::New), 1, "{outcomes:?}");
    assert_eq!(count(&Begun::InProgress), RACERS - 1);
}

async fn the_audit_trail_has_no_gap_and_no_fork(kept: Kept) {
    let change = |number: usize, store: Arc<Store>| async move {
        let made = store.create(key(&format!("key{number}")).0, "admin", NOW).await.expect("made");
        let hash = SecretText::generate().expect("randomness").hash();
        store.rotate(made.id, hash, 100, "admin", NOW).await.expect("rotated");
        store.revoke(made.id, "admin", NOW).await.expect("revoked");
    };
    race(&kept, change).await;
    let (rows, end) = kept.store.audit(1, 1000).await.expect("trail");
    assert_eq!(rows.len(), 3 * RACERS);
    let head = rows.iter().try_fold(AuditHead::empty(), |head, row| head.extend(row));
    head.expect("unbroken").ends_at(&end).expect("whole");
    let mut revisions: Vec<u64> = Vec::new();
    let mut since = 0;
    loop {
        let changes = kept.store.changes_since(since).await.expect("changes");
        revisions.extend(changes.records.iter().map(|record| record.revision));
        since = changes.revision;
        if !changes.more {
            break;
        }
    }
    assert!(revisions.is_sorted_by(|one, next| one < next), "{revisions:?}");
    assert_eq!((revisions.len(), usize::try_from(since)), (RACERS, Ok(3 * RACERS)));
}
