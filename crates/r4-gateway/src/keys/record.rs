//! A key as the store keeps it.

use std::fmt;
use std::str::FromStr;

use super::{KeyId, KeyPolicy, SecretHash};

/// The name of `R4_API_KEY`, which no key of the store may have.
pub const SIMPLE_NAME: &str = "default";

/// Most characters of a name.
const MOST_CHARACTERS: usize = 64;

/// The name of a key for people: 1 to 64 of `A-Z a-z 0-9 . _ -`, not dots alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(Box<str>);

/// The text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyNameError {
    /// It has characters that no name has, or too many or few.
    #[error("a name is 1 to {MOST_CHARACTERS} of A-Z a-z 0-9 . _ - and not dots alone")]
    Form,
    /// It is the name of `R4_API_KEY`, or could be taken for an id.
    #[error("the name {SIMPLE_NAME}, and names that begin with key_, are the node's own")]
    Reserved,
}

impl KeyName {
    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = KeyNameError;

    fn from_str(text: &str) -> Result<Self, KeyNameError> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        // In a URL, dots alone are a way and no name.
        let dots = text.bytes().all(|byte| byte == b'.');
        if !(1..=MOST_CHARACTERS).contains(&text.len()) || !text.bytes().all(known) || dots {
            return Err(KeyNameError::Form);
        }
        if text == SIMPLE_NAME || text.starts_with("key_") {
            return Err(KeyNameError::Reserved);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key that is to be kept.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// A fresh id.
    pub id: KeyId,
    /// Name that no other key has that is not revoked.
    pub name: KeyName,
    /// Hash of the key's text.
    pub hash: SecretHash,
    /// What it may do.
    pub policy: KeyPolicy,
    /// When it ends, Unix seconds.
    pub expires: Option<u64>,
}

/// A key that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// Number of the last change of this key; each change of any key has the next one.
    pub revision: u64,
    /// Id of the key.
    pub id: KeyId,
    /// Name of the key.
    pub name: KeyName,
    /// Hash of the key's text.
    pub hash: SecretHash,
    /// Hashes of the texts that it had before, as long as they are good, the newest first.
    pub old: Vec<OldSecret>,
    /// What it may do.
    pub policy: KeyPolicy,
    /// When it was made, Unix seconds.
    pub created: u64,
    /// When it ends, Unix seconds.
    pub expires: Option<u64>,
    /// When its text was last replaced, Unix seconds.
    pub rotated: Option<u64>,
    /// When it was revoked, Unix seconds.
    pub revoked: Option<u64>,
}

/// A text that a key had before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OldSecret {
    /// Hash of the text.
    pub hash: SecretHash,
    /// When it ends, Unix seconds.
    pub until: u64,
}

/// Most earlier texts that a key is still taken by.
const MOST_OLD: usize = 8;

impl KeyRecord {
    /// Makes the record of a new key, as change `revision`.
    pub fn new(key: NewKey, now: u64, revision: u64) -> Self {
        let NewKey { id, name, hash, policy, expires } = key;
        Self {
            revision,
            id,
            name,
            hash,
            old: Vec::new(),
            policy,
            created: now,
            expires,
            rotated: None,
            revoked: None,
        }
    }

    /// Replaces the key's text, as change `revision`. No earlier text stays good for longer than
    /// `overlap` seconds.
    pub fn rotate(&mut self, hash: SecretHash, overlap: u64, now: u64, revision: u64) {
        let end = now.saturating_add(overlap);
        self.old.insert(0, OldSecret { hash: self.hash, until: end });
        for old in &mut self.old {
            old.until = old.until.min(end);
        }
        self.old.retain(|old| old.until > now);
        self.old.truncate(MOST_OLD);
        self.hash = hash;
        self.rotated = Some(now);
        self.revision = revision;
    }

    /// Revokes the key, as change `revision`.
    pub fn revoke(&mut self, now: u64, revision: u64) {
        self.revoked = Some(now);
        self.revision = revision;
    }

    /// Returns when the last of the key's earlier texts ends, if one is still good.
    pub fn old_until(&self, now: u64) -> Option<u64> {
        self.old.iter().map(|old| old.until).max().filter(|until| *until > now)
    }

    /// Returns whether the key has ended by itself.
    pub fn is_expired(&self, now: u64) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Scopes;

    fn record() -> KeyRecord {
        let rate = "50/s".parse().expect("rate");
        let policy =
            KeyPolicy { rate, burst: rate.each_second(), quota: None, scopes: Scopes::ALL };
        let key = NewKey {
            id: KeyId::random().expect("randomness"),
            name: "alice".parse().expect("name"),
            hash: SecretHash::new([0; 32]),
            policy,
            expires: None,
        };
        KeyRecord::new(key, 1000, 1)
    }

    #[test]
    fn names() {
        let long = "a".repeat(64);
        for good in ["a", "Alice.B_c-9", "-", long.as_str()] {
            assert_eq!(good.parse::<KeyName>().expect(good).as_str(), good);
        }
        let longer = "a".repeat(65);
        for bad in ["", "a b", "é", "a/b", "a\n", ".", "..", longer.as_str()] {
            assert_eq!(bad.parse::<KeyName>(), Err(KeyNameError::Form), "{bad}");
        }
        for own in ["default", "key_000000000000"] {
            assert_eq!(own.parse::<KeyName>(), Err(KeyNameError::Reserved), "{own}");
        }
    }

    #[test]
    fn two_rotations_leave_three_texts() {
        let mut record = record();
        record.rotate(SecretHash::new([1; 32]), 100, 1000, 2);
        record.rotate(SecretHash::new([2; 32]), 50, 1020, 3);
        let until: Vec<u64> = record.old.iter().map(|old| old.until).collect();
        assert_eq!(until, [1070, 1070], "none outlives the last overlap");
        assert_eq!(record.old_until(1069), Some(1070));
        assert_eq!(record.old_until(1070), None);
        record.rotate(SecretHash::new([3; 32]), 0, 1021, 4);
        assert!(record.old.is_empty(), "without an overlap all of them end");
        assert_eq!((record.rotated, record.revision), (Some(1021), 4));
    }

    #[test]
    fn earlier_texts_are_bounded() {
        let mut record = record();
        for turn in 0..20 {
            record.rotate(SecretHash::new([turn; 32]), 100, 1000, 2);
        }
        assert_eq!(record.old.len(), MOST_OLD);
        assert_eq!(record.old[0].hash, SecretHash::new([18; 32]));
    }
}
