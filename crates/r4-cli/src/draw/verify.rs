//! `r4 draw verify`: check the receipt as `r4 verify` does, then compute the draw again.

use std::path::PathBuf;

use clap::ValueHint;
use r4_draw::lists::{MAX_LIST_BYTES, parse_participants, parse_weights};
use r4_draw::{Evidence, ListError, Lists, MAX_DRAW_BYTES};
use r4_receipt::Report;
use serde_json::Value;

use super::render;
use crate::exit::{Error, Exit};
use crate::input::{self, Source};
use crate::verify::{Options, hint};

const HELP: &str = "\
Examples:
  r4 draw verify --keys keys.json draw.json
  curl -s http://127.0.0.1:8082/v1/draws/0x5be1.. | r4 draw verify --keys keys.json -
  r4 draw verify --keys keys.json --participants participants.txt draw.json
  r4 draw verify --keys keys.json receipt.json             the receipt alone says what was drawn
  r4 draw verify --key-hash 0x5be1.. --json draw.json      for a script

What is checked:
  First all that `r4 verify` checks of the receipt, with the same options. Then
    draw          the receipt's alpha says exactly this draw: kind, numbers, lists, label
    participants  the list is the one that was drawn from
    weights       the weights are those that were drawn with
    result        computed again from the receipt's `random`, it is the same

Lists:
  The draw names a list by its SHA-256, so that the list itself may stay private. Whoever has it
  gives it as a file, one entry a line; `sha256sum participants.txt` prints the hash that is drawn
  from. Without the participants the positions are checked, but not whom they stand for. Without
  the weights a weighted draw cannot be checked at all.

What it shows:
  For this label and these lists no other result was possible, and the node could not choose it.
  Not proved: that nobody tried other labels before. So the label must have been announced
  beforehand, with something in it that nobody could know then, such as the hash of a later block.
  A nonce was chosen by the node, which could have tried several. Every answer is in the node's log;
  what the holder of the node's key computes offline is not.

Exit codes:
  0  every check passed, and the keys are the ones you named
  1  a check failed; its name is printed
  2  this is not a draw, or a file cannot be read
  3  the draw fits together, but you named no key: signer NOT checked";

/// Arguments of `r4 draw verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// The draw as JSON, or its receipt: a file, or - for standard input
    #[arg(value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    file: Source,
    /// The list of participants, one a line
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    participants: Option<PathBuf>,
    /// The weights, one a line, in the order of the participants
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    weights: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
}

/// Checks the draw and prints what was found.
///
/// # Errors
/// The draw, a list or the file of keys cannot be read or understood.
pub(super) fn run(args: &Args) -> Result<Exit, Error> {
    match check(args) {
        Ok((evidence, given, report)) => {
            args.options.show(&render::shown(&evidence, &given), &report)
        }
        Err(error) => args.options.refuse(error),
    }
}

fn check(args: &Args) -> Result<(Evidence, Lists, Report), Error> {
    let policy = args.options.policy(&args.file)?;
    let given = Lists {
        participants: list(
            args.participants.as_ref(),
            "a list of participants",
            parse_participants,
        )?,
        weights: list(args.weights.as_ref(), "a list of weights", parse_weights)?,
    };
    let bytes = args.file.read("a draw", MAX_DRAW_BYTES as u64)?;
    let evidence = Evidence::parse(&bytes).map_err(|e| {
        let reason = mistake(&bytes).unwrap_or_else(|| format!("this is not a draw: {e}"));
        Error::unusable(&args.file, reason)
    })?;
    let report = evidence.verify(&given, &policy);
    Ok((evidence, given, report))
}

fn list<T>(
    path: Option<&PathBuf>,
    what: &str,
    parse: fn(&[u8]) -> Result<Vec<T>, ListError>,
) -> Result<Option<Vec<T>>, Error> {
    let Some(path) = path else { return Ok(None) };
    let bytes = input::file(path, what, MAX_LIST_BYTES as u64)?;
    parse(&bytes).map(Some).map_err(|e| Error::unusable(path.display(), e))
}

/// Recognises what people pipe in by mistake.
fn mistake(bytes: &[u8]) -> Option<String> {
    let value: Option<Value> = serde_json::from_slice(bytes).ok();
    if value.as_ref().is_some_and(|value| value.get("unique").is_some()) {
        return Some("these are attested random bytes, not a draw; `r4 verify` checks them".into());
    }
    if value.as_ref().is_some_and(|value| value.get("draw").is_some()) {
        return None;
    }
    hint(bytes)
}
