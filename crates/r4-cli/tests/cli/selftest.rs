//! `r4 selftest`.

use serde_json::json;

use crate::run::r4;

#[test]
fn every_test_is_named_and_passes() {
    let said = r4(&[&"selftest"]).exits(0);
    for name in ["SHA-256", "HKDF-SHA-256", "ECDSA", "ECVRF", "ML-DSA-65", "Keccak-256", "Ed25519"]
    {
        assert!(said.out.contains(&format!("✓ {name}")), "{name}: {}", said.out);
    }
    assert!(!said.out.contains('✗'));
    let ticks = said.out.matches('✓').count();
    assert!(said.out.ends_with(&format!("\n{ticks} tests passed\n")), "{}", said.out);
}

/// Signatures with a random part have no published answer, and no test may claim one.
#[test]
fn help_tells_which_answers_are_published() {
    let help = r4(&[&"selftest", &"--help"]).exits(0).out;
    assert!(!help.contains("Each test"), "{help}");
    for name in ["\"ML-DSA-65 signing\"", "\"key pair\""] {
        assert!(help.contains(name), "{name}: {help}");
        assert!(r4(&[&"selftest"]).out.contains(name.trim_matches('"')), "{name}");
    }
}

#[test]
fn json() {
    let json = r4(&[&"selftest", &"--json"]).exits(0).json();
    assert_eq!((&json["passed"], &json["failed"]), (&json!(true), &json!([])));
    let tests = json["tests"].as_array().unwrap();
    assert!(tests.len() >= 10 && tests.iter().all(|test| test["ok"] == json!(true)), "{json}");
}
