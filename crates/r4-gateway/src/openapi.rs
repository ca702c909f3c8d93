//! `/openapi.json`: made of the handlers themselves, so that it cannot name a route that is not
//! there. What their attributes leave out is added by the rows of `operations`. The other forms
//! of the description are made of it.

mod complete;
mod examples;
mod headers;
mod llms;
mod operations;
mod parts;
mod postman;
mod problems;
mod reading;

#[cfg(test)]
mod tests;

use bytes::Bytes;
use r4_api::gateway::ProblemDocument;
use serde_json::Value;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};

use crate::routes;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Re4ctoR",
        description = "Random bytes from a sealed core, and verifiable randomness in receipts that \
                       anyone can check offline. Every error is an `application/problem+json` \
                       (RFC 9457) whose `type` tells it apart; `/errors/` on the node's site \
                       says of each what it means and what to do.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT")
    ),
    servers((url = "/", description = "this node")),
    tags(
        (name = "random", description = "Random bytes; an API key is needed"),
        (name = "verifiable", description = "Receipts and how to check them"),
        (name = "demo", description = "The same in small, without a key, if the operator allows it"),
        (name = "log", description = "The log of all receipts (c2sp.org/tlog-tiles)"),
        (name = "node", description = "The node itself")
    ),
    components(schemas(ProblemDocument))
)]
struct Base;

/// The description of the API, in each form that is served.
#[derive(Clone, Debug)]
pub struct Description {
    /// `/openapi.json`.
    pub openapi: Bytes,
    /// `/llms.txt`.
    pub llms: Bytes,
    /// `/postman.json`.
    pub postman: Bytes,
}

impl Description {
    /// Writes all of them.
    pub fn new() -> Self {
        let document = document();
        Self {
            openapi: document.to_string().into(),
            llms: llms::text(&document).into(),
            postman: postman::collection(&document).to_string().into(),
        }
    }
}

impl Default for Description {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns what `/openapi.json` answers.
pub fn document() -> Value {
    let mut base = Base::openapi();
    base.merge(routes::public().into_openapi());
    base.merge(routes::tiles().into_openapi());
    base.merge(routes::keyed().into_openapi());
    base.merge(routes::demo().into_openapi());
    let components = base.components.get_or_insert_default();
    let header = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key")));
    let query = SecurityScheme::ApiKey(ApiKey::Query(ApiKeyValue::new("key")));
    components.add_security_scheme("header_key", header);
    components.add_security_scheme("query_key", query);
    let mut document = serde_json::to_value(&base).unwrap_or_default();
    complete::complete(&mut document);
    document
}
