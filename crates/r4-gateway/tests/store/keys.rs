//! Keys and the audit trail.

use r4_api::keys::{AuditAction, AuditHead, AuditRow};
use r4_gateway::keys::{KeyRecord, SecretText};
use r4_gateway::store::{Conflict, Store, StoreError};

use crate::both::{Kept, NOW, key, on_both, some_id};

on_both! {
    a_key_is_kept_as_it_was_made;
    a_name_is_one_keys_until_that_is_revoked;
    rotation_keeps_earlier_texts;
    what_is_revoked_does_not_change;
    changes_are_told_once;
    the_list_has_pages;
    every_change_is_in_the_audit_trail;
}

/// Reads the whole audit trail and checks it.
async fn trail(store: &Store) -> Vec<AuditRow> {
    let (rows, kept) = store.audit(1, 1000).await.expect("trail");
    let head = rows.iter().try_fold(AuditHead::empty(), |head, row| head.extend(row));
    head.expect("an unbroken trail").ends_at(&kept).expect("the whole trail");
    rows
}

async fn a_key_is_kept_as_it_was_made(kept: Kept) {
    let (store, (alice, secret)) = (&kept.store, key("alice"));
    let made = store.create(alice.clone(), "admin", NOW).await.expect("made");
    let want = KeyRecord::new(alice, NOW, 1);
    assert_eq!(made, want);
    assert_eq!(made.hash, secret.hash());
    assert_eq!(store.find("alice").await, Ok(want.clone()));
    assert_eq!(store.find(&want.id.to_string()).await, Ok(want));
    for unknown in ["bob", "", &some_id().to_string()] {
        assert_eq!(store.find(unknown).await, Err(StoreError::NotFound), "{unknown}");
    }
}

async fn a_name_is_one_keys_until_that_is_revoked(kept: Kept) {
    let (store, (first, _), (second, _)) = (&kept.store, key("alice"), key("alice"));
    let first = store.create(first, "admin", NOW).await.expect("made").id;
    let taken = Err(StoreError::Conflict(Conflict::NameTaken));
    assert_eq!(store.create(second.clone(), "admin", NOW).await, taken);
    store.revoke(first, "admin", NOW).await.expect("revoked");
    assert_eq!(store.find("alice").await, Err(StoreError::NotFound));
    let second = store.create(second, "admin", NOW).await.expect("the name is free");
    assert_eq!(store.find("alice").await.expect("found").id, second.id);
    assert!(store.find(&first.to_string()).await.expect("by its id").revoked.is_some());
    let (mut third, _) = key("carol");
    third.id = first;
    let taken = Err(StoreError::Conflict(Conflict::IdTaken));
    assert_eq!(store.create(third, "admin", NOW).await, taken);
    assert_eq!(trail(store).await.len(), 3, "what was refused left no row");
}

async fn rotation_keeps_earlier_texts(kept: Kept) {
    let (store, (alice, first)) = (&kept.store, key("alice"));
    let id = store.create(alice, "admin", NOW).await.expect("made").id;
    let fresh = || SecretText::generate().expect("randomness").hash();
    let (second, third) = (fresh(), fresh());
    store.rotate(id, second, 100, "admin", NOW + 1).await.expect("rotated");
    let record = store.rotate(id, third, 1000, "admin", NOW + 2).await.expect("rotated");
    let old: Vec<_> = record.old.iter().map(|old| (old.hash, old.until)).collect();
    assert_eq!(old, [(second, NOW + 1002), (first.hash(), NOW + 101)]);
    assert_eq!((record.hash, record.rotated), (third, Some(NOW + 2)));
    assert_eq!(store.find("alice").await, Ok(record));
    let nobody = store.rotate(some_id(), third, 0, "admin", NOW).await;
    assert_eq!(nobody, Err(StoreError::NotFound));
}

async fn what_is_revoked_does_not_change(kept: Kept) {
    let (store, (alice, secret)) = (&kept.store, key("alice"));
    let id = store.create(alice, "admin", NOW).await.expect("made").id;
    let record = store.revoke(id, "admin", NOW + 5).await.expect("revoked");
    assert_eq!(record.revoked, Some(NOW + 5));
    let revoked = || Err(StoreError::Conflict(Conflict::Revoked));
    assert_eq!(store.revoke(id, "admin", NOW + 6).await, revoked());
    assert_eq!(store.rotate(id, secret.hash(), 0, "admin", NOW + 6).await, revoked());
    assert_eq!(store.revoke(some_id(), "admin", NOW).await, Err(StoreError::NotFound));
    assert_eq!(store.find(&id.to_string()).await, Ok(record));
}

async fn changes_are_told_once(kept: Kept) {
    let store = &kept.store;
    let names = |records: &[KeyRecord]| {
        records.iter().map(|record| record.name.to_string()).collect::<Vec<_>>()
    };
    let none = store.changes_since(0).await.expect("changes");
    assert_eq!((none.revision, none.records.len(), none.more), (0, 0, false));
    let mut ids = Vec::new();
    for name in ["alice", "bob", "carol"] {
        ids.push(store.create(key(name).0, "admin", NOW).await.expect("made").id);
    }
    let all = store.changes_since(0).await.expect("changes");
    assert_eq!(
        (names(&all.records), all.revision),
        (vec!["alice".into(), "bob".into(), "carol".into()], 3)
    );
    assert!(store.changes_since(3).await.expect("changes").records.is_empty());
    store.revoke(ids[0], "admin", NOW).await.expect("revoked");
    let later = store.changes_since(3).await.expect("changes");
    assert_eq!((names(&later.records), later.revision), (vec!["alice".into()], 4));
    let all = store.changes_since(0).await.expect("changes");
    assert_eq!(names(&all.records), ["bob", "carol", "alice"], "each key once, as it is now");
    let back = store.changes_since(99).await.expect("changes");
    assert_eq!((back.revision, back.records.len()), (4, 0), "a store that was set back says so");
}

async fn the_list_has_pages(kept: Kept) {
    let store = &kept.store;
    for number in 0..5 {
        store.create(key(&format!("key{number}")).0, "admin", NOW).await.expect("made");
    }
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = store.list(after, 2).await.expect("page");
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        seen.extend(page.iter().map(|record| record.id));
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted());
}

async fn every_change_is_in_the_audit_trail(kept: Kept) {
    let (store, (alice, secret)) = (&kept.store, key("alice"));
    assert!(trail(store).await.is_empty());
    let id = store.create(alice, "admin@127.0.0.1", NOW).await.expect("made").id;
    let hash = SecretText::generate().expect("randomness").hash();
    store.rotate(id, hash, 60, "admin\n@::1", NOW + 1).await.expect("rotated");
    store.revoke(id, "admin", NOW + 2).await.expect("revoked");
    let rows = trail(store).await;
    let told: Vec<_> = rows.iter().map(|row| (row.action, row.actor.as_str(), row.time)).collect();
    let want = [
        (AuditAction::Create, "admin@127.0.0.1", NOW),
        (AuditAction::Rotate, "admin@::1", NOW + 1),
        (AuditAction::Revoke, "admin", NOW + 2),
    ];
    assert_eq!(told, want);
    assert_eq!(rows[0].detail["quota"], "1000/month");
    assert_eq!(rows[1].detail["old_until"], NOW + 61);
    assert!(rows.iter().all(|row| row.key_id == id.to_string() && row.name == "alice"));
    let text = serde_json::to_string(&rows).expect("JSON");
    assert!(!text.contains(secret.as_str()) && !text.contains(&hex::encode(secret.hash().bytes())));
    let (page, head) = store.audit(2, 1).await.expect("page");
    assert_eq!((page.len(), page[0].seq, head.seq), (1, 2, 3));
}
