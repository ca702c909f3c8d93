//! `POST /selftest`: the sealed core's known-answer tests, now.

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use r4_api::selftest::SelftestAnswer;
use r4_service::query::Query;
use r4_service::{Problem, kind};

use crate::App;
use crate::core::Untested;

/// Answers every test by its name; a failure degrades the node as one at start does.
///
/// # Errors
/// 400 about a parameter, 503 when nothing can be tested or nothing that is named failed.
pub async fn selftest(State(app): State<App>, uri: Uri) -> Result<Json<SelftestAnswer>, Problem> {
    Query::parse(uri.query(), &["key"])?;
    let answer = app.core.selftest().await.map_err(|untested| untested_problem(&untested))?;
    Ok(Json(answer))
}

fn untested_problem(untested: &Untested) -> Problem {
    let (kind, seconds) = match untested {
        Untested::Busy => (kind::BUSY, 1),
        Untested::NoSealedCore | Untested::Broken(_) => (kind::SELFTEST_UNAVAILABLE, 60),
    };
    Problem::unavailable(kind, untested.to_string(), seconds)
}
