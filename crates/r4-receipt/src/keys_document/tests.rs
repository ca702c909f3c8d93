//! Round trip, trust, and every field flipped.

use std::prelude::v1::*;

use serde_json::{Value, json};

use super::{Epoch, KeysDocument, Status};
use crate::object::ParseError;
use crate::testing::Node;
use crate::testing::log::TestLog;
use crate::timestamp::Timestamp;

fn document() -> KeysDocument {
    KeysDocument::of_active(&Node::new(1).keys, Timestamp::from_unix(1_787_315_696).ok())
}

/// A node with an epoch in every status.
fn four_epochs() -> KeysDocument {
    let mut document = document();
    for (number, status) in [(20, Status::Retired), (40, Status::Announced), (60, Status::Revoked)]
    {
        let keys = Node::new(number).keys;
        document.epochs.push(Epoch { keys, status, valid_from: None, valid_until: None });
    }
    document
}

#[test]
fn an_epoch_is_listed_once() {
    for status in [Status::Retired, Status::Revoked] {
        let mut document = four_epochs();
        let mut again = document.epochs[3].clone();
        again.status = status;
        document.epochs.push(again);
        let error = KeysDocument::parse(document.to_json().as_bytes()).unwrap_err();
        assert_eq!(error.field(), Some("epochs"), "{error}");
        assert!(error.to_string().contains("one entry for each key hash"), "{error}");
    }
}

#[test]
fn round_trip() {
    for document in [document(), four_epochs()] {
        assert_eq!(KeysDocument::parse(document.to_json().as_bytes()), Ok(document));
    }
}

#[test]
fn announced_and_revoked_epochs_do_not_count() {
    let document = four_epochs();
    let hashes: Vec<_> = document.key_hashes().collect();
    assert_eq!(hashes, [1, 20].map(|number| Node::new(number).keys.key_set().key_hash()));
    assert_eq!(Some(hashes[0]), document.active());
}

/// While the epoch after a revoked one waits, nobody signs, and what is retired still counts.
#[test]
fn a_node_may_have_no_active_epoch() {
    let mut epochs = four_epochs().epochs;
    epochs[0].status = Status::Revoked;
    let document = KeysDocument::of_epochs(epochs);
    assert_eq!(document.active(), None);
    assert!(document.to_json().contains("\"active\":null"), "{}", document.to_json());
    assert_eq!(KeysDocument::parse(document.to_json().as_bytes()), Ok(document.clone()));
    assert_eq!(document.key_hashes().count(), 1);
    let mut named: Value = serde_json::from_str(&document.to_json()).unwrap();
    named["active"] = named["epochs"][0]["key_hash"].clone();
    let error = KeysDocument::parse(named.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.field(), Some("active"), "a revoked one is not active: {error}");
    let mut none: Value = serde_json::from_str(&self::document().to_json()).unwrap();
    none["active"] = Value::Null;
    let error = KeysDocument::parse(none.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.field(), Some("active"), "one is active: {error}");
}

#[test]
fn every_change_is_refused() {
    let good: Value = serde_json::from_str(&document().to_json()).unwrap();
    let other: Value =
        serde_json::from_str(&KeysDocument::of_active(&Node::new(20).keys, None).to_json())
            .unwrap();
    for (pointer, field) in [
        ("/active", "active"),
        ("/epochs/0/key_id", "epochs[0].key_id"),
        ("/epochs/0/key_hash", "epochs[0].key_hash"),
        ("/epochs/0/keys/0/public_key", "epochs[0].key_hash"),
        ("/epochs/0/keys/1/public_key", "epochs[0].keys[1].address"),
        ("/epochs/0/keys/1/address", "epochs[0].keys[1].address"),
        ("/epochs/0/keys/2/public_key", "epochs[0].key_hash"),
        ("/epochs/0/keys/3/public_key", "epochs[0].key_hash"),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = other.pointer(pointer).unwrap().clone();
        let error = KeysDocument::parse(bad.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.field(), Some(field), "{pointer}: {error}");
    }
    for (pointer, value, field) in [
        ("/epochs/0/status", json!("retired"), "active"),
        ("/epochs/0/status", json!("good"), "epochs[0].status"),
        ("/epochs/0/valid_from", json!("yesterday"), "epochs[0].valid_from"),
        ("/epochs/0/valid_until", json!(0), "epochs[0].valid_until"),
        ("/epochs/0/keys/0/use", json!("ecdsa"), "epochs[0].keys[0].use"),
        ("/epochs/0/keys/2/algorithm", json!("ML-DSA-44"), "epochs[0].keys[2].algorithm"),
        ("/epochs/0/keys/2/encoding", json!("hex"), "epochs[0].keys[2].encoding"),
        ("/epochs/0/keys/3/reserved", json!(false), "epochs[0].keys[3].reserved"),
        ("/epochs/0/keys", json!([]), "epochs[0].keys"),
        ("/epochs", json!([]), "active"),
        ("/epochs", json!([1]), "epochs"),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        let error = KeysDocument::parse(bad.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.field(), Some(field), "{pointer}: {error}");
    }
}

#[test]
fn fields_are_all_needed_and_no_others_known() {
    let good: Value = serde_json::from_str(&document().to_json()).unwrap();
    for (pointer, path) in [
        ("", ""),
        ("/epochs/0", "epochs[0]."),
        ("/epochs/0/keys/1", "epochs[0].keys[1]."),
        ("/epochs/0/keys/3", "epochs[0].keys[3]."),
    ] {
        let names: Vec<String> =
            good.pointer(pointer).unwrap().as_object().unwrap().keys().cloned().collect();
        for name in names {
            let mut bad = good.clone();
            bad.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(&name);
            let missing = ParseError::Missing { field: path.to_string() + &name };
            assert_eq!(KeysDocument::parse(bad.to_string().as_bytes()), Err(missing));
        }
        let mut bad = good.clone();
        bad.pointer_mut(pointer).unwrap()["extra"] = json!(1);
        let unknown = ParseError::Unknown { field: path.to_string() + "extra" };
        assert_eq!(KeysDocument::parse(bad.to_string().as_bytes()), Err(unknown));
    }
}

#[test]
fn two_active_epochs_are_refused() {
    let mut document = four_epochs();
    document.epochs[1].status = Status::Active;
    let error = KeysDocument::parse(document.to_json().as_bytes()).unwrap_err();
    assert_eq!(error.field(), Some("active"));
}

/// The log's keys are exactly two, and nothing beside them is passed over.
#[test]
fn keys_of_the_log() {
    let log = TestLog::new("node.example/v1/log", 9);
    let document = KeysDocument::of_active(&Node::new(1).keys, None).with_log(log.keys.clone());
    assert_eq!(KeysDocument::parse(document.to_json().as_bytes()), Ok(document.clone()));
    let good: Value = serde_json::from_str(&document.to_json()).unwrap();
    let [classical, post_quantum] = [0, 1].map(|at| good["log"]["keys"][at].clone());
    let other = TestLog::new("other.example/v1/log", 9).keys.keys()[1].to_string();
    let refused = |log: Value, field: &str| {
        let mut bad = good.clone();
        bad["log"] = log.clone();
        let error = KeysDocument::parse(bad.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.field(), Some(field), "{log}");
    };
    let origin = "node.example/v1/log";
    for keys in [
        json!([]),
        json!([classical]),
        json!([post_quantum, classical]),
        json!([classical, classical]),
        json!([classical, post_quantum, ""]),
        json!(["garbage", classical, post_quantum]),
        json!([classical, post_quantum, post_quantum]),
        json!([classical, other]),
        json!([classical, 6]),
        json!("both"),
    ] {
        refused(json!({ "origin": origin, "keys": keys }), "log.keys");
    }
    let keys = json!([classical, post_quantum]);
    refused(json!({ "origin": "other.example/v1/log", "keys": keys }), "log.origin");
    refused(json!({ "keys": keys }), "log.origin");
    refused(json!({ "origin": origin }), "log.keys");
    refused(json!({ "origin": origin, "keys": keys, "extra": 1 }), "log.extra");
    refused(Value::Null, "log");
}
