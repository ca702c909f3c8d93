//! `GET /docs`: a page that renders `/openapi.json` by a few lines of our own, from this binary.

use std::sync::Arc;

use axum::Router;
use axum::http::{Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use r4_service::Problem;
use r4_service::query::Query;

use crate::App;

/// Nothing but what this origin serves: no inline script or style, no frame, no form, and no script
/// that makes markup of text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'; \
                      trusted-types 'none'";

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// What the page is made of: path, type and text.
const FILES: [(&str, &str, &str); 6] = [
    ("/docs/app.js", SCRIPT, include_str!("../../assets/app.js")),
    ("/docs/dom.js", SCRIPT, include_str!("../../assets/dom.js")),
    ("/docs/schema.js", SCRIPT, include_str!("../../assets/schema.js")),
    ("/docs/try.js", SCRIPT, include_str!("../../assets/try.js")),
    ("/docs/app.css", "text/css; charset=utf-8", include_str!("../../assets/app.css")),
    ("/docs/icon.svg", "image/svg+xml", include_str!("../../assets/icon.svg")),
];

/// This description, for people.
#[utoipa::path(get, path = "/docs", tag = "node", responses(
    (status = 200, description = "The API, for people", body = String, content_type = "text/html"),
))]
pub(crate) async fn page(uri: Uri) -> Result<Response, Problem> {
    file(&uri, "text/html; charset=utf-8", include_str!("../../assets/docs.html"))
}

/// Returns the routes of the page's files.
pub(crate) fn files() -> Router<Arc<App>> {
    FILES.into_iter().fold(Router::new(), |router, (path, kind, text)| {
        router.route(path, get(async move |uri: Uri| file(&uri, kind, text)))
    })
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
