//! What the log keeps of an answer: a leaf's bytes. Signatures, alpha and attested bytes are outside.
//!
//! Every entry begins with the octet 1 and its kind. Numbers are 64 bits, big-endian.
//!
//! | kind | what follows |
//! |---|---|
//! | 1 VRF receipt, 2 attestation | digest 32, key hash 32, index, Keccak-256 of alpha or bytes 32, random 32 (zeros for 2), timestamp, schemes 1 |
//! | 3 missed | key hash 32, index, timestamp, beta 32, proof 81 |
//! | 4 keys of an epoch | index, timestamp, key hash of the epoch before 32 (zeros for the first), ECVRF 33, ECDSA 33, ML-DSA-65 1952, ECVRF-EVM 33; then, unless it is the first, from when on it signs, and the two signatures of the epoch before: ECDSA 65, ML-DSA-65 3309 |

use alloc::boxed::Box;
use alloc::vec::Vec;

use r4_ecvrf::{Beta, PROOF_BYTES, Proof, PublicKey};
use r4_sign::keccak::keccak256;

use crate::alpha::index_alpha;
use crate::document::Document;
pub use crate::epoch_keys::{Announcement, EpochKeys, Handover};
use crate::keys::KeyHash;
use crate::schemes::Schemes;

/// First octet of every entry.
const VERSION: u8 = 1;

/// A leaf of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A VRF receipt.
    Vrf(Answer),
    /// Attested random bytes.
    Attested(Answer),
    /// An index that nobody was answered with.
    Missed(Missed),
    /// The public keys of an epoch.
    Keys(Box<EpochKeys>),
}

/// What receipts and attestations have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The digest that was signed, which is the receipt's `id`.
    pub digest: [u8; 32],
    /// The key epoch.
    pub key_hash: KeyHash,
    /// The index, which is the leaf's.
    pub index: u64,
    /// Keccak-256 of alpha, or of the attested bytes.
    pub input_hash: [u8; 32],
    /// The output of the VRF; zeros for attested bytes.
    pub random: [u8; 32],
    /// Seconds since 1970.
    pub timestamp: u64,
    /// The signatures that were made.
    pub schemes: Schemes,
}

/// The output of an index that nobody was answered with: it can be computed, so it is not hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed {
    /// The key epoch.
    pub key_hash: KeyHash,
    /// The index, which is the leaf's.
    pub index: u64,
    /// When the entry was made, in seconds since 1970.
    pub timestamp: u64,
    /// The output of the VRF for the index's alpha.
    pub beta: [u8; 32],
    /// Its proof.
    pub proof: [u8; PROOF_BYTES],
}

/// Bytes are no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are no entry of a log: {0}")]
pub struct EntryError(&'static str);

impl Entry {
    /// Reads an entry.
    ///
    /// # Errors
    /// The kind is unknown, the length is another, or the schemes are none.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryError> {
        let mut rest = Rest(bytes);
        let [version, kind] = rest.take()?;
        if version != VERSION {
            return Err(EntryError("it does not begin with 1"));
        }
        let entry = match kind {
            1 => Self::Vrf(Answer::read(&mut rest)?),
            2 => Self::Attested(Answer::read(&mut rest)?),
            3 => Self::Missed(Missed::read(&mut rest)?),
            4 => Self::Keys(Box::new(EpochKeys::read(&mut rest)?)),
            _ => return Err(EntryError("its kind is not 1 to 4")),
        };
        if rest.0.is_empty() { Ok(entry) } else { Err(EntryError("it is too long")) }
    }

    /// Writes the bytes. `parse(to_bytes(x)) == x`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (kind, body) = match self {
            Self::Vrf(answer) => (1, answer.to_bytes()),
            Self::Attested(answer) => (2, answer.to_bytes()),
            Self::Missed(missed) => (3, missed.to_bytes()),
            Self::Keys(keys) => (4, keys.to_bytes()),
        };
        [&[VERSION, kind][..], &body].concat()
    }

    /// Returns the index that it says it has.
    pub fn index(&self) -> u64 {
        match self {
            Self::Vrf(answer) | Self::Attested(answer) => answer.index,
            Self::Missed(missed) => missed.index,
            Self::Keys(keys) => keys.index,
        }
    }

    /// Returns the key epoch that it belongs to, or names.
    pub fn key_hash(&self) -> KeyHash {
        match self {
            Self::Vrf(answer) | Self::Attested(answer) => answer.key_hash,
            Self::Missed(missed) => missed.key_hash,
            Self::Keys(keys) => keys.key_hash(),
        }
    }
}

impl Answer {
    fn read(rest: &mut Rest<'_>) -> Result<Self, EntryError> {
        let answer = Self {
            digest: rest.take()?,
            key_hash: KeyHash::new(rest.take()?),
            index: rest.number()?,
            input_hash: rest.take()?,
            random: rest.take()?,
            timestamp: rest.number()?,
            schemes: Schemes::Dual,
        };
        let [number] = rest.take()?;
        let schemes = Schemes::ALL.into_iter().find(|schemes| schemes.number() == number);
        Ok(Self { schemes: schemes.ok_or(EntryError("its schemes are not 1 to 3"))?, ..answer })
    }

    fn to_bytes(self) -> Vec<u8> {
        [
            &self.digest[..],
            self.key_hash.as_bytes(),
            &self.index.to_be_bytes(),
            &self.input_hash,
            &self.random,
            &self.timestamp.to_be_bytes(),
            &[self.schemes.number()],
        ]
        .concat()
    }
}

impl Missed {
    /// Makes the entry of an index from its proof.
    pub fn new(key_hash: KeyHash, index: u64, timestamp: u64, proof: &Proof) -> Self {
        let (beta, proof) = (proof.beta().to_bytes(), proof.to_bytes());
        Self { key_hash, index, timestamp, beta, proof }
    }

    /// Says whether the proof is the one of this index, by the epoch's ECVRF key, and `beta` its
    /// output.
    pub fn holds(&self, ecvrf: &PublicKey) -> bool {
        let alpha = index_alpha(&self.key_hash, self.index);
        Proof::parse(&self.proof)
            .is_ok_and(|proof| ecvrf.verify(&alpha, &proof).map(Beta::to_bytes) == Ok(self.beta))
    }

    fn read(rest: &mut Rest<'_>) -> Result<Self, EntryError> {
        Ok(Self {
            key_hash: KeyHash::new(rest.take()?),
            index: rest.number()?,
            timestamp: rest.number()?,
            beta: rest.take()?,
            proof: rest.take()?,
        })
    }

    fn to_bytes(self) -> Vec<u8> {
        [
            &self.key_hash.as_bytes()[..],
            &self.index.to_be_bytes(),
            &self.timestamp.to_be_bytes(),
            &self.beta,
            &self.proof,
        ]
        .concat()
    }
}

impl Document {
    /// Makes the entry of this document, under a key hash that the caller recomputed.
    pub fn entry(&self, key_hash: KeyHash) -> Entry {
        let envelope = self.envelope();
        let schemes = envelope.schemes();
        let answer = |input: &[u8], random| Answer {
            digest: self.digest(key_hash, schemes),
            key_hash,
            index: envelope.index,
            input_hash: keccak256(input),
            random,
            timestamp: envelope.timestamp.unix(),
            schemes,
        };
        match self {
            Self::Vrf(receipt) => Entry::Vrf(answer(&receipt.alpha, receipt.random)),
            Self::Attested(attestation) => Entry::Attested(answer(&attestation.bytes, [0; 32])),
        }
    }
}

/// What of some bytes has not been read.
pub(crate) struct Rest<'a>(pub(crate) &'a [u8]);

impl<'a> Rest<'a> {
    pub(crate) fn take<const N: usize>(&mut self) -> Result<[u8; N], EntryError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(EntryError("it ends early"))?;
        self.0 = rest;
        Ok(*head)
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Result<&'a [u8], EntryError> {
        let (head, rest) = self.0.split_at_checked(length).ok_or(EntryError("it ends early"))?;
        self.0 = rest;
        Ok(head)
    }

    pub(crate) fn number(&mut self) -> Result<u64, EntryError> {
        self.take().map(u64::from_be_bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::prelude::v1::*;

    use super::*;
    use crate::testing::{Node, documents};

    fn samples() -> Vec<Entry> {
        let node = Node::new(1);
        let key_hash = node.keys.key_set().key_hash();
        let proof = node.prove(&index_alpha(&key_hash, 9));
        let previous = Handover {
            key_hash: KeyHash::new([3; 32]),
            valid_from: 5,
            ecdsa: [6; 65],
            mldsa65: Box::new([7; 3309]),
        };
        let keys =
            EpochKeys { index: 0, timestamp: 1, previous: Some(previous), keys: node.keys.clone() };
        let mut entries: Vec<Entry> =
            documents(&node).iter().map(|(_, document)| document.entry(key_hash)).collect();
        entries.push(Entry::Missed(Missed::new(key_hash, 9, 77, &proof)));
        entries.push(Entry::Keys(Box::new(EpochKeys { previous: None, ..keys.clone() })));
        entries.push(Entry::Keys(Box::new(keys)));
        entries
    }

    #[test]
    fn every_kind_round_trips_at_its_length_and_no_other() {
        let lengths = [147, 147, 147, 147, 147, 163, 2101, 5483];
        for (entry, length) in samples().iter().zip(lengths) {
            let bytes = entry.to_bytes();
            assert_eq!((bytes.len(), bytes[0]), (length, 1));
            assert_eq!(Entry::parse(&bytes).as_ref(), Ok(entry));
            assert!(Entry::parse(&bytes[..length - 1]).is_err());
            assert!(Entry::parse(&[&bytes[..], &[0]].concat()).is_err());
        }
        for bad in [&[][..], &[1], &[0, 1], &[1, 0], &[1, 5]] {
            assert!(Entry::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_layout_of_an_answer() {
        let node = Node::new(1);
        let key_hash = node.keys.key_set().key_hash();
        let [(_, dual), .., (_, attested)] = documents(&node);
        let Document::Vrf(receipt) = &dual else { unreachable!("the first is a receipt") };
        let bytes = dual.entry(key_hash).to_bytes();
        assert_eq!(bytes[..2], [1, 1]);
        assert_eq!(bytes[2..34], receipt.envelope.msg_hash);
        assert_eq!(bytes[34..66], *key_hash.as_bytes());
        assert_eq!(bytes[66..74], receipt.envelope.index.to_be_bytes());
        assert_eq!(bytes[74..106], keccak256(&receipt.alpha));
        assert_eq!(bytes[106..138], receipt.random);
        assert_eq!(bytes[138..146], receipt.envelope.timestamp.unix().to_be_bytes());
        assert_eq!(bytes[146], 3);
        let bytes = attested.entry(key_hash).to_bytes();
        assert_eq!((bytes[1], &bytes[106..138]), (2, &[0; 32][..]));
        let mut bad = bytes.clone();
        bad[146] = 4;
        assert_eq!(Entry::parse(&bad), Err(EntryError("its schemes are not 1 to 3")));
    }

    #[test]
    fn a_missed_index_has_its_own_output_and_no_other() {
        let node = Node::new(1);
        let key_hash = node.keys.key_set().key_hash();
        let key = PublicKey::from_bytes(&node.keys.ecvrf).unwrap();
        let good = Missed::new(key_hash, 9, 77, &node.prove(&index_alpha(&key_hash, 9)));
        assert!(good.holds(&key));
        assert!(!Missed { index: 10, ..good }.holds(&key));
        assert!(!Missed { beta: [0; 32], ..good }.holds(&key));
        assert!(!Missed { key_hash: KeyHash::new([1; 32]), ..good }.holds(&key));
        let mut bad = good;
        bad.proof[40] ^= 1;
        assert!(!bad.holds(&key));
        assert!(!good.holds(&PublicKey::from_bytes(&node.keys.ecvrf_evm).unwrap()));
    }
}
