//! `r4 verify`: check a receipt offline.
//!
//! A receipt carries the keys that it is checked with, so that alone it proves only that it fits
//! together. Trust comes from a key that the caller names: the pin.

mod options;
mod pin;
mod render;

use clap::ValueHint;
use r4_receipt::{Document, MAX_DOCUMENT_BYTES, Report, verify};
use serde_json::Value;

use crate::exit::{Error, Exit};
use crate::input::{self, Source};

pub(crate) use options::{Options, Shown};

/// Most bytes of a receipt: a .tlog-proof has it in base64.
pub(crate) const MAX_FILE_BYTES: u64 = 2 * MAX_DOCUMENT_BYTES as u64;

const HELP: &str = "\
Examples:
  r4 verify --keys keys.json receipt.json
  curl -s -H 'X-API-Key: demo' http://127.0.0.1:8082/v1/vrf | r4 verify --keys keys.json -
  r4 verify --keys keys.json --require ecdsa receipt.json      accept one signature, made by ECDSA
  r4 verify --key-hash 0x5be1.. --json receipt.json            for a script
  r4 verify --keys keys.json --witness-policy policy.txt receipt.tlog-proof

Whom to trust:
  A receipt brings its own keys. Anyone can make one that fits together, so say whose it must be:
    --keys FILE      the answer of the node's /v1/keys, fetched once from a place you trust and kept
    --key-hash HEX   the same in 64 digits: the hash of all keys of the node
    --signer ADDR    the address that signs with ECDSA, and nothing else: the other keys count only
                     because that signature names them
  Then both signatures must be there, unless --require says otherwise.
  --keys pins the keys of the node's log, too: a receipt that says where it stands in the log must
  then have a checkpoint with both of the log's signatures.

Witnesses:
  --witness-policy FILE (c2sp.org/tlog-policy) says which cosignatures the checkpoint must have. A
  checkpoint gets them some seconds after the answer: ask for the receipt again by its id.

What it shows:
  The VRF proof shows that `random` is the only output for this key and alpha; the signatures show
  who answered and when they say it was; the proof of inclusion shows that the receipt is in the
  node's log, which tells of every index. Not proved: that the operator did not know outputs in
  advance for inputs it could guess or choose (with index alphas it knows them all); that everyone
  is shown the same log, which takes monitors or witnesses. The VRF is not post-quantum, ML-DSA
  protects who said it. VRF outputs are public and are never secrets.

Exit codes:
  0  every check passed, and the keys are the ones you named
  1  a check failed; its name is printed
  2  this is not a receipt, or a file cannot be read
  3  the receipt fits together, but you named no key: signer NOT checked";

/// Arguments of `r4 verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// The receipt, as JSON or .tlog-proof: a file, or - for standard input
    #[arg(value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    file: Source,
    #[command(flatten)]
    options: Options,
}

/// Checks the receipt and prints what was found.
///
/// # Errors
/// The receipt or the file of keys cannot be read or understood.
pub(crate) fn run(args: &Args) -> Result<Exit, Error> {
    let options = &args.options;
    match check(args) {
        Ok((document, report)) => {
            let envelope = document.envelope();
            let shown = Shown {
                id: &envelope.id,
                logged: envelope.log.is_some(),
                head: render::head(&document),
                fields: vec![],
            };
            options.show(&shown, &report)
        }
        Err(error) => options.refuse(error),
    }
}

fn check(args: &Args) -> Result<(Document, Report), Error> {
    let policy = args.options.policy(&args.file)?;
    let bytes = args.file.read("a receipt", MAX_FILE_BYTES)?;
    let document = Document::parse_file(&bytes).map_err(|e| {
        let reason = hint(&bytes).unwrap_or_else(|| format!("this is not a receipt: {e}"));
        Error::unusable(&args.file, reason)
    })?;
    let report = verify(&document, &policy);
    Ok((document, report))
}

/// Recognises what people pipe in by mistake.
pub(crate) fn hint(bytes: &[u8]) -> Option<String> {
    if let Some(encoding) = input::other_encoding(bytes) {
        return Some(encoding.to_owned());
    }
    if bytes.trim_ascii_start().starts_with(b"<") {
        return Some("this is a web page, not a receipt".to_owned());
    }
    let value: Value = serde_json::from_slice(bytes).ok()?;
    let field = |name| value.get(name);
    if let Some(detail) = field("detail").and_then(Value::as_str)
        && (field("status").is_some() || field("type").is_some() || field("vrf").is_none())
    {
        let detail: String = detail.chars().take(300).collect();
        return Some(format!("this is an error answer, not a receipt: {detail}"));
    }
    if field("draw").is_some() && field("receipt").is_some() {
        return Some("this is a draw; `r4 draw verify` checks it".to_owned());
    }
    field("epochs")?;
    Some("this is a list of keys, not a receipt; give it with --keys".to_owned())
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn mistakes_are_recognised() {
        let says = |text: &str| hint(text.as_bytes()).unwrap_or_default();
        assert!(says(r#"{"type":"/errors/x","detail":"no key"}"#).ends_with("receipt: no key"));
        assert!(says(r#"{"detail":"invalid api key"}"#).contains("invalid api key"));
        assert!(says("\n<!doctype html>").contains("web page"));
        assert!(says(r#"{"active":"","epochs":[]}"#).contains("--keys"));
        assert!(says(r#"{"draw":{},"result":[],"receipt":{}}"#).contains("r4 draw verify"));
        assert_eq!(hint(b"{}"), None);
        assert_eq!(hint(b"text"), None);
        let long = format!(r#"{{"detail":"{}","status":1}}"#, "x".repeat(9000));
        assert!(says(&long).len() < 400);
    }
}
