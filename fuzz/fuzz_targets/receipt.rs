//! Any bytes as a receipt: parsing and checking never panic, what parses is written back as it was,
//! and only a pin makes anything valid.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use r4_receipt::{Document, KeysDocument, Outcome, Pin, Policy, Report, Require, Verdict, verify};
use serde_json::{Value, json};

fuzz_target!(|input: &[u8]| {
    if let Ok(keys) = KeysDocument::parse(input) {
        assert_eq!(KeysDocument::parse(keys.to_json().as_bytes()), Ok(keys));
    }
    if let Ok(document) = Document::parse(input) {
        assert_eq!(Document::parse(document.to_json().as_bytes()), Ok(document.clone()));
        check(&document);
    }
});

/// A pin decides about `pin` and `require` and about nothing else.
fn check(document: &Document) {
    let unpinned = verify(document, &Policy::default());
    assert_ne!(unpinned.verdict(), Verdict::Valid);
    let own = document.envelope().keys.key_hash();
    let stranger = r4_sign::Address::new([0x5a; 20]);
    for (pin, require) in [
        (Pin::KeyHashes(vec![own]), Require::Dual),
        (Pin::KeyHashes(vec![]), Require::Ecdsa),
        (Pin::Signer(stranger), Require::Mldsa),
    ] {
        let trusted = pin == Pin::KeyHashes(vec![own]);
        let report = verify(document, &Policy { pin, require, ..Policy::default() });
        assert_eq!(outcomes(&report), outcomes(&unpinned));
        assert!(trusted || matches!(report.verdict(), Verdict::Failed(_)));
    }
}

fn outcomes(report: &Report) -> Vec<(&'static str, Outcome)> {
    let checks = report.checks.iter().filter(|check| !["pin", "require"].contains(&check.name));
    checks.map(|check| (check.name, check.outcome)).collect()
}

// Half of the time one value of the JSON is changed, which changing bytes seldom does.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let value = serde_json::from_slice(&data[..size]).ok().filter(|_| seed.is_multiple_of(2));
    match value.and_then(|value| changed(value, seed as usize / 2)) {
        Some(text) if text.len() <= max_size => {
            data[..text.len()].copy_from_slice(text.as_bytes());
            text.len()
        }
        _ => fuzzer_mutate(data, size, max_size),
    }
});

/// Changes one value; which and how follows from `seed`.
fn changed(mut value: Value, seed: usize) -> Option<String> {
    let pointers = pointers(&value);
    let at = pointers.get(seed % pointers.len().max(1))?;
    let seed = seed / pointers.len();
    let other = value.pointer(&pointers[seed / 8 % pointers.len()]).cloned()?;
    let field = value.pointer_mut(at)?;
    *field = match (seed % 8, field.as_str()) {
        (0, _) => other,
        (1, _) => [json!(""), json!("0"), json!("0x"), json!("é")][seed / 8 % 4].clone(),
        (2, _) => [json!(0), json!(-1), json!(1.5), json!(u64::MAX)][seed / 8 % 4].clone(),
        (3, _) => [json!(null), json!(true), json!([]), json!({})][seed / 8 % 4].clone(),
        (4 | 5, Some(text)) => json!(text.chars().take(seed / 8 % 200).collect::<String>()),
        (6, Some(text)) => json!(text.to_owned() + "00"),
        (7, Some(text)) => json!(text.to_uppercase()),
        _ => return None,
    };
    Some(value.to_string())
}

/// The JSON pointers of all values but the outermost.
fn pointers(value: &Value) -> Vec<String> {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(values) => {
            values.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
        }
        _ => vec![],
    };
    let mut found = vec![];
    for (name, value) in inner {
        let at = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        found.extend(pointers(value).iter().map(|below| format!("{at}{below}")));
        found.push(at);
    }
    found
}
