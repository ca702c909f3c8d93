//! The public name of a key: `key_` and 12 characters of Crockford's base32.

use std::fmt;
use std::str::FromStr;

const PREFIX: &str = "key_";
const CHARACTERS: usize = 12;
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 60 bits, so that an id fits twelve digits and a signed integer of a database.
const MOST: u64 = (1 << 60) - 1;

/// The id of a key: 60 random bits, written `key_0123456789ab`. It is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(u64);

/// The text or number is none of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of a key is key_ and 12 of 0123456789abcdefghjkmnpqrstvwxyz")]
pub struct KeyIdError;

impl KeyId {
    /// The id of `R4_API_KEY`, which no key of the store has.
    pub const SIMPLE: Self = Self(0);

    /// Draws an id from the system's randomness.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn random() -> Result<Self, getrandom::Error> {
        loop {
            let id = Self(getrandom::u64()? & MOST);
            if id != Self::SIMPLE {
                return Ok(id);
            }
        }
    }

    /// Returns the id as a number of 60 bits.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for KeyId {
    type Error = KeyIdError;

    fn try_from(number: u64) -> Result<Self, KeyIdError> {
        if number > MOST { Err(KeyIdError) } else { Ok(Self(number)) }
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        for place in (0..CHARACTERS).rev() {
            let digit = (self.0 >> place.saturating_mul(5)) & 31;
            let digit = usize::try_from(digit).ok().and_then(|digit| ALPHABET.get(digit));
            write!(f, "{}", digit.copied().map_or('0', char::from))?;
        }
        Ok(())
    }
}

impl FromStr for KeyId {
    type Err = KeyIdError;

    fn from_str(text: &str) -> Result<Self, KeyIdError> {
        let digits = text.strip_prefix(PREFIX).ok_or(KeyIdError)?;
        if digits.len() != CHARACTERS {
            return Err(KeyIdError);
        }
        let number = digits.bytes().try_fold(0, |number: u64, digit| {
            let value = ALPHABET.iter().position(|known| *known == digit)?;
            Some(number << 5 | u64::try_from(value).ok()?)
        });
        number.ok_or(KeyIdError)?.try_into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_written_and_read() {
        assert_eq!(KeyId::SIMPLE.to_string(), "key_000000000000");
        assert_eq!(KeyId(MOST).to_string(), "key_zzzzzzzzzzzz");
        assert_eq!(KeyId(1 << 55 | 0x1f << 5 | 0xa).to_string(), "key_1000000000za");
        for _ in 0..100 {
            let id = KeyId::random().expect("randomness");
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        for bad in ["", "key_", "key_00000000000", "key_0000000000000", "key_00000000000u"] {
            assert_eq!(bad.parse::<KeyId>(), Err(KeyIdError), "{bad}");
        }
        for bad in ["0123456789ab", "KEY_000000000000", "key_00000000000A", "key_0000000000é"] {
            assert_eq!(bad.parse::<KeyId>(), Err(KeyIdError), "{bad}");
        }
        assert_eq!(KeyId::try_from(MOST + 1), Err(KeyIdError));
    }
}
