//! What `r4 draw verify` says of a draw beside its checks.

use r4_draw::{Evidence, Kind, Lists, Outcome, Seed};
use serde_json::json;

use crate::hexadecimal::show;
use crate::output::plain;
use crate::verify::Shown;

/// Results that are printed; `--json` has them all.
const MOST_RESULTS: usize = 20;

/// Says what the document says of itself, before anything is checked. Of a receipt alone the result
/// is computed.
pub(super) fn shown<'a>(evidence: &'a Evidence, given: &Lists) -> Shown<'a> {
    let envelope = &evidence.receipt().envelope;
    let spec = evidence.spec().ok();
    let outcome = evidence.outcome(given);
    let mut lines = vec![match &spec {
        Some(spec) => format!("{}, receipt {}", title(spec.kind()), show(&envelope.id)),
        None => format!("no draw, receipt {}", show(&envelope.id)),
    }];
    lines.extend(spec.as_ref().map(|spec| match spec.seed() {
        Seed::Label(label) => format!("  label   {}", plain(label)),
        Seed::Nonce(nonce) => format!("  nonce   {}, chosen by the node", show(nonce)),
    }));
    lines.push(format!("  index   {}, at {}", envelope.index, envelope.timestamp));
    if let (Some(spec), Some(outcome)) = (&spec, &outcome) {
        let lists = evidence.document().map_or(given, |document| &document.lists);
        let participants = lists.participants.as_ref().or(given.participants.as_ref());
        let names = participants.map(Vec::as_slice).unwrap_or_default();
        lines.extend(results(spec.kind(), outcome, names));
    }
    Shown {
        id: &envelope.id,
        logged: envelope.log.is_some(),
        head: lines.join("\n") + "\n\n",
        fields: vec![("draw", json!(spec)), ("result", json!(outcome))],
    }
}

fn title(kind: &Kind) -> String {
    match *kind {
        Kind::Integers { count, min, max, unique } => {
            let unique = if unique { ", none twice" } else { "" };
            format!("draw of {} from {min} to {max}{unique}", some(count, "integer"))
        }
        Kind::Shuffle { n } => format!("shuffle of {n}"),
        Kind::Winners { n, k } => format!("draw of {} of {n}", some(k, "winner")),
        Kind::Dice { count, sides } => {
            format!("{} of a die with {sides} sides", some(count, "throw"))
        }
        Kind::Cards { count, decks } => {
            format!("{} of {}", some(count, "card"), some(decks, "deck"))
        }
        Kind::Decimals { count, digits } => {
            format!("{} of {}", some(count, "decimal"), some(digits, "digit"))
        }
        Kind::Uuids { count } => some(count, "UUID"),
    }
}

fn some(count: u32, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// The results: one a line where they are positions of a list, else in one line.
fn results(kind: &Kind, outcome: &Outcome, names: &[String]) -> Vec<String> {
    let left = outcome.count().saturating_sub(MOST_RESULTS);
    let rest = (left > 0).then(|| format!("and {left} more (--json has them)"));
    let all: Vec<String> = match outcome {
        Outcome::Numbers(numbers) => {
            numbers.iter().take(MOST_RESULTS).map(ToString::to_string).collect()
        }
        Outcome::Texts(texts) => texts.iter().take(MOST_RESULTS).map(|text| plain(text)).collect(),
    };
    if kind.entries().is_none() {
        return vec![format!("  result  {}", [all, Vec::from_iter(rest)].concat().join(", "))];
    }
    let line = |(place, position): (usize, &String)| {
        let at = position.parse().unwrap_or(usize::MAX);
        let whom = match names.get(at) {
            Some(name) => plain(name),
            None => format!("line {} of the list", at.saturating_add(1)),
        };
        format!("  {:>6}  position {position}: {whom}", format!("{}.", place.saturating_add(1)))
    };
    let lines = all.iter().enumerate().map(line);
    lines.chain(rest.map(|rest| format!("          {rest}"))).collect()
}
