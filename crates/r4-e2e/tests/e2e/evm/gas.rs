//! What the contracts cost. The same keys and alphas in every run, so that the table in
//! proof/gas.md is what the committed artifacts give; `R4_WRITE_GAS=1` writes it.

use std::fmt::Write as _;

use super::chain::Outcome;
use super::cheat::stream;
use super::ecvrf::{Input, Verifier};
use super::issuer::{Deployed, Issuer};
use crate::harness::external;
use r4_ecvrf::SecretKey;

/// Random alphas of 32 bytes, each with a key of its own.
const ALPHAS: usize = 500;
const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proof/gas.md");

/// Figures of one kind.
#[derive(Default)]
struct Figures(Vec<u64>);

impl Figures {
    fn mean(&self) -> f64 {
        let sum = u32::try_from(self.0.iter().sum::<u64>()).unwrap();
        f64::from(sum) / f64::from(u32::try_from(self.0.len()).unwrap())
    }

    fn most(&self) -> u64 {
        *self.0.iter().max().unwrap()
    }

    fn row(&self, what: &str) -> String {
        let least = self.0.iter().min().unwrap();
        format!("| {what} | {} | {:.0} | {least} | {} |\n", self.0.len(), self.mean(), self.most())
    }
}

#[test]
fn gas_table() {
    let mut table = String::new();
    verifier_rows(&mut table);
    receipt_rows(&mut table);
    print!("{table}");
    let text = HEAD.to_owned() + &table + FOOT;
    if external::text("R4_WRITE_GAS").is_some() {
        std::fs::write(PATH, &text).unwrap();
    }
    let committed = std::fs::read_to_string(PATH).unwrap();
    assert!(committed == text, "proof/gas.md is another table; R4_WRITE_GAS=1 writes this one");
}

fn verifier_rows(table: &mut String) {
    let mut verifier = Verifier::new();
    let (mut execution, mut transaction) = (Figures::default(), Figures::default());
    let mut by_counter: [Figures; 7] = Default::default();
    for number in 0..ALPHAS {
        let secret = SecretKey::from_bytes(&stream("gas key", number)).unwrap();
        let input = Input::prove(&secret, &stream("gas alpha", number)[..]).0;
        let outcome = verifier.verify(&input);
        outcome.output.unwrap();
        execution.0.push(outcome.gas);
        transaction.0.push(outcome.transaction_gas);
        if let Some(figures) = by_counter.get_mut(input.witnesses()) {
            figures.0.push(outcome.gas);
        }
    }
    table.push_str(&execution.row("`R4EcvrfVerifier.verify`, execution"));
    for (counter, figures) in by_counter.iter().enumerate() {
        table.push_str(&figures.row(&format!("– counter {counter}")));
        assert!(figures.most() <= 15_000, "counter {counter}");
    }
    table.push_str(&transaction.row("`R4EcvrfVerifier.verify`, whole transaction"));
    assert!(execution.mean() <= 13_000.0, "{}", execution.mean());
    assert!(transaction.mean() <= 42_000.0, "{}", transaction.mean());
}

fn receipt_rows(table: &mut String) {
    let mut node = Deployed::new();
    let mut kinds: [Figures; 6] = Default::default();
    let mut add = |kind: usize, outcome: &Outcome| {
        assert!(outcome.output.is_ok());
        kinds[kind].0.push(outcome.gas - outcome.storage_gas);
        kinds[kind + 1].0.push(outcome.gas);
    };
    for number in 0..100 {
        let signed = node.answer(&stream("gas receipt", number)[..]);
        add(0, &node.view(&signed.attested()));
        add(2, &node.view(&signed.full()));
        add(4, &node.view(&signed.consume()));
    }
    let names = ["verifyAttested", "verifyFull", "consumeFull"];
    for (name, figures) in names.iter().zip(kinds.chunks(2)) {
        let name = format!("`R4ReceiptVerifier.{name}`");
        table.push_str(&figures[0].row(&format!("{name}, without storage")));
        table.push_str(&figures[1].row(&format!("{name}, with cold storage")));
    }
    assert!(kinds[0].most() <= 6_500, "{}", kinds[0].most());
    assert!(kinds[2].mean() <= 21_000.0, "{}", kinds[2].mean());
    let added = node.own(&Issuer::new(2).keys.add());
    writeln!(
        table,
        "| `R4ReceiptVerifier.addKey`, whole transaction | 1 | {0} | {0} | {0} |",
        added.transaction_gas
    )
    .unwrap();
}

const HEAD: &str = "\
# Gas

What the contracts cost, in an EVM with the rules of Osaka (revm), from the artifacts in
`contracts/artifacts/`. Alphas have 32 bytes; keys and alphas look random and are the same in every run.

`cargo test -p r4-e2e evm::gas -- --nocapture` prints the table, and fails where it differs from this file or
passes a gate: `verify` 13,000 in the mean and 15,000 for every counter up to 6, its whole transaction 42,000 in
the mean; `verifyAttested` 6,500 and `verifyFull` 21,000 (mean) without storage.

| | calls | mean | least | most |
|---|--:|--:|--:|--:|
";

const FOOT: &str = "
\"Execution\" is what the outermost call spends; a whole transaction adds 21,000 and the calldata, by its price
or its floor (EIP-7623). \"Without storage\" leaves out the opcodes SLOAD and SSTORE. A counter is the number of
hashes that try-and-increment skips; half of all inputs have 0, and each one more costs some 410.

Others, measured in one EVM (Osaka) with alphas of 32 bytes, execution / whole transaction: Chainlink `VRF.sol`
27,800 / 55,800, Witnet `fastVerify` 120,400 / 147,900, Witnet `verify` 1,617,000. Theirs are other constructions
of the same kind: neither follows RFC 9381. Neither Chainlink's nor Witnet's code was run by the command above.
";
