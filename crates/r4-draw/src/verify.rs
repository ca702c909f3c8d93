//! Checking a draw offline: all checks of its receipt under their usual names, then `draw`,
//! `participants`, `weights` and `result`.
//!
//! What was drawn is what the receipt's alpha says. No other field is believed.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use r4_receipt::object::{to_hex, to_json};
use r4_receipt::{Check, Outcome as Passing, Policy, Receipt, Report};
use sha2::{Digest as _, Sha256};

use crate::alpha::AlphaError;
use crate::document::Document;
use crate::lists::{self, Lists};
use crate::run::{DrawError, Outcome};
use crate::spec::Spec;

type Inputs = Vec<(&'static str, String)>;

/// Makes every check of a document. Lists that it leaves out may be `given`; where both have one,
/// both are checked.
pub fn verify(document: &Document, given: &Lists, policy: &Policy) -> Report {
    Claim { document: Some(document), receipt: &document.receipt, given }.verify(policy)
}

/// Makes every check of a receipt whose alpha is a draw.
pub fn verify_receipt(receipt: &Receipt, given: &Lists, policy: &Policy) -> Report {
    Claim { document: None, receipt, given }.verify(policy)
}

/// What is to be checked.
struct Claim<'a> {
    document: Option<&'a Document>,
    receipt: &'a Receipt,
    given: &'a Lists,
}

impl Claim<'_> {
    fn verify(&self, policy: &Policy) -> Report {
        let receipt = r4_receipt::Document::Vrf(self.receipt.clone());
        let mut report = r4_receipt::verify(&receipt, policy);
        let spec = Spec::from_alpha(&self.receipt.alpha);
        report.checks.push(self.check_draw(&spec));
        if let Ok(spec) = &spec {
            report.checks.extend(self.check_participants(spec));
            report.checks.extend(self.check_weights(spec));
            report.checks.push(self.check_result(spec));
        }
        report
    }

    /// The lists at hand: the document's and the given ones.
    fn lists(&self) -> impl Iterator<Item = &Lists> {
        self.document.map(|document| &document.lists).into_iter().chain([self.given])
    }

    fn check_draw(&self, spec: &Result<Spec, AlphaError>) -> Check {
        let wrong = match (spec, self.document) {
            (Err(error), _) => Some(error.to_string()),
            (Ok(spec), Some(document)) if document.spec != *spec => {
                Some("the alpha of the receipt says another draw than the part draw".into())
            }
            (Ok(_), Some(document)) if document.id != self.receipt.envelope.id => {
                Some("the id is not the receipt's".into())
            }
            (Ok(_), _) => None,
        };
        let mut inputs = Vec::from([("alpha", to_hex(&self.receipt.alpha))]);
        inputs.extend(spec.iter().map(|spec| ("alpha_says", to_json(spec))));
        inputs.extend(self.document.map(|document| ("draw", to_json(&document.spec))));
        let right = match self.document {
            Some(_) => "the alpha of the receipt says exactly this draw",
            None => "what is drawn was read from the alpha of the receipt",
        };
        check("draw", wrong, right, inputs)
    }

    /// `None` where there is no list and no hash of one.
    fn check_participants(&self, spec: &Spec) -> Option<Check> {
        let found: Vec<&[String]> =
            self.lists().filter_map(|lists| lists.participants.as_deref()).collect();
        if found.is_empty() {
            let hash = spec.participants_sha256()?;
            let why = "the list is not here; its hash is part of the draw, so whoever holds it can \
                       show it";
            let inputs = Vec::from([("participants_sha256", to_hex(hash))]);
            return Some(Check {
                name: "participants",
                outcome: Passing::NotChecked,
                detail: why.into(),
                inputs,
            });
        }
        let wrong = found.iter().find_map(|list| wrong_participants(spec, list));
        let inputs = hashes(spec.participants_sha256(), &found);
        Some(check("participants", wrong, "the list is the one that was drawn from", inputs))
    }

    /// `None` where the draw is not weighted and there are no weights.
    fn check_weights(&self, spec: &Spec) -> Option<Check> {
        let found: Vec<&[u64]> =
            self.lists().filter_map(|lists| lists.weights.as_deref()).collect();
        if found.is_empty() {
            spec.weights_sha256()?;
        }
        let wrong = if found.is_empty() {
            Some(DrawError::WeightsNeeded)
        } else {
            found.iter().find_map(|weights| spec.checked(Some(weights)).err())
        };
        let inputs = hashes(spec.weights_sha256(), &found);
        let wrong = wrong.map(|error| error.to_string());
        Some(check("weights", wrong, "the weights are those that were drawn with", inputs))
    }

    fn check_result(&self, spec: &Spec) -> Check {
        let random = ("random", to_hex(&self.receipt.random));
        let recomputed = match run(spec, self.receipt, self.lists()) {
            Ok(outcome) => outcome,
            Err(error) => {
                let (name, outcome) = ("result", Passing::NotChecked);
                return Check { name, outcome, detail: error.to_string(), inputs: [random].into() };
            }
        };
        let mut inputs = Vec::from([random, ("recomputed_sha256", digest(&recomputed))]);
        let Some(document) = self.document else {
            let right = "the result was computed from random; the receipt alone states none";
            return check("result", None, right, inputs);
        };
        inputs.push(("result_sha256", digest(&document.outcome)));
        let wrong = wrong_result(&document.outcome, &recomputed);
        check("result", wrong, "the result is the one that random gives", inputs)
    }
}

/// Computes the result with the first weights that are the draw's.
fn run<'a>(
    spec: &Spec,
    receipt: &Receipt,
    lists: impl IntoIterator<Item = &'a Lists>,
) -> Result<Outcome, DrawError> {
    let found = lists.into_iter().filter_map(|lists| lists.weights.as_deref());
    let weights = found.into_iter().find(|weights| spec.checked(Some(weights)).is_ok());
    spec.run(&receipt.random, weights)
}

fn wrong_participants(spec: &Spec, list: &[String]) -> Option<String> {
    let Some(hash) = spec.participants_sha256() else {
        return Some("the draw was made without a list of participants".into());
    };
    let entries = spec.kind().entries().unwrap_or_default();
    if u32::try_from(list.len()) != Ok(entries) {
        return Some(format!("the list has {} entries, and the draw is of {entries}", list.len()));
    }
    (lists::hash(list) != *hash)
        .then(|| "the list is not the one of the draw: its hash is another".into())
}

fn wrong_result(stated: &Outcome, recomputed: &Outcome) -> Option<String> {
    if stated.count() != recomputed.count() {
        let (stated, right) = (stated.count(), recomputed.count());
        return Some(format!("the result has {stated} entries; random gives {right}"));
    }
    (stated != recomputed).then(|| "the result is not the one that random gives".into())
}

/// The hash that the draw has, and those of the lists that were found.
fn hashes<T: core::fmt::Display>(drawn: Option<&[u8; 32]>, found: &[&[T]]) -> Inputs {
    let drawn = drawn.map(|hash| ("drawn_sha256", to_hex(hash)));
    let found = found.iter().map(|list| ("list_sha256", to_hex(&lists::hash(list))));
    drawn.into_iter().chain(found).collect()
}

fn digest(outcome: &Outcome) -> String {
    to_hex(&Sha256::digest(to_json(outcome)))
}

fn check(name: &'static str, wrong: Option<String>, right: &str, inputs: Inputs) -> Check {
    match wrong {
        Some(detail) => Check { name, outcome: Passing::Failed, detail, inputs },
        None => Check { name, outcome: Passing::Passed, detail: right.into(), inputs },
    }
}
