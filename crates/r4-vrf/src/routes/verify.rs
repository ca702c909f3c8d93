//! `POST /verify`: checks a receipt of this node, or one signature. A convenience, not a proof:
//! who asks the node whether the node is honest should run `r4 verify` instead.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use r4_api::vrf::{VerifyAnswer, VerifyCheck};
use r4_receipt::{Check, Document, KeyHash, Outcome, Policy};
use r4_service::query::Query;
use r4_service::{Problem, kind};
use r4_sign::Address;
use r4_sign::ecdsa::Signature;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::App;
use crate::body::{brief, parse, read_json};
use crate::issue::own_policy;
use crate::node::Node;

/// Answers the checks. A receipt is valid if it was made with this node's keys, and they are not revoked.
///
/// # Errors
/// 400 when the body is neither a receipt nor a signature; 413, 415; 503 when too many wait.
pub async fn verify(
    State(app): State<App>,
    request: Request,
) -> Result<Json<VerifyAnswer>, Problem> {
    Query::parse(request.uri().query(), &["key"])?;
    let body = read_json(request).await?;
    let node = Arc::clone(&app.node);
    let answer = app.checking.run(move || check(&body, &node)).await??;
    Ok(Json(answer))
}

fn check(body: &[u8], node: &Node) -> Result<VerifyAnswer, Problem> {
    // Only a glance: whichever parser follows refuses what is repeated or unknown.
    if serde_json::from_slice::<Glance>(body).is_ok_and(|seen| seen.expected_signer.is_some()) {
        return Ok(answer(parse::<Claim>(body)?.parsed()?.checks()));
    }
    let document = Document::parse(body).map_err(|error| {
        let detail = format!(
            "the body is neither a receipt nor {{msg_hash, r, s, v, expected_signer}}: {}",
            brief(&error)
        );
        Problem::new(kind::INVALID_BODY, detail)
    })?;
    Ok(check_document(&document, node))
}

fn check_document(document: &Document, node: &Node) -> VerifyAnswer {
    let of = document.envelope().keys.key_hash();
    // Of somebody else's receipt the pin says that it is not this node's.
    let ours = node.epochs.key_hashes().contains(&of);
    let own = if ours { of } else { node.key_hash() };
    let log = ours.then(|| node.log_keys().clone());
    let report = r4_receipt::verify(document, &Policy { log, ..own_policy(own, document) });
    let made = report.checks.into_iter().filter(|check| check.outcome != Outcome::NotChecked);
    let mut checks: Vec<VerifyCheck> = made.map(|check| shown(check, own)).collect();
    if ours && node.epochs.is_revoked(&of) {
        let detail = format!(
            "the keys of this node, {of}, are revoked: others may have them, and could have made \
             this receipt"
        );
        checks.push(VerifyCheck { name: "revoked".to_owned(), ok: false, detail });
    }
    answer(checks)
}

/// Writes a check down; of the pin it says whose keys were pinned.
fn shown(check: Check, own: KeyHash) -> VerifyCheck {
    let ok = check.outcome == Outcome::Passed;
    let detail = match (check.name, ok) {
        ("pin", true) => format!("made with the keys of this node, {own}"),
        ("pin", false) => format!(
            "not made with the keys of this node, {own}: the signer is NOT checked; use r4 verify \
             --keys with the keys of the node that made it"
        ),
        _ => check.detail,
    };
    VerifyCheck { name: check.name.to_owned(), ok, detail }
}

fn answer(checks: Vec<VerifyCheck>) -> VerifyAnswer {
    let failed = checks.iter().find(|check| !check.ok).map(|check| check.name.clone());
    VerifyAnswer { valid: failed.is_none(), checks, failed }
}

/// What tells a signature by itself from a receipt.
#[derive(Deserialize)]
struct Glance {
    expected_signer: Option<IgnoredAny>,
}

/// An ECDSA signature by itself, as JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    msg_hash: String,
    r: String,
    s: String,
    v: u8,
    expected_signer: String,
}

/// An ECDSA signature by itself.
struct ParsedClaim {
    digest: [u8; 32],
    r: [u8; 32],
    s: [u8; 32],
    v: u8,
    expected: Address,
}

impl Claim {
    fn parsed(&self) -> Result<ParsedClaim, Problem> {
        let expected = Address::parse(&self.expected_signer).map_err(|error| {
            let detail = format!("expected_signer must be an Ethereum address: {error}");
            Problem::new(kind::INVALID_BODY, detail)
        })?;
        Ok(ParsedClaim {
            digest: word("msg_hash", &self.msg_hash)?,
            r: word("r", &self.r)?,
            s: word("s", &self.s)?,
            v: self.v,
            expected,
        })
    }
}

fn word(name: &str, text: &str) -> Result<[u8; 32], Problem> {
    let mut word = [0; 32];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut word).map_err(|_| {
        let detail = format!("{name} must be 32 bytes in hexadecimal");
        Problem::new(kind::INVALID_BODY, detail)
    })?;
    Ok(word)
}

impl ParsedClaim {
    /// Checks the form of the signature, then that a key can be recovered, then whose it is.
    fn checks(&self) -> Vec<VerifyCheck> {
        let check = |name: &str, result: Result<String, String>| VerifyCheck {
            name: name.to_owned(),
            ok: result.is_ok(),
            detail: result.unwrap_or_else(|wrong| wrong),
        };
        let signature = match Signature::parse(self.r, self.s, self.v) {
            Ok(signature) => signature,
            Err(error) => return vec![check("signature", Err(error.to_string()))],
        };
        let form = check("signature", Ok("r, s and v are in range, s in the lower half".into()));
        let signer = match signature.recover(&self.digest) {
            Ok(key) => key.address(),
            Err(error) => return vec![form, check("ecdsa", Err(error.to_string()))],
        };
        let recovered = check("ecdsa", Ok(format!("the signature recovers to {signer}")));
        let whose = if signer == self.expected {
            Ok("the signer is the expected one; what msg_hash stands for was not checked".into())
        } else {
            Err(format!("the signer is {signer}, not {}", self.expected))
        };
        vec![form, recovered, check("signer", whose)]
    }
}
