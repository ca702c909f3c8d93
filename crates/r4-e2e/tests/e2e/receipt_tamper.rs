//! Every field of a fresh receipt flipped, removed and repeated: the real `r4` names what is wrong.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::json;

use crate::harness::client::Request;
use crate::harness::external::skips_processes;
use crate::harness::node::{KEY, NOWHERE, vrf};
use crate::harness::target::{PinnedKeys, Target};
use crate::tampering::{Case, cases, write};

/// Fields whose change is found by a check; the others have one form and are refused as malformed.
const FOUND_BY: &[(&str, &[&str])] = &[
    ("id", &["digest"]),
    ("key_id", &["key_id"]),
    ("key_hash", &["key_hash"]),
    ("keys.ecvrf", &["key_hash"]),
    ("keys.ecdsa", &["key_hash"]),
    ("keys.mldsa65_sha256", &["key_hash"]),
    ("keys.ecvrf_evm_sha256", &["key_hash"]),
    ("index", &["digest", "alpha", "evm"]),
    ("random", &["random"]),
    ("timestamp", &["digest", "evm"]),
    ("alpha", &["vrf", "alpha"]),
    ("alpha_source", &["alpha"]),
    ("vrf.public_key", &["key_hash"]),
    ("vrf.proof", &["vrf"]),
    ("vrf.evm_proof", &["evm"]),
    ("evm_call", &["evm"]),
    ("domain.chain_id", &["digest"]),
    ("domain.contract", &["digest", "evm"]),
    ("msg_hash", &["digest"]),
    ("v", &["ecdsa", "signer", "evm"]),
    ("r", &["ecdsa", "evm"]),
    ("s", &["ecdsa", "evm"]),
    ("signer_addr", &["signer"]),
    ("signature", &["mldsa65", "ecdsa"]),
    ("public_key", &["key_hash"]),
    ("bytes", &["digest"]),
    ("core_sha256", &["digest"]),
    ("mode", &["digest"]),
    ("log.origin", &["inclusion"]),
    ("log.index", &["inclusion"]),
    ("log.leaf_hash", &["inclusion"]),
    ("log.tree_size", &["inclusion"]),
    ("log.root", &["inclusion"]),
    ("log.inclusion", &["inclusion"]),
    ("log.checkpoint", &["inclusion", "checkpoint"]),
];

/// Fields whose presence and form the field `signature_type` decides.
const SIGNATURE_FIELDS: &[&str] =
    &["v", "r", "s", "signer_addr", "pq_scheme", "signature", "public_key"];

/// The documents that are tampered with.
const QUERIES: [&str; 6] = [
    "/v1/vrf?alpha=c0ffee&sig=dual",
    "/v1/vrf?sig=dual&chain_id=1&contract=0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "/v1/vrf?alpha=c0ffee&chain_id=1&contract=0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed&format=evm",
    "/v1/vrf?alpha=c0ffee&sig=ecdsa",
    "/v1/vrf?alpha=c0ffee&sig=mldsa65",
    "/v1/random_dual?n=32",
];

#[test]
fn every_field_flipped_removed_or_repeated_is_refused_by_name() {
    let node = Target::get();
    let keys = node.keys();
    for query in QUERIES {
        let document = node.get_keyed(query).expect(200);
        let require: &[&str] = match query {
            q if q.contains("sig=ecdsa") => &["--require", "ecdsa"],
            q if q.contains("sig=mldsa65") => &["--require", "mldsa65"],
            _ => &[],
        };
        let check = Tampering { keys: &keys, require };
        assert_eq!(keys.verify(&document.body, require).code, 0);
        let document = document.json();
        assert_eq!(keys.verify(write(&document, None).as_bytes(), require).code, 0, "{query}");
        let cases = cases(&document);
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                        check.refuses(query, case);
                    }
                });
            }
        });
        println!("{query}: {} changes refused", cases.len());
        assert!(cases.len() > 60, "{query}: only {} cases", cases.len());
    }
}

struct Tampering<'a> {
    keys: &'a PinnedKeys,
    require: &'a [&'a str],
}

impl Tampering<'_> {
    fn refuses(&self, query: &str, case: &Case) {
        let said = self.keys.verify(case.text.as_bytes(), self.require);
        let name = case.path.join(".");
        let what = format!("{query}: {name} {}: {said:?}", case.how);
        match said.code {
            1 => {
                let found = FOUND_BY.iter().find(|(field, _)| *field == name);
                let checks = found.unwrap_or_else(|| panic!("malformed was expected: {what}")).1;
                let named = |check: &&&str| said.err.contains(&format!("\"{check}\""));
                assert!(checks.iter().any(|check| named(&check)), "none of {checks:?}: {what}");
                // An optional field can be left out; what was signed then differs. A list of hashes
                // may be empty, and a note is read by the check.
                let many_forms = ["domain.contract", "evm_call", "log.inclusion", "log.checkpoint"];
                assert!(case.how == "flipped" || many_forms.contains(&name.as_str()), "{what}");
            }
            // Where an answer stands in the log is no part of what was signed.
            0 => assert_eq!((&*name, case.how), ("log", "removed"), "not refused: {what}"),
            2 => {
                let own = case.path.last().unwrap().as_str();
                // Two fields say which others there are, so one of those may be named.
                let depend = match own {
                    "signature_type" => SIGNATURE_FIELDS,
                    "unique" => &["random"],
                    "evm_proof" => &["evm_call"],
                    _ => &[],
                };
                let named = |field: &str| said.err.contains(&format!(" {field} "));
                let inner = format!(" {name}.");
                let nested = named(&name) || said.err.contains(&inner);
                let named = nested || named(own) || depend.iter().any(|field| named(field));
                assert!(named, "not named: {what}");
            }
            _ => panic!("{what}"),
        }
    }
}

#[test]
fn a_signature_cannot_be_stripped() {
    let node = Target::get();
    let keys = node.keys();
    let dual = node.receipt("?alpha=ab&sig=dual").json();
    let ecdsa = node.receipt("?alpha=ab&sig=ecdsa").json();

    let mut only_mldsa = dual.clone();
    for field in ["v", "r", "s", "signer_addr"] {
        only_mldsa.as_object_mut().unwrap().remove(field);
    }
    only_mldsa["signature_type"] = json!("ML-DSA-65");

    let mut only_ecdsa = dual.clone();
    only_ecdsa.as_object_mut().unwrap().remove("pq_scheme");
    only_ecdsa["signature_type"] = json!("ECDSA(secp256k1)");
    only_ecdsa["public_key"] = ecdsa["public_key"].clone();
    let part = |field: &str| hex::decode(&dual[field].as_str().unwrap()[2..]).unwrap();
    let mut pair = [part("r"), part("s")].concat();
    pair.push(u8::try_from(dual["v"].as_u64().unwrap()).unwrap());
    only_ecdsa["signature"] =
        json!(base64::Engine::encode(&base64::engine::general_purpose::STANDARD, pair));

    for (stripped, require) in [(&only_mldsa, "mldsa65"), (&only_ecdsa, "ecdsa")] {
        for more in [&["--require", require][..], &[]] {
            let said = keys.verify(stripped.to_string().as_bytes(), more);
            assert_eq!(said.code, 1, "{said:?}");
            assert!(said.err.contains("\"schemes\""), "{said:?}");
        }
        let said = crate::harness::r4::r4(&["verify", "-"], stripped.to_string().as_bytes());
        assert_eq!(said.code, 1, "without a pin, too: {said:?}");
    }
}

#[test]
fn parts_of_two_receipts_do_not_mix() {
    let node = Target::get();
    let keys = node.keys();
    let (one, two) = (node.receipt("?alpha=01").json(), node.receipt("?alpha=02").json());
    for (fields, check) in [
        (&["random"][..], "random"),
        (&["random", "alpha", "vrf"], "digest"),
        (&["r", "s", "v"], "ecdsa"),
        (&["signature"], "mldsa65"),
        (&["id", "msg_hash"], "digest"),
        (&["index"], "digest"),
    ] {
        let mut mixed = one.clone();
        for field in fields {
            mixed[*field] = two[*field].clone();
        }
        let said = keys.verify(mixed.to_string().as_bytes(), &[]);
        assert_eq!(said.code, 1, "{fields:?}: {said:?}");
        assert!(said.err.contains(&format!("\"{check}\"")), "{fields:?}: {said:?}");
    }
}

#[test]
fn a_strangers_receipt_is_self_consistent_and_refused_with_a_pin() {
    if skips_processes() {
        return;
    }
    let node = Target::get();
    let keys = node.keys();
    let state = tempfile::tempdir().unwrap();
    let stranger = vrf(state.path(), NOWHERE);
    let receipt = stranger.client().send(&Request::get("/vrf?alpha=ab").key(KEY)).expect(200);
    let said = crate::harness::r4::r4(&["verify", "-"], &receipt.body);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.out.contains("self-consistent; signer NOT checked"), "{said:?}");
    assert!(!said.out.contains('✗'), "{said:?}");
    // The list of keys pins those of the log, too.
    let said = keys.verify(&receipt.body, &[]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("\"checkpoint\""), "{said:?}");
    let own = node.receipt("").json();
    for (pin, field) in [("--signer", "signer_addr"), ("--key-hash", "key_hash")] {
        let value = own[field].as_str().unwrap();
        let said = crate::harness::r4::r4(&["verify", pin, value, "-"], &receipt.body);
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.err.contains("\"pin\""), "{said:?}");
    }
}
