//! `GET /docs`: a page that renders `/openapi.json` by a few lines of our own, from this binary.

use axum::http::{Uri, header};
use axum::response::{IntoResponse as _, Response};
use r4_service::Problem;
use r4_service::query::Query;

/// Nothing but what this origin serves: no inline script or style, no frame, no form.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// This description, for people.
#[utoipa::path(get, path = "/docs", tag = "node", responses(
    (status = 200, description = "The API, for people", body = String, content_type = "text/html"),
))]
pub(crate) async fn page(uri: Uri) -> Result<Response, Problem> {
    file(&uri, "text/html; charset=utf-8", include_str!("../../assets/docs.html"))
}

/// The script of the page.
pub(crate) async fn script(uri: Uri) -> Result<Response, Problem> {
    file(&uri, "text/javascript; charset=utf-8", include_str!("../../assets/app.js"))
}

/// The style of the page.
pub(crate) async fn style(uri: Uri) -> Result<Response, Problem> {
    file(&uri, "text/css; charset=utf-8", include_str!("../../assets/app.css"))
}

fn file(uri: &Uri, kind: &'static str, text: &'static str) -> Result<Response, Problem> {
    Query::parse(uri.query(), &[])?;
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=60"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    Ok((headers, text).into_response())
}
