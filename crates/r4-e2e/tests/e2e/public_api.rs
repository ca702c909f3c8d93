//! Every documented call, as a newcomer types it.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::harness::client::Request;
use crate::harness::external::skipped;
use crate::harness::target::Target;

#[test]
fn health() {
    let node = Target::get();
    if let Some(core) = &node.core {
        assert_eq!(core.get("/health").expect(200).text().trim_end(), "ok");
        core.get("/ready").expect(200);
    }
    if let Some(vrf) = &node.vrf {
        vrf.get("/health").expect(200);
        vrf.get("/ready").expect(200);
    }
    let health = node.gateway.get("/v1/health").expect(200).json();
    assert_eq!(health["status"], "ok", "{health}");
    for upstream in ["r4-core", "r4-vrf"] {
        let upstream = &health["upstreams"][upstream];
        assert_eq!((&upstream["status"], &upstream["ready"]), (&"ok".into(), &true.into()));
    }
    assert_eq!(health["upstreams"]["r4-core"]["mode"], "sealed", "{health}");
}

#[test]
fn head_has_the_head_alone() {
    let node = Target::get();
    let answer = node.gateway.send(&Request::new("HEAD", "/v1/health")).expect(200);
    assert!(answer.body.is_empty(), "{answer:?}");
}

#[test]
fn sixteen_hex_digits_different_every_time() {
    let node = Target::get();
    let mut seen = BTreeSet::new();
    for _ in 0..5 {
        let answer = node.get_keyed("/v1/random?n=8&fmt=hex").expect(200);
        let digits = answer.text().trim_end();
        assert_eq!(digits.len(), 16, "{answer:?}");
        let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        assert!(digits.bytes().all(lower), "{answer:?}");
        assert!(seen.insert(digits.to_owned()), "the same digits twice");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
        assert_eq!(answer.header("x-r4-mode"), Some("sealed"), "{answer:?}");
        let sha256 = answer.header("x-r4-core-sha256").expect("X-R4-Core-SHA256");
        assert_eq!(sha256.len(), 64, "{answer:?}");
    }
}

#[test]
fn every_form_has_its_length_and_media_type() {
    let node = Target::get();
    let random = |query: &str, kind: &str| {
        let answer = node.get_keyed(&format!("/v1/random?{query}")).expect(200);
        let found = answer.header("content-type").unwrap_or_default();
        assert!(found.starts_with(kind), "{query}: {found}");
        answer
    };
    for n in [1, 64, 1000] {
        let raw = random(&format!("n={n}"), "application/octet-stream");
        assert_eq!(raw.body.len(), n);
        assert_eq!(raw.header("content-length"), Some(&*n.to_string()));
        let raw = random(&format!("n={n}&fmt=raw"), "application/octet-stream");
        assert_eq!(raw.body.len(), n);
        let text = random(&format!("n={n}&fmt=hex"), "text/plain");
        assert_eq!(hex::decode(text.text().trim_end()).unwrap().len(), n);
        let text = random(&format!("n={n}&fmt=base64"), "text/plain");
        assert_eq!(STANDARD.decode(text.text().trim_end()).unwrap().len(), n);
        let json = random(&format!("n={n}&fmt=json"), "application/json").json();
        let fields: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["hex", "n", "source"]);
        assert_eq!(json["n"], n);
        assert_eq!(json["source"], "sealed");
        assert_eq!(hex::decode(json["hex"].as_str().unwrap()).unwrap().len(), n);
        let words = random(&format!("n={n}&fmt=u32"), "application/json").json();
        let words: Vec<u64> = serde_json::from_value(words).unwrap();
        assert_eq!(words.len(), n);
        assert!(words.iter().all(|word| u32::try_from(*word).is_ok()));
    }
}

#[test]
fn the_largest_answers_are_complete() {
    let node = Target::get();
    let raw = node.get_keyed("/v1/random?n=1000000").expect(200);
    assert_eq!(raw.body.len(), 1_000_000);
    let blocks: BTreeSet<&[u8]> = raw.body.chunks(16).collect();
    assert_eq!(blocks.len(), 62_500, "a block of 16 bytes came twice");
    let words = node.get_keyed("/v1/random?n=250000&fmt=u32").expect(200).json();
    assert_eq!(words.as_array().unwrap().len(), 250_000);
}

#[test]
fn the_key_may_stand_in_the_query() {
    let node = Target::get();
    let path = format!("/v1/random?n=32&fmt=hex&key={}", node.key);
    assert_eq!(node.gateway.get(&path).expect(200).text().trim_end().len(), 64);
}

#[test]
fn the_core_by_itself() {
    let node = Target::get();
    let Some(core) = &node.core else { return skipped("R4_E2E_CORE is not set") };
    let sample = core.send(&Request::get("/random?n=64").key(&node.key)).expect(200);
    assert_eq!(sample.body.len(), 64);
    let digits = core.get(&format!("/random?n=32&fmt=hex&key={}", node.key)).expect(200);
    assert_eq!(digits.text().trim_end().len(), 64);
    let refused = core.send(&Request::get("/random?n=16&fmt=hex").key("WRONG")).expect(401);
    assert!(refused.text().contains(r#""detail":"invalid api key""#), "{refused:?}");
}

#[test]
fn limits_meta_and_descriptions() {
    let node = Target::get();
    let limits = node.get_keyed("/v1/limits").expect(200).json();
    assert_eq!(limits["request"]["random_max_bytes"], 1_000_000, "{limits}");
    assert_eq!(limits["request"]["alpha_max_bytes"], 1024, "{limits}");
    assert!(limits["address"]["limit"].is_u64(), "{limits}");
    assert!(limits["key"]["limit"].is_u64(), "{limits}");
    let meta = node.gateway.get("/v1/meta").expect(200).json();
    assert_eq!(meta["name"], "Re4ctoR");
    assert!(!meta["not_proved"].as_array().unwrap().is_empty(), "{meta}");
    for field in ["openapi", "docs", "keys"] {
        node.gateway.get(meta[field].as_str().unwrap()).expect(200);
    }
    let api = node.gateway.get("/openapi.json").expect(200).json();
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1"), "{}", api["openapi"]);
    for path in ["health", "random", "vrf", "random_dual", "verify", "keys", "limits", "meta"] {
        assert!(api["paths"].get(format!("/v1/{path}")).is_some(), "no /v1/{path}");
    }
    let docs = node.gateway.get("/docs").expect(200);
    assert!(docs.header("content-type").unwrap().starts_with("text/html"), "{docs:?}");
    let named = |attribute| docs.text().split(attribute).skip(1);
    let parts = ["href=\"", "src=\""].into_iter().flat_map(named);
    let parts = parts.filter_map(|rest| rest.split('"').next());
    // The start page is the site's, not the gateway's.
    let parts: BTreeSet<&str> =
        parts.filter(|part| part.starts_with('/') && *part != "/").collect();
    assert!(parts.contains("/openapi.json"), "{parts:?}");
    for part in parts {
        // Script and style of the page among them: without them it stays empty.
        node.gateway.get(part).expect(200);
    }
}

#[test]
fn other_sites_may_read_what_is_public() {
    let node = Target::get();
    let from_elsewhere =
        |method: &str, path: &str| Request::new(method, path).with("Origin", "https://example.org");
    for path in ["/v1/health", "/v1/keys", "/v1/meta", "/v1/limits", "/openapi.json"] {
        let answer = node.gateway.send(&from_elsewhere("GET", path)).expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path} {answer:?}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{path}");
    }
    let ask = from_elsewhere("OPTIONS", "/v1/keys").with("Access-Control-Request-Method", "GET");
    let answer = node.gateway.send(&ask);
    assert!((200..300).contains(&answer.status), "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{answer:?}");
}

#[test]
fn every_answer_has_its_own_request_id() {
    let node = Target::get();
    let mut seen = BTreeSet::new();
    for (path, status) in [
        ("/v1/health", 200),
        ("/v1/keys", 200),
        ("/v1/random?n=1", 200),
        ("/v1/vrf", 200),
        ("/v1/random?n=0", 400),
        ("/v1/nothing", 404),
        ("/docs", 200),
        ("/openapi.json", 200),
    ] {
        let answer = node.get_keyed(path).expect(status);
        let id = answer.header("x-request-id").unwrap_or_else(|| panic!("{path}: {answer:?}"));
        assert!(seen.insert(id.to_owned()), "{path}: {id} again");
    }
}

#[test]
fn every_answer_tells_the_rate_limit() {
    let node = Target::get();
    for path in ["/v1/health", "/v1/random?n=1", "/v1/random?n=0", "/v1/keys", "/v1/nothing"] {
        let answer = node.get_keyed(path);
        let header = |name: &str| {
            answer.header(name).unwrap_or_else(|| panic!("{path}: no {name}: {answer:?}"))
        };
        let limit: u64 = header("ratelimit-limit").parse().expect("a number");
        let left: u64 = header("ratelimit-remaining").parse().expect("a number");
        let _reset: u64 = header("ratelimit-reset").parse().expect("a number");
        assert!(left < limit, "{answer:?}");
        let policy = header("ratelimit-policy");
        assert!(policy.contains(&format!(";q={limit};w=")), "{policy}");
        let standing = header("ratelimit");
        assert!(standing.contains(&format!(";r={left};t=")), "{standing}");
        let name = |text: &str| text.split(';').next().map(str::to_owned);
        assert_eq!(name(policy), name(standing));
    }
}
