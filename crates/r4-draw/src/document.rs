//! A draw with its result and its receipt: what `POST /v1/draws` answers, and what is verified.

use alloc::boxed::Box;
use alloc::string::String;

use r4_receipt::object::{Fields, ParseError, to_hex, to_json};
use r4_receipt::{Policy, Receipt, Report};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::alpha::AlphaError;
use crate::kind::Kind;
use crate::lists::Lists;
use crate::order::{read_list_of_weights, read_participants};
use crate::run::{DrawError, Outcome};
use crate::spec::Spec;
use crate::verify::verify_receipt;

/// Octets that a document or a request may have: two lists of 10,000 entries, generously escaped.
pub const MAX_DRAW_BYTES: usize = 8 * 1024 * 1024;

/// The number in the field `version`.
const VERSION: u64 = 1;

/// A parsed document. Nothing in it has been checked but its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The name that it says it has: the receipt's.
    pub id: [u8; 32],
    /// What it says was drawn.
    pub spec: Spec,
    /// What it says came out.
    pub outcome: Outcome,
    /// The lists in the clear, as far as they are there.
    pub lists: Lists,
    /// The receipt of the VRF.
    pub receipt: Receipt,
}

impl Document {
    /// Computes the result of a draw from the receipt that answers its alpha.
    ///
    /// # Errors
    /// The weights are missing, or not those of the draw.
    pub fn of(spec: Spec, lists: Lists, receipt: Receipt) -> Result<Self, DrawError> {
        let outcome = spec.run(&receipt.random, lists.weights.as_deref())?;
        Ok(Self { id: receipt.envelope.id, spec, outcome, lists, receipt })
    }

    /// Parses the JSON. Unknown, missing and repeated fields are refused, and so is every form of a
    /// value but one.
    ///
    /// # Errors
    /// Names what is wrong: the input as a whole, or a field and its accepted form.
    pub fn parse(input: &[u8]) -> Result<Self, ParseError> {
        Self::from_fields(Fields::parse(input, MAX_DRAW_BYTES)?)
    }

    fn from_fields(mut fields: Fields) -> Result<Self, ParseError> {
        if fields.integer("version")? != VERSION {
            return Err(fields.wrong("version", "1"));
        }
        let id = fields.hex("id", "0x and 64 lower-case hexadecimal digits")?;
        let spec = Spec::from_fields(fields.object("draw")?)?;
        let outcome = read_outcome(&mut fields, spec.kind())?;
        let participants =
            fields.has("participants").then(|| read_participants(&mut fields)).transpose()?;
        let weights =
            fields.has("weights").then(|| read_list_of_weights(&mut fields)).transpose()?;
        let receipt = Receipt::from_fields(fields.object("receipt")?)?;
        fields.finish()?;
        Ok(Self { id, spec, outcome, lists: Lists { participants, weights }, receipt })
    }

    /// Writes the JSON. `parse(to_json(x)) == x`.
    pub fn to_json(&self) -> String {
        to_json(self)
    }
}

/// What shows a draw: the document, or the receipt alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The answer of `/v1/draws`.
    Document(Box<Document>),
    /// A receipt whose alpha may be a draw.
    Receipt(Box<Receipt>),
}

impl Evidence {
    /// Parses either as JSON, and a receipt as a file of c2sp.org/tlog-proof, too.
    ///
    /// # Errors
    /// Names what is wrong: the input as a whole, or a field and its accepted form.
    pub fn parse(input: &[u8]) -> Result<Self, ParseError> {
        if !input.trim_ascii_start().starts_with(b"{") {
            return match r4_receipt::Document::parse_file(input)? {
                r4_receipt::Document::Vrf(receipt) => Ok(Self::Receipt(Box::new(receipt))),
                r4_receipt::Document::Attested(_) => {
                    Err(ParseError::Unknown { field: "unique".into() })
                }
            };
        }
        let fields = Fields::parse(input, MAX_DRAW_BYTES)?;
        if fields.has("draw") || fields.has("receipt") {
            Document::from_fields(fields).map(Box::new).map(Self::Document)
        } else {
            Receipt::from_fields(fields).map(Box::new).map(Self::Receipt)
        }
    }

    /// Returns the receipt.
    pub fn receipt(&self) -> &Receipt {
        match self {
            Self::Document(document) => &document.receipt,
            Self::Receipt(receipt) => receipt,
        }
    }

    /// Returns what it says was drawn.
    ///
    /// # Errors
    /// It is a receipt, and its alpha is not that of a draw.
    pub fn spec(&self) -> Result<Spec, AlphaError> {
        match self {
            Self::Document(document) => Ok(document.spec.clone()),
            Self::Receipt(receipt) => Spec::from_alpha(&receipt.alpha),
        }
    }

    /// Returns what it says came out. Of a receipt alone that is computed, as far as the lists that
    /// are `given` allow it.
    pub fn outcome(&self, given: &Lists) -> Option<Outcome> {
        match self {
            Self::Document(document) => Some(document.outcome.clone()),
            Self::Receipt(receipt) => {
                self.spec().ok()?.run(&receipt.random, given.weights.as_deref()).ok()
            }
        }
    }

    /// Makes every check; see [`crate::verify()`] and [`verify_receipt`].
    pub fn verify(&self, given: &Lists, policy: &Policy) -> Report {
        match self {
            Self::Document(document) => crate::verify(document, given, policy),
            Self::Receipt(receipt) => verify_receipt(receipt, given, policy),
        }
    }

    /// Returns the document, if it is one.
    pub fn document(&self) -> Option<&Document> {
        match self {
            Self::Document(document) => Some(document),
            Self::Receipt(_) => None,
        }
    }
}

fn read_outcome(fields: &mut Fields, kind: &Kind) -> Result<Outcome, ParseError> {
    if kind.is_numeric() {
        fields.numbers("result").map(Outcome::Numbers)
    } else {
        fields.texts("result").map(Outcome::Texts)
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("version", &VERSION)?;
        map.serialize_entry("id", &to_hex(&self.id))?;
        map.serialize_entry("draw", &self.spec)?;
        map.serialize_entry("result", &self.outcome)?;
        if let Some(participants) = &self.lists.participants {
            map.serialize_entry("participants", participants)?;
        }
        if let Some(weights) = &self.lists.weights {
            map.serialize_entry("weights", weights)?;
        }
        map.serialize_entry("receipt", &self.receipt)?;
        map.end()
    }
}

#[cfg(test)]
mod tests;
