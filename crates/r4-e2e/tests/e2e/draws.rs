//! Draws through the gateway, checked offline by the real `r4`, and requests that are sent again.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::harness::client::Request;
use crate::harness::r4::{Said, r4};
use crate::harness::target::{PinnedKeys, Target, problem};
use crate::harness::wire::Response;

impl Target {
    /// Orders a draw.
    #[track_caller]
    fn draw(&self, order: &Value) -> Response {
        self.gateway.send(&Request::post("/v1/draws", order.to_string()).key(&self.key))
    }
}

/// Runs `r4 draw verify --keys FILE -`.
fn check(keys: &PinnedKeys, document: &[u8]) -> Said {
    r4(&["draw", "verify", "--keys", keys.path(), "-"], document)
}

/// An order of every kind, and how many values it gives.
fn orders() -> [(Value, usize); 9] {
    let names = ["Ada", "Grace", "Edsger", "Barbara", "Алан"];
    [
        (json!({"kind": "integers", "count": 5, "min": -3, "max": 3}), 5),
        (json!({"kind": "integers", "count": 49, "min": 1, "max": 49, "unique": true}), 49),
        (json!({"kind": "shuffle", "participants": names}), 5),
        (json!({"kind": "winners", "k": 2, "n": 10_000}), 2),
        (json!({"kind": "winners", "k": 3, "participants": names, "weights": [1, 2, 3, 4, 5]}), 3),
        (json!({"kind": "dice", "count": 2}), 2),
        (json!({"kind": "cards", "count": 52}), 52),
        (json!({"kind": "decimals", "count": 3, "digits": 15}), 3),
        (json!({"kind": "uuids", "count": 4}), 4),
    ]
}

#[test]
fn every_kind_verifies_offline_and_is_told_again() {
    let node = Target::get();
    let keys = node.keys();
    for (mut order, count) in orders() {
        order["label"] = json!("e2e round 1");
        let drawn = node.draw(&order).expect(200);
        let document = drawn.json();
        assert_eq!(document["result"].as_array().map(Vec::len), Some(count), "{document}");
        assert_eq!(document["draw"]["label"], "e2e round 1");
        let said = check(&keys, &drawn.body);
        assert_eq!(said.code, 0, "{order} {said:?}");

        let same = node.draw(&order).expect(200).json();
        assert_eq!(same["result"], document["result"], "a label is drawn for once");
        let id = document["id"].as_str().unwrap();
        assert_eq!(document["receipt"]["id"], id);
        let again = node.gateway.get(&format!("/v1/draws/{id}")).expect(200);
        for field in ["id", "draw", "result", "participants", "weights"] {
            assert_eq!(again.json()[field], document[field], "{field} of {order}");
        }
        assert_eq!(check(&keys, &again.body).code, 0);
    }
}

#[test]
fn another_result_is_refused() {
    let node = Target::get();
    let keys = node.keys();
    let drawn = node.draw(&json!({"kind": "dice", "count": 3})).expect(200).json();
    assert!(drawn["draw"]["nonce"].is_string(), "without a label the node says its nonce: {drawn}");
    let mut forged = drawn.clone();
    let first = forged["result"][0].as_u64().unwrap();
    forged["result"][0] = json!(first % 6 + 1);
    let said = check(&keys, forged.to_string().as_bytes());
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("result"), "{said:?}");
    let mut other = drawn;
    other["draw"]["sides"] = json!(7);
    let said = check(&keys, other.to_string().as_bytes());
    assert_eq!(said.code, 1, "{said:?}");
}

#[test]
fn a_hashed_list_stays_with_whoever_has_it() {
    let node = Target::get();
    let keys = node.keys();
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("participants.txt");
    std::fs::write(&list, "Ada\nGrace\n").unwrap();
    let other = format!("0x{}", "11".repeat(32));
    let wrong = json!({"kind": "shuffle", "n": 2, "participants_sha256": other, "label": "x"});
    let drawn = node.draw(&wrong).expect(200);
    assert!(drawn.json().get("participants").is_none());
    let file = list.to_str().unwrap();
    let args = ["draw", "verify", "--keys", keys.path(), "--participants", file, "-"];
    let said = r4(&args, &drawn.body);
    assert_eq!(said.code, 1, "the hash is of another list: {said:?}");

    let digest = format!("0x{}", hex::encode(Sha256::digest(std::fs::read(&list).unwrap())));
    let right = json!({"kind": "shuffle", "n": 2, "participants_sha256": digest, "label": "x"});
    let drawn = node.draw(&right).expect(200);
    let said = r4(&args, &drawn.body);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("Ada") && said.out.contains("Grace"), "{said:?}");
}

#[test]
fn bad_orders_say_what_to_do() {
    let node = Target::get();
    let table = [
        (json!({"kind": "dice"}), "count"),
        (json!({"kind": "dice", "count": 0}), "count"),
        (json!({"kind": "dice", "count": 10_001}), "10000"),
        (json!({"kind": "dice", "count": 1, "side": 6}), "side"),
        (json!({"kind": "roulette", "count": 1}), "kind"),
        (json!({"kind": "winners", "k": 3, "n": 2}), "k"),
        (json!({"kind": "winners", "k": 1, "participants": ["a", "b"], "weights": [1]}), "weights"),
        (json!({"kind": "cards", "count": 53}), "52"),
        (json!({"kind": "integers", "count": 3, "min": 1, "max": 2, "unique": true}), "count"),
        (json!({"kind": "uuids", "count": 1, "label": "two\nlines"}), "label"),
        (json!([]), "object"),
    ];
    for (order, named) in table {
        let (slug, detail) = problem(&node.draw(&order), 400);
        assert_eq!(slug, "invalid-draw", "{order}");
        assert!(detail.contains(named), "{order}: {detail}");
    }
    let twice = r#"{"kind": "dice", "count": 1, "count": 2}"#;
    let answer = node.gateway.send(&Request::post("/v1/draws", twice).key(&node.key));
    assert_eq!(problem(&answer, 400).0, "invalid-draw");
    let mut untyped = Request::new("POST", "/v1/draws").key(&node.key);
    untyped.body = br#"{"kind": "dice", "count": 1}"#.to_vec();
    assert_eq!(problem(&node.gateway.send(&untyped), 415).0, "unsupported-media-type");
    let unknown = format!("/v1/draws/0x{}", "0".repeat(64));
    assert_eq!(problem(&node.gateway.get(&unknown), 404).0, "unknown-draw");
    let own = format!("/v1/vrf?alpha={}", hex::encode("r4-draw/v1\nkind=dice\n"));
    assert_eq!(problem(&node.get_keyed(&own), 400).0, "reserved-alpha", "nobody chooses a nonce");
    let receipt = node.receipt("?alpha=68656c6c6f").json();
    let no_draw = format!("/v1/draws/{}", receipt["id"].as_str().unwrap());
    assert_eq!(problem(&node.gateway.get(&no_draw), 404).0, "unknown-draw");
}

#[test]
fn a_request_that_is_sent_again_gets_its_first_answer() {
    let node = Target::get();
    let name = format!("e2e-{}-{:?}", std::process::id(), std::time::Instant::now());
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let ask = |path: &str, body: &str| {
        node.gateway.send(&Request::post(path, body).key(&node.key).with("Idempotency-Key", &name))
    };
    for (path, body, other) in [
        ("/v1/draws", r#"{"kind": "dice", "count": 9}"#, r#"{"kind": "dice", "count": 8}"#),
        ("/v1/vrf", "{}", r#"{"sig": "ecdsa"}"#),
    ] {
        let first = ask(path, body).expect(200);
        assert!(first.header("idempotency-replayed").is_none());
        let again = ask(path, body).expect(200);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(first.body, again.body, "index mode gives a new receipt otherwise");
        assert_eq!(problem(&ask(path, other), 422).0, "idempotency-mismatch");
    }
    let bad = Request::post("/v1/vrf", "{}").key(&node.key).with("Idempotency-Key", "two words");
    assert_eq!(problem(&node.gateway.send(&bad), 400).0, "invalid-idempotency-key");
}

#[test]
fn the_demonstration_needs_no_key_and_allows_little() {
    let node = Target::get();
    let bytes = node.gateway.get("/v1/demo/random").expect(200).json();
    assert_eq!(bytes["n"], 32);
    let receipt = node.gateway.get("/v1/demo/vrf?alpha=68656c6c6f").expect(200);
    assert_eq!(node.keys().verify(&receipt.body, &[]).code, 0);
    let order = Request::post("/v1/demo/draws", r#"{"kind": "dice", "count": 2}"#);
    let drawn = node.gateway.send(&order).expect(200);
    assert_eq!(check(&node.keys(), &drawn.body).code, 0);
    let long = format!("/v1/demo/vrf?alpha={}", "00".repeat(65));
    assert_eq!(problem(&node.gateway.get(&long), 400).0, "invalid-parameter");
    assert_eq!(problem(&node.gateway.get("/v1/demo/vrf"), 400).0, "missing-parameter");
    assert_eq!(problem(&node.gateway.get("/v1/demo/random?n=64"), 400).0, "unknown-parameter");
    let big = json!({"kind": "winners", "k": 1, "participants": vec!["x".repeat(100); 50]});
    let big = node.gateway.send(&Request::post("/v1/demo/draws", big.to_string()));
    assert_eq!(problem(&big, 413).0, "body-too-large");
}
