//! A draw as the input of the VRF: a few lines of ASCII, each ending with a line feed.
//!
//! There is one text for each draw. [`Spec::from_alpha`] takes no other, so that a receipt's alpha
//! says what was drawn.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::Write as _;

use crate::kind::{Kind, Numbers};
use crate::spec::{KIND, LABEL, Seed, Spec, is_label};

/// The first line.
pub const VERSION: &str = "r4-draw/v1";

const HASH: &str = "64 lower-case hexadecimal digits";

/// Why an alpha is not that of a draw.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AlphaError {
    /// The first line is another.
    #[error(
        "the alpha does not begin with the line r4-draw/v1: the receipt is of no draw, or of a \
         later version"
    )]
    NotDraw,
    /// The text ends where a line was expected.
    #[error("the alpha of the draw has no line {name}=")]
    Missing {
        /// What stands before the equals sign.
        name: &'static str,
    },
    /// A line has another value than can be.
    #[error("the line {name}= in the alpha of the draw must be {expected}")]
    Line {
        /// What stands before the equals sign.
        name: &'static str,
        /// The accepted form.
        expected: &'static str,
    },
    /// Something follows the last line, or the last line does not end.
    #[error("the alpha of the draw does not end after its last line")]
    Rest,
}

impl Spec {
    /// Writes the input of the VRF.
    pub fn alpha(&self) -> Vec<u8> {
        let mut text = String::new();
        // Writing to a text cannot fail.
        let mut line = |name: &str, value: &dyn core::fmt::Display| {
            let _written = writeln!(text, "{name}={value}");
        };
        line("kind", &self.kind.name());
        for (name, number) in self.kind.numbers() {
            line(name, &number);
        }
        if let Some(hash) = &self.participants {
            line("participants", &hex::encode(hash));
        }
        if let Some(hash) = &self.weights {
            line("weights", &hex::encode(hash));
        }
        match &self.seed {
            Seed::Label(label) => line("label", label),
            Seed::Nonce(nonce) => line("nonce", &hex::encode(nonce)),
        }
        [VERSION, "\n", &text].concat().into_bytes()
    }

    /// Reads what [`Self::alpha`] writes, and nothing else.
    ///
    /// # Errors
    /// The bytes are not those of a draw's alpha.
    pub fn from_alpha(alpha: &[u8]) -> Result<Self, AlphaError> {
        let rest = alpha.strip_prefix(VERSION.as_bytes()).ok_or(AlphaError::NotDraw)?;
        let rest = rest.strip_prefix(b"\n").ok_or(AlphaError::NotDraw)?;
        let mut lines = Lines(rest);
        let name = lines.take("kind", KIND)?;
        let kind = Kind::read(&name, &mut lines)?
            .ok_or(AlphaError::Line { name: "kind", expected: KIND })?;
        let participants = lines.hash("participants", kind.has_participants())?;
        let weights = lines.hash("weights", kind.has_weights())?;
        let seed = if lines.has("label") {
            let label = lines.take("label", LABEL)?;
            if !is_label(&label) {
                return Err(AlphaError::Line { name: "label", expected: LABEL });
            }
            Seed::Label(label)
        } else {
            Seed::Nonce(lines.hex("nonce", "32 lower-case hexadecimal digits")?)
        };
        let spec = Self { kind, participants, weights, seed };
        // Each line was read strictly; that the whole is the one text holds here once more.
        if lines.0.is_empty() && spec.alpha() == alpha { Ok(spec) } else { Err(AlphaError::Rest) }
    }
}

/// The lines that have not been read yet.
struct Lines<'a>(&'a [u8]);

impl Lines<'_> {
    fn has(&self, name: &str) -> bool {
        self.0.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"="))
    }

    /// Takes the value of the next line, which has that name.
    fn take(&mut self, name: &'static str, expected: &'static str) -> Result<String, AlphaError> {
        let value = self.0.strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b"="));
        let value = value.ok_or(AlphaError::Missing { name })?;
        let end = value.iter().position(|byte| *byte == b'\n').ok_or(AlphaError::Rest)?;
        let (value, rest) = value.split_at_checked(end).ok_or(AlphaError::Rest)?;
        self.0 = rest.get(1..).unwrap_or_default();
        String::from_utf8(value.to_vec()).map_err(|_| AlphaError::Line { name, expected })
    }

    fn hash(&mut self, name: &'static str, allowed: bool) -> Result<Option<[u8; 32]>, AlphaError> {
        (allowed && self.has(name)).then(|| self.hex(name, HASH)).transpose()
    }

    fn hex<const N: usize>(
        &mut self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<[u8; N], AlphaError> {
        let text = self.take(name, expected)?;
        let bytes = hex::decode(&text).ok().and_then(|bytes| <[u8; N]>::try_from(bytes).ok());
        bytes.filter(|bytes| hex::encode(bytes) == text).ok_or(AlphaError::Line { name, expected })
    }
}

impl Numbers for Lines<'_> {
    type Error = AlphaError;

    fn whole(&mut self, name: &'static str, _: Option<u32>) -> Result<i64, AlphaError> {
        let expected = "a decimal number without plus and leading zeros";
        let text = self.take(name, expected)?;
        let number = text.parse::<i64>().ok().filter(|number| number.to_string() == text);
        number.ok_or(AlphaError::Line { name, expected })
    }

    fn flag(&mut self, name: &'static str, _: bool) -> Result<bool, AlphaError> {
        let expected = "true or false";
        let text = self.take(name, expected)?;
        text.parse().map_err(|_| AlphaError::Line { name, expected })
    }

    fn wrong(&self, name: &'static str, expected: &'static str) -> AlphaError {
        AlphaError::Line { name, expected }
    }
}

#[cfg(test)]
mod tests;
