//! The key table: what it takes, what it refuses, and when it is too old to know.

use super::*;
use crate::keys::{NewKey, SecretText};

const NOW: u64 = 1_000_000;

fn policy(rate: &str) -> KeyPolicy {
    let rate: crate::limits::Rate = rate.parse().expect("rate");
    KeyPolicy { rate, burst: rate.each_second(), quota: None, scopes: Scopes::ALL }
}

fn record(name: &str, secret: &SecretText) -> KeyRecord {
    let key = NewKey {
        id: KeyId::random().expect("randomness"),
        name: name.parse().expect("name"),
        hash: secret.hash(),
        policy: policy("50/s"),
        expires: None,
    };
    KeyRecord::new(key, NOW, 1)
}

fn secret() -> SecretText {
    SecretText::generate().expect("randomness")
}

#[test]
fn a_key_is_found_by_its_text_alone() {
    let (table, mine, other) = (KeyTable::local(), secret(), secret());
    table.apply(vec![record("alice", &mine)]);
    let entry = table.find(mine.as_str(), NOW).expect("known");
    assert_eq!((&*entry.name, entry.expires), ("alice", None));
    assert_eq!(table.find(other.as_str(), NOW), Err(KeyRefusal::Unknown));
    for wrong in ["", "demo", "alice"] {
        assert_eq!(table.find(wrong, NOW), Err(KeyRefusal::Unknown), "{wrong}");
    }
    assert_eq!(table.len(), 1);
}

#[test]
fn keys_end_at_their_time() {
    let (table, mine) = (KeyTable::local(), secret());
    table.apply(vec![KeyRecord { expires: Some(NOW), ..record("alice", &mine) }]);
    assert!(table.find(mine.as_str(), NOW - 1).is_ok());
    assert_eq!(table.find(mine.as_str(), NOW), Err(KeyRefusal::Expired));
}

#[test]
fn a_replaced_text_is_good_for_its_overlap() {
    let (table, first, second) = (KeyTable::local(), secret(), secret());
    let mut key = record("alice", &first);
    table.apply(vec![key.clone()]);
    key.rotate(second.hash(), 10, NOW, 2);
    table.apply(vec![key.clone()]);
    assert_eq!(table.find(first.as_str(), NOW + 9).expect("overlap").id, key.id);
    assert_eq!(table.find(first.as_str(), NOW + 10), Err(KeyRefusal::Expired));
    assert!(table.find(second.as_str(), NOW + 10).is_ok());
    key.expires = Some(NOW + 5);
    table.apply(vec![key]);
    assert_eq!(table.find(first.as_str(), NOW + 5), Err(KeyRefusal::Expired));
}

#[test]
fn a_change_that_was_missed_leaves_no_text_behind() {
    let (table, first, second, third) = (KeyTable::local(), secret(), secret(), secret());
    let bob = secret();
    let mut key = record("alice", &first);
    table.apply(vec![key.clone(), record("bob", &bob)]);
    key.rotate(second.hash(), 0, NOW, 2);
    key.rotate(third.hash(), 0, NOW, 3);
    table.apply(vec![key]);
    for gone in [first, second] {
        assert_eq!(table.find(gone.as_str(), NOW), Err(KeyRefusal::Unknown));
    }
    assert!(table.find(third.as_str(), NOW).is_ok() && table.find(bob.as_str(), NOW).is_ok());
    assert_eq!(table.len(), 2);
}

#[test]
fn a_revoked_key_is_refused_by_all_its_texts() {
    let (table, first, second) = (KeyTable::local(), secret(), secret());
    let mut key = record("alice", &first);
    key.rotate(second.hash(), 100, NOW, 2);
    table.apply(vec![key.clone()]);
    key.revoke(NOW, 3);
    table.apply(vec![key]);
    for text in [first, second] {
        assert_eq!(table.find(text.as_str(), NOW), Err(KeyRefusal::Revoked));
    }
}

#[test]
fn equal_policies_are_held_once_and_no_longer_than_used() {
    let table = KeyTable::local();
    let (one, two) = (secret(), secret());
    let mut other = record("carol", &secret());
    other.policy = policy("7/m");
    table.apply(vec![record("alice", &one), record("bob", &two), other.clone()]);
    let find = |text: &SecretText| table.find(text.as_str(), NOW).expect("known");
    assert!(Arc::ptr_eq(&find(&one).policy, &find(&two).policy));
    assert_eq!(table.policies.lock().expect("lock").len(), 2);
    other.revoke(NOW, 2);
    table.apply(vec![other]);
    assert_eq!(table.policies.lock().expect("lock").len(), 1);
    table.clear();
    assert!(table.is_empty() && table.policies.lock().expect("lock").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_table_of_a_shared_store_goes_stale() {
    let (table, mine) = (KeyTable::shared(), secret());
    table.apply(vec![record("alice", &mine)]);
    assert_eq!(table.find(mine.as_str(), NOW), Err(KeyRefusal::Stale), "never confirmed");
    assert_eq!(table.find("demo", NOW), Err(KeyRefusal::Unknown), "no key in any store");
    table.confirm(Instant::now());
    tokio::time::advance(STALE_AFTER).await;
    assert!(table.find(mine.as_str(), NOW).is_ok());
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(table.find(mine.as_str(), NOW), Err(KeyRefusal::Stale));
    table.confirm(Instant::now());
    assert!(table.find(mine.as_str(), NOW).is_ok());
    assert!(!KeyTable::local().is_stale());
}
