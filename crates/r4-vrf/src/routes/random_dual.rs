//! `GET /random_dual`: bytes of r4-core, attested by both signatures. Not unique, never kept.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use r4_receipt::attestation::{MAX_ATTESTED_BYTES, MIN_ATTESTED_BYTES};
use r4_receipt::{Domain, Schemes};
use r4_service::query::Query;
use r4_service::{Problem, clock, kind};

use super::{JSON, NO_STORE, answer, sign};
use crate::observe::{self, Kind};
use crate::order::parse_domain;
use crate::{App, core};

/// Answers `n` attested bytes.
///
/// # Errors
/// 400 about a parameter, 503 that names r4-core when it gives none,
/// or when nothing can be signed now.
pub async fn random_dual(State(app): State<App>, uri: Uri) -> Result<Response, Problem> {
    let (n, domain) = parse(uri.query())?;
    let drawn = core::draw(&app.core, n).await?;
    let issue =
        move |node: &crate::node::Node| node.issue_attestation(drawn, domain, clock::unix_now());
    let json = sign(&app, issue).await?;
    observe::issued(Kind::Attested, Schemes::Dual);
    Ok(answer(JSON, NO_STORE, json))
}

fn parse(query: Option<&str>) -> Result<(usize, Domain), Problem> {
    let query = Query::parse(query, &["n", "chain_id", "contract", "key"])?;
    let n = query.number("n", MIN_ATTESTED_BYTES, MAX_ATTESTED_BYTES)?.ok_or_else(|| {
        let detail = format!(
            "n is missing: say how many bytes, from {MIN_ATTESTED_BYTES} to {MAX_ATTESTED_BYTES}"
        );
        Problem::new(kind::MISSING_PARAMETER, detail)
    })?;
    Ok((n, parse_domain(query.text("chain_id"), query.text("contract"))?))
}
