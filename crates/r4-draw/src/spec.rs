//! A draw as it is specified: the kind, the hashes of its lists, and what makes it this draw and no
//! other.

use alloc::string::String;

use r4_receipt::object::{Fields, ParseError, to_hex};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::kind::{Kind, Numbers};

/// Characters that a label may have.
pub const MAX_LABEL: usize = 128;

pub(crate) const HASH: &str = "0x and the 64 lower-case hexadecimal digits that sha256sum prints";
pub(crate) const LABEL: &str =
    "1 to 128 printable ASCII characters, neither beginning nor ending with a space";
pub(crate) const KIND: &str =
    "\"integers\", \"shuffle\", \"winners\", \"dice\", \"cards\", \"decimals\" or \"uuids\"";

/// A draw, within its limits. It is one text, [`Spec::alpha`], and back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    pub(crate) kind: Kind,
    pub(crate) participants: Option<[u8; 32]>,
    pub(crate) weights: Option<[u8; 32]>,
    pub(crate) seed: Seed,
}

/// What tells draws of the same numbers apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seed {
    /// Words that the caller announced beforehand.
    Label(String),
    /// Fresh bytes of the node, where the caller gave no label.
    Nonce([u8; 16]),
}

impl Spec {
    /// Returns what is drawn.
    pub const fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Returns SHA-256 of the list of participants, if there is one.
    pub const fn participants_sha256(&self) -> Option<&[u8; 32]> {
        self.participants.as_ref()
    }

    /// Returns SHA-256 of the list of weights, if the draw is weighted.
    pub const fn weights_sha256(&self) -> Option<&[u8; 32]> {
        self.weights.as_ref()
    }

    /// Returns the label or the nonce.
    pub const fn seed(&self) -> &Seed {
        &self.seed
    }

    /// Reads the part `draw` of a document, where every number is written out.
    pub(crate) fn from_fields(mut fields: Fields) -> Result<Self, ParseError> {
        let name = fields.text("kind")?;
        let kind = Kind::read(&name, &mut Written(&mut fields))?
            .ok_or_else(|| fields.wrong("kind", KIND))?;
        let hash = |fields: &mut Fields, name: &str, allowed: bool| {
            (allowed && fields.has(name)).then(|| fields.hex(name, HASH)).transpose()
        };
        let participants = hash(&mut fields, "participants_sha256", kind.has_participants())?;
        let weights = hash(&mut fields, "weights_sha256", kind.has_weights())?;
        let seed = if fields.has("label") {
            Seed::Label(read_label(&mut fields)?)
        } else {
            Seed::Nonce(fields.hex("nonce", "0x and 32 lower-case hexadecimal digits")?)
        };
        fields.finish()?;
        Ok(Self { kind, participants, weights, seed })
    }
}

impl Kind {
    pub(crate) const fn has_participants(&self) -> bool {
        self.entries().is_some()
    }

    pub(crate) const fn has_weights(&self) -> bool {
        matches!(self, Self::Winners { .. })
    }
}

/// Reads the field `label`.
pub(crate) fn read_label(fields: &mut Fields) -> Result<String, ParseError> {
    let label = fields.text("label")?;
    if is_label(&label) { Ok(label) } else { Err(fields.wrong("label", LABEL)) }
}

pub(crate) fn is_label(text: &str) -> bool {
    (1..=MAX_LABEL).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && text.trim_matches(' ') == text
}

/// Numbers of a document: none is left out.
struct Written<'a>(&'a mut Fields);

impl Numbers for Written<'_> {
    type Error = ParseError;

    fn whole(&mut self, name: &'static str, _: Option<u32>) -> Result<i64, ParseError> {
        self.0.signed(name)
    }

    fn flag(&mut self, name: &'static str, _: bool) -> Result<bool, ParseError> {
        self.0.bool(name)
    }

    fn wrong(&self, name: &'static str, expected: &'static str) -> ParseError {
        self.0.wrong(name, expected)
    }
}

impl Serialize for Spec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", self.kind.name())?;
        for (name, number) in self.kind.numbers() {
            map.serialize_entry(name, &number)?;
        }
        if let Some(hash) = &self.participants {
            map.serialize_entry("participants_sha256", &to_hex(hash))?;
        }
        if let Some(hash) = &self.weights {
            map.serialize_entry("weights_sha256", &to_hex(hash))?;
        }
        match &self.seed {
            Seed::Label(label) => map.serialize_entry("label", label)?,
            Seed::Nonce(nonce) => map.serialize_entry("nonce", &to_hex(nonce))?,
        }
        map.end()
    }
}
