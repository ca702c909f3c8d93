//! Parts of JSON values.

use serde_json::{Value, json};

static NOTHING: Value = Value::Null;

/// Returns the part of a value that `names` lead to; null where there is none.
pub(super) fn part<'a>(value: &'a Value, names: &[&str]) -> &'a Value {
    names.iter().try_fold(value, |at, name| at.get(name)).unwrap_or(&NOTHING)
}

/// Returns the place within a value that `names` lead to, made where there is none.
pub(super) fn place<'a>(value: &'a mut Value, names: &[&str]) -> &'a mut Value {
    let mut at = value;
    for name in names {
        if at.is_null() {
            *at = json!({});
        }
        at = match at {
            Value::Object(members) => members.entry(*name).or_insert(Value::Null),
            other => other,
        };
    }
    at
}
