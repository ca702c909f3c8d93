//! A share of a seed as text for paper: numbered, with what it belongs to and a checksum.
//!
//! ```text
//! r4-seed-share/v1
//! share 2 of 3, 2 are needed
//! set 8f3a1c2e
//! key a028e778abfc490c
//! 0a1b2c3d 4e5f6071 8293a4b5 c6d7e8f9
//! 0a1b2c3d 4e5f6071 8293a4b5 c6d7e8f9
//! check 1a2b3c4d
//! ```

use r4_keystore::seed::SEED_BYTES;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

/// First line of a share.
pub(super) const MAGIC: &str = "r4-seed-share/v1";
/// Bytes in a group of digits, and groups in a line.
const GROUP_BYTES: usize = 4;
const LINE_GROUPS: usize = 4;
/// More words than a share has whose every digit stands alone.
const MOST_WORDS: usize = 128;

/// One share.
pub(super) struct Share {
    /// Its number, from 1.
    pub(super) number: u8,
    /// How many were made.
    pub(super) shares: u8,
    /// How many make the seed.
    pub(super) needed: u8,
    /// Which splitting it is of, at random.
    pub(super) set: [u8; 4],
    /// Key id of the seed.
    pub(super) key_id: [u8; 8],
    /// What is secret of it.
    pub(super) bytes: Zeroizing<[u8; SEED_BYTES]>,
}

impl Share {
    /// Writes the text.
    pub(super) fn text(&self) -> Zeroizing<String> {
        let [number, shares, needed] =
            [self.number, self.shares, self.needed].map(|count| count.to_string());
        let (set, key) = (hex::encode(self.set), hex::encode(self.key_id));
        // Long enough, so that no half of the secret stays behind in a smaller buffer.
        let mut text = Zeroizing::new(String::with_capacity(256));
        for part in
            [MAGIC, "\nshare ", &number, " of ", &shares, ", ", &needed, " are needed\nset ", &set]
        {
            text.push_str(part);
        }
        text.push_str("\nkey ");
        text.push_str(&key);
        text.push('\n');
        let (groups, _) = self.bytes.as_chunks::<GROUP_BYTES>();
        for (place, group) in (1_usize..).zip(groups) {
            let mut digits = hex::encode(group);
            text.push_str(&digits);
            digits.zeroize();
            text.push(if place.is_multiple_of(LINE_GROUPS) { '\n' } else { ' ' });
        }
        text.push_str("check ");
        text.push_str(&hex::encode(self.check()));
        text.push('\n');
        text
    }

    /// Reads the text of one share, however it is wrapped and spaced.
    ///
    /// # Errors
    /// A sentence about what is wrong.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "it is not a share as r4 keys split writes it, or not all of it";
        let words: Vec<&str> = text.split_whitespace().take(MOST_WORDS).collect();
        #[rustfmt::skip]
        let [
            MAGIC, "share", number, "of", shares, needed, "are", "needed", "set", set, "key", key,
            groups @ .., "check", check,
        ] = words.as_slice() else {
            return Err(FORM);
        };
        let shares = shares.strip_suffix(',').ok_or(FORM)?;
        // Long enough for all of them, so that none stays behind in a smaller buffer.
        let mut digits = Zeroizing::new(String::with_capacity(text.len()));
        digits.extend(groups.iter().copied());
        let count = |word: &str| word.parse::<u8>().map_err(|_| FORM);
        let mut share = Self {
            number: count(number)?,
            shares: count(shares)?,
            needed: count(needed)?,
            set: decode(set).ok_or("its set is not 8 hexadecimal digits")?,
            key_id: decode(key).ok_or("its key is not 16 hexadecimal digits")?,
            bytes: Zeroizing::new([0; SEED_BYTES]),
        };
        hex::decode_to_slice(digits.as_bytes(), share.bytes.as_mut_slice())
            .map_err(|_| "it has not 64 hexadecimal digits")?;
        if decode(check) != Some(share.check()) {
            return Err("its checksum is wrong, so something in it was mistyped");
        }
        let numbers = 1..=share.shares;
        if !numbers.contains(&share.number) || !(2..=share.shares).contains(&share.needed) {
            return Err("its numbers do not fit together");
        }
        Ok(share)
    }

    fn check(&self) -> [u8; 4] {
        let mut hash = Sha256::new();
        hash.update(MAGIC);
        hash.update([self.number, self.shares, self.needed]);
        hash.update(self.set);
        hash.update(self.key_id);
        hash.update(self.bytes.as_slice());
        let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
        [a, b, c, d]
    }
}

fn decode<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(digits, &mut bytes).ok().map(|()| bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share() -> Share {
        Share {
            number: 2,
            shares: 3,
            needed: 2,
            set: [1, 2, 3, 4],
            key_id: [9; 8],
            bytes: Zeroizing::new(std::array::from_fn(|place| u8::try_from(place).unwrap())),
        }
    }

    #[test]
    fn what_is_written_is_read_also_with_other_spaces() {
        let text = share().text();
        for text in [text.to_string(), text.replace('\n', "  \r\n"), text.replace(' ', "\n")] {
            let read = Share::parse(&text).unwrap();
            assert_eq!((read.number, read.shares, read.needed), (2, 3, 2));
            assert_eq!(
                (read.set, read.key_id, *read.bytes),
                ([1, 2, 3, 4], [9; 8], *share().bytes)
            );
        }
    }

    #[test]
    fn every_mistyped_character_is_noticed() {
        let text = share().text();
        for (place, is) in text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
            let other = if is == '7' { "6" } else { "7" };
            let mut changed = text.to_string();
            changed.replace_range(place..=place, other);
            assert!(Share::parse(&changed).is_err(), "{changed}");
        }
        for end in 0..text.len() - 1 {
            assert!(Share::parse(&text[..end]).is_err(), "{}", &text[..end]);
        }
        assert!(Share::parse(&format!("{}x", *text)).is_err());
    }
}
