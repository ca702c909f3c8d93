//! `r4 keys generate` and `show`.

use std::fs;

use r4_receipt::{KeysDocument, Schemes};

use crate::run::{Folder, mode, r4, r4_with_input};
use crate::sample::{keys_json, node, receipt};

#[test]
fn a_new_seed_is_private_and_never_overwritten() {
    let folder = Folder::new();
    let seed = folder.path("root.seed");
    let said = r4(&[&"keys", &"generate", &"--out", &seed]).exits(0).says("key_hash: 0x");
    let said = said.says("signer: 0x");
    assert_eq!(mode(&seed), 0o600);
    let bytes = fs::read(&seed).unwrap();
    assert!(!format!("{said:?}").contains(&hex::encode(&bytes)), "{said:?}");
    r4(&[&"keys", &"generate", &"--out", &seed])
        .exits(2)
        .says("root.seed: it exists already and is not overwritten");
    assert_eq!(fs::read(&seed).unwrap(), bytes);
    r4(&[&"keys", &"generate", &"--out", &folder.path("no/such/folder")]).exits(2);
}

#[test]
fn the_keys_of_a_seed_are_those_that_the_node_publishes() {
    let folder = Folder::new();
    let seed = folder.path("root.seed");
    let made = r4(&[&"keys", &"generate", &"--json", &"--out", &seed]).exits(0).json();
    let shown = r4(&[&"keys", &"show", &"--seed", &seed]).exits(0).out;
    let as_asked = r4(&[&"keys", &"show", &"--json", &"--seed", &seed]).exits(0).out;
    assert_eq!(as_asked, shown, "the answer is JSON anyway");
    let document = KeysDocument::parse(shown.as_bytes()).unwrap();
    assert_eq!(made["key_hash"], document.active().unwrap().to_string());
    assert!(shown.contains(made["signer"].as_str().unwrap()));
}

#[test]
fn what_show_prints_pins_the_nodes_receipts() {
    let folder = Folder::new();
    let seed = folder.write_with_mode("root.seed", &"\u{1}".repeat(32), 0o600);
    let shown = r4(&[&"keys", &"show", &"--seed", &seed]).exits(0).out;
    assert_eq!(shown.trim_end(), keys_json(&node(1)).trim_end());
    let keys = folder.write("keys.json", shown);
    let text = receipt(&node(1), Schemes::Dual);
    r4_with_input(&[&"verify", &"--keys", &keys, &"-"], text.as_bytes()).exits(0);
}

#[test]
fn seeds_that_cannot_be_used() {
    let folder = Folder::new();
    let show = |content: &str, mode: u32| {
        let seed = folder.write_with_mode("root.seed", content, mode);
        let said = r4(&[&"keys", &"show", &"--seed", &seed]).exits(2);
        assert!(said.out.is_empty(), "{said:?}");
        said
    };
    show(&"\u{1}".repeat(32), 0o644).says("0644");
    for length in [0, 31, 33, 64] {
        let said = show(&"\u{1}".repeat(length), 0o600);
        let said = said.says(&format!("root.seed: a seed is 32 raw bytes, not {length}\n"));
        assert!(!said.err.contains("remove"), "{said:?}");
    }
    let digits = "5e".repeat(32);
    for hex in [digits.clone(), digits.to_uppercase(), format!("0x{digits}\n")] {
        let said = show(&hex, 0o600).says("not ").says("; this looks like hexadecimal digits");
        assert!(!said.err.to_lowercase().contains(&digits), "{said:?}");
    }
    r4(&[&"keys", &"show", &"--seed", &folder.path("none")]).exits(2);
}
