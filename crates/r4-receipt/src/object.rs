//! Strict reading of JSON: each value in one form, each field once and none unknown, and errors
//! that name the field. Other crates read their documents with it, too.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::timestamp::Timestamp;

/// Octets that a receipt's JSON may have; the largest is about 18 KiB.
pub const MAX_DOCUMENT_BYTES: usize = 64 * 1024;

/// Values that a document may have, so that a few bytes of text never become much memory.
const MAX_VALUES: usize = 64 * 1024;

/// Why a document was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// There is nothing but white space.
    #[error("the input is empty")]
    Empty,
    /// The document is longer than one can be.
    #[error("the input has {got} bytes; at most {limit} are accepted")]
    TooLarge {
        /// Octets given.
        got: usize,
        /// Octets accepted.
        limit: usize,
    },
    /// The text is not JSON, is cut off, or is nested too deeply.
    #[error("the input is not valid JSON: {message}")]
    Json {
        /// What is wrong, with line and column.
        message: String,
    },
    /// The JSON is a list, a text or something else.
    #[error("the input is JSON, but not an object")]
    NotObject,
    /// The text begins like a proof of inclusion, but is none.
    #[error("the input is not a proof of inclusion (c2sp.org/tlog-proof): {message}")]
    TlogProof {
        /// What is wrong.
        message: String,
    },
    /// A field is not there.
    #[error("the field {field} is missing")]
    Missing {
        /// The field's name, with its parents' before a full stop.
        field: String,
    },
    /// A field does not belong there.
    #[error("the field {field} is unknown")]
    Unknown {
        /// The field's name, with its parents' before a full stop.
        field: String,
    },
    /// A field appears more than once.
    #[error("the field {field} appears twice")]
    Duplicate {
        /// The field's name, with its parents' before a full stop.
        field: String,
    },
    /// A field has another form than the one accepted.
    #[error("the field {field} must be {expected}")]
    Field {
        /// The field's name, with its parents' before a full stop.
        field: String,
        /// The accepted form.
        expected: &'static str,
    },
}

impl ParseError {
    /// Returns the field at fault, where there is one.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Missing { field }
            | Self::Unknown { field }
            | Self::Duplicate { field }
            | Self::Field { field, .. } => Some(field),
            Self::Empty
            | Self::TooLarge { .. }
            | Self::Json { .. }
            | Self::NotObject
            | Self::TlogProof { .. } => None,
        }
    }
}

/// The fields of an object that have not been read yet.
#[derive(Debug)]
pub struct Fields {
    path: String,
    entries: Vec<(String, Value)>,
}

/// A JSON value as it stands in the text, repeated fields included.
#[derive(Debug)]
enum Value {
    Bool(bool),
    Integer(u64),
    /// A whole number below zero.
    Negative(i64),
    Text(String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
    Null,
    /// A number with a fraction or an exponent, which no field has.
    OtherNumber,
}

impl Fields {
    /// Reads a document that is one object.
    ///
    /// # Errors
    /// The input is no object, is too large, or repeats a field.
    pub fn parse(input: &[u8], limit: usize) -> Result<Self, ParseError> {
        if input.len() > limit {
            return Err(ParseError::TooLarge { got: input.len(), limit });
        }
        if input.trim_ascii().is_empty() {
            return Err(ParseError::Empty);
        }
        if input.len() > MAX_VALUES && separators(input) >= MAX_VALUES {
            let message = format!("it has more than {MAX_VALUES} values");
            return Err(ParseError::Json { message });
        }
        match serde_json::from_slice(input) {
            Ok(Value::Object(entries)) => Self::new(String::new(), entries),
            Ok(_) => Err(ParseError::NotObject),
            Err(error) => Err(ParseError::Json { message: error.to_string() }),
        }
    }

    fn new(path: String, entries: Vec<(String, Value)>) -> Result<Self, ParseError> {
        let fields = Self { path, entries };
        let mut names: Vec<&str> = fields.entries.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair.first() == pair.last()) {
            Some(pair) => Err(ParseError::Duplicate {
                field: fields.named(pair.first().copied().unwrap_or_default()),
            }),
            None => Ok(fields),
        }
    }

    /// Says whether a field is there and has not been read.
    pub fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|(entry, _)| entry == name)
    }

    /// Returns the error for a field of the wrong form.
    pub fn wrong(&self, name: &str, expected: &'static str) -> ParseError {
        ParseError::Field { field: self.named(name), expected }
    }

    /// Refuses what has not been read.
    ///
    /// # Errors
    /// A field is left.
    pub fn finish(self) -> Result<(), ParseError> {
        match self.entries.first() {
            Some((name, _)) => Err(ParseError::Unknown { field: self.named(name) }),
            None => Ok(()),
        }
    }

    /// Reads an object.
    ///
    /// # Errors
    /// The field is missing, or no object.
    pub fn object(&mut self, name: &str) -> Result<Self, ParseError> {
        match self.take(name)? {
            Value::Object(entries) => Self::new(self.named(name), entries),
            _ => Err(self.wrong(name, "an object")),
        }
    }

    /// Reads a list of objects.
    pub(crate) fn list(&mut self, name: &str) -> Result<Vec<Self>, ParseError> {
        let Value::List(values) = self.take(name)? else {
            return Err(self.wrong(name, "a list"));
        };
        let path = self.named(name);
        let object = |(at, value)| match value {
            Value::Object(entries) => Self::new(format!("{path}[{at}]"), entries),
            _ => Err(self.wrong(name, "a list of objects")),
        };
        values.into_iter().enumerate().map(object).collect()
    }

    /// Reads a list of texts.
    ///
    /// # Errors
    /// The field is missing, or no list of texts.
    pub fn texts(&mut self, name: &str) -> Result<Vec<String>, ParseError> {
        let Value::List(values) = self.take(name)? else {
            return Err(self.wrong(name, "a list"));
        };
        let text = |value| match value {
            Value::Text(text) => Ok(text),
            _ => Err(self.wrong(name, "a list of texts")),
        };
        values.into_iter().map(text).collect()
    }

    /// Reads a text.
    ///
    /// # Errors
    /// The field is missing, or no text.
    pub fn text(&mut self, name: &str) -> Result<String, ParseError> {
        match self.take(name)? {
            Value::Text(text) => Ok(text),
            _ => Err(self.wrong(name, "a text")),
        }
    }

    /// Reads a text that can only be `expected`; `form` says so.
    pub(crate) fn exactly(
        &mut self,
        name: &str,
        expected: &str,
        form: &'static str,
    ) -> Result<(), ParseError> {
        if self.text(name)? == expected { Ok(()) } else { Err(self.wrong(name, form)) }
    }

    /// Reads a truth value.
    ///
    /// # Errors
    /// The field is missing, or neither true nor false.
    pub fn bool(&mut self, name: &str) -> Result<bool, ParseError> {
        match self.take(name)? {
            Value::Bool(value) => Ok(value),
            _ => Err(self.wrong(name, "true or false")),
        }
    }

    /// Reads a number: digits without sign, fraction or exponent.
    ///
    /// # Errors
    /// The field is missing, or no such number.
    pub fn integer(&mut self, name: &str) -> Result<u64, ParseError> {
        match self.take(name)? {
            Value::Integer(value) => Ok(value),
            _ => Err(self.wrong(name, "a whole number")),
        }
    }

    /// Reads a number that may be negative: digits without plus, fraction or exponent.
    ///
    /// # Errors
    /// The field is missing, or no such number.
    pub fn signed(&mut self, name: &str) -> Result<i64, ParseError> {
        self.take(name)?.signed().ok_or_else(|| self.wrong(name, "a whole number"))
    }

    /// Reads a list of numbers that may be negative.
    ///
    /// # Errors
    /// The field is missing, or no list of such numbers.
    pub fn numbers(&mut self, name: &str) -> Result<Vec<i64>, ParseError> {
        let Value::List(values) = self.take(name)? else {
            return Err(self.wrong(name, "a list"));
        };
        let number = |value: &Value| value.signed();
        let numbers: Option<Vec<i64>> = values.iter().map(number).collect();
        numbers.ok_or_else(|| self.wrong(name, "a list of whole numbers"))
    }

    /// Reads a 64-bit number written as a decimal text without leading zeros.
    pub(crate) fn decimal(&mut self, name: &str) -> Result<u64, ParseError> {
        let text = self.text(name)?;
        match text.parse::<u64>() {
            Ok(value) if value.to_string() == text => Ok(value),
            _ => Err(self.wrong(name, "a decimal number of 64 bits in quotes")),
        }
    }

    /// Reads 0x and lower-case hexadecimal digits of `N` octets.
    ///
    /// # Errors
    /// The field is missing, or has another form.
    pub fn hex<const N: usize>(
        &mut self,
        name: &str,
        form: &'static str,
    ) -> Result<[u8; N], ParseError> {
        let text = self.text(name)?;
        hex_array(&text).ok_or_else(|| self.wrong(name, form))
    }

    /// Reads 0x and lower-case hexadecimal digits of any even number.
    pub(crate) fn hex_bytes(&mut self, name: &str) -> Result<Vec<u8>, ParseError> {
        let text = self.text(name)?;
        hex_vec(&text).ok_or_else(|| self.wrong(name, "0x and lower-case hexadecimal digits"))
    }

    /// Reads `len` octets in base64 (RFC 4648 §4, with padding).
    pub(crate) fn base64(
        &mut self,
        name: &str,
        len: usize,
        form: &'static str,
    ) -> Result<Vec<u8>, ParseError> {
        match STANDARD.decode(self.text(name)?) {
            Ok(bytes) if bytes.len() == len => Ok(bytes),
            _ => Err(self.wrong(name, form)),
        }
    }

    /// Reads a time.
    pub(crate) fn timestamp(&mut self, name: &str) -> Result<Timestamp, ParseError> {
        let text = self.text(name)?;
        Timestamp::parse(&text)
            .ok_or_else(|| self.wrong(name, "a time such as 2026-08-21T12:34:56Z"))
    }

    /// Reads a time or null.
    pub(crate) fn timestamp_or_null(
        &mut self,
        name: &str,
    ) -> Result<Option<Timestamp>, ParseError> {
        if self.take_null(name) { Ok(None) } else { self.timestamp(name).map(Some) }
    }

    /// Reads `0x` and 2 × N hexadecimal digits, or null.
    pub(crate) fn hex_or_null<const N: usize>(
        &mut self,
        name: &str,
        expected: &'static str,
    ) -> Result<Option<[u8; N]>, ParseError> {
        if self.take_null(name) { Ok(None) } else { self.hex(name, expected).map(Some) }
    }

    /// Takes a field if it is null.
    fn take_null(&mut self, name: &str) -> bool {
        let null = |(entry, value): &(String, Value)| entry == name && matches!(value, Value::Null);
        let at = self.entries.iter().position(null);
        at.map(|at| self.entries.swap_remove(at)).is_some()
    }

    fn take(&mut self, name: &str) -> Result<Value, ParseError> {
        match self.entries.iter().position(|(entry, _)| entry == name) {
            Some(at) => Ok(self.entries.swap_remove(at).1),
            None => Err(ParseError::Missing { field: self.named(name) }),
        }
    }

    /// Puts the parents' names before a name. What a stranger sent is shortened and escaped.
    fn named(&self, name: &str) -> String {
        let name: String = name.chars().take(64).flat_map(char::escape_debug).collect();
        if self.path.is_empty() { name } else { format!("{}.{name}", self.path) }
    }
}

impl Value {
    fn signed(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => i64::try_from(*value).ok(),
            Self::Negative(value) => Some(*value),
            _ => None,
        }
    }
}

/// Counts what begins or separates values outside of texts.
fn separators(json: &[u8]) -> usize {
    let (mut in_text, mut escaped, mut count) = (false, false, 0_usize);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b',' | b'[' | b'{' if !in_text => count = count.saturating_add(1),
            _ => {}
        }
    }
    count
}

/// Decodes 0x and exactly 2·`N` lower-case hexadecimal digits.
pub(crate) fn hex_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    hex_vec(text)?.try_into().ok()
}

fn hex_vec(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x")?;
    // Decoding takes capitals and another 0x, too.
    if !digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    const_hex::decode(digits).ok()
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Negative(value))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::OtherNumber)
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = object.next_entry()? {
            entries.push(entry);
        }
        Ok(Value::Object(entries))
    }
}

/// Writes 0x and lower-case hexadecimal digits.
pub fn to_hex(bytes: &[u8]) -> String {
    const_hex::encode_prefixed(bytes)
}

/// Writes base64 with padding.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Writes a value as JSON: one of this project's documents.
///
/// # Panics
/// The value has no JSON form, such as a map whose keys are no texts.
#[expect(
    clippy::expect_used,
    reason = "texts, numbers and objects of them always have a JSON form"
)]
pub fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("texts, numbers and objects of them have a JSON form")
}

#[cfg(test)]
mod tests;
