//! Adds to the description what its rows say: ids, problems, examples, headers.

use r4_service::Kind;
use serde_json::{Map, Value, json};

use super::operations::{self, Operation};
use super::parts::place;
use super::{examples, headers};

/// Completes every operation and the components.
pub(super) fn complete(document: &mut Value) {
    for row in operations::ALL {
        let (method, path) = row.route;
        let item = document.get_mut("paths").and_then(|paths| paths.get_mut(path));
        if let Some(operation) = item.and_then(|item| item.get_mut(method)) {
            complete_operation(operation, row);
        }
    }
    close_forms(place(document, &["components", "schemas", "DrawOrder"]));
    *place(document, &["components", "headers"]) = Value::Object(headers::components());
    *place(document, &["components", "examples"]) = Value::Object(example_components());
}

fn complete_operation(operation: &mut Value, row: &Operation) {
    *place(operation, &["operationId"]) = Value::from(row.id);
    for (status, kinds) in by_status(&row.problems()) {
        *place(operation, &["responses", &status]) = problem_response(&kinds);
    }
    for (media, name) in row.answered {
        let example = place(operation, &["responses", "200", "content", media, "examples", name]);
        *example = example_reference(name);
    }
    for name in row.asked {
        let json = ["requestBody", "content", "application/json", "examples", name];
        *place(operation, &json) = example_reference(name);
    }
    let Some(responses) = place(operation, &["responses"]).as_object_mut() else { return };
    for (status, response) in responses {
        describe_octets(response);
        let headers = place(response, &["headers"]);
        if headers.is_null() {
            *headers = json!({});
        }
        if let Some(headers) = headers.as_object_mut() {
            headers::add(status, headers);
        }
    }
}

/// Says of each form of an order that it has no other fields.
fn close_forms(schema: &mut Value) {
    for form in place(schema, &["oneOf"]).as_array_mut().into_iter().flatten() {
        *place(form, &["additionalProperties"]) = Value::Bool(false);
    }
}

/// Bytes are no JSON, so that no schema but their media type describes them.
fn describe_octets(response: &mut Value) {
    let octets = response.get_mut("content").and_then(|c| c.get_mut("application/octet-stream"));
    if let Some(octets) = octets {
        *octets = json!({ "schema": { "contentMediaType": "application/octet-stream" } });
    }
}

fn by_status(kinds: &[&'static Kind]) -> Vec<(String, Vec<&'static Kind>)> {
    let mut groups: Vec<(String, Vec<&'static Kind>)> = Vec::new();
    for kind in kinds {
        let status = kind.status.as_str();
        match groups.iter_mut().find(|(known, _)| known == status) {
            Some((_, group)) => group.push(kind),
            None => groups.push((status.to_owned(), vec![kind])),
        }
    }
    groups
}

/// Describes the answer that is one of `kinds`.
fn problem_response(kinds: &[&'static Kind]) -> Value {
    let names: Vec<_> = kinds.iter().map(|kind| format!("`{}`", kind.slug)).collect();
    let description = match kinds {
        [only] => format!("`{}`: {}", only.slug, only.meaning),
        _ => format!("One of {}", names.join(", ")),
    };
    let types: Vec<_> = kinds.iter().map(|kind| kind.uri()).collect();
    let examples: Map<_, _> =
        kinds.iter().map(|kind| (kind.slug.to_owned(), example_reference(kind.slug))).collect();
    let schema = json!({ "allOf": [
        { "$ref": "#/components/schemas/ProblemDocument" },
        { "type": "object", "properties": { "type": { "enum": types } } },
    ] });
    json!({
        "description": description,
        "content": { "application/problem+json": { "schema": schema, "examples": examples } },
    })
}

fn example_reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/examples/{name}") })
}

/// Returns all examples, and one for each problem that some operation answers.
fn example_components() -> Map<String, Value> {
    let shown = examples::ALL.iter().map(|example| {
        let component = json!({ "summary": example.summary, "value": example.value() });
        (example.name.to_owned(), component)
    });
    let problems = operations::ALL.iter().flat_map(Operation::problems).map(|kind| {
        let component = json!({
            "summary": kind.meaning,
            "description": kind.remedy,
            "value": kind.example_document(),
        });
        (kind.slug.to_owned(), component)
    });
    shown.chain(problems).collect()
}
