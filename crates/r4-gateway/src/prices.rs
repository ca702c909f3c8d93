//! What a request costs a key: units of its rate limit and of its quota, and the scope it needs.

use std::num::NonZeroU32;

use axum::http::{HeaderMap, header};
use r4_api::gateway::RouteCost;

use crate::keys::Scope;
use crate::routes::ORDER_BYTES;

/// Bytes of `/v1/random`, or of the order of a draw, that cost one unit more.
const BYTES_A_UNIT: u32 = 100_000;
/// Bytes of a word of `fmt=u32`.
const WORD_BYTES: u32 = 4;

/// One row for each route that needs a key: its path, the scope it needs, and its units.
const ROUTES: [(&str, Option<Scope>, u32); 5] = [
    ("/v1/random", Some(Scope::Random), 1),
    ("/v1/random_dual", Some(Scope::Random), 5),
    ("/v1/vrf", Some(Scope::Vrf), 5),
    ("/v1/draws", Some(Scope::Draws), 5),
    ("/v1/usage", None, 1),
];

/// The price of one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Price {
    /// The path as usage tells it.
    pub(crate) route: &'static str,
    /// What the key must be allowed to do.
    pub(crate) scope: Option<Scope>,
    /// Units that the request costs.
    pub(crate) units: NonZeroU32,
}

impl Price {
    /// What a request costs that needs no scope.
    pub(crate) const fn of_one(route: &'static str) -> Self {
        Self { route, scope: None, units: NonZeroU32::MIN }
    }
}

/// Returns the price of a request for the route `path`.
pub(crate) fn price(path: &str, query: Option<&str>, headers: &HeaderMap) -> Price {
    let bytes = match path {
        "/v1/random" => bytes_asked(query),
        "/v1/draws" => bytes_sent(headers),
        _ => 0,
    };
    price_of(path, bytes)
}

/// Returns the price of a request for the route `path` that is about so many bytes.
pub(crate) fn price_of(path: &str, bytes: u32) -> Price {
    let row = ROUTES.iter().find(|(route, ..)| *route == path);
    let Some((route, scope, units)) = row else { return Price::of_one("other") };
    let units = units.saturating_add(bytes / BYTES_A_UNIT);
    let units = NonZeroU32::new(units).unwrap_or(NonZeroU32::MIN);
    Price { route, scope: *scope, units }
}

/// Returns the bytes that a query of `/v1/random` asks for; 0 where it is wrong, and will be refused.
fn bytes_asked(query: Option<&str>) -> u32 {
    let value = |name: &str| {
        let query = query.unwrap_or_default().as_bytes();
        form_urlencoded::parse(query).find(|(given, _)| given == name).map(|(_, value)| value)
    };
    let n: u32 = value("n").and_then(|n| n.parse().ok()).unwrap_or(0);
    let words = value("fmt").is_some_and(|fmt| fmt == "u32");
    n.saturating_mul(if words { WORD_BYTES } else { 1 })
}

/// Returns the bytes that the order of a draw says it has; as many as it may have, if it does not say.
fn bytes_sent(headers: &HeaderMap) -> u32 {
    let stated = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let most = u32::try_from(ORDER_BYTES).unwrap_or(u32::MAX);
    let stated = stated.and_then(|length| length.parse::<u64>().ok());
    stated.map_or(most, |length| u32::try_from(length).map_or(most, |length| length.min(most)))
}

/// Returns the costs as `GET /v1/limits` tells them.
pub(crate) fn costs() -> Vec<RouteCost> {
    let cost = |(route, _, units): &(&str, Option<Scope>, u32)| RouteCost {
        route: (*route).to_owned(),
        units: *units,
        bytes_a_unit_more: ["/v1/random", "/v1/draws"].contains(route).then_some(BYTES_A_UNIT),
    };
    ROUTES.iter().map(cost).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vrf_costs_more_than_bytes_and_many_bytes_more_than_few() {
        let units = |path, query| price(path, Some(query), &HeaderMap::new()).units.get();
        assert_eq!(units("/v1/random", "n=32"), 1);
        assert_eq!(units("/v1/random", "n=99999"), 1);
        assert_eq!(units("/v1/random", "fmt=hex&n=100000"), 2);
        assert_eq!(units("/v1/random", "n=1000000"), 11);
        assert_eq!(units("/v1/random", "n=250000&fmt=u32"), 11);
        assert_eq!(units("/v1/random", "n=-1"), 1);
        assert_eq!(units("/v1/vrf", "n=1000000"), 5);
        let draw = |length: &str| {
            let headers = [(header::CONTENT_LENGTH, length.parse().expect("value"))];
            price("/v1/draws", None, &headers.into_iter().collect()).units.get()
        };
        assert_eq!((draw("64"), draw("250000"), draw("99999999999")), (5, 7, 57));
    }
}
