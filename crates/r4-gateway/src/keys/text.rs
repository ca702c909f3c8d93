//! The text of a key: `r4_live_`, 30 random base62 characters, 6 of a checksum.
//!
//! The prefix lets scanners find keys that leaked, and the checksum (CRC-32 of what precedes it,
//! base62, the highest digit first) tells a key from what only looks like one.

use std::fmt;
use std::hash::{Hash, Hasher};

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

/// What every key begins with.
pub const PREFIX: &str = "r4_live_";

/// Characters of a key.
pub const CHARACTERS: usize = PREFIX.len() + RANDOM + CHECKSUM;

const RANDOM: usize = 30;
const CHECKSUM: usize = 6;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Random bytes below this are taken modulo 62; the others would favour the first digits.
const UNBIASED: u8 = 248;

/// A new key. It is wiped when it is dropped, and shows nothing of itself in logs.
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Draws a key from the system's randomness.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut text = Zeroizing::new(String::with_capacity(CHARACTERS));
        text.push_str(PREFIX);
        let mut bytes = Zeroizing::new([0; 64]);
        while text.len() < PREFIX.len().saturating_add(RANDOM) {
            getrandom::fill(bytes.as_mut_slice())?;
            let room = PREFIX.len().saturating_add(RANDOM).saturating_sub(text.len());
            let good = bytes.iter().filter(|byte| **byte < UNBIASED);
            text.extend(good.take(room).map(|byte| digit(u32::from(*byte))));
        }
        let mut checksum = checksum(text.as_bytes());
        text.extend(checksum.iter().map(|byte| char::from(*byte)));
        checksum.zeroize();
        Ok(Self(text))
    }

    /// Returns the text, to be shown once.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns what is kept of it.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

/// The SHA-256 of a key: all that is kept of it. Compared in constant time.
#[derive(Clone, Copy)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Takes a hash that was kept.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the hash of what a caller presents, if it has the form of a key and its checksum is
    /// right.
    pub fn of_presented(text: &str) -> Option<Self> {
        let (body, sum) = text.split_at_checked(CHARACTERS.saturating_sub(CHECKSUM))?;
        let random = body.strip_prefix(PREFIX)?;
        let good = random.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && *sum.as_bytes() == checksum(body.as_bytes());
        good.then(|| Self::of(text))
    }

    fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// Returns the hash's bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretHash {}

impl Hash for SecretHash {
    /// Gives the first eight bytes, which are as good as random.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let first = self.0.first_chunk().copied().unwrap_or_default();
        state.write_u64(u64::from_be_bytes(first));
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(..)")
    }
}

/// Returns the CRC-32 of `body` in base62, the highest digit first.
fn checksum(body: &[u8]) -> [u8; CHECKSUM] {
    let mut rest = crc32fast::hash(body);
    let mut digits = [b'0'; CHECKSUM];
    for place in digits.iter_mut().rev() {
        *place = ALPHABET.get((rest % 62) as usize).copied().unwrap_or(b'0');
        rest /= 62;
    }
    digits
}

fn digit(value: u32) -> char {
    ALPHABET.get((value % 62) as usize).copied().map_or('0', char::from)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_form_is_fixed() {
        // crc32("r4_live_" and 30 zeros) = 0x3f65052c, by Python's zlib.
        let body = format!("{PREFIX}{}", "0".repeat(30));
        let key = format!("{body}{}", std::str::from_utf8(&checksum(body.as_bytes())).unwrap());
        assert_eq!(key, "r4_live_00000000000000000000000000000019yh3s");
        let hash = SecretHash::of_presented(&key).expect("well-formed");
        assert_eq!(*hash.bytes(), <[u8; 32]>::from(Sha256::digest(key.as_bytes())));
    }

    #[test]
    fn new_keys_are_well_formed_and_differ() {
        let mut seen = HashSet::new();
        let mut digits = HashSet::new();
        for _ in 0..1000 {
            let key = SecretText::generate().expect("randomness");
            assert_eq!(key.as_str().len(), CHARACTERS);
            assert_eq!(SecretHash::of_presented(key.as_str()), Some(key.hash()));
            digits.extend(key.as_str()[PREFIX.len()..].bytes());
            assert!(seen.insert(key.hash()));
        }
        assert_eq!(digits.len(), 62, "every digit occurs");
    }

    #[test]
    fn what_is_mistyped_is_no_key() {
        let key = SecretText::generate().expect("randomness");
        let key = key.as_str();
        for place in 0..key.len() {
            for other in ["0", "z", "!", "é"] {
                let mut wrong = key.to_owned();
                wrong.replace_range(place..=place, other);
                assert_eq!(SecretHash::of_presented(&wrong).is_some(), wrong == key, "{wrong}");
            }
        }
        let long = format!("{key}0");
        for wrong in ["", "demo", PREFIX, &key[1..], &key[..key.len() - 1], &long] {
            assert!(SecretHash::of_presented(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn nothing_shows_a_key() {
        let key = SecretText::generate().expect("randomness");
        let shown = format!("{key:?} {:?}", key.hash());
        assert_eq!(shown, "SecretText(..) SecretHash(..)");
    }
}
