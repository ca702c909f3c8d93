//! The entry that brings a key epoch: all its public keys, and the word of the epoch before.
//!
//! Both keys of the epoch before sign the announcement: SHA-256 of `r4/epoch/v1`, a zero octet, the
//! entry's index and timestamp, the key hash of the epoch before, that of the new one, and the time
//! from which on the new one signs. ECDSA signs this digest; ML-DSA-65 signs `r4/epoch/v1`, a zero
//! octet and the digest, with the empty context.

use alloc::boxed::Box;
use alloc::vec::Vec;

use r4_sign::{ecdsa, mldsa};
use sha2::{Digest as _, Sha256};

use crate::entry::{EntryError, Rest};
use crate::keys::{KeyHash, PublicKeys};

const PREFIX: &[u8; 12] = b"r4/epoch/v1\0";

/// The public keys of an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochKeys {
    /// The index, which is the leaf's; 0 for the first epoch.
    pub index: u64,
    /// Since when the keys of the first epoch exist; of another, when it was announced. Seconds
    /// since 1970.
    pub timestamp: u64,
    /// The word of the epoch before; the first epoch has none.
    pub previous: Option<Handover>,
    /// The keys.
    pub keys: PublicKeys,
}

/// What an epoch says of the one that follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// The epoch that says so.
    pub key_hash: KeyHash,
    /// From when on the new epoch signs, in seconds since 1970.
    pub valid_from: u64,
    /// r ‖ s ‖ v.
    pub ecdsa: [u8; ecdsa::SIGNATURE_BYTES],
    /// The signature by ML-DSA-65.
    pub mldsa65: Box<[u8; mldsa::SIGNATURE_BYTES]>,
}

/// What is signed before there is an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The entry's index.
    pub index: u64,
    /// When it is announced, in seconds since 1970.
    pub timestamp: u64,
    /// The epoch that signs.
    pub previous: KeyHash,
    /// The new epoch.
    pub key_hash: KeyHash,
    /// From when on the new epoch signs, in seconds since 1970.
    pub valid_from: u64,
}

impl Announcement {
    /// Computes what ECDSA signs.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::new()
            .chain_update(PREFIX)
            .chain_update(self.index.to_be_bytes())
            .chain_update(self.timestamp.to_be_bytes())
            .chain_update(self.previous.as_bytes())
            .chain_update(self.key_hash.as_bytes())
            .chain_update(self.valid_from.to_be_bytes())
            .finalize()
            .into()
    }

    /// Returns what ML-DSA-65 signs.
    pub fn mldsa_message(&self) -> Vec<u8> {
        [&PREFIX[..], &self.digest()].concat()
    }
}

impl EpochKeys {
    /// Computes the key hash of the epoch.
    pub fn key_hash(&self) -> KeyHash {
        self.keys.key_set().key_hash()
    }

    /// Says whether the epoch before, whose keys are `previous`, has signed with both of its keys
    /// that this one follows.
    pub fn follows(&self, previous: &PublicKeys) -> bool {
        let Some(handover) = &self.previous else { return false };
        let announcement = Announcement {
            index: self.index,
            timestamp: self.timestamp,
            previous: handover.key_hash,
            key_hash: self.key_hash(),
            valid_from: handover.valid_from,
        };
        handover.key_hash == previous.key_set().key_hash()
            && signed_by_ecdsa(&announcement, &previous.ecdsa, &handover.ecdsa)
            && signed_by_mldsa(&announcement, &previous.mldsa65, &handover.mldsa65[..])
    }

    pub(crate) fn read(rest: &mut Rest<'_>) -> Result<Self, EntryError> {
        let (index, timestamp, previous) = (rest.number()?, rest.number()?, rest.take()?);
        let keys = PublicKeys {
            ecvrf: rest.take()?,
            ecdsa: rest.take()?,
            mldsa65: rest.take()?,
            ecvrf_evm: rest.take()?,
        };
        let previous = if previous == [0; 32] {
            None
        } else {
            Some(Handover {
                key_hash: KeyHash::new(previous),
                valid_from: rest.number()?,
                ecdsa: rest.take()?,
                mldsa65: Box::new(rest.take()?),
            })
        };
        Ok(Self { index, timestamp, previous, keys })
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let previous = self.previous.as_ref();
        let key_hash = previous.map_or([0; 32], |previous| *previous.key_hash.as_bytes());
        let mut bytes = [
            &self.index.to_be_bytes()[..],
            &self.timestamp.to_be_bytes(),
            &key_hash,
            &self.keys.ecvrf,
            &self.keys.ecdsa,
            &self.keys.mldsa65,
            &self.keys.ecvrf_evm,
        ]
        .concat();
        if let Some(previous) = previous {
            bytes.extend(previous.valid_from.to_be_bytes());
            bytes.extend(previous.ecdsa);
            bytes.extend(previous.mldsa65.iter());
        }
        bytes
    }
}

fn signed_by_ecdsa(announcement: &Announcement, key: &[u8], signature: &[u8]) -> bool {
    let key = ecdsa::VerifyingKey::from_bytes(key);
    let signature = ecdsa::Signature::from_bytes(signature);
    let (Ok(key), Ok(signature)) = (key, signature) else { return false };
    // `v` is part of the entry's octets, so it must be the right one.
    signature.recover(&announcement.digest()).is_ok_and(|signer| signer == key)
        && key.verify_digest(&announcement.digest(), &signature).is_ok()
}

fn signed_by_mldsa(announcement: &Announcement, key: &[u8], signature: &[u8]) -> bool {
    let key = mldsa::PublicKey::parse(key);
    key.is_ok_and(|key| key.verify(&announcement.mldsa_message(), signature).is_ok())
}

#[cfg(test)]
mod tests {
    use std::prelude::v1::*;

    use super::*;
    use crate::Entry;
    use crate::testing::Node;

    fn announced() -> (Node, EpochKeys) {
        let (old, new) = (Node::new(1), Node::new(9));
        let announcement = Announcement {
            index: 7,
            timestamp: 100,
            previous: old.keys.key_set().key_hash(),
            key_hash: new.keys.key_set().key_hash(),
            valid_from: 86_500,
        };
        let keys = old.announce(&announcement, &new.keys);
        (old, keys)
    }

    #[test]
    fn the_epoch_before_signs_all_of_it() {
        let (old, good) = announced();
        assert!(good.follows(&old.keys));
        let entry = Entry::Keys(Box::new(good.clone()));
        assert_eq!(Entry::parse(&entry.to_bytes()), Ok(entry.clone()));
        assert_eq!(entry.to_bytes().len(), 2101 + 8 + 65 + 3309);
        assert!(!good.follows(&Node::new(2).keys), "another signer");
        let handover = good.previous.clone().unwrap();
        let with = |handover| EpochKeys { previous: Some(handover), ..good.clone() };
        let mut mldsa65 = handover.mldsa65.clone();
        mldsa65[100] ^= 1;
        let mut ecdsa = handover.ecdsa;
        ecdsa[10] ^= 1;
        let mut other_v = handover.ecdsa;
        other_v[64] = 55 - other_v[64];
        for (what, bad) in vec![
            ("index", EpochKeys { index: 8, ..good.clone() }),
            ("timestamp", EpochKeys { timestamp: 101, ..good.clone() }),
            ("keys", EpochKeys { keys: Node::new(3).keys, ..good.clone() }),
            ("no word", EpochKeys { previous: None, ..good.clone() }),
            ("valid_from", with(Handover { valid_from: 86_499, ..handover.clone() })),
            ("ml-dsa", with(Handover { mldsa65, ..handover.clone() })),
            ("ecdsa", with(Handover { ecdsa, ..handover.clone() })),
            ("v", with(Handover { ecdsa: other_v, ..handover.clone() })),
            ("key hash", with(Handover { key_hash: good.key_hash(), ..handover.clone() })),
        ] {
            assert!(!bad.follows(&old.keys), "{what}");
        }
    }
}
