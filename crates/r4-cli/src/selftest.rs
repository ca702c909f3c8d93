//! `r4 selftest`: known-answer tests of everything that `r4` computes with.

use r4_keystore::keys::NodeKeys;
use r4_keystore::seed::RootSeed;
use r4_keystore::selftest::{self, Outcome, TestResult};
use r4_sign::ed25519;
use serde_json::json;

use crate::exit::{Error, Exit};
use crate::output::{self, Tone, paint};

const HELP: &str = "\
Examples:
  r4 selftest
  r4 selftest --json

Most tests give a building block an input whose answer is published, and compare. Those named
\"ML-DSA-65 signing\" and \"key pair\" cannot, for they sign with a random part or with new keys: they
check that what a secret key makes verifies under its public key. Those named \"sealed core\" are what
the sealed core tests at its start; \"drbg-chacha20\" follows no standard, and its answer comes from a
second implementation.

Exit codes: 0 every test passed; 1 one failed: do not use this program on this machine.";

/// Arguments of `r4 selftest`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

struct Test {
    name: String,
    passed: bool,
}

/// Runs every test and prints the results.
///
/// # Errors
/// Standard output cannot be written.
pub(crate) fn run(args: &Args) -> Result<Exit, Error> {
    let tests = tests();
    let failed: Vec<&str> = tests.iter().filter(|t| !t.passed).map(|t| t.name.as_str()).collect();
    if args.json {
        output::print_json(&json!({
            "passed": failed.is_empty(),
            "failed": failed,
            "tests": tests.iter().map(|t| json!({ "name": t.name, "ok": t.passed }))
                .collect::<Vec<_>>(),
        }))?;
    } else {
        output::print(&text(&tests))?;
    }
    if failed.is_empty() {
        return Ok(Exit::Success);
    }
    Err(Error::Failed(format!("self-test failed: {}", failed.join(", "))))
}

fn text(tests: &[Test]) -> String {
    let line = |test: &Test| {
        let mark = if test.passed { paint(Tone::Good, "✓") } else { paint(Tone::Bad, "✗") };
        format!("{mark} {}\n", test.name)
    };
    let passed = match tests.iter().filter(|test| test.passed).count() {
        all if all == tests.len() => format!("{all} tests passed"),
        some => format!("{some} of {} tests passed", tests.len()),
    };
    let lines: String = tests.iter().map(line).collect();
    format!("{lines}\n{passed}\n")
}

/// The known answers of the key store and of the sealed core's generators, a signature by each kind
/// of key under a seed that is thrown away, and what only `r4` uses.
fn tests() -> Vec<Test> {
    let pairs = throwaway_keys().map_or_else(
        || vec![Test { name: "key derivation".to_owned(), passed: false }],
        |keys| selftest::pairwise(&keys).into_iter().map(Test::from).collect(),
    );
    let ed25519 = Test { name: "Ed25519".to_owned(), passed: ed25519_rfc_8032() };
    let store = selftest::run().into_iter().map(Test::from);
    store.chain(pairs).chain([ed25519]).chain(r4_drbg::run_tests().map(Test::from)).collect()
}

impl From<r4_drbg::TestResult> for Test {
    fn from(result: r4_drbg::TestResult) -> Self {
        Self { name: format!("sealed core: {}", result.test), passed: result.passed }
    }
}

impl From<TestResult> for Test {
    fn from(result: TestResult) -> Self {
        Self { name: result.name.to_owned(), passed: result.outcome == Outcome::Passed }
    }
}

fn throwaway_keys() -> Option<NodeKeys> {
    NodeKeys::derive(&RootSeed::generate().ok()?).ok()
}

/// RFC 8032 §7.1, test 2.
fn ed25519_rfc_8032() -> bool {
    let mut seed = [0; 32];
    let decoded = hex::decode_to_slice(
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        &mut seed,
    );
    let key = ed25519::SigningKey::from_seed(&seed);
    let signature = key.sign(&[0x72]);
    decoded.is_ok()
        && hex::encode(signature)
            == "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        && ed25519::verify(&key.public_key(), &[0x72], &signature).is_ok()
        && ed25519::verify(&key.public_key(), &[0x73], &signature).is_err()
}

#[cfg(test)]
mod tests {
    use super::{Test, text};

    #[test]
    fn the_last_line_counts() {
        let test = |passed| Test { name: "one".to_owned(), passed };
        assert!(text(&[test(true), test(true)]).ends_with("one\n\n2 tests passed\n"));
        assert!(text(&[test(true), test(false)]).ends_with("one\n\n1 of 2 tests passed\n"));
    }
}
