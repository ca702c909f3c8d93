//! Reads the finished description, for the forms that are made of it.

use serde_json::Value;

use super::parts::part;

/// One operation of the description.
pub(super) struct Read<'a> {
    /// The whole description.
    document: &'a Value,
    /// In capitals.
    pub(super) method: String,
    /// As described, with `{names}`.
    pub(super) path: &'a str,
    operation: &'a Value,
}

/// One parameter of an operation.
pub(super) struct Parameter<'a> {
    pub(super) name: &'a str,
    pub(super) place: &'a str,
    pub(super) required: bool,
    pub(super) description: &'a str,
    /// Its example; empty when it has none.
    pub(super) example: String,
}

/// Returns the operations of a tag, in the order of their paths.
pub(super) fn operations<'a>(document: &'a Value, tag: &str) -> Vec<Read<'a>> {
    let mut found = Vec::new();
    for (path, item) in members(part(document, &["paths"])) {
        for (method, operation) in members(item) {
            if list(part(operation, &["tags"])).iter().any(|known| known == tag) {
                found.push(Read { document, method: method.to_uppercase(), path, operation });
            }
        }
    }
    found
}

/// Returns the names and descriptions of the tags.
pub(super) fn tags(document: &Value) -> impl Iterator<Item = (&str, &str)> {
    list(part(document, &["tags"]))
        .iter()
        .map(|tag| (text(tag, &["name"]), text(tag, &["description"])))
}

impl<'a> Read<'a> {
    /// Returns what it does, in a sentence.
    pub(super) fn summary(&self) -> &'a str {
        text(self.operation, &["summary"])
    }

    /// Returns the rest of what is said of it; empty when nothing is.
    pub(super) fn description(&self) -> &'a str {
        text(self.operation, &["description"])
    }

    /// Returns whether it needs an API key.
    pub(super) fn needs_key(&self) -> bool {
        let ways = list(part(self.operation, &["security"]));
        let nothing = |way: &Value| way.as_object().is_some_and(serde_json::Map::is_empty);
        !ways.is_empty() && !ways.iter().any(nothing)
    }

    /// Returns its parameters in `place`: `query`, `path` or `header`.
    pub(super) fn parameters(&self, place: &str) -> Vec<Parameter<'a>> {
        let all = list(part(self.operation, &["parameters"])).iter().map(|parameter| Parameter {
            name: text(parameter, &["name"]),
            place: text(parameter, &["in"]),
            required: part(parameter, &["required"]) == true,
            description: text(parameter, &["description"]),
            example: plain(part(parameter, &["example"])),
        });
        all.filter(|parameter| parameter.place == place).collect()
    }

    /// Returns the first example of its body, if it takes one.
    pub(super) fn body(&self) -> Option<&'a Value> {
        let content = part(self.operation, &["requestBody", "content", "application/json"]);
        let (_, example) = members(part(content, &["examples"])).next()?;
        Some(part(self.referred(example), &["value"]))
    }

    /// Returns the status, description, media type and body of an example of each answer.
    pub(super) fn answers(&self) -> Vec<(&'a str, &'a str, &'a str, String)> {
        let mut answers = Vec::new();
        for (status, response) in members(part(self.operation, &["responses"])) {
            for (media, content) in members(part(response, &["content"])) {
                let Some((_, example)) = members(part(content, &["examples"])).next() else {
                    continue;
                };
                let shown = plain(part(self.referred(example), &["value"]));
                answers.push((status, text(response, &["description"]), media, shown));
            }
        }
        answers
    }

    /// Follows a reference into the description.
    fn referred(&self, reference: &'a Value) -> &'a Value {
        let pointer = text(reference, &["$ref"]).trim_start_matches('#');
        self.document.pointer(pointer).unwrap_or(reference)
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Returns the text that `names` lead to; empty where there is none.
pub(super) fn text<'a>(value: &'a Value, names: &[&str]) -> &'a str {
    part(value, names).as_str().unwrap_or_default()
}

/// Returns a value as it stands in a query or a body.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
