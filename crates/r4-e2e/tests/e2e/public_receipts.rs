//! Receipts through the gateway, checked offline by the real `r4`.

use serde_json::{Value, json};

use crate::harness::client::Request;
use crate::harness::r4::r4;
use crate::harness::target::Target;
use crate::harness::wire::Response;

#[test]
fn every_signature_choice_verifies_offline() {
    let node = Target::get();
    let keys = node.keys();
    for (sig, require, kind) in [
        ("ecdsa", "ecdsa", "ECDSA(secp256k1)"),
        ("dilithium", "mldsa65", "ML-DSA-65"),
        ("mldsa65", "mldsa65", "ML-DSA-65"),
        ("ml-dsa-65", "mldsa65", "ML-DSA-65"),
        ("dual", "dual", "ECDSA(secp256k1) + ML-DSA-65"),
    ] {
        let receipt = node.receipt(&format!("?sig={sig}"));
        assert_eq!(receipt.json()["signature_type"], kind);
        let said = keys.verify(&receipt.body, &["--require", require]);
        assert_eq!(said.code, 0, "{sig}: {said:?}");
        // A single signature does not do where both are required, which is the default.
        let said = keys.verify(&receipt.body, &[]);
        let wanted = i32::from(sig != "dual");
        assert_eq!(said.code, wanted, "{sig}: {said:?}");
        assert_eq!(said.err.contains("require"), wanted == 1, "{sig}: {said:?}");
    }
    assert_eq!(node.receipt("").json()["signature_type"], "ECDSA(secp256k1) + ML-DSA-65");
}

#[test]
fn the_ways_to_pin_agree() {
    let node = Target::get();
    let receipt = node.receipt("?sig=dual");
    let body = receipt.json();
    let text = |field: &str| body[field].as_str().unwrap().to_owned();
    let (hash, signer) = (text("key_hash"), text("signer_addr"));
    let verify = |args: &[&str]| r4(&[&["verify"], args, &["-"]].concat(), &receipt.body);
    let said = verify(&["--key-hash", &hash]);
    assert_eq!(said.code, 0, "{said:?}");
    let said = verify(&["--signer", &signer]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("ECDSA"), "it says that ECDSA alone is pinned: {said:?}");
    let said = verify(&[]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.out.contains("self-consistent; signer NOT checked"), "{said:?}");
    let said = verify(&["--key-hash", &hash, "--json"]);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&report["valid"], &report["pinned"]), (&json!(true), &json!(true)), "{report}");
    let said = verify(&["--json"]);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&report["valid"], &report["pinned"]), (&json!(false), &json!(false)), "{report}");
    let said = verify(&["--key-hash", &"0".repeat(64)]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("pin"), "{said:?}");
    let said = verify(&["--signer", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"]);
    assert_eq!(said.code, 1, "{said:?}");
}

#[test]
fn the_same_alpha_gives_the_same_random() {
    let node = Target::get();
    let keys = node.keys();
    let post = |body: &Value| {
        let request = Request::post("/v1/vrf", body.to_string()).key(&node.key);
        node.gateway.send(&request).expect(200)
    };
    let receipts = [
        node.receipt("?alpha=68656c6c6f"),
        node.receipt("?alpha=0x68656c6c6f"),
        node.receipt("?alpha=68656C6C6F&sig=ecdsa"),
        post(&json!({ "alpha": "68656c6c6f" })),
        post(&json!({ "alpha": "0x68656c6c6f", "sig": "dual" })),
    ];
    let first = receipts[0].json();
    assert_eq!(first["alpha"], "0x68656c6c6f");
    assert_eq!(first["alpha_source"], "client");
    let mut indexes = Vec::new();
    for receipt in &receipts {
        let receipt = receipt.json();
        assert_eq!(receipt["random"], first["random"]);
        assert_eq!(receipt["vrf"], first["vrf"], "one proof for one input");
        indexes.push(receipt["index"].clone());
    }
    indexes.dedup();
    assert_eq!(indexes.len(), receipts.len(), "each receipt has an index of its own");
    assert_eq!(keys.verify(&receipts[4].body, &[]).code, 0);
    let other = node.receipt("?alpha=68656c6c70").json();
    assert_ne!(other["random"], first["random"]);
}

#[test]
fn without_alpha_the_input_is_the_index() {
    let node = Target::get();
    let (one, two) = (node.receipt("").json(), node.receipt("").json());
    assert_eq!(one["alpha_source"], "index");
    assert_ne!(one["random"], two["random"]);
    let alpha = |receipt: &Value| {
        let index: u64 = receipt["index"].as_str().unwrap().parse().unwrap();
        let key_hash = receipt["key_hash"].as_str().unwrap().strip_prefix("0x").unwrap().to_owned();
        format!("0x{}{key_hash}{index:016x}", hex::encode("r4/index/v1"))
    };
    assert_eq!(one["alpha"], alpha(&one));
    assert_eq!(two["alpha"], alpha(&two));
}

#[test]
fn the_longest_and_shortest_alphas_verify() {
    let node = Target::get();
    let keys = node.keys();
    for alpha in ["00".to_owned(), "ff".repeat(1024)] {
        let receipt = node.receipt(&format!("?alpha={alpha}"));
        assert_eq!(keys.verify(&receipt.body, &[]).code, 0);
    }
}

#[test]
fn signatures_can_be_bound_to_a_chain_and_a_contract() {
    let node = Target::get();
    let keys = node.keys();
    let contract = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    let bound = node.receipt(&format!("?alpha=ab&chain_id=1&contract={contract}"));
    let body = bound.json();
    assert_eq!(body["domain"]["chain_id"], "1", "{body}");
    assert_eq!(body["domain"]["contract"], contract, "{body}");
    assert_eq!(keys.verify(&bound.body, &[]).code, 0);
    let chain = node.receipt("?alpha=ab&chain_id=18446744073709551615");
    assert_eq!(chain.json()["domain"]["chain_id"], "18446744073709551615");
    assert_eq!(keys.verify(&chain.body, &[]).code, 0);
    assert_eq!(body["random"], chain.json()["random"], "the output does not depend on the domain");
}

#[test]
fn attested_bytes_verify() {
    let node = Target::get();
    let keys = node.keys();
    let mut seen = Vec::new();
    for n in [16, 32, 32, 1000] {
        let answer = node.get_keyed(&format!("/v1/random_dual?n={n}")).expect(200);
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
        let body = answer.json();
        assert_eq!((&body["unique"], &body["n"]), (&json!(false), &json!(n)), "{body}");
        assert_eq!(body["mode"], "sealed");
        let bytes = body["bytes"].as_str().unwrap().strip_prefix("0x").unwrap().to_owned();
        assert_eq!(bytes.len(), 2 * n);
        let said = keys.verify(&answer.body, &[]);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(!seen.contains(&bytes), "the same bytes twice");
        seen.push(bytes);
        if let Some(core) = &node.core {
            let sha256 = core.get("/version").json()["core_sha256"].as_str().unwrap().to_owned();
            assert_eq!(body["core_sha256"], format!("0x{sha256}"));
        }
    }
}

#[test]
fn keys_are_one_active_epoch_with_four_keys() {
    let node = Target::get();
    let keys = node.gateway.get("/v1/keys").expect(200).json();
    let epochs = keys["epochs"].as_array().unwrap();
    let active: Vec<&Value> = epochs.iter().filter(|e| e["status"] == "active").collect();
    assert_eq!(active.len(), 1, "{keys}");
    assert_eq!(active[0]["key_hash"], keys["active"]);
    let uses: Vec<&str> =
        active[0]["keys"].as_array().unwrap().iter().map(|k| k["use"].as_str().unwrap()).collect();
    assert_eq!(uses, ["ecvrf", "ecdsa", "mldsa65", "ecvrf-evm"]);
    let receipt = node.receipt("").json();
    assert_eq!(receipt["key_hash"], keys["active"]);
}

#[test]
fn the_verify_endpoint_names_what_failed() {
    let node = Target::get();
    let ask = |body: &Value| -> Response {
        node.gateway.send(&Request::post("/v1/verify", body.to_string())).expect(200)
    };
    let receipt = node.receipt("?alpha=0badf00d").json();
    let answer = ask(&receipt).json();
    assert_eq!((&answer["valid"], &answer["failed"]), (&json!(true), &Value::Null), "{answer}");
    assert!(!answer["checks"].as_array().unwrap().is_empty());
    let mut changed = receipt.clone();
    changed["random"] = json!(format!("0x{}", "00".repeat(32)));
    let answer = ask(&changed).json();
    assert_eq!(
        (&answer["valid"], &answer["failed"]),
        (&json!(false), &json!("random")),
        "{answer}"
    );

    let mut short = json!({ "expected_signer": receipt["signer_addr"] });
    for field in ["msg_hash", "r", "s", "v"] {
        short[field] = receipt[field].clone();
    }
    assert_eq!(ask(&short).json()["valid"], true, "{short}");
    short["expected_signer"] = json!("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed");
    let answer = ask(&short).json();
    assert_eq!(answer["valid"], false, "{answer}");
}
