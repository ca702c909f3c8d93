//! `r4 verify`: who is trusted, what is required, which check failed.

use r4_receipt::Schemes;
use serde_json::json;

use crate::run::{Folder, command, finish, r4, r4_with_input};
use crate::sample::{
    attestation, client_receipt, flip, key_hash, keys_json, node, receipt, signer,
};

#[test]
fn pinned_and_valid_exits_0() {
    let (folder, node) = (Folder::new(), node(1));
    let keys = folder.write("keys.json", keys_json(&node));
    let receipts = [
        receipt(&node, Schemes::Dual),
        client_receipt(&node, b"sample"),
        client_receipt(&node, &[0x61; 1024]),
        attestation(&node),
    ];
    for text in receipts {
        let file = folder.write("receipt.json", text);
        let said = r4(&[&"verify", &"--keys", &keys, &file]).exits(0);
        let said = said.says("✓ mldsa65").says("✓ pin").says("valid; pinned by the keys in");
        assert!(!said.out.contains('✗') && said.err.is_empty(), "{said:?}");
        assert!(!said.out.contains("verified"), "an unsigned remark is shown: {}", said.out);
        r4(&[&"verify", &"--key-hash", &key_hash(&node), &file]).exits(0);
        r4(&[&"verify", &"--key-hash", &"00".repeat(32), &"--key-hash", &key_hash(&node), &file])
            .exits(0);
    }
}

#[test]
fn unpinned_exits_3_and_is_never_called_valid() {
    let (folder, node) = (Folder::new(), node(1));
    for text in [receipt(&node, Schemes::Dual), receipt(&node, Schemes::Ecdsa)] {
        let file = folder.write("receipt.json", text);
        let said = r4(&[&"verify", &file]).exits(3).says("self-consistent; signer NOT checked");
        assert!(!said.out.contains("valid;"), "{}", said.out);
        let json = r4(&[&"verify", &"--json", &file]).exits(3).json();
        assert_eq!(json["valid"], json!(false));
        assert_eq!(json["pinned"], json!(false));
        assert_eq!(json["verdict"], json!("self-consistent"));
        assert_eq!(json["failed"], json!(null));
    }
    let file = folder.path("receipt.json");
    r4(&[&"verify", &"--require", &"ecdsa", &file]).exits(3).says("counts only together");
}

#[test]
fn every_changed_value_exits_1_and_names_the_check() {
    let (folder, node) = (Folder::new(), node(1));
    let keys = folder.write("keys.json", keys_json(&node));
    let good = receipt(&node, Schemes::Dual);
    let cases = [
        ("key_hash", "key_hash"),
        ("key_id", "key_id"),
        ("alpha", "alpha"),
        ("random", "random"),
        ("index", "alpha"),
        ("id", "digest"),
        ("msg_hash", "digest"),
        ("r", "ecdsa"),
        ("s", "ecdsa"),
    ];
    for (field, name) in cases {
        let file = folder.write("receipt.json", flip(&good, field));
        for pin in [true, false] {
            let mut command = command(&[&"verify", &file]);
            if pin {
                command.arg("--keys").arg(&keys);
            }
            let said = finish(&mut command).exits(1);
            assert_eq!(said.err, format!("r4: first failed check: \"{name}\"\n"), "{field}");
            assert!(said.out.contains(&format!("✗ {name} ")), "{field}: {}", said.out);
            assert!(!said.out.contains("failed"), "the verdict is given once: {}", said.out);
        }
        let json = r4(&[&"verify", &"--json", &"--keys", &keys, &file]).exits(1).json();
        assert_eq!(json["failed"], json!(name), "{field}");
        assert_eq!(json["valid"], json!(false));
        assert_eq!(json["verdict"], json!("failed"));
    }
}

#[test]
fn a_strangers_receipt_is_refused_by_every_pin() {
    let (folder, mine) = (Folder::new(), node(1));
    let keys = folder.write("keys.json", keys_json(&mine));
    let file = folder.write("receipt.json", receipt(&node(2), Schemes::Dual));
    r4(&[&"verify", &file]).exits(3);
    r4(&[&"verify", &"--keys", &keys, &file]).exits(1).says(r#"first failed check: "pin""#);
    r4(&[&"verify", &"--key-hash", &key_hash(&mine), &file])
        .exits(1)
        .says(r#"first failed check: "pin""#);
    r4(&[&"verify", &"--signer", &signer(&mine), &file])
        .exits(1)
        .says(r#"first failed check: "pin""#);
}

#[test]
fn a_signer_pins_ecdsa_alone_and_says_so() {
    let (folder, node) = (Folder::new(), node(1));
    let file = folder.write("receipt.json", receipt(&node, Schemes::Dual));
    for address in [signer(&node), signer(&node).to_lowercase()] {
        r4(&[&"verify", &"--signer", &address, &file])
            .exits(0)
            .says("pinned by the ECDSA address")
            .says("pins the ECDSA key alone");
    }
    let only_mldsa = folder.write("mldsa.json", receipt(&node, Schemes::Mldsa));
    r4(&[&"verify", &"--signer", &signer(&node), &"--require", &"mldsa65", &only_mldsa])
        .exits(1)
        .says("there is no ECDSA signature, and an ECDSA signer was pinned");
    let json = r4(&[&"verify", &"--json", &"--signer", &signer(&node), &file]).exits(0).json();
    assert_eq!((&json["pinned"], &json["pinned_by"]), (&json!(true), &json!("signer")));
    r4(&[&"verify", &"--signer", &"0x1234", &file]).exits(2).says("40 hexadecimal digits");
}

#[test]
fn both_signatures_are_required_unless_the_caller_says_otherwise() {
    let (folder, node) = (Folder::new(), node(1));
    let keys = folder.write("keys.json", keys_json(&node));
    let file = folder.path("receipt.json");
    let both = ["dual", "ecdsa", "mldsa65"];
    let cases = [
        (Schemes::Dual, &both[..]),
        (Schemes::Ecdsa, &["ecdsa"][..]),
        (Schemes::Mldsa, &["mldsa65", "dilithium", "ml-dsa-65"][..]),
    ];
    for (schemes, enough) in cases {
        folder.write("receipt.json", receipt(&node, schemes));
        for required in enough {
            r4(&[&"verify", &"--keys", &keys, &"--require", required, &file]).exits(0);
        }
        for required in both.iter().filter(|required| !enough.contains(required)) {
            r4(&[&"verify", &"--keys", &keys, &"--require", required, &file])
                .exits(1)
                .says(r#"first failed check: "require""#);
        }
        let code = i32::from(schemes != Schemes::Dual);
        r4(&[&"verify", &"--keys", &keys, &file]).exits(code);
    }
}

#[test]
fn json_holds_every_check_with_its_inputs() {
    let (folder, node) = (Folder::new(), node(1));
    let keys = folder.write("keys.json", keys_json(&node));
    let text = receipt(&node, Schemes::Dual);
    let json = r4_with_input(&[&"verify", &"--json", &"--keys", &keys, &"-"], text.as_bytes())
        .exits(0)
        .json();
    assert_eq!(json["valid"], json!(true));
    assert_eq!(json["pinned"], json!(true));
    assert_eq!(json["verdict"], json!("valid"));
    assert_eq!(json["error"], json!(null));
    assert_eq!(json["pinned_by"], json!("keys"));
    let checks = json["checks"].as_array().unwrap();
    let names: Vec<_> = checks.iter().map(|check| check["name"].as_str().unwrap()).collect();
    let expected = ["key_hash", "key_id", "alpha", "vrf", "random", "digest", "schemes", "ecdsa"];
    assert_eq!(names[..8], expected);
    assert_eq!(names[8..], ["signer", "mldsa65", "pin", "require"]);
    assert!(checks.iter().all(|check| check["ok"] == json!(true)), "{json}");
    assert!(checks[3]["inputs"]["proof"].as_str().unwrap().len() == 164, "{json}");
}

#[test]
fn verbose_shows_what_went_into_the_checks() {
    let (folder, node) = (Folder::new(), node(1));
    let file = folder.write("receipt.json", client_receipt(&node, b"sample"));
    assert!(!r4(&[&"verify", &file]).exits(3).out.contains("proof: 0x"));
    let said = r4(&[&"verify", &"-v", &file]).exits(3).says("proof: 0x");
    said.says("alpha: 0x73616d706c65").says("domain_separator: 0x").says("struct_hash: 0x");
}

#[test]
fn colours_only_where_they_are_wanted() {
    let (folder, node) = (Folder::new(), node(1));
    let file = folder.write("receipt.json", receipt(&node, Schemes::Dual));
    let verify = || command(&[&"verify", &file]);
    assert!(!finish(&mut verify()).exits(3).out.contains('\u{1b}'), "a pipe is no terminal");
    let forced = finish(verify().env("CLICOLOR_FORCE", "1")).exits(3);
    assert!(forced.out.contains("\u{1b}[1m\u{1b}[33mself-consistent"), "{:?}", forced.out);
    let forbidden = finish(verify().env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1")).exits(3);
    assert!(!forbidden.out.contains('\u{1b}'), "{:?}", forbidden.out);
}
