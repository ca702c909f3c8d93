//! What `r4 verify` prints, and every other command that checks a receipt.

use r4_receipt::{AlphaSource, Check, Document, Outcome, Report, Verdict};
use serde_json::{Map, Value, json};

use super::options::{Options, Shown};
use super::pin::PinArgs;
use crate::hexadecimal::show;
use crate::output::{Tone, paint, plain};

const SIGNER_ALONE: &str = "\
--signer pins the ECDSA key alone: the VRF key and the ML-DSA-65 key count only because that \
signature names them";

/// Renders the report for people: a mark for each check, then the verdict if it is a good one. A
/// failed check is an error, and errors are named on standard error.
pub(super) fn text(shown: &Shown<'_>, report: &Report, options: &Options) -> String {
    let mut text = shown.head.clone();
    let width = report.checks.iter().map(|check| check.name.len()).max().unwrap_or(0);
    for check in &report.checks {
        push_check(&mut text, check, width, options.verbose);
    }
    if !shown.logged {
        let remark = "  - not shown: that the receipt is in the node's log (it has no part `log`)";
        text.extend([&paint(Tone::Amber, remark), "\n"]);
    }
    if let Some(verdict) = verdict(report, options) {
        text.extend(["\n", &verdict, "\n"]);
    }
    text
}

/// What the document says of itself, before anything is checked.
pub(super) fn head(document: &Document) -> String {
    let envelope = document.envelope();
    let mut lines = match document {
        Document::Vrf(receipt) => {
            let source = match receipt.alpha_source {
                AlphaSource::Client => "chosen by the caller",
                AlphaSource::Index => "made from the index",
            };
            vec![
                format!("verifiable randomness, receipt {}", show(&envelope.id)),
                format!("  random  {}", show(&receipt.random)),
                format!("  alpha   {}, {source}", abridged(&receipt.alpha)),
            ]
        }
        Document::Attested(attestation) => vec![
            format!("attested random bytes, receipt {}", show(&envelope.id)),
            format!("  bytes   {}", abridged(&attestation.bytes)),
            "  (signed, but not unique: nothing shows that they were drawn only once)".to_owned(),
        ],
    };
    lines.push(format!("  index   {}, at {}", envelope.index, envelope.timestamp));
    if let Some(chain_id) = envelope.domain.chain_id() {
        let contract = envelope.domain.contract().map(|at| format!(", contract {at}"));
        lines.push(format!("  for     chain {chain_id}{}", contract.unwrap_or_default()));
    }
    lines.join("\n") + "\n\n"
}

fn abridged(bytes: &[u8]) -> String {
    match bytes.get(..32) {
        Some(first) if bytes.len() > 64 => format!("{}.. ({} bytes)", show(first), bytes.len()),
        _ => show(bytes),
    }
}

fn push_check(text: &mut String, check: &Check, width: usize, verbose: bool) {
    let mark = match check.outcome {
        Outcome::Passed => paint(Tone::Good, "✓"),
        Outcome::Failed => paint(Tone::Bad, "✗"),
        Outcome::NotChecked => paint(Tone::Amber, "-"),
    };
    let (name, detail) = (check.name, plain(&check.detail));
    let mut lines = vec![format!("  {mark} {name:width$}  {detail}")];
    if verbose {
        let input = |(name, value): &(&str, String)| {
            paint(Tone::Dim, &format!("      {name}: {}", plain(value)))
        };
        lines.extend(check.inputs.iter().map(input));
    }
    text.push_str(&lines.join("\n"));
    text.push('\n');
}

fn verdict(report: &Report, options: &Options) -> Option<String> {
    match report.verdict() {
        Verdict::Valid => {
            let pin = options.pin.describe();
            let mut text = paint(Tone::Good, &format!("valid; pinned by {}", plain(&pin)));
            if options.pin.kind() == Some("signer") {
                text.push('\n');
                text.push_str(&paint(Tone::Amber, SIGNER_ALONE));
            }
            Some(text)
        }
        Verdict::SelfConsistent => {
            let amber = paint(Tone::Amber, "self-consistent; signer NOT checked");
            let mut text = format!(
                "{amber}\nAnyone could have made this receipt. Name whom you trust: \
                 --keys, --key-hash or --signer."
            );
            if options.require.is_some() {
                text.push_str("\n--require counts only together with one of them.");
            }
            Some(text)
        }
        Verdict::Failed(_) => None,
    }
}

/// Renders the report for scripts. `valid` is true only when every check passed *and* a key was
/// named.
pub(super) fn json(shown: &Shown<'_>, report: &Report, pin: &PinArgs) -> Value {
    let (verdict, failed) = match report.verdict() {
        Verdict::Valid => ("valid", None),
        Verdict::SelfConsistent => ("self-consistent", None),
        Verdict::Failed(name) => ("failed", Some(name)),
    };
    let mut said = json!({
        "valid": verdict == "valid",
        "pinned": pin.kind().is_some(),
        "pinned_by": pin.kind(),
        "verdict": verdict,
        "failed": failed,
        "error": null,
        "id": show(shown.id),
        "checks": report.checks.iter().map(check_json).collect::<Vec<_>>(),
    });
    let fields = shown.fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    said.as_object_mut().into_iter().for_each(|said| said.extend(fields.clone()));
    said
}

/// Renders an input that is no receipt.
pub(super) fn malformed(error: &str, pin: &PinArgs) -> Value {
    json!({
        "valid": false,
        "pinned": pin.kind().is_some(),
        "pinned_by": pin.kind(),
        "verdict": "malformed",
        "failed": null,
        "error": error,
        "id": null,
        "checks": [],
    })
}

fn check_json(check: &Check) -> Value {
    let (outcome, ok) = match check.outcome {
        Outcome::Passed => ("passed", Some(true)),
        Outcome::Failed => ("failed", Some(false)),
        Outcome::NotChecked => ("not checked", None),
    };
    let inputs: Map<String, Value> =
        check.inputs.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    json!({
        "name": check.name,
        "outcome": outcome,
        "ok": ok,
        "detail": check.detail,
        "inputs": inputs,
    })
}
