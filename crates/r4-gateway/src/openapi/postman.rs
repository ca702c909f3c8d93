//! `/postman.json`: a collection (v2.1) that Postman and Bruno import.

use serde_json::{Value, json};

use super::parts::{part, place};
use super::reading::{self, Parameter, Read};

const SCHEMA: &str = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";
/// Where a node on one's own machine is.
const LOCAL: &str = "http://127.0.0.1:8082";

/// Returns the collection: a folder for each tag, a request with example answers for each
/// operation. Its variables are `baseUrl` and `apiKey`.
pub(super) fn collection(document: &Value) -> Value {
    let info = |name| part(document, &["info", name]);
    let folders = reading::tags(document).map(|(tag, description)| {
        let requests: Vec<_> = reading::operations(document, tag).iter().map(item).collect();
        json!({ "name": tag, "description": description, "item": requests })
    });
    json!({
        "info": {
            "name": info("title"),
            "description": info("description"),
            "version": info("version"),
            "schema": SCHEMA,
        },
        "variable": [
            { "key": "baseUrl", "value": LOCAL, "type": "string" },
            { "key": "apiKey", "value": "", "type": "string" },
        ],
        "auth": {
            "type": "apikey",
            "apikey": [
                { "key": "key", "value": "X-API-Key", "type": "string" },
                { "key": "value", "value": "{{apiKey}}", "type": "string" },
                { "key": "in", "value": "header", "type": "string" },
            ],
        },
        "item": folders.collect::<Vec<_>>(),
    })
}

fn item(operation: &Read<'_>) -> Value {
    let request = request(operation);
    let mut asked = request.clone();
    // A body again with every answer would make the file five times as long.
    asked.as_object_mut().map(|asked| asked.remove("body"));
    let answers: Vec<_> = operation
        .answers()
        .into_iter()
        .map(|(status, description, media, body)| {
            let language = if media.ends_with("json") { "json" } else { "text" };
            json!({
                "name": format!("{status} {description}"),
                "originalRequest": asked,
                "code": status.parse::<u16>().unwrap_or_default(),
                "header": [{ "key": "Content-Type", "value": media }],
                "body": body,
                "_postman_previewlanguage": language,
            })
        })
        .collect();
    let name = format!("{} {}", operation.method, operation.path);
    json!({ "name": name, "request": request, "response": answers })
}

fn request(operation: &Read<'_>) -> Value {
    let mut headers: Vec<_> = operation.parameters("header").iter().map(field).collect();
    let mut request = json!({
        "method": operation.method,
        "description": format!("{}\n\n{}", operation.summary(), operation.description()).trim(),
        "url": url(operation),
    });
    if let Some(body) = operation.body() {
        headers.push(json!({ "key": "Content-Type", "value": "application/json" }));
        *place(&mut request, &["body"]) = json!({
            "mode": "raw",
            "raw": serde_json::to_string_pretty(body).unwrap_or_default(),
            "options": { "raw": { "language": "json" } },
        });
    }
    *place(&mut request, &["header"]) = Value::from(headers);
    if !operation.needs_key() {
        *place(&mut request, &["auth"]) = json!({ "type": "noauth" });
    }
    request
}

/// Returns the address; what need not be given is there, but turned off.
fn url(operation: &Read<'_>) -> Value {
    let (in_path, query) = (operation.parameters("path"), operation.parameters("query"));
    let written = in_path.iter().fold(operation.path.to_owned(), |path, parameter| {
        path.replace(&format!("{{{}}}", parameter.name), &format!(":{}", parameter.name))
    });
    let on: Vec<_> = query.iter().filter(|parameter| parameter.required).collect();
    let pairs: Vec<_> = on.iter().map(|p| format!("{}={}", p.name, p.example)).collect();
    let question = if pairs.is_empty() { "" } else { "?" };
    json!({
        "raw": format!("{{{{baseUrl}}}}{written}{question}{}", pairs.join("&")),
        "host": ["{{baseUrl}}"],
        "path": written.split('/').skip(1).collect::<Vec<_>>(),
        "query": query.iter().map(field).collect::<Vec<_>>(),
        "variable": in_path.iter().map(field).collect::<Vec<_>>(),
    })
}

fn field(parameter: &Parameter<'_>) -> Value {
    let mut field = json!({
        "key": parameter.name,
        "value": parameter.example,
        "description": parameter.description,
    });
    if !parameter.required {
        *place(&mut field, &["disabled"]) = Value::Bool(true);
    }
    field
}
