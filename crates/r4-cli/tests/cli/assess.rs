//! `r4 assess`: samples that are as claimed, and samples that are not.

use serde_json::json;

use crate::run::{Folder, r4, r4_with_input};

/// Samples without a pattern that a test of so few could find.
fn good(count: usize) -> Vec<u8> {
    let next = |state: &u32| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    std::iter::successors(Some(1), next).map(|state| state.to_le_bytes()[3]).take(count).collect()
}

#[test]
fn good_samples_pass() {
    let folder = Folder::new();
    let file = folder.write("samples.bin", good(10_000));
    let said = r4(&[&"assess", &file]).exits(0);
    for words in [
        "samples            10000\n",
        "min-entropy        at most 7.",
        "claim              0.3333 bits a sample\n",
        "✓ min-entropy          the claim is not refuted\n",
        "✓ repetition-count     0 intermittent, 0 permanent failures; cut-offs 91 and 181 in a row",
        "✓ adaptive-proportion  0 intermittent, 0 permanent failures; cut-offs 458 and 479 of 512",
        "✓ lag                  0 intermittent, 0 permanent failures",
        "A screening, not the full assessment",
        "ea_non_iid",
    ] {
        assert!(said.out.contains(words), "{words:?} is not in:\n{}", said.out);
    }
    assert!(!said.out.contains('✗') && said.err.is_empty(), "{said:?}");
}

#[test]
fn standard_input_and_json() {
    let json = r4_with_input(
        &[&"assess", &"--json", &"-"],
        &[b"ab".repeat(600), vec![b'c'; 800]].concat(),
    )
    .exits(1)
    .json();
    assert_eq!(json["samples"], 2000);
    assert_eq!(json["most_common_value"], json!({ "value": 99, "count": 800, "share": 0.4 }));
    // p = 0.4 + 2.576 sqrt(0.4 · 0.6 / 1999)
    let bits = json["min_entropy_at_most"].as_f64().unwrap();
    assert!((bits - 1.223_556_6).abs() < 1e-6, "{bits}");
    assert_eq!(json["cutoffs"]["in_a_row"], json!({ "intermittent": 91, "permanent": 181 }));
    assert_eq!(json["cutoffs"]["in_a_window"], json!({ "intermittent": 458, "permanent": 479 }));
    assert_eq!(json["passed"], false);
    assert_eq!(json["failed"], json!(["repetition-count", "adaptive-proportion", "lag"]));
    let row = |name| json!({ "name": name, "intermittent_failures": 1, "permanent_failures": 1 });
    assert_eq!(json["tests"][0], row("repetition-count"));
    assert_eq!(json["restarts"], json!(null));
}

#[test]
fn a_refuted_claim_fails() {
    let folder = Folder::new();
    let bits: Vec<u8> = good(10_000).iter().map(|sample| sample >> 7).collect();
    let file = folder.write("bits.bin", bits);
    r4(&[&"assess", &"--claim", &"0.9", &file]).exits(0);
    let said = r4(&[&"assess", &"--claim", &"1.0", &file]).exits(1);
    said.says("✗ min-entropy          the claim is refuted").says("not as claimed: min-entropy\n");
}

#[test]
fn a_restart_matrix() {
    let folder = Folder::new();
    let mut matrix = good(1_000_000);
    let file = folder.write("good.bin", &matrix);
    r4(&[&"assess", &"--restarts", &file]).exits(0).says("849 are too many").says("✓ restarts");

    // Every start begins with the same ten samples; no row alone shows it.
    for row in matrix.chunks_mut(1000) {
        row[..10].copy_from_slice(b"beginnings");
    }
    let file = folder.write("same.bin", &matrix);
    r4(&[&"assess", &file]).exits(0);
    let said = r4(&[&"assess", &"--restarts", &"--json", &file]).exits(1);
    let json = said.json();
    assert_eq!(json["failed"], json!(["restarts"]));
    assert_eq!(
        (&json["restarts"]["passed"], &json["restarts"]["most_in_column"]),
        (&json!(false), &json!(1000))
    );
}

/// Samples of different starts are no sequence: a run does not go on from one to the next.
#[test]
fn restarts_are_tested_one_by_one() {
    let folder = Folder::new();
    let mut matrix = good(1_000_000);
    matrix[950..1050].fill(7);
    let file = folder.write("samples.bin", &matrix);
    r4(&[&"assess", &file]).exits(1).says("repetition-count");
    r4(&[&"assess", &"--restarts", &file]).exits(0);
}

#[test]
fn what_cannot_be_used_exits_2() {
    let folder = Folder::new();
    let few = folder.write("few.bin", good(999));
    r4(&[&"assess", &few]).exits(2).says("999 samples are too few");
    let enough = folder.write("enough.bin", good(1000));
    r4(&[&"assess", &enough]).exits(0);
    r4(&[&"assess", &"--restarts", &enough]).exits(2).says("not 1000");
    r4(&[&"assess", &folder.path("none.bin")]).exits(2).says("there is no such file");
    for (claim, says) in [("9", "at most 8"), ("0", "more than 0"), ("0.1", "too low"), ("x", "x")]
    {
        r4(&[&"assess", &"--claim", &claim, &enough]).exits(2).says(says);
    }
}
