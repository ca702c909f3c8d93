//! Hexadecimal digits on the command line: either case, `0x` optional.

use r4_receipt::KeyHash;

/// Why a text is not hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HexError {
    /// The number of digits is odd.
    #[error("hexadecimal digits come in pairs, and the last one stands alone")]
    Odd,
    /// A character is not a digit.
    #[error("only the digits 0-9 and a-f are allowed, after an optional 0x")]
    Digit,
    /// The value has another length.
    #[error("{want} hexadecimal digits are needed, not {got}")]
    Length {
        /// Digits needed.
        want: usize,
        /// Digits given.
        got: usize,
    },
}

/// Reads any number of bytes.
///
/// # Errors
/// The number of digits is odd, or one is not hexadecimal.
pub(crate) fn bytes(text: &str) -> Result<Vec<u8>, HexError> {
    hex::decode(digits(text)).map_err(|error| match error {
        hex::FromHexError::OddLength => HexError::Odd,
        _ => HexError::Digit,
    })
}

/// Reads exactly `N` bytes.
///
/// # Errors
/// The number of digits is not 2·N, or one is not hexadecimal.
pub(crate) fn array<const N: usize>(text: &str) -> Result<[u8; N], HexError> {
    let digits = digits(text);
    let want = N.saturating_mul(2);
    let got = digits.chars().count();
    if got != want {
        return Err(HexError::Length { want, got });
    }
    let mut bytes = [0; N];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| HexError::Digit)?;
    Ok(bytes)
}

/// Reads a key hash.
///
/// # Errors
/// As [`array()`].
pub(crate) fn key_hash(text: &str) -> Result<KeyHash, HexError> {
    array(text).map(KeyHash::new)
}

/// Writes bytes the way the project does: `0x` and lowercase digits.
pub(crate) fn show(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

fn digits(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix("0x").unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::{HexError, array, bytes};

    #[test]
    fn prefix_and_case_do_not_matter() {
        for text in ["0xAB01", "ab01", " 0xab01\n"] {
            assert_eq!(bytes(text), Ok(vec![0xab, 1]));
            assert_eq!(array(text), Ok([0xab, 1]));
        }
        assert_eq!(bytes(""), Ok(vec![]));
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(bytes("0xabc"), Err(HexError::Odd));
        assert_eq!(bytes("0xzz"), Err(HexError::Digit));
        assert_eq!(array::<2>("ab0"), Err(HexError::Length { want: 4, got: 3 }));
        assert_eq!(array::<1>("0g"), Err(HexError::Digit));
    }
}
