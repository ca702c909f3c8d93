//! Every parameter, good and bad, in a query and in JSON.

use super::*;

const CONTRACT: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

fn slug(query: &str) -> &'static str {
    Order::from_query(Some(query)).map_or_else(|problem| problem.slug(), |_| "ok")
}

fn json_slug(body: &str) -> &'static str {
    Order::from_json(body.as_bytes()).map_or_else(|problem| problem.slug(), |_| "ok")
}

#[test]
fn nothing_asked_for_is_a_dual_receipt_of_the_index() {
    let (domain, format) = (Domain::default(), Format::Json);
    let want = Order { schemes: Schemes::Dual, alpha: None, domain, format };
    assert_eq!(Order::from_query(None), Ok(want.clone()));
    assert_eq!(Order::from_query(Some("key=demo")), Ok(want.clone()));
    assert_eq!(Order::from_json(b"{}"), Ok(want));
}

#[test]
fn query_and_json_mean_the_same() {
    let query = format!("sig=mldsa65&alpha=0xC0ffee&chain_id=1&contract={CONTRACT}&format=evm");
    let from_query = Order::from_query(Some(&query)).unwrap();
    for chain_id in ["1", "\"1\""] {
        let json = format!(
            r#"{{"sig":"ml-dsa-65","alpha":"c0ffee","chain_id":{chain_id},"contract":"{CONTRACT}","format":"evm"}}"#
        );
        assert_eq!(Order::from_json(json.as_bytes()), Ok(from_query.clone()));
    }
    assert_eq!(from_query.alpha, Some(vec![0xc0, 0xff, 0xee]));
    assert_eq!((from_query.schemes, from_query.format), (Schemes::Mldsa, Format::Evm));
    assert_eq!(from_query.domain.chain_id(), Some(1));
    assert_eq!(from_query.domain.contract().unwrap().to_string(), CONTRACT);
}

#[test]
fn alphas() {
    let long = |bytes: usize| format!("alpha={}", "61".repeat(bytes));
    for good in ["alpha=00", "alpha=0xaB", "alpha=7234", "alpha=72342e", "alpha=0072342f"] {
        assert_eq!(slug(good), "ok", "{good}");
    }
    assert_eq!(slug(&long(1024)), "ok");
    assert_eq!(slug(&long(1025)), "invalid-alpha");
    for bad in ["alpha=", "alpha=0x", "alpha=0", "alpha=abc", "alpha=zz", "alpha=0X61", "alpha=6 1"]
    {
        assert_eq!(slug(bad), "invalid-alpha", "{bad}");
    }
    for bad in ["alpha=72342f", "alpha=0x72342F696e646578", "alpha=72342f00"] {
        assert_eq!(slug(bad), "reserved-alpha", "{bad}");
    }
    let odd = Order::from_query(Some("alpha=abc")).expect_err("odd");
    assert!(odd.detail().contains("odd number"), "{odd:?}");
}

#[test]
fn chains_and_contracts() {
    for good in ["chain_id=1", "chain_id=18446744073709551615"] {
        assert_eq!(slug(good), "ok", "{good}");
    }
    for bad in ["", "0", "-1", "%2B1", "01", "1e3", "0x1", "18446744073709551616", "one"] {
        assert_eq!(slug(&format!("chain_id={bad}")), "invalid-parameter", "{bad}");
    }
    assert_eq!(slug(&format!("contract={CONTRACT}")), "invalid-parameter");
    let needs = Order::from_query(Some(&format!("contract={CONTRACT}"))).expect_err("no chain");
    assert!(needs.detail().contains("contract needs chain_id"), "{needs:?}");
    let lower = CONTRACT.to_lowercase();
    assert_eq!(slug(&format!("chain_id=1&contract={lower}")), "ok");
    let flipped = CONTRACT.replace("aA", "Aa");
    for bad in ["", "0x", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", flipped.as_str()] {
        assert_eq!(slug(&format!("chain_id=1&contract={bad}")), "invalid-parameter", "{bad}");
    }
}

#[test]
fn formats() {
    for (text, format) in [("json", Format::Json), ("evm", Format::Evm)] {
        let query = Order::from_query(Some(&format!("format={text}"))).unwrap();
        let json = Order::from_json(format!(r#"{{"format":"{text}"}}"#).as_bytes()).unwrap();
        assert_eq!((query.format, json.format), (format, format));
    }
    for bad in ["", "EVM", "evm ", "abi", "json,evm"] {
        assert_eq!(slug(&format!("format={bad}")), "invalid-parameter", "{bad}");
        assert_eq!(json_slug(&format!(r#"{{"format":"{bad}"}}"#)), "invalid-parameter", "{bad}");
    }
    assert_eq!(slug("format=evm&format=evm"), "repeated-parameter");
    assert_eq!(json_slug(r#"{"format":null}"#), "invalid-body");
    assert_eq!(json_slug(r#"{"format":["evm"]}"#), "invalid-body");
}

#[test]
fn schemes_and_strangers() {
    for good in ["ecdsa", "dilithium", "mldsa65", "ml-dsa-65", "dual"] {
        assert_eq!(slug(&format!("sig={good}")), "ok");
    }
    for bad in ["sig=", "sig=ECDSA", "sig=rsa", "sig=both"] {
        assert_eq!(slug(bad), "invalid-parameter", "{bad}");
    }
    assert_eq!(slug("seed=1"), "unknown-parameter");
    assert_eq!(slug("sig=dual&sig=dual"), "repeated-parameter");
    assert_eq!(slug("alpha=%"), "malformed-query");
}

#[test]
fn json_bodies_that_are_refused() {
    for bad in [
        "",
        "null",
        "[]",
        r#"["dual","00"]"#,
        "\"alpha\"",
        "{",
        "{} {}",
        r#"{"alpha":null}"#,
        r#"{"alpha":7}"#,
        r#"{"key":"demo"}"#,
        r#"{"seed":"00"}"#,
        r#"{"alpha":"00","alpha":"01"}"#,
        r#"{"chain_id":1.5}"#,
        r#"{"chain_id":-1}"#,
        r#"{"chain_id":[1]}"#,
        r#"{"chain_id":null}"#,
    ] {
        assert_eq!(json_slug(bad), "invalid-body", "{bad}");
    }
    assert_eq!(json_slug(r#"{"chain_id":0}"#), "invalid-parameter");
    assert_eq!(json_slug(r#"{"sig":"rsa"}"#), "invalid-parameter");
    assert_eq!(json_slug(r#"{"alpha":"72342f"}"#), "reserved-alpha");
    let duplicate = Order::from_json(br#"{"alpha":"00","alpha":"01"}"#).expect_err("twice");
    assert!(duplicate.detail().contains("alpha"), "{duplicate:?}");
}
