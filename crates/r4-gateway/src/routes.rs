//! All routes, in one list for each kind of access.

mod docs;
mod health;
mod keys;
mod limits;
mod log;
mod meta;
mod openapi;
mod random;
mod random_dual;
mod receipts;
mod verify;
mod version;
mod vrf;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderName, Method, Response, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, any, get};
use axum::{Extension, Router};
use r4_api::core::{MAX_BYTES_PER_REQUEST, MAX_WORDS_PER_REQUEST};
use r4_api::gateway::RequestBounds;
use r4_receipt::MAX_DOCUMENT_BYTES;
use r4_receipt::alpha::MAX_ALPHA_BYTES;
use r4_receipt::attestation::{MAX_ATTESTED_BYTES, MIN_ATTESTED_BYTES};
use r4_service::Problem;
use r4_service::query::Query;
use r4_service::shell::{RequestId, no_other_method, refuse_needless_body};
use tower::ServiceBuilder;
use tower_http::cors::{Any, CorsLayer};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{authenticate, limit};
use crate::relay::Call;
use crate::{App, body};

/// Most bytes of the body of `POST /v1/verify`: of the longest document.
pub(crate) const VERIFY_BODY_BYTES: usize = MAX_DOCUMENT_BYTES;
/// Most bytes of the body of `POST /v1/vrf`.
pub(crate) const VRF_BODY_BYTES: usize = 8 * 1024;

/// Most characters of a query that goes on; the longest alpha in hex has 2050.
const MAX_QUERY: usize = 8 * 1024;

/// What everybody may read, from a page of any origin too.
pub(crate) fn public() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(health::health))
        .routes(routes!(health::entropy))
        .routes(routes!(keys::keys))
        .routes(routes!(verify::verify))
        .routes(routes!(receipts::one))
        .routes(routes!(receipts::list))
        .routes(routes!(log::checkpoint))
        .routes(routes!(log::consistency))
        .routes(routes!(limits::limits))
        .routes(routes!(meta::meta))
        .routes(routes!(openapi::openapi))
        .routes(routes!(docs::page))
}

/// What axum writes otherwise than the description: a path of several segments.
pub(crate) fn tiles() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(log::tile))
}

/// What needs an API key.
pub(crate) fn keyed() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(random::random))
        .routes(routes!(vrf::get, vrf::post))
        .routes(routes!(random_dual::random_dual))
}

/// Returns all routes, each within its layers. `/ready` and `/metrics` are the shell's.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let limited = ServiceBuilder::new()
        .layer(from_fn_with_state(Arc::clone(app), limit))
        .layer(from_fn(refuse_needless_body));
    let public = Router::from(public())
        .route("/docs/app.js", get(docs::script))
        .route("/docs/app.css", get(docs::style))
        .route("/v1/log/tile/{*path}", get(log::tile))
        .method_not_allowed_fallback(wrong_method)
        .layer(limited.clone())
        .layer(cors());
    let keyed = Router::from(keyed())
        .route_layer(from_fn_with_state(Arc::clone(app), authenticate))
        .route("/v1/vrf", no_other_method(MethodRouter::new(), "GET,POST"))
        .route("/v1/random_dual", no_other_method(MethodRouter::new(), "GET"))
        .method_not_allowed_fallback(wrong_method)
        .layer(limited.clone());
    let rest = Router::new()
        .route("/v1/{*rest}", any(unknown_path))
        .route("/docs/{*rest}", any(unknown_path))
        .layer(limited);
    // For the node's own use, on its port alone: neither limited nor behind a key.
    let own =
        Router::new().route("/health", get(health::alive)).route("/version", get(version::version));
    public.merge(keyed).merge(rest).merge(own).with_state(Arc::clone(app))
}

async fn wrong_method(_: Request) -> Problem {
    Problem::method_not_allowed()
}

async fn unknown_path(_: Request) -> Problem {
    Problem::not_found()
}

/// Answers preflights itself, so that they cost a caller nothing.
fn cors() -> CorsLayer {
    let told = [
        "x-request-id",
        "retry-after",
        "ratelimit",
        "ratelimit-policy",
        "ratelimit-limit",
        "ratelimit-remaining",
        "ratelimit-reset",
    ];
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD, Method::POST])
        .allow_headers([header::CONTENT_TYPE, HeaderName::from_static("x-request-id")])
        .expose_headers(told.map(HeaderName::from_static))
        .max_age(Duration::from_hours(24))
}

/// Bounds that this node puts on one request.
fn request_bounds() -> RequestBounds {
    let number = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
    RequestBounds {
        random_max_bytes: MAX_BYTES_PER_REQUEST,
        random_max_words: MAX_WORDS_PER_REQUEST,
        random_dual_min_bytes: number(MIN_ATTESTED_BYTES),
        random_dual_max_bytes: number(MAX_ATTESTED_BYTES),
        alpha_max_bytes: number(MAX_ALPHA_BYTES),
        vrf_body_max_bytes: number(VRF_BODY_BYTES),
        verify_body_max_bytes: number(VERIFY_BODY_BYTES),
    }
}

/// Passes a `POST` on to r4-vrf with its body and the body's type; no parameter but the key.
///
/// # Errors
/// 400 for a parameter, 408 and 413 about the body, 503 that names r4-vrf.
async fn post_to_vrf(
    app: &App,
    path: &str,
    most_bytes: usize,
    request: Request,
) -> Result<Response<Body>, Problem> {
    let (head, body) = request.into_parts();
    Query::parse(head.uri.query(), &["key"])?;
    let body = body::read(&head.headers, body, most_bytes, app.deadlines.request_body).await?;
    let id = head.extensions.get::<RequestId>();
    let kind = head.headers.get(header::CONTENT_TYPE);
    Call::post(&app.vrf, app.deadlines, path, id, kind, body)?.relay().await
}

/// Passes a `GET` on to r4-vrf with the parameters that may stand in `query`.
///
/// # Errors
/// 400 for a parameter, 503 that names r4-vrf.
async fn get_from_vrf(
    app: &App,
    path: &str,
    query: Option<&str>,
    names: &[&str],
    id: Option<Extension<RequestId>>,
) -> Result<Response<Body>, Problem> {
    let path = forwarded(path, query, names)?;
    let id = id.as_ref().map(|Extension(id)| id);
    Call::get(&app.vrf, app.deadlines, &path, id)?.relay().await
}

/// Returns an upstream's path with the parameters that may stand in `query`, written anew and
/// without the key. The upstream judges the values.
///
/// # Errors
/// 400 for an unknown or repeated parameter, and for values that are too long in all.
fn forwarded(path: &str, query: Option<&str>, names: &[&str]) -> Result<String, Problem> {
    let known: Vec<&str> = names.iter().chain(&["key"]).copied().collect();
    let query = Query::parse(query, &known)?;
    let mut rest = form_urlencoded::Serializer::new(String::new());
    for name in names {
        if let Some(value) = query.text(name) {
            rest.append_pair(name, value);
        }
    }
    let rest = rest.finish();
    if rest.len() > MAX_QUERY {
        let detail = format!("the query has more than {MAX_QUERY} characters");
        return Err(Problem::bad_request("invalid-parameter", detail));
    }
    Ok(if rest.is_empty() { path.to_owned() } else { format!("{path}?{rest}") })
}

#[cfg(test)]
mod tests {
    use super::forwarded;

    #[test]
    fn known_parameters_alone_go_on() {
        let path = |query| forwarded("/vrf", Some(query), &["sig", "alpha"]).expect(query);
        assert_eq!(path(""), "/vrf");
        assert_eq!(path("key=secret"), "/vrf");
        assert_eq!(path("alpha=0xAB&key=s&sig=ml-dsa-65"), "/vrf?sig=ml-dsa-65&alpha=0xAB");
        assert_eq!(path("alpha=a%26key%3Db%00%C3%A9"), "/vrf?alpha=a%26key%3Db%00%C3%A9");
        assert_eq!(path("alpha="), "/vrf?alpha=");
    }

    #[test]
    fn others_are_refused() {
        let slug = |query: &str| forwarded("/vrf", Some(query), &["alpha"]).map_err(|p| p.slug());
        assert_eq!(slug("alpha=aa&alpha=aa"), Err("repeated-parameter"));
        assert_eq!(slug("n=1"), Err("unknown-parameter"));
        assert_eq!(slug(&format!("alpha={}", "a".repeat(9000))), Err("invalid-parameter"));
    }
}
