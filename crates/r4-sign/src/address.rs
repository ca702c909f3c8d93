//! Ethereum addresses: the last 20 bytes of the Keccak-256 of a public key, written with the
//! mixed-case checksum of EIP-55.

use alloc::string::{String, ToString as _};
use core::fmt;

use crate::keccak::keccak256;

/// A 20-byte Ethereum address. `Display` writes it with the EIP-55 checksum.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address([u8; 20]);

/// Why a text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The text does not begin with `0x`.
    #[error("an address begins with 0x")]
    Prefix,
    /// The text is not two characters and forty hexadecimal digits.
    #[error("an address is 0x and 40 hexadecimal digits")]
    Digits,
    /// The letters are in mixed case and do not spell the checksum.
    #[error("the EIP-55 checksum of the address is wrong")]
    Checksum,
}

impl Address {
    /// Makes an address of its 20 bytes.
    pub const fn new(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// Reads `0x` and 40 hexadecimal digits. Letters of one case carry no checksum; in mixed case
    /// the checksum of EIP-55 must be right.
    ///
    /// # Errors
    /// Names the first thing that is wrong: prefix, digits or checksum.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let digits = text.strip_prefix("0x").ok_or(AddressError::Prefix)?;
        let mut bytes = [0; 20];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| AddressError::Digits)?;
        let address = Self(bytes);
        let lower = digits.bytes().any(|b| b.is_ascii_lowercase());
        let upper = digits.bytes().any(|b| b.is_ascii_uppercase());
        if lower && upper && address.to_string() != text {
            return Err(AddressError::Checksum);
        }
        Ok(address)
    }

    /// Returns the 20 bytes.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// Returns the 20 bytes.
    pub const fn to_bytes(self) -> [u8; 20] {
        self.0
    }

    /// Takes the address of an uncompressed public key without its `0x04` octet (64 bytes x ‖ y).
    pub(crate) fn of_coordinates(coordinates: &[u8]) -> Self {
        let hash = keccak256(coordinates);
        let mut bytes = [0; 20];
        for (to, from) in bytes.iter_mut().zip(hash.iter().skip(12)) {
            *to = *from;
        }
        Self(bytes)
    }
}

impl fmt::Display for Address {
    /// EIP-55: a letter is upper case where the same nibble of the hash of the lower-case digits
    /// is 8 or more.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = hex::encode(self.0);
        let hash = hex::encode(keccak256(digits.as_bytes()));
        let text: String = digits
            .chars()
            .zip(hash.chars())
            .map(|(digit, nibble)| if nibble >= '8' { digit.to_ascii_uppercase() } else { digit })
            .collect();
        write!(f, "0x{text}")
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, AddressError};
    use alloc::string::ToString as _;

    /// The examples of EIP-55.
    const EXAMPLES: [&str; 8] = [
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ];

    #[test]
    fn examples_of_eip_55() {
        for example in EXAMPLES {
            assert_eq!(Address::parse(example).unwrap().to_string(), example);
            assert_eq!(Address::parse(&example.to_lowercase()).unwrap().to_string(), example);
        }
    }

    #[test]
    fn every_wrong_case_is_refused() {
        let good = EXAMPLES[4];
        for (at, c) in good.char_indices().skip(2).filter(|(_, c)| c.is_ascii_alphabetic()) {
            let mut bad = good.as_bytes().to_vec();
            bad[at] ^= 0x20;
            let bad = core::str::from_utf8(&bad).unwrap();
            assert_eq!(Address::parse(bad), Err(AddressError::Checksum), "{c} at {at}");
        }
    }

    #[test]
    fn malformed() {
        assert_eq!(Address::parse(""), Err(AddressError::Prefix));
        assert_eq!(Address::parse(&EXAMPLES[2][2..]), Err(AddressError::Prefix));
        assert_eq!(Address::parse("0x"), Err(AddressError::Digits));
        assert_eq!(Address::parse(&EXAMPLES[2][..41]), Err(AddressError::Digits));
        assert_eq!(Address::parse(&(EXAMPLES[2].to_string() + "00")), Err(AddressError::Digits));
    }
}
