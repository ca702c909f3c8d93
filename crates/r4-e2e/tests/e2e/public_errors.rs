//! Bad input: a clear problem document each time, and a node that goes on.

use crate::harness::client::Request;
use crate::harness::target::{Target, problem};

/// 10 MB, more than any body may be.
const HUGE_BYTES: usize = 10_000_000;

#[test]
fn bad_parameters_are_named() {
    let node = Target::get();
    let long_alpha = format!("vrf?alpha={}", "ab".repeat(1025));
    let table = [
        ("random", "n"),
        ("random?n=", "n"),
        ("random?n=0", "n"),
        ("random?n=-1", "n"),
        ("random?n=+1", "n"),
        ("random?n=1.5", "n"),
        ("random?n=1e9", "n"),
        ("random?n=1000001", "n"),
        ("random?n=1000000000", "n"),
        ("random?n=99999999999999999999999", "n"),
        ("random?n=ten", "n"),
        ("random?n=8%20", "n"),
        ("random?n=8&n=8", "n"),
        ("random?n=8&fmt=xml", "fmt"),
        ("random?n=8&fmt=HEX", "fmt"),
        ("random?n=8&fmt=", "fmt"),
        ("random?n=250001&fmt=u32", "n"),
        ("random?n=8&size=8", "size"),
        ("vrf?sig=rsa", "sig"),
        ("vrf?sig=", "sig"),
        ("vrf?sig=ecdsa&sig=ecdsa", "sig"),
        ("vrf?alpha=", "alpha"),
        ("vrf?alpha=0x", "alpha"),
        ("vrf?alpha=abc", "alpha"),
        ("vrf?alpha=xyzw", "alpha"),
        ("vrf?alpha=0xzz", "alpha"),
        (&long_alpha, "alpha"),
        // `r4/` in hex: the node's own inputs.
        ("vrf?alpha=72342f", "alpha"),
        ("vrf?alpha=72342f696e6465782f7631", "alpha"),
        ("vrf?n=8", "n"),
        ("vrf?chain_id=x", "chain_id"),
        ("vrf?chain_id=-1", "chain_id"),
        ("vrf?contract=0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "contract"),
        ("vrf?chain_id=1&contract=0x12", "contract"),
        ("random_dual", "n"),
        ("random_dual?n=15", "n"),
        ("random_dual?n=1001", "n"),
        ("random_dual?n=x", "n"),
        ("random_dual?n=16&what=1", "what"),
        ("health?x=1", "x"),
        ("keys?x=1", "x"),
    ];
    for (query, parameter) in table {
        let answer = node.get_keyed(&format!("/v1/{query}"));
        let (slug, detail) = problem(&answer, 400);
        let words = detail.split(|c: char| !c.is_alphanumeric() && c != '_');
        assert!(words.clone().any(|w| w == parameter), "{query}: {slug}: {detail}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{query}");
    }
    let answer = node.get_keyed("/v1/random?n=%zz");
    problem(&answer, 400);
}

#[test]
fn an_unknown_parameter_is_refused_by_every_route() {
    let node = Target::get();
    let own = ["/health", "/ready", "/version", "/metrics"];
    let services = [&node.core, &node.vrf, &node.front];
    let direct = services.into_iter().flatten().flat_map(|client| own.map(|path| (client, path)));
    let through = ["/docs", "/openapi.json"].map(|path| (&node.gateway, path));
    for (client, path) in direct.chain(through) {
        client.get(path).expect(200);
        let (slug, detail) = problem(&client.get(&format!("{path}?surplus=1")), 400);
        assert_eq!(slug, "unknown-parameter", "{path}: {detail}");
        assert!(detail.contains("surplus"), "{path}: {detail}");
    }
}

#[test]
fn the_reason_for_a_reserved_alpha_is_given() {
    let node = Target::get();
    let answer = node.get_keyed("/v1/vrf?alpha=72342f696e646578");
    let (slug, detail) = problem(&answer, 400);
    assert!(detail.contains("r4/"), "{slug}: {detail}");
    let body = r#"{"alpha":"72342f696e646578"}"#;
    let answer = node.gateway.send(&Request::post("/v1/vrf", body).key(&node.key));
    assert!(problem(&answer, 400).1.contains("r4/"), "{answer:?}");
    // The same letters further in are the caller's.
    node.receipt("?alpha=0072342f696e646578");
}

#[test]
fn a_wrong_or_missing_key_is_refused() {
    let node = Target::get();
    let paths = ["/v1/random?n=16&fmt=hex", "/v1/vrf", "/v1/random_dual?n=16"];
    for path in paths {
        let padded = format!("{}x", node.key);
        for request in [
            Request::get(path),
            Request::get(path).key("WRONG"),
            Request::get(path).key(""),
            Request::get(path).key(&padded),
            Request::get(path).with("Authorization", &format!("Bearer {}", node.key)),
        ] {
            let answer = node.gateway.send(&request);
            let (slug, detail) = problem(&answer, 401);
            assert_eq!((slug.as_str(), detail.as_str()), ("invalid-api-key", "invalid api key"));
            assert!(answer.text().contains(r#""detail":"invalid api key""#), "{answer:?}");
        }
    }
    let direct =
        [(&node.core, "/random?n=16"), (&node.vrf, "/vrf"), (&node.vrf, "/random_dual?n=16")];
    for (client, path) in direct {
        let Some(client) = client else { continue };
        problem(&client.send(&Request::get(path).key("WRONG")), 401);
        problem(&client.get(path), 401);
    }
}

#[test]
fn a_wrong_method_or_path_is_refused() {
    let node = Target::get();
    for (method, path) in [
        ("POST", "/v1/random?n=8"),
        ("DELETE", "/v1/random?n=8"),
        ("PUT", "/v1/vrf"),
        ("GET", "/v1/verify"),
        ("POST", "/v1/keys"),
        ("PATCH", "/v1/health"),
        ("POST", "/openapi.json"),
    ] {
        let answer = node.gateway.send(&Request::new(method, path).key(&node.key));
        problem(&answer, 405);
        let allowed = answer.header("allow");
        assert!(
            allowed.is_some_and(|a| !a.is_empty()),
            "{method} {path}: no Allow (RFC 9110 §15.5.6)"
        );
    }
    for path in ["/v1/", "/v1/random/", "/v1/nothing", "/v1/RANDOM?n=8", "/v1/vrf/x"] {
        problem(&node.get_keyed(path), 404);
    }
}

#[test]
fn a_body_that_is_no_json_is_refused() {
    let node = Target::get();
    let deep = "[".repeat(5000);
    for (path, body) in [
        ("/v1/vrf", ""),
        ("/v1/vrf", "x"),
        ("/v1/vrf", "[]"),
        ("/v1/vrf", "null"),
        ("/v1/vrf", deep.as_str()),
        ("/v1/vrf", r#"{"alpha":1}"#),
        ("/v1/vrf", r#"{"alpha":"ab","alpha":"cd"}"#),
        ("/v1/vrf", r#"{"alfa":"ab"}"#),
        ("/v1/vrf", r#"{"sig":"rsa"}"#),
        ("/v1/verify", ""),
        ("/v1/verify", "x"),
        ("/v1/verify", "[]"),
        ("/v1/verify", "{}"),
        ("/v1/verify", deep.as_str()),
    ] {
        let answer = node.gateway.send(&Request::post(path, body).key(&node.key));
        let status = answer.status;
        assert!([400, 415, 422].contains(&status), "{path} {body:.40}: {answer:?}");
        problem(&answer, status);
    }
}

#[test]
fn a_body_of_ten_megabytes_is_refused() {
    let node = Target::get();
    let fill = vec![b' '; HUGE_BYTES];
    let direct = [(&node.vrf, "/vrf"), (&node.vrf, "/verify")];
    let direct = direct.iter().filter_map(|(client, path)| Some((client.as_ref()?, *path)));
    // Several times, since a proxy in between may send the body on while it is being refused.
    let through = [(&node.gateway, "/v1/vrf"), (&node.gateway, "/v1/verify")].repeat(6);
    for (client, path) in through.into_iter().chain(direct) {
        let answer = client.send(&Request::post(path, fill.clone()).key(&node.key));
        problem(&answer, 413);
    }
    // Where no body is taken at all.
    let direct = [(&node.core, "/random?n=8"), (&node.vrf, "/vrf")];
    let direct = direct.iter().filter_map(|(client, path)| Some((client.as_ref()?, *path)));
    for (client, path) in direct.chain([(&node.gateway, "/v1/random?n=8")]) {
        let mut request = Request::get(path).key(&node.key);
        request.body.clone_from(&fill);
        assert_eq!(problem(&client.send(&request), 400).0, "unexpected-body", "{path}");
    }
    node.get_keyed("/v1/random?n=8&fmt=hex").expect(200);
}

#[test]
fn a_huge_address_is_refused() {
    let node = Target::get();
    let path = format!("/v1/random?n=8&fmt={}", "h".repeat(100_000));
    // A proxy in front may end the connection instead of explaining.
    if let Ok(answer) = node.gateway.once(&Request::get(&path).key(&node.key)) {
        assert!((400..500).contains(&answer.status), "{answer:?}");
    }
    node.gateway.get("/v1/health").expect(200);
}
