//! What a caller asks for: the body of `POST /v1/draws`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use r4_receipt::object::{Fields, ParseError};

use crate::document::MAX_DRAW_BYTES;
use crate::kind::{Kind, Numbers};
use crate::lists::{ENTRIES, Lists, PARTICIPANT, WEIGHT, is_length, is_participant, is_weight};
use crate::spec::{HASH, KIND, Seed, Spec, read_label};

/// A draw that was asked for, within its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    kind: Kind,
    /// The hash that was given in place of the list.
    participants_sha256: Option<[u8; 32]>,
    lists: Lists,
    label: Option<String>,
}

/// Why a request is no order of a draw.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// The JSON, or one of its fields.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A field that no draw has, or another kind's.
    #[error("the field {field} does not belong to a draw of {kind}, which has {known}")]
    Foreign {
        /// The field's name.
        field: String,
        /// The kind that was asked for.
        kind: &'static str,
        /// The fields of that kind.
        known: &'static str,
    },
}

impl OrderError {
    /// Returns the field at fault, where there is one.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Parse(error) => error.field(),
            Self::Foreign { field, .. } => Some(field),
        }
    }
}

impl Order {
    /// Parses the JSON. Unknown and repeated fields are refused, and so is a number that is not a
    /// JSON integer.
    ///
    /// # Errors
    /// Names the field and its accepted form.
    pub fn parse(json: &[u8]) -> Result<Self, OrderError> {
        let mut fields = Fields::parse(json, MAX_DRAW_BYTES)?;
        let name = fields.text("kind")?;
        let draws_from_list = ["shuffle", "winners"].contains(&name.as_str());
        let participants = (draws_from_list && fields.has("participants"))
            .then(|| read_participants(&mut fields))
            .transpose()?;
        let entries = participants.as_ref().and_then(|list| u32::try_from(list.len()).ok());
        let kind = Kind::read(&name, &mut Asked { fields: &mut fields, entries })?
            .ok_or_else(|| fields.wrong("kind", KIND))?;
        let participants_sha256 = (draws_from_list && fields.has("participants_sha256"))
            .then(|| fields.hex("participants_sha256", HASH))
            .transpose()?;
        if participants.is_some() && participants_sha256.is_some() {
            let instead = "left out where participants gives the list itself";
            return Err(fields.wrong("participants_sha256", instead).into());
        }
        let weights = (kind.has_weights() && fields.has("weights"))
            .then(|| read_weights(&mut fields, &kind))
            .transpose()?;
        let label = fields.has("label").then(|| read_label(&mut fields)).transpose()?;
        fields.finish().map_err(|error| foreign(error, &kind))?;
        Ok(Self { kind, participants_sha256, lists: Lists { participants, weights }, label })
    }

    /// Says whether the caller gave no label, so that a nonce is needed.
    pub const fn needs_nonce(&self) -> bool {
        self.label.is_none()
    }

    /// Returns the draw, and the lists that were given in the clear. The nonce, 16 fresh bytes,
    /// counts where there is no label.
    pub fn into_spec(self, nonce: [u8; 16]) -> (Spec, Lists) {
        let spec = Spec {
            kind: self.kind,
            participants: self.lists.participants_hash().or(self.participants_sha256),
            weights: self.lists.weights_hash(),
            seed: self.label.map_or(Seed::Nonce(nonce), Seed::Label),
        };
        (spec, self.lists)
    }
}

/// Reads the field `participants`.
pub(crate) fn read_participants(fields: &mut Fields) -> Result<Vec<String>, ParseError> {
    let list = fields.texts("participants")?;
    if !is_length(list.len()) {
        return Err(fields.wrong("participants", ENTRIES));
    }
    match list.iter().position(|entry| !is_participant(entry)) {
        Some(at) => Err(fields.wrong(&format!("participants[{at}]"), PARTICIPANT)),
        None => Ok(list),
    }
}

/// Reads the field `weights`.
pub(crate) fn read_list_of_weights(fields: &mut Fields) -> Result<Vec<u64>, ParseError> {
    let list = fields.numbers("weights")?;
    if !is_length(list.len()) {
        return Err(fields.wrong("weights", ENTRIES));
    }
    let weight = |(at, number): (usize, i64)| {
        let weight = u64::try_from(number).ok().filter(|weight| is_weight(*weight));
        weight.ok_or_else(|| fields.wrong(&format!("weights[{at}]"), WEIGHT))
    };
    list.into_iter().enumerate().map(weight).collect()
}

fn read_weights(fields: &mut Fields, kind: &Kind) -> Result<Vec<u64>, ParseError> {
    let weights = read_list_of_weights(fields)?;
    let one_each = kind.entries().is_some_and(|n| u32::try_from(weights.len()) == Ok(n));
    if one_each {
        Ok(weights)
    } else {
        Err(fields.wrong("weights", "a list with one weight for each of the n participants"))
    }
}

fn foreign(error: ParseError, kind: &Kind) -> OrderError {
    match error {
        ParseError::Unknown { field } => {
            OrderError::Foreign { field, kind: kind.name(), known: known(kind) }
        }
        error => error.into(),
    }
}

const fn known(kind: &Kind) -> &'static str {
    match kind {
        Kind::Integers { .. } => "count, min, max, unique and label",
        Kind::Shuffle { .. } => "n, participants, participants_sha256 and label",
        Kind::Winners { .. } => "k, n, participants, participants_sha256, weights and label",
        Kind::Dice { .. } => "count, sides and label",
        Kind::Cards { .. } => "count, decks and label",
        Kind::Decimals { .. } => "count, digits and label",
        Kind::Uuids { .. } => "count and label",
    }
}

/// Numbers of a request: some have defaults, and a list says how long it is.
struct Asked<'a> {
    fields: &'a mut Fields,
    entries: Option<u32>,
}

impl Numbers for Asked<'_> {
    type Error = ParseError;

    fn whole(&mut self, name: &'static str, default: Option<u32>) -> Result<i64, ParseError> {
        let entries = self.entries.filter(|_| name == "n");
        match default.or(entries) {
            Some(default) if !self.fields.has(name) => Ok(default.into()),
            _ if name == "n" && !self.fields.has(name) => {
                Err(self.fields.wrong(name, "there where participants is not"))
            }
            _ => {
                let number = self.fields.signed(name)?;
                let agrees = entries.is_none_or(|entries| i64::from(entries) == number);
                let expected = "the number of participants, or left out";
                if agrees { Ok(number) } else { Err(self.fields.wrong(name, expected)) }
            }
        }
    }

    fn flag(&mut self, name: &'static str, default: bool) -> Result<bool, ParseError> {
        if self.fields.has(name) { self.fields.bool(name) } else { Ok(default) }
    }

    fn wrong(&self, name: &'static str, expected: &'static str) -> ParseError {
        self.fields.wrong(name, expected)
    }
}
