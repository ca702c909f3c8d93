//! What the description says of itself; whether it is true is for the tests of the whole gateway.

use std::collections::BTreeSet;

use r4_api::gateway::{
    EntropyHealth, GatewayHealth, LimitsAnswer, Meta, RandomAnswer, UsageAnswer,
};
use r4_api::status::StatusAnswer;
use r4_api::vrf::{Consistency, LogEntries, VerifyAnswer};
use r4_receipt::{Pin, Policy, Require, Verdict};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{document, examples, llms, operations, postman};

/// Returns method, path and operation of everything described.
fn described(document: &Value) -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            found.push((method.clone(), path.clone(), operation.clone()));
        }
    }
    found
}

#[test]
fn there_is_a_row_for_each_operation_and_none_beside() {
    let document = document();
    let described: BTreeSet<_> =
        described(&document).into_iter().map(|(method, path, _)| (method, path)).collect();
    let rows: BTreeSet<_> = operations::ALL
        .iter()
        .map(|row| (row.route.0.to_owned(), row.route.1.to_owned()))
        .collect();
    assert_eq!(rows, described);
    let ids: BTreeSet<_> = operations::ALL.iter().map(|row| row.id).collect();
    assert_eq!(ids.len(), operations::ALL.len());
}

#[test]
fn every_body_has_an_example() {
    for (method, path, operation) in described(&document()) {
        let asked = operation["requestBody"]["content"]["application/json"].clone();
        assert!(asked.is_null() || asked["examples"].is_object(), "{method} {path}");
        for (status, response) in operation["responses"].as_object().unwrap() {
            let content = response["content"].as_object();
            for (media, content) in content.into_iter().flatten() {
                // The 503 of the two health paths is their own answer, not a problem.
                let shown = content["examples"].is_object()
                    || media == "application/octet-stream"
                    || (status == "503" && path.starts_with("/v1/health"));
                assert!(shown, "{method} {path} {status} {media}");
                assert!(content["example"].is_null(), "{method} {path} {status} {media}");
            }
        }
    }
}

#[test]
fn every_parameter_has_an_example() {
    for (method, path, operation) in described(&document()) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = &parameter["name"];
            assert!(!parameter["example"].is_null(), "{method} {path} {name}");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
}

fn example(name: &str) -> Value {
    examples::ALL.iter().find(|example| example.name == name).unwrap().value()
}

fn is<T: DeserializeOwned + Serialize>(name: &str) {
    let value = example(name);
    let parsed: T = serde_json::from_value(value.clone()).expect(name);
    assert_eq!(serde_json::to_value(&parsed).unwrap(), value, "{name}");
}

#[test]
fn the_examples_are_answers() {
    is::<Consistency>("consistency");
    is::<LogEntries>("entries");
    is::<EntropyHealth>("entropy");
    is::<GatewayHealth>("health");
    is::<LimitsAnswer>("limits");
    is::<Meta>("meta");
    is::<RandomAnswer>("random_json");
    is::<RandomAnswer>("random_words");
    is::<StatusAnswer>("status");
    is::<UsageAnswer>("usage");
    is::<VerifyAnswer>("verify_answer");
}

#[test]
fn the_signed_examples_verify() {
    let keys = example("keys").to_string();
    let keys = r4_receipt::KeysDocument::parse(keys.as_bytes()).unwrap();
    let pin = Pin::KeyHashes(keys.key_hashes().collect());
    let policy = Policy { pin, require: Require::Dual, ..Policy::default() };
    for name in ["receipt", "attestation"] {
        let document = r4_receipt::Document::parse(example(name).to_string().as_bytes()).unwrap();
        let report = r4_receipt::verify(&document, &policy);
        assert_eq!(report.verdict(), Verdict::Valid, "{name}: {report:?}");
    }
    let draw = r4_draw::Document::parse(example("draw").to_string().as_bytes()).unwrap();
    let report = r4_draw::verify(&draw, &r4_draw::Lists::default(), &policy);
    assert_eq!(report.verdict(), Verdict::Valid, "{report:?}");
}

#[test]
fn the_orders_of_draws_are_orders() {
    for row in operations::ALL.iter().filter(|row| row.id == "create_draw") {
        for name in row.asked {
            let order = r4_draw::Order::parse(example(name).to_string().as_bytes());
            assert!(order.is_ok(), "{name}: {order:?}");
        }
    }
}

#[test]
fn the_short_form_is_short_and_names_every_operation() {
    let text = llms::text(&document());
    assert!(text.len() < 12_000, "{} bytes", text.len());
    for row in operations::ALL {
        let (method, path) = row.route;
        assert!(text.contains(&format!("`{} {path}`", method.to_uppercase())), "{path}");
    }
    assert!(!text.contains("{id}\""), "an example is missing: {text}");
}

#[test]
fn the_collection_has_the_form_of_postman() {
    let collection = postman::collection(&document());
    let schema = collection["info"]["schema"].as_str().unwrap();
    assert!(schema.ends_with("/collection/v2.1.0/collection.json"), "{schema}");
    let mut requests = 0;
    for folder in collection["item"].as_array().unwrap() {
        assert!(folder["name"].is_string());
        for item in folder["item"].as_array().unwrap() {
            let request = &item["request"];
            let name = &item["name"];
            assert!(request["method"].is_string() && request["header"].is_array(), "{name}");
            let raw = request["url"]["raw"].as_str().unwrap();
            assert!(raw.starts_with("{{baseUrl}}/"), "{name}: {raw}");
            assert!(!raw.contains('{') || raw.matches('{').count() == 2, "{name}: {raw}");
            let parts: Vec<_> = request["url"]["path"].as_array().unwrap().iter().collect();
            assert!(!parts.is_empty() && parts.iter().all(|part| part.is_string()), "{name}");
            if let Some(body) = request["body"]["raw"].as_str() {
                serde_json::from_str::<Value>(body).unwrap();
            }
            for answer in item["response"].as_array().unwrap() {
                assert!(answer["code"].as_u64().is_some_and(|code| code >= 200), "{name}");
                assert!(answer["body"].is_string() && answer["name"].is_string(), "{name}");
            }
            requests += 1;
        }
    }
    assert_eq!(requests, operations::ALL.len());
    let variables = collection["variable"].as_array().unwrap();
    let names: Vec<_> =
        variables.iter().map(|variable| variable["key"].as_str().unwrap()).collect();
    assert_eq!(names, ["baseUrl", "apiKey"]);
}
