//! Every small change of a JSON document: each field flipped, of another type, removed, repeated.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// Where a value stands: the names from the outside in.
pub(crate) type Path = Vec<String>;

/// One change.
pub(crate) struct Case {
    pub(crate) path: Path,
    pub(crate) how: &'static str,
    pub(crate) text: String,
}

/// Returns every change of every field, those inside of others included.
pub(crate) fn cases(document: &Value) -> Vec<Case> {
    let mut cases = Vec::new();
    for path in paths(document) {
        let mut case = |how, text| cases.push(Case { path: path.clone(), how, text });
        for flipped in flips(at(document, &path)) {
            let mut changed = document.clone();
            *at_mut(&mut changed, &path) = flipped;
            case("flipped", write(&changed, None));
        }
        for wrong in [Value::Null, json!([]), json!({}), json!(-1), json!("")] {
            let mut changed = document.clone();
            *at_mut(&mut changed, &path) = wrong;
            case("of another type", write(&changed, None));
        }
        let mut changed = document.clone();
        let (name, parent) = path.split_last().unwrap();
        at_mut(&mut changed, parent).as_object_mut().unwrap().remove(name);
        case("removed", write(&changed, None));
        case("repeated", write(document, Some(&path)));
    }
    for parent in ["", "keys", "domain", "vrf", "log"] {
        let parent: &[String] = if parent.is_empty() { &[] } else { &[parent.to_owned()] };
        let mut changed = document.clone();
        if !parent.iter().all(|name: &String| document.get(name).is_some()) {
            continue;
        }
        at_mut(&mut changed, parent)["surplus"] = json!(1);
        let path = [parent, &["surplus".to_owned()]].concat();
        cases.push(Case { path, how: "added", text: write(&changed, None) });
    }
    cases
}

/// Returns the paths of all fields.
fn paths(value: &Value) -> Vec<Path> {
    let Value::Object(fields) = value else { return Vec::new() };
    let inner = fields.iter().flat_map(|(name, field)| {
        let own = vec![name.clone()];
        let deeper = paths(field).into_iter().map(|rest| [&own[..], &rest].concat());
        std::iter::once(own.clone()).chain(deeper.collect::<Vec<_>>())
    });
    inner.collect()
}

/// Returns values that differ a little: well formed where that can be.
fn flips(value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(bool) => vec![json!(!bool)],
        Value::Number(number) => {
            let number = number.as_u64().unwrap();
            // v has two right values, the others one.
            let twin = if number == 27 { 28 } else { 27 };
            vec![json!(number + 1), json!(number - 1), json!(number + 256), json!(twin)]
                .into_iter()
                .filter(|flipped| flipped != value)
                .collect()
        }
        Value::String(text) => {
            let start = if text.starts_with("0x") { 2 } else { 0 };
            let places = [start, usize::midpoint(start, text.len()), text.len() - 1];
            let mut flipped: Vec<Value> =
                places.iter().map(|place| json!(with_other_letter(text, *place))).collect();
            let twin = [
                ("client", "index"),
                ("sealed", "fallback"),
                ("ECDSA(secp256k1) + ML-DSA-65", "ML-DSA-65"),
                ("ML-DSA-65", "ECDSA(secp256k1)"),
                ("ECDSA(secp256k1)", "ECDSA(secp256k1) + ML-DSA-65"),
            ];
            flipped.extend(twin.iter().filter(|(a, _)| a == text).map(|(_, b)| json!(b)));
            flipped.push(json!(text.to_uppercase()));
            flipped.push(json!(format!("{text} ")));
            flipped.retain(|flipped| flipped != value);
            flipped
        }
        Value::Array(items) => {
            let (first, rest) = items.split_first().unwrap();
            let mut flipped: Vec<Value> =
                flips(first).into_iter().map(|first| json!([&[first], rest].concat())).collect();
            flipped
                .extend([json!(rest), json!([&items[..], std::slice::from_ref(first)].concat())]);
            flipped
        }
        _ => Vec::new(),
    }
}

/// Replaces one letter or digit by another of the same kind.
fn with_other_letter(text: &str, place: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[place] = match bytes[place] {
        b'0' => b'1',
        digit @ b'1'..=b'9' => digit - 1,
        first @ (b'a' | b'A') => first + 1,
        letter @ (b'b'..=b'z' | b'B'..=b'Z') => letter - 1,
        _ => b'0',
    };
    String::from_utf8(bytes).unwrap()
}

fn at<'a>(value: &'a Value, path: &[String]) -> &'a Value {
    path.iter().fold(value, |value, name| &value[name])
}

fn at_mut<'a>(value: &'a mut Value, path: &[String]) -> &'a mut Value {
    path.iter().fold(value, |value, name| value.get_mut(name).unwrap())
}

/// Writes JSON; the field at `twice` is written twice.
pub(crate) fn write(value: &Value, twice: Option<&[String]>) -> String {
    let Value::Object(fields) = value else { return value.to_string() };
    let mut text = String::from("{");
    for (name, field) in fields {
        let below = twice.filter(|path| path.first() == Some(name)).map(|path| &path[1..]);
        let times = if below.is_some_and(<[String]>::is_empty) { 2 } else { 1 };
        let below = below.filter(|path| !path.is_empty());
        for _ in 0..times {
            let comma = if text.len() > 1 { "," } else { "" };
            write!(text, "{comma}{}:{}", json!(name), write(field, below)).unwrap();
        }
    }
    text + "}"
}
