//! Keys: long enough, not guessed, and each of one use.

use std::collections::BTreeSet;

use super::{Finding, Subject, or_good};
use crate::deploy::secrets::Secret;

const CHECK: &str = "keys";
/// Fewer characters can be guessed.
const LEAST: usize = 16;
/// Fewer different ones are a pattern.
const LEAST_DIFFERENT: usize = 6;
const MAKE: &str = "make one with openssl rand -hex 32";

pub(super) fn look(subject: &Subject<'_>) -> Vec<Finding> {
    let secrets = &subject.secrets;
    let mut findings: Vec<Finding> = secrets.iter().filter_map(weak).collect();
    findings.extend(twice(secrets));
    if !secrets.iter().any(|secret| secret.name == "R4_INTERNAL_KEY") {
        findings.push(Finding::remark(
            CHECK,
            "R4_INTERNAL_KEY is not set, so the API key opens r4-core and r4-vrf, too: set one",
        ));
    }
    or_good(findings, CHECK, "each is long, and of one use")
}

fn weak(secret: &Secret) -> Option<Finding> {
    let length = secret.value.chars().count();
    let different: BTreeSet<char> = secret.value.chars().collect();
    let why = if length < LEAST {
        format!("has {length} characters")
    } else if different.len() < LEAST_DIFFERENT {
        format!("has {} different characters", different.len())
    } else {
        return None;
    };
    Some(Finding::bad(CHECK, format!("{} {why}, so it can be guessed: {MAKE}", secret.name)))
}

/// One password that opens the same thing under two names is no second use.
fn use_of(name: &str) -> &str {
    match name {
        "REDISCLI_AUTH" | "POSTGRES_PASSWORD" | "R4_REDIS_URL" | "R4_DATABASE_URL" => "shared",
        other => other,
    }
}

fn twice(secrets: &[Secret]) -> Vec<Finding> {
    let pairs = secrets.iter().enumerate().flat_map(|(place, one)| {
        let others = secrets.iter().skip(place.saturating_add(1));
        others.map(move |other| (one, other))
    });
    let same = pairs.filter(|(one, other)| {
        one.value == other.value && use_of(&one.name) != use_of(&other.name)
    });
    same.map(|(one, other)| {
        Finding::bad(CHECK, format!("{} and {} are the same: {MAKE}", one.name, other.name))
    })
    .collect()
}
