//! All routes, in one list for each kind of access.

pub(crate) mod demo;
mod docs;
mod draws;
mod health;
mod keys;
mod limits;
mod log;
mod meta;
mod openapi;
mod random;
mod random_dual;
mod receipts;
mod shortcut;
mod status;
mod usage;
mod verify;
mod version;
mod vrf;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, Method, Response, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, any, get};
use bytes::Bytes;
use r4_api::core::{MAX_BYTES_PER_REQUEST, MAX_WORDS_PER_REQUEST};
use r4_api::gateway::RequestBounds;
use r4_receipt::MAX_DOCUMENT_BYTES;
use r4_receipt::alpha::MAX_ALPHA_BYTES;
use r4_receipt::attestation::{MAX_ATTESTED_BYTES, MIN_ATTESTED_BYTES};
use r4_service::query::Query;
use r4_service::shell::{no_other_method, refuse_needless_body};
use r4_service::{Problem, kind};
use tower::ServiceBuilder;
use tower_http::cors::{Any, CorsLayer};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{authenticate, limit_demo, limit_keyed, limit_public};
use crate::relay::Call;
use crate::{App, body};

pub(crate) use draws::ORDER_BYTES;
pub(crate) use shortcut::Often;

/// Most bytes of the body of `POST /v1/verify`: of the longest document.
pub(crate) const VERIFY_BODY_BYTES: usize = MAX_DOCUMENT_BYTES;
/// Most bytes of the body of `POST /v1/vrf`.
pub(crate) const VRF_BODY_BYTES: usize = 8 * 1024;
/// Most bytes of any body.
pub(crate) const MOST_BODY_BYTES: usize = ORDER_BYTES;

/// Paths whose only method takes a body.
const POST_ALONE: [&str; 3] = ["/v1/demo/draws", "/v1/draws", "/v1/verify"];

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
        .routes(routes!(draws::get))
        .routes(routes!(log::checkpoint))
        .routes(routes!(log::consistency))
        .routes(routes!(limits::limits))
        .routes(routes!(status::status))
        .routes(routes!(meta::meta))
        .routes(routes!(openapi::openapi))
        .routes(routes!(openapi::postman))
        .routes(routes!(openapi::llms))
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
        .routes(routes!(draws::post))
        .routes(routes!(usage::usage))
}

/// What anybody may try on the node's own pages, if the operator lets them.
pub(crate) fn demo() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(demo::random))
        .routes(routes!(demo::vrf))
        .routes(routes!(demo::draw))
}

/// Returns all routes, each within its layers. `/ready` and `/metrics` are the shell's.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let plain = ServiceBuilder::new()
        .layer(from_fn_with_state(Arc::clone(app), limit_public))
        .layer(from_fn(refuse_body));
    let public = Router::from(public())
        .merge(docs::files())
        .route("/v1/log/tile/{*path}", get(log::tile))
        .method_not_allowed_fallback(wrong_method)
        .layer(plain.clone())
        .layer(cors());
    let keyed = Router::from(keyed())
        .route_layer(from_fn_with_state(Arc::clone(app), authenticate))
        .route("/v1/vrf", no_other_method(MethodRouter::new(), "GET,POST"))
        .route("/v1/random_dual", no_other_method(MethodRouter::new(), "GET"))
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn(refuse_body))
        .layer(from_fn_with_state(Arc::clone(app), limit_keyed));
    let demo = Router::from(demo())
        .route("/v1/demo/vrf", no_other_method(MethodRouter::new(), "GET"))
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn(refuse_body))
        .layer(from_fn_with_state(Arc::clone(app), limit_demo));
    let rest = Router::new()
        .route("/v1/{*rest}", any(unknown_path))
        .route("/docs/{*rest}", any(unknown_path))
        .layer(plain);
    // For the node's own use, on its port alone: neither limited nor behind a key.
    let own =
        Router::new().route("/health", get(health::alive)).route("/version", get(version::version));
    public.merge(keyed).merge(demo).merge(rest).merge(own).with_state(Arc::clone(app))
}

/// Refuses the body of a method that takes none, if the path has the method at all.
async fn refuse_body(request: Request, next: Next) -> Response<Body> {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    if POST_ALONE.contains(&path) {
        return next.run(request).await;
    }
    refuse_needless_body(request, next).await
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
        draws_body_max_bytes: number(ORDER_BYTES),
        draw_max_values: r4_draw::MAX_COUNT,
    }
}

/// A `POST` whose body has been read.
struct Posted {
    headers: HeaderMap,
    body: Bytes,
}

impl Posted {
    /// Reads a body of at most `most_bytes`; only `parameters` may stand in the query.
    ///
    /// # Errors
    /// 400 for a parameter, 408 and 413 about the body.
    async fn read(
        app: &App,
        request: Request,
        parameters: &[&str],
        most_bytes: usize,
    ) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        Query::parse(head.uri.query(), parameters)?;
        let body = body::read(&head.headers, body, most_bytes, app.deadlines.request_body).await?;
        Ok(Self { headers: head.headers, body })
    }

    /// Passes the body on to r4-vrf with its type, which r4-vrf judges.
    ///
    /// # Errors
    /// 503 that names r4-vrf.
    async fn pass_to_vrf(self, app: Arc<App>, path: &str) -> Result<Response<Body>, Problem> {
        let kind = self.headers.get(header::CONTENT_TYPE);
        let call = Call::post(&app.vrf, app.deadlines, path, kind, self.body)?;
        call.relay().await
    }
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
) -> Result<Response<Body>, Problem> {
    ask_vrf(app, &forwarded(path, query, names)?).await
}

/// Answers what r4-vrf says to a `GET` of `path`.
///
/// # Errors
/// 503 that names r4-vrf.
async fn ask_vrf(app: &App, path: &str) -> Result<Response<Body>, Problem> {
    Call::get(&app.vrf, app.deadlines, path)?.relay().await
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
        return Err(Problem::new(kind::INVALID_PARAMETER, detail));
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
