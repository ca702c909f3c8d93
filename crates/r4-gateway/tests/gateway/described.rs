//! Every problem that any test of the gateway meets is one that the description of its operation
//! names.

use std::sync::LazyLock;

use serde_json::Value;

use crate::client::Answer;

static DOCUMENT: LazyLock<Value> = LazyLock::new(r4_gateway::openapi::document);

/// Asserts that a problem is described where it was met.
pub(crate) fn check(method: &str, target: &str, answer: &Answer) {
    if answer.header("content-type") != "application/problem+json" || method == "HEAD" {
        return;
    }
    let path = target.split('?').next().expect("a path");
    let Some(operation) = operation(method, path) else { return };
    let status = answer.status.as_str();
    let content = &operation["responses"][status]["content"]["application/problem+json"];
    let kinds = &content["schema"]["allOf"][1]["properties"]["type"]["enum"];
    let kind = &answer.json()["type"];
    let known = kinds.as_array().is_some_and(|kinds| kinds.contains(kind));
    assert!(known, "{method} {path} answers {status} {kind}, which its description has not");
}

/// Returns the description of a method of a path.
fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let paths = DOCUMENT["paths"].as_object()?;
    let exact = paths.get(path);
    let item = exact.or_else(|| {
        let fits = |(described, _): &(&String, &Value)| {
            let (start, rest) = described.split_once('{').unwrap_or((described, ""));
            !rest.is_empty() && path.strip_prefix(start).is_some_and(|rest| !rest.is_empty())
        };
        paths.iter().find(fits).map(|(_, item)| item)
    })?;
    item.get(method.to_lowercase())
}
