//! Answers of r4-gateway that are its own.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::core::{Integrity, Mode, RandomJson, Selftest};
use crate::entropy::Entropy;

/// Health of a service as the gateway sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// Alive and ready.
    Ok,
    /// Alive, not ready, or serving in a lesser mode.
    Degraded,
    /// Not reachable.
    Down,
}

impl Health {
    /// Returns the name that JSON has.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

/// One upstream in `GET /v1/health`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpstreamHealth {
    /// What the gateway saw last, at most a few seconds ago.
    pub status: Health,
    /// Whether its `/ready` answered 200.
    pub ready: bool,
    /// Where random bytes come from; r4-core alone has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Version of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Why the status is not `ok`, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Both upstreams in `GET /v1/health`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Upstreams {
    /// Random bytes.
    #[serde(rename = "r4-core")]
    pub core: UpstreamHealth,
    /// Receipts.
    #[serde(rename = "r4-vrf")]
    pub vrf: UpstreamHealth,
}

/// `GET /v1/health`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GatewayHealth {
    /// The worst of the upstreams.
    pub status: Health,
    /// Version of the gateway.
    pub version: String,
    /// The services behind it.
    pub upstreams: Upstreams,
}

/// `GET /v1/health/entropy`; beside `status` and `reason` nothing is there while r4-core does not
/// tell its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EntropyHealth {
    /// State of r4-core as the gateway saw it last, at most a few seconds ago.
    pub status: Health,
    /// Why the status is not `ok`, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where random bytes come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Hash check of the sealed binary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integrity: Option<Integrity>,
    /// Known-answer tests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selftest: Option<Selftest>,
    /// Strict mode: fail closed rather than fall back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
    /// SHA-256 of the sealed binary that runs, hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub core_sha256: Option<String>,
    /// Engine, noise sources and counters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entropy: Option<Entropy>,
}

/// What a request for a route costs a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RouteCost {
    /// Path of the route.
    #[schema(example = "/v1/vrf")]
    pub route: String,
    /// Units of a request.
    #[schema(example = 5)]
    pub units: u32,
    /// Bytes of an answer that cost one unit more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub bytes_a_unit_more: Option<u32>,
}

/// The quota of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuotaStanding {
    /// Units of a period.
    pub units: u64,
    /// `day` or `month`, of UTC.
    #[schema(example = "month")]
    pub per: String,
    /// Units given out in this period, those of requests under way among them.
    pub used: u64,
    /// Units left.
    pub left: u64,
    /// When the next period begins, Unix seconds.
    pub resets: u64,
}

/// Whose the key is that was presented.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyName {
    /// Name of the key for the node, not the key itself.
    #[schema(example = "key_0123456789ab")]
    pub id: String,
    /// Name of the key for people.
    #[schema(example = "alice")]
    pub name: String,
    /// What the key may do: `random`, `vrf`, `draws`.
    pub scopes: Vec<String>,
    /// When it ends, Unix seconds; without it, never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub expires: Option<u64>,
}

/// What a key used of one route on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayUsage {
    /// The day, of UTC.
    #[schema(example = "2030-01-02")]
    pub day: String,
    /// Path of the route.
    #[schema(example = "/v1/random")]
    pub route: String,
    /// Requests that were let through.
    pub requests: u64,
    /// Units that they cost.
    pub units: u64,
}

/// `GET /v1/usage`: a few seconds old where several gateways serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsageAnswer {
    /// The key that asks.
    pub key: KeyName,
    /// Where its rate limit stands.
    pub rate: RateStanding,
    /// Its quota, where it has one.
    pub quota: Option<QuotaStanding>,
    /// What it used in the last 31 days, the oldest first.
    pub days: Vec<DayUsage>,
}

/// Where a caller stands with one limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RateStanding {
    /// Units that may be spent at once; a request costs an address one, and a key what `costs` says.
    pub limit: u32,
    /// Seconds in which the whole limit comes back.
    pub window_seconds: u32,
    /// Units left now.
    pub remaining: u32,
    /// Seconds until the whole limit is back.
    pub reset_seconds: u32,
}

/// Bounds on one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequestBounds {
    /// Most bytes of `/v1/random`.
    pub random_max_bytes: u32,
    /// Most words of `/v1/random?fmt=u32`.
    pub random_max_words: u32,
    /// Fewest bytes of `/v1/random_dual`.
    pub random_dual_min_bytes: u32,
    /// Most bytes of `/v1/random_dual`.
    pub random_dual_max_bytes: u32,
    /// Most bytes of `alpha`.
    pub alpha_max_bytes: u32,
    /// Most bytes of the body of `POST /v1/vrf`.
    pub vrf_body_max_bytes: u32,
    /// Most bytes of the body of `POST /v1/verify`.
    pub verify_body_max_bytes: u32,
    /// Most bytes of the body of `POST /v1/draws`.
    pub draws_body_max_bytes: u32,
    /// Most values of one draw, and most participants.
    pub draw_max_values: u32,
}

/// `GET /v1/limits`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LimitsAnswer {
    /// The limit of the caller's address; IPv6 addresses share one for each /64.
    pub address: RateStanding,
    /// The limit of the key, when one was presented.
    pub key: Option<RateStanding>,
    /// What a request costs a key.
    pub costs: Vec<RouteCost>,
    /// Most requests that one address may have open at once.
    pub open_per_address: u32,
    /// Bounds on one request.
    pub request: RequestBounds,
}

/// `GET /v1/meta`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Meta {
    /// Always `Re4ctoR`.
    pub name: String,
    /// Version of the gateway.
    pub version: String,
    /// Commit that the gateway was built from, or `unknown`.
    pub git: String,
    /// Path of the API's description for machines.
    pub openapi: String,
    /// Path of the API's description for people.
    pub docs: String,
    /// Path of the public keys; pin them before you trust a receipt.
    pub keys: String,
    /// VRF suite of the receipts.
    pub vrf_suite: String,
    /// Signature schemes of the receipts.
    pub signatures: Vec<String>,
    /// What a receipt proves.
    pub proved: Vec<String>,
    /// What it does not prove.
    pub not_proved: Vec<String>,
    /// Bounds on one request.
    pub limits: RequestBounds,
}

/// Every error: `application/problem+json` (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemDocument {
    /// Stable name of the problem, `/errors/…`.
    #[serde(rename = "type")]
    #[schema(example = "/errors/invalid-api-key")]
    pub kind: String,
    /// The status in words.
    #[schema(example = "Unauthorized")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 401)]
    pub status: u16,
    /// What is wrong and what to do, in a sentence.
    #[schema(example = "invalid api key")]
    pub detail: String,
}

/// What `GET /v1/random` answers as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum RandomAnswer {
    /// With `fmt=json`.
    Json(RandomJson),
    /// With `fmt=u32`: unsigned 32-bit words.
    Words(Vec<u32>),
}
