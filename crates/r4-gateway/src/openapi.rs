//! `/openapi.json`: made of the handlers themselves, so that it cannot name a route that is not
//! there. What all answers have in common is added here, once.

use r4_api::gateway::ProblemDocument;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{
    Content, Header, ObjectBuilder, OpenApi as Document, Ref, RefOr, ResponseBuilder, Type,
};
use utoipa::{OpenApi, ToSchema as _};

use crate::routes;

/// The headers of `RateLimit-*`, and what they say.
const LIMIT_HEADERS: [(&str, &str); 5] = [
    ("RateLimit-Policy", "The tighter limit: `\"default\";q=10;w=1`, q requests in w seconds"),
    ("RateLimit", "Where the caller stands: `\"default\";r=9;t=1`, r left, all back in t seconds"),
    ("RateLimit-Limit", "q, in the older form"),
    ("RateLimit-Remaining", "r, in the older form"),
    ("RateLimit-Reset", "t, in the older form"),
];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Re4ctoR",
        description = "Random bytes from a sealed core, and verifiable randomness in receipts that \
                       anyone can check offline. Every error is an `application/problem+json` \
                       (RFC 9457).",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT")
    ),
    servers((url = "/", description = "this node")),
    tags(
        (name = "random", description = "Random bytes; an API key is needed"),
        (name = "verifiable", description = "Receipts and how to check them"),
        (name = "log", description = "The log of all receipts (c2sp.org/tlog-tiles)"),
        (name = "node", description = "The node itself")
    ),
    components(schemas(ProblemDocument))
)]
struct Base;

/// Returns the document.
pub fn document() -> Document {
    let mut document = Base::openapi();
    document.merge(routes::public().into_openapi());
    document.merge(routes::tiles().into_openapi());
    document.merge(routes::keyed().into_openapi());
    let components = document.components.get_or_insert_default();
    let header = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key")));
    let query = SecurityScheme::ApiKey(ApiKey::Query(ApiKeyValue::new("key")));
    components.add_security_scheme("header_key", header);
    components.add_security_scheme("query_key", query);
    for item in document.paths.paths.values_mut() {
        [&mut item.get, &mut item.post].into_iter().flatten().for_each(complete);
    }
    document
}

/// Returns the document as JSON text.
pub fn text() -> String {
    document().to_json().unwrap_or_default()
}

/// Adds the problems that every operation may answer, and the headers that every answer has.
fn complete(operation: &mut Operation) {
    let keyed = operation.security.is_some();
    let problems = [
        ("400", "A parameter is missing, malformed, repeated or unknown", true),
        ("401", "The API key is missing or wrong", keyed),
        ("403", "A weak API key is used from a public address", keyed),
        ("429", "Too many requests; `Retry-After` says when to try again", true),
        ("503", "An upstream is down, late, busy or not ready; it is named", true),
    ];
    for (status, description, applies) in problems {
        let responses = &mut operation.responses.responses;
        if applies && !responses.contains_key(status) {
            responses.insert(status.to_owned(), problem(description));
        }
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        for (name, description) in LIMIT_HEADERS {
            response.headers.insert(name.to_owned(), RefOr::T(text_header(description)));
        }
        if matches!(status.as_str(), "429" | "503") {
            let seconds = text_header("Seconds after which to try again");
            response.headers.insert("Retry-After".to_owned(), RefOr::T(seconds));
        }
    }
}

fn problem(description: &str) -> RefOr<utoipa::openapi::Response> {
    let schema = Ref::from_schema_name(ProblemDocument::name());
    let content = Content::new(Some(schema));
    let built = ResponseBuilder::new().description(description);
    RefOr::T(built.content("application/problem+json", content).build())
}

fn text_header(description: &str) -> Header {
    let schema = ObjectBuilder::new().schema_type(Type::String);
    HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
}
