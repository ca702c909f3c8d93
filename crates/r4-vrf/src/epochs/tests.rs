//! One epoch follows another: in the log, in the receipts, on disk and after a restart.

use super::*;
use crate::error::StartError;
use crate::node::tests::{issue, open_with};
use r4_keystore::revoked;
use r4_receipt::{Document, Pin, Policy, Require, Verdict, verify};
use std::fs;
use std::thread;

const HOUR: Duration = Duration::from_hours(1);

/// Puts a new seed where the operator puts it.
fn order(folder: &Path) {
    RootSeed::create(&folder.join("next.seed")).unwrap();
}

fn receipt(node: &Node, query: &str) -> Document {
    Document::parse(issue(node, query).unwrap().as_bytes()).unwrap()
}

fn keys(node: &Node) -> KeysDocument {
    KeysDocument::parse(node.keys_document().as_bytes()).unwrap()
}

fn statuses(node: &Node) -> Vec<Status> {
    keys(node).epochs().iter().map(|epoch| epoch.status).collect()
}

fn key_hash(document: &Document) -> KeyHash {
    document.envelope().keys.key_hash()
}

fn verifies(document: &Document, keys: &KeysDocument) -> bool {
    let log = keys.log().cloned();
    let pin = Pin::KeyHashes(keys.key_hashes().collect());
    let policy = Policy { pin, require: Require::Dual, log, ..Policy::default() };
    verify(document, &policy).verdict() == Verdict::Valid
}

#[test]
fn a_new_epoch_follows_and_receipts_of_both_verify() {
    let folder = tempfile::tempdir().unwrap();
    let node = open_with(folder.path(), Duration::ZERO).unwrap();
    let first = receipt(&node, "sig=dual");
    let old_seed = fs::read(folder.path().join("root.seed")).unwrap();
    order(folder.path());
    let new_seed = fs::read(folder.path().join("next.seed")).unwrap();
    node.look_at_epochs();
    // Whoever asks first after the time has come lets it take over.
    let second = receipt(&node, "sig=dual");
    assert_ne!(key_hash(&first), key_hash(&second));
    assert_eq!(second.envelope().index, 3, "index 2 announces");
    assert_eq!(statuses(&node), [Status::Retired, Status::Active]);
    let document = keys(&node);
    assert_eq!((document.active(), node.key_hash()), (Some(key_hash(&second)), key_hash(&second)));
    let [old, new] = document.epochs() else { panic!("two epochs") };
    assert_eq!((old.key_hash(), old.valid_until), (key_hash(&first), new.valid_from));
    assert!(new.valid_from.is_some() && new.valid_until.is_none());
    assert!(verifies(&first, &document) && verifies(&second, &document));
    assert!(node.epochs.keys_of(&key_hash(&first)).is_some());
    assert_eq!(fs::read(folder.path().join("root.seed")).unwrap(), new_seed);
    assert!(!folder.path().join("next.seed").exists() && old_seed != new_seed);

    drop(node);
    let node = open_with(folder.path(), HOUR).unwrap();
    assert_eq!(keys(&node), document);
    let third = receipt(&node, "sig=dual");
    assert_eq!(key_hash(&third), key_hash(&second));
    // What was noted of the log's epochs can be lost, and is found again.
    drop(node);
    fs::remove_file(folder.path().join("epochs")).unwrap();
    let node = open_with(folder.path(), HOUR).unwrap();
    assert_eq!(keys(&node), document);
    // The old seed does not come back.
    drop(node);
    fs::write(folder.path().join("root.seed"), old_seed).unwrap();
    let error = open_with(folder.path(), HOUR).expect_err("an old seed");
    assert!(matches!(error, StartError::OtherLog { .. }), "{error}");
}

#[test]
fn an_announced_epoch_waits_for_its_time_and_may_be_withdrawn() {
    let folder = tempfile::tempdir().unwrap();
    let node = open_with(folder.path(), HOUR).unwrap();
    order(folder.path());
    node.look_at_epochs();
    node.publish(node.sign_head().unwrap()).unwrap();
    node.look_at_epochs();
    assert_eq!(statuses(&node), [Status::Active, Status::Announced]);
    let document = keys(&node);
    let (since, next) = node.epochs.times();
    assert!(since > 0 && next.unwrap() >= since + 3600, "{since} {next:?}");
    assert_eq!(document.epochs()[0].valid_until, document.epochs()[1].valid_from);
    assert_eq!(Some(key_hash(&receipt(&node, "sig=dual"))), document.active());
    let size = node.log().size();
    node.look_at_epochs();
    assert_eq!(node.log().size(), size, "it is announced once");
    drop(node);
    let node = open_with(folder.path(), HOUR).unwrap();
    assert_eq!(keys(&node), document, "a restart forgets nothing");

    fs::remove_file(folder.path().join("next.seed")).unwrap();
    node.look_at_epochs();
    assert_eq!((statuses(&node), node.epochs.times().1), (vec![Status::Active], None));
    // Another may follow instead, announced by the same epoch.
    order(folder.path());
    node.look_at_epochs();
    node.epochs.due.store(0, Ordering::Release);
    let after = receipt(&node, "sig=dual");
    assert_ne!(Some(key_hash(&after)), document.active());
    assert_ne!(key_hash(&after), document.epochs()[1].key_hash());
    assert!(verifies(&after, &keys(&node)));
    // No answer of the new epoch is dated before its beginning.
    assert!(after.envelope().timestamp.unix() > unix_now() + 3000);
}

#[test]
fn a_seed_that_cannot_be_used_is_told_once_and_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let next = folder.path().join("next.seed");
    let node = open_with(folder.path(), HOUR).unwrap();
    let trouble = || node.epochs.known().trouble.clone();
    fs::write(&next, "short").unwrap();
    node.look_at_epochs();
    assert!(trouble().unwrap().contains("next.seed"), "{:?}", trouble());
    fs::copy(folder.path().join("root.seed"), &next).unwrap();
    node.look_at_epochs();
    assert!(trouble().unwrap().contains("have been used"), "{:?}", trouble());
    assert!(issue(&node, "sig=dual").is_ok());
    fs::remove_file(&next).unwrap();
    node.look_at_epochs();
    assert_eq!(trouble(), None);
    assert_eq!(statuses(&node), [Status::Active]);
}

#[test]
fn each_index_belongs_to_one_epoch_while_many_ask() {
    let folder = tempfile::tempdir().unwrap();
    let node = open_with(folder.path(), Duration::ZERO).unwrap();
    let answers: Vec<Document> = thread::scope(|scope| {
        let asks = || (0..60).map(|_| receipt(&node, "sig=ecdsa")).collect::<Vec<_>>();
        let asking: Vec<_> = (0..4).map(|_| scope.spawn(asks)).collect();
        for _ in 0..3 {
            order(folder.path());
            while folder.path().join("next.seed").exists() {
                node.look_at_epochs();
            }
        }
        asking.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    issue(&node, "sig=ecdsa").unwrap();
    let document = keys(&node);
    let epochs: Vec<KeyHash> = document.epochs().iter().map(Epoch::key_hash).collect();
    assert_eq!(epochs.len(), 4);
    let size = usize::try_from(node.log().size()).unwrap();
    let mut last = 0;
    for entry in node.log().entries(1, size).unwrap() {
        match Entry::parse(&entry).unwrap() {
            Entry::Vrf(answer) => {
                let place = epochs.iter().position(|epoch| *epoch == answer.key_hash).unwrap();
                assert!(place >= last, "an epoch comes back at {}", answer.index);
                last = place;
            }
            Entry::Keys(_) => {}
            other => panic!("nothing is missed: {other:?}"),
        }
    }
    assert_eq!((answers.len(), last), (240, 3));
    assert_eq!(size, 241 + 4);
}

#[test]
fn a_revoked_epoch_signs_only_its_successor() {
    let folder = tempfile::tempdir().unwrap();
    let node = open_with(folder.path(), HOUR).unwrap();
    let before = receipt(&node, "sig=dual");
    let revoked = key_hash(&before);
    revoked::add(folder.path(), revoked).unwrap();
    node.look_at_epochs();
    assert_eq!(statuses(&node), [Status::Revoked]);
    let document = keys(&node);
    assert_eq!(document.active(), None);
    assert!(!verifies(&before, &document), "nothing that it signed counts");
    let size = node.log().size();
    let refused = issue(&node, "sig=dual").expect_err("revoked").to_string();
    assert!(refused.contains("no others are announced yet"), "{refused}");
    assert_eq!(node.readiness().reason(), Some(refused));
    assert_eq!(node.log().size(), size, "no index is spent");

    // The announcement is signed by the revoked epoch: what the log binds it to is the old one.
    order(folder.path());
    node.look_at_epochs();
    node.publish(node.sign_head().unwrap()).unwrap();
    node.look_at_epochs();
    assert_eq!(statuses(&node), [Status::Revoked, Status::Announced]);
    let refused = issue(&node, "sig=dual").expect_err("revoked").to_string();
    assert!(refused.contains("the next ones sign from 20"), "{refused}");
    drop(node);
    let node = open_with(folder.path(), HOUR).unwrap();
    assert!(issue(&node, "sig=dual").is_err(), "a restart does not forget it");
    assert!(node.readiness().reason().is_some());

    node.epochs.due.store(0, Ordering::Release);
    let after = receipt(&node, "sig=dual");
    assert_eq!(statuses(&node), [Status::Revoked, Status::Active]);
    let document = keys(&node);
    assert!(verifies(&after, &document) && !verifies(&before, &document));
    node.look_at_epochs();
    assert_eq!(node.readiness().reason(), None);
}

#[test]
fn a_list_of_revoked_epochs_that_cannot_be_read_stops_signing() {
    let folder = tempfile::tempdir().unwrap();
    let node = open_with(folder.path(), HOUR).unwrap();
    let list = folder.path().join(revoked::REVOKED_FILE);
    fs::write(&list, "all of them").unwrap();
    node.look_at_epochs();
    let refused = issue(&node, "sig=dual").expect_err("unknown").to_string();
    assert!(
        refused.starts_with("signing has stopped: ") && refused.contains("is damaged"),
        "{refused}"
    );
    assert_eq!(node.readiness().reason(), Some(refused));
    assert_eq!(statuses(&node), [Status::Active], "nobody is told that the keys are revoked");
    drop(node);
    assert!(open_with(folder.path(), HOUR).is_err(), "nor does it start");
    fs::remove_file(&list).unwrap();
    let node = open_with(folder.path(), HOUR).unwrap();
    fs::write(&list, "all of them").unwrap();
    node.look_at_epochs();
    fs::remove_file(&list).unwrap();
    node.look_at_epochs();
    assert!(issue(&node, "sig=dual").is_ok() && node.readiness().reason().is_none());
}

#[test]
fn nothing_takes_over_while_the_list_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let node = open_with(folder.path(), HOUR).unwrap();
    order(folder.path());
    node.look_at_epochs();
    let list = folder.path().join(revoked::REVOKED_FILE);
    fs::write(&list, "all of them").unwrap();
    node.epochs.due.store(0, Ordering::Release);
    assert!(issue(&node, "sig=dual").is_err(), "a request is the first to see it");
    node.look_at_epochs();
    assert!(issue(&node, "sig=dual").is_err());
    assert_eq!(node.epochs.key_hashes().len(), 1);
    fs::remove_file(&list).unwrap();
    node.look_at_epochs();
    assert!(issue(&node, "sig=dual").is_ok());
    assert_eq!(statuses(&node), [Status::Retired, Status::Active]);
}

#[test]
fn a_revoked_epoch_is_never_announced_and_never_takes_over() {
    let folder = tempfile::tempdir().unwrap();
    let node = open_with(folder.path(), HOUR).unwrap();
    let first = receipt(&node, "sig=dual");
    order(folder.path());
    node.look_at_epochs();
    let next = node.epochs.known().next.as_ref().unwrap().entry.key_hash();
    revoked::add(folder.path(), next).unwrap();
    // Its time comes before anybody has looked.
    node.epochs.due.store(0, Ordering::Release);
    let after = receipt(&node, "sig=dual");
    assert_eq!(key_hash(&after), key_hash(&first), "the old epoch goes on");
    assert_eq!(node.epochs.times().1, None);
    let size = node.log().size();
    node.look_at_epochs();
    assert_eq!(node.log().size(), size, "it is not announced again");
    let trouble = node.epochs.known().trouble.clone().unwrap();
    assert!(trouble.contains("which are revoked: remove it"), "{trouble}");
    drop(node);

    let node = open_with(folder.path(), HOUR).unwrap();
    assert_eq!((statuses(&node), node.epochs.times().1), (vec![Status::Active], None));
    fs::remove_file(folder.path().join("next.seed")).unwrap();
    order(folder.path());
    node.look_at_epochs();
    assert!(node.epochs.times().1.is_some(), "another one may follow");
    // The same while it waits.
    let next = node.epochs.known().next.as_ref().unwrap().entry.key_hash();
    revoked::add(folder.path(), next).unwrap();
    node.look_at_epochs();
    assert_eq!((statuses(&node), node.epochs.times().1), (vec![Status::Active], None));
}

#[test]
fn who_is_taken_off_the_list_stays_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let node = open_with(folder.path(), HOUR).unwrap();
    let active = node.key_hash();
    revoked::add(folder.path(), active).unwrap();
    node.look_at_epochs();
    fs::remove_file(folder.path().join(revoked::REVOKED_FILE)).unwrap();
    node.look_at_epochs();
    assert_eq!(statuses(&node), [Status::Revoked]);
    assert_eq!(revoked::read(folder.path()).unwrap(), [active]);
}
