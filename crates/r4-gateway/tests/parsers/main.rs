//! Whatever a caller sends as a query, a key, a forwarded address or a trace, and an operator as a
//! setting: nothing panics, and nobody becomes more local by what it says of itself. 200,000 inputs,
//! made from good ones by a few changes, the same in every run.

#![cfg(test)]

use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use r4_api::encode::Format;
use r4_api::manifest::Manifest;
use r4_gateway::keys::{KeyId, KeyName, KeyTable, Quota, Scope, Scopes, SecretHash};
use r4_gateway::limits::{Count, Rate};
use r4_gateway::proxies::TrustedProxies;
use r4_service::auth::{is_local, presented_key};
use r4_service::domain::Domain;
use r4_service::media::require_json;
use r4_service::query::Query;
use r4_service::trace_context::TraceContext;

const INPUTS: u64 = 200_000;

/// A caller from outside, and a proxy that is trusted.
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 5));
const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(172, 18, 0, 2));

const GOOD: [&str; 16] = [
    "n=32&fmt=hex&key=demo&alpha=%61b+c",
    "r4_live_00000000000000000000000000000019yh3s",
    "203.0.113.7, [2001:db8::1]:4711, 127.0.0.1",
    "::ffff:127.0.0.1",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "application/json; charset=utf-8",
    "https://example.org:8443, :80 [::1]:443 localhost",
    "10.0.0.0/8, ::1 caddy,proxy_1.example.org",
    "key_0123456789abcdef",
    "random,vrf,draws",
    "1000/month",
    "600/m",
    "alice.example_1",
    "base64",
    "{\"file\":\"re4_dump\",\"size\":1,\"sha256\":\"0\",\"version\":\"0.1.0\",\"core_git\":\"\"}",
    "\u{e9}\u{0}\r\n\u{ffff}%00%zz&&==;;",
];

/// Makes inputs: xorshift64*, whose quality is enough for this.
struct Inputs(u64);

impl Inputs {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).unwrap().checked_rem(most).unwrap_or(0)
    }

    fn good(&mut self) -> &'static [u8] {
        GOOD.get(self.below(GOOD.len())).unwrap().as_bytes()
    }

    /// Changes a good input at some places: bytes set, cut, repeated, or taken from another one.
    fn next(&mut self) -> Vec<u8> {
        let mut input = self.good().to_vec();
        for _ in 0..self.below(6) {
            let (from, to) = (self.below(input.len()), self.below(input.len()));
            let part = from.min(to)..from.max(to);
            match self.below(5) {
                0 => input.get_mut(from).map_or((), |byte| *byte ^= 1 << (to & 7)),
                1 => drop(input.drain(part)),
                2 => input.extend_from_within(part),
                3 => input.extend_from_slice(self.good()),
                _ => input.truncate(to),
            }
        }
        input
    }
}

#[test]
fn any_input_is_read_or_refused() {
    let mut inputs = Inputs(4711);
    let mut read = [0_u32; 3];
    for _ in 0..INPUTS {
        let input = inputs.next();
        if let Ok(manifest) = Manifest::parse(&input) {
            assert_eq!(Manifest::parse(manifest.to_json().as_bytes()).unwrap(), manifest);
        }
        if let Ok(value) = HeaderValue::from_bytes(&input) {
            headers(&value);
            read[0] += 1;
        }
        if let Ok(text) = std::str::from_utf8(&input) {
            read[1] += u32::from(texts(text));
            read[2] += 1;
        }
    }
    assert!(read.iter().all(|count| *count > 1000), "most are refused at the door: {read:?}");
}

fn one(name: HeaderName, value: &HeaderValue) -> HeaderMap {
    HeaderMap::from_iter([(name, value.clone())])
}

fn headers(value: &HeaderValue) {
    let mut forwarded = one(HeaderName::from_static("x-forwarded-for"), value);
    let proxies: TrustedProxies = "172.16.0.0/12".parse().unwrap();
    let stranger = proxies.client(STRANGER, &forwarded);
    assert_eq!((stranger.address, is_local(stranger.origin)), (STRANGER, false), "{value:?}");
    // What stands last is what the proxy wrote.
    forwarded.append("x-forwarded-for", HeaderValue::from_static("203.0.113.5"));
    let client = proxies.client(PROXY, &forwarded);
    assert_eq!((client.address, is_local(client.origin)), (STRANGER, false), "{value:?}");
    let _ = require_json(&one(header::CONTENT_TYPE, value));
    let key = presented_key(
        &one(HeaderName::from_static("x-api-key"), value),
        &Uri::from_static("/?key=demo"),
    );
    assert_eq!(key.as_ref().map(|key| key.as_str()), value.to_str().ok());
    if let Some(context) = TraceContext::of(&one(HeaderName::from_static("traceparent"), value)) {
        assert_eq!(TraceContext::parse(&context.to_string()), Some(context));
    }
}

/// Returns whether it was a query of known parameters.
fn texts(text: &str) -> bool {
    let known = ["n", "fmt", "alpha", "key"];
    let query = Query::parse(Some(text), &known);
    if let Ok(query) = &query {
        let given = known.iter().filter(|name| query.text(name).is_some()).count();
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).count();
        assert_eq!(given, pairs, "a parameter is ignored: {text:?}");
        let number = query.number::<u32>("n", 1, 1_000_000);
        assert!(number.is_err() || number.is_ok_and(|n| n.is_none_or(|n| n > 0)));
    }
    if let Ok(uri) = Uri::try_from(format!("/?{text}")) {
        let _ = presented_key(&HeaderMap::new(), &uri);
    }
    let formed = SecretHash::of_presented(text).is_some();
    assert!(!formed || (text.starts_with("r4_live_") && text.len() == 44), "{text:?}");
    assert!(KeyTable::local().find(text, 0).is_err(), "an empty table knows a key");
    let _ = (Domain::parse(text).public_name(), TrustedProxies::from_str(text));
    let _ = (Format::parse(text), Scope::from_str(text), Count::from_str(text));
    same::<KeyId>(text);
    same::<KeyName>(text);
    same::<Scopes>(text);
    same::<Quota>(text);
    same::<Rate>(text);
    query.is_ok()
}

/// What is read of what was written is the same.
fn same<T: FromStr + ToString + PartialEq>(text: &str) {
    if let Ok(read) = text.parse::<T>() {
        let again = read.to_string().parse::<T>();
        assert!(again.is_ok_and(|again| again == read), "{text:?}");
    }
}
