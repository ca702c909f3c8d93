//! Texts that are no documents. Each has one fault.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers, in tests alone")]

use std::prelude::v1::*;
use std::{format, vec};

use serde_json::Value;

use super::{Case, WEIGHTED};
use crate::testing::Node;

pub(super) fn cases(node: &Node) -> Vec<Case> {
    let text = node.draw(WEIGHTED).to_json();
    let good: Value = serde_json::from_str(&text).unwrap();
    let mut cases = vec![
        Case::malformed("malformed: empty", ""),
        Case::malformed("malformed: a list", "[]"),
        Case::malformed("malformed: cut off", &text[..text.len() - 1]),
        Case::malformed("malformed: twice", format!("{text}{text}")),
    ];
    for parent in ["", "/draw"] {
        let names: Vec<String> =
            good.pointer(parent).unwrap().as_object().unwrap().keys().cloned().collect();
        for name in names {
            let path = format!("{parent}/{name}");
            let mut bad = good.clone();
            bad.pointer_mut(parent).unwrap()[&name] = Value::Null;
            cases.push(Case::malformed(format!("malformed: null: {path}"), bad.to_string()));
            let entry = format!("\"{name}\":{}", good.pointer(&path).unwrap());
            cases.push(Case::malformed(
                format!("malformed: repeated: {path}"),
                with_entry(&text, parent, &entry),
            ));
            let optional = ["participants", "weights", "participants_sha256", "weights_sha256"];
            if !optional.contains(&&*name) {
                let mut bad = good.clone();
                bad.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(&name);
                cases.push(Case::malformed(format!("malformed: missing: {path}"), bad.to_string()));
            }
        }
        let extra = with_entry(&text, parent, "\"extra\":1");
        cases.push(Case::malformed(format!("malformed: unknown: {parent}/extra"), extra));
    }
    cases.extend(forms(&text));
    cases
}

/// Puts an entry at the beginning of the document or of its part `draw`.
fn with_entry(text: &str, parent: &str, entry: &str) -> String {
    let at = if parent.is_empty() { 1 } else { text.find("\"draw\":{").unwrap() + 8 };
    format!("{}{entry},{}", &text[..at], &text[at..])
}

fn forms(text: &str) -> Vec<Case> {
    let label = r#""label":"by tickets""#;
    let hash = r#""participants_sha256":"0x"#;
    let replacements = [
        (r#""version":1,"#, r#""version":2,"#),
        (r#""version":1,"#, r#""version":1.0,"#),
        (r#""version":1,"#, r#""version":"1","#),
        (r#""kind":"winners""#, r#""kind":"Winners""#),
        (r#""kind":"winners""#, r#""kind":"dice""#),
        (r#""n":4"#, r#""n":4.0"#),
        (r#""n":4"#, r#""n":"4""#),
        (r#""n":4"#, r#""n":10001"#),
        (r#""k":2"#, r#""k":0"#),
        (r#""k":2"#, r#""k":5"#),
        (r#""k":2"#, r#""k":2e0"#),
        (hash, r#""participants_sha256":""#),
        (hash, r#""participants_sha256":"0X"#),
        (label, r#""label":"by tickets ""#),
        (label, r#""label":"""#),
        (label, r#""label":"by\ntickets""#),
        (label, r#""label":"by tickets","nonce":"0x000102030405060708090a0b0c0d0e0f""#),
        (r#""result":["#, r#""result":["1","#),
        (r#""result":["#, r#""result":[1.5,"#),
        (r#""result":["#, r#""result":[null,"#),
        (r#""result":["#, r#""result":[-0,"#),
        (r#""result":["#, r#""result":[9223372036854775808,"#),
        (r#""participants":["alice","#, r#""participants":["","#),
        (r#""participants":["alice","#, r#""participants":["al\nice","#),
        (r#""participants":["alice","#, r#""participants":[1,"#),
        (r#""participants":["alice","#, r#""participants":["\ud800","#),
        (r#""weights":[1,"#, r#""weights":[0,"#),
        (r#""weights":[1,"#, r#""weights":[-1,"#),
        (r#""weights":[1,"#, r#""weights":[1.0,"#),
        (r#""weights":[1,"#, r#""weights":["1","#),
        (r#""weights":[1,"#, r#""weights":[4294967296,"#),
        (r#""verified":true"#, r#""verified":false"#),
    ];
    let case = |(right, wrong): (&str, &str)| {
        assert!(text.contains(right), "{right}");
        Case::malformed(format!("malformed: {wrong}"), text.replacen(right, wrong, 1))
    };
    replacements.into_iter().map(case).collect()
}
