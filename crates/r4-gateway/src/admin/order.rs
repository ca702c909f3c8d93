//! Reads what the admin API is asked for.

use std::num::NonZeroU32;

use axum::extract::Request;
use r4_api::keys::{KeyOrder, RotateOrder};
use r4_service::media::require_json;
use r4_service::{Problem, kind};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::invalid_order;
use super::{BODY_BYTES, BODY_DEADLINE};
use crate::body;
use crate::keys::{KeyId, KeyName, KeyPolicy, NewKey, Quota, Scope, Scopes, SecretHash};
use crate::limits::{Count, Policy, Rate};

/// Overlap of a rotation that names none, in seconds.
const OVERLAP: u64 = 86_400;
/// Longest overlap, in seconds.
const MOST_OVERLAP: u64 = 30 * 86_400;
/// The last time that RFC 3339 can write.
const LAST_SECOND: u64 = 253_402_300_799;
/// Most characters of a parser's message that are passed on.
const MESSAGE_CHARACTERS: usize = 200;

/// The body of an order that has nothing to say.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Reads the JSON body of a request.
///
/// # Errors
/// 415, 413, 408 or 400 about the body.
pub(super) async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Problem> {
    require_json(request.headers())?;
    let (head, body) = request.into_parts();
    let body = body::read(&head.headers, body, BODY_BYTES, BODY_DEADLINE).await?;
    parse(&body)
}

/// Reads the body of a request that may have none.
///
/// # Errors
/// As [`read`].
pub(super) async fn read_or_default<T>(request: Request) -> Result<T, Problem>
where
    T: DeserializeOwned + Default,
{
    let (head, body) = request.into_parts();
    let body = body::read(&head.headers, body, BODY_BYTES, BODY_DEADLINE).await?;
    if body.is_empty() {
        return Ok(T::default());
    }
    require_json(&head.headers)?;
    parse(&body)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // serde would also take a list, as the fields in their order.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(Problem::new(kind::INVALID_BODY, "the body must be a JSON object"));
    }
    serde_json::from_slice(body).map_err(|error| {
        let message = error.to_string();
        let message = message.chars().filter(|c| !c.is_control()).take(MESSAGE_CHARACTERS);
        invalid_order(format!("the order is refused: {}", message.collect::<String>()))
    })
}

/// Makes the key that an order asks for.
///
/// # Errors
/// 400 that names the field.
pub(super) fn new_key(
    order: &KeyOrder,
    (id, hash): (KeyId, SecretHash),
    defaults: Policy,
    now: u64,
) -> Result<NewKey, Problem> {
    let name: KeyName =
        order.name.parse().map_err(|error| invalid_order(format!("name: {error}")))?;
    Ok(NewKey { id, name, hash, policy: policy(order, defaults)?, expires: expires(order, now)? })
}

fn policy(order: &KeyOrder, defaults: Policy) -> Result<KeyPolicy, Problem> {
    let rate = match &order.rate {
        Some(text) => Some(text.parse::<Rate>().map_err(|()| {
            invalid_order("rate must be from 1 to 1000000 units such as 10/s, 600/m or 1000/h")
        })?),
        None => None,
    };
    let burst = order.burst.map(burst).transpose()?;
    let burst = match (burst, rate) {
        (Some(burst), _) => burst,
        (None, Some(rate)) => rate.each_second(),
        (None, None) => defaults.burst,
    };
    let quota = order.quota.as_deref().map(str::parse::<Quota>).transpose();
    let quota = quota.map_err(|error| invalid_order(format!("quota: {error}")))?;
    let scopes = match &order.scopes {
        Some(names) => {
            let scopes: Result<Vec<Scope>, _> = names.iter().map(|name| name.parse()).collect();
            let scopes = scopes.and_then(Scopes::new);
            scopes.map_err(|error| invalid_order(format!("scopes: {error}")))?
        }
        None => Scopes::ALL,
    };
    Ok(KeyPolicy { rate: rate.unwrap_or(defaults.rate), burst, quota, scopes })
}

fn burst(units: u32) -> Result<NonZeroU32, Problem> {
    let Count(units) = units
        .to_string()
        .parse()
        .map_err(|()| invalid_order("burst must be a whole number from 1 to 1000000"))?;
    Ok(units)
}

fn expires(order: &KeyOrder, now: u64) -> Result<Option<u64>, Problem> {
    match order.expires {
        Some(end) if end <= now => {
            Err(invalid_order("expires is over already: it is a time to come, in Unix seconds"))
        }
        Some(end) if end > LAST_SECOND => {
            Err(invalid_order("expires is after the year 9999: it is a time in Unix seconds"))
        }
        end => Ok(end),
    }
}

/// Returns the overlap that a rotation asks for, in seconds.
///
/// # Errors
/// 400 for more than 30 days.
pub(super) fn overlap(order: &RotateOrder) -> Result<u64, Problem> {
    match order.overlap_seconds.unwrap_or(OVERLAP) {
        seconds if seconds <= MOST_OVERLAP => Ok(seconds),
        _ => Err(invalid_order(format!(
            "overlap_seconds must be from 0 to {MOST_OVERLAP}, which are 30 days"
        ))),
    }
}
