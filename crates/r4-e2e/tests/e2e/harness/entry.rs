//! An entry of the log, read without the node's own code: octet 1, kind, fields of fixed length.

use r4_ecvrf::{Proof, PublicKey};

/// What the tests look at in an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) kind: Kind<'a>,
    pub(crate) key_hash: Option<&'a [u8]>,
    pub(crate) index: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind<'a> {
    /// A receipt, with its id.
    Vrf(&'a [u8]),
    /// Attested bytes, with their id.
    Attested(&'a [u8]),
    /// An index that nobody was answered with, with output and proof.
    Missed(&'a [u8], &'a [u8]),
    /// The keys of an epoch: that of the VRF.
    Keys(&'a [u8]),
}

impl<'a> Entry<'a> {
    #[track_caller]
    pub(crate) fn parse(bytes: &'a [u8]) -> Self {
        let number = |at: usize| u64::from_be_bytes(bytes[at..at + 8].try_into().expect("8 bytes"));
        let answer = |kind| Self { kind, key_hash: Some(&bytes[34..66]), index: number(66) };
        match (<[u8; 2]>::try_from(&bytes[..2]).expect("2 bytes"), bytes.len()) {
            ([1, 1], 147) => answer(Kind::Vrf(&bytes[2..34])),
            ([1, 2], 147) => answer(Kind::Attested(&bytes[2..34])),
            ([1, 3], 163) => {
                let kind = Kind::Missed(&bytes[50..82], &bytes[82..]);
                Self { kind, key_hash: Some(&bytes[2..34]), index: number(34) }
            }
            ([1, 4], 2101 | 5483) => {
                Self { kind: Kind::Keys(&bytes[50..83]), key_hash: None, index: number(2) }
            }
            _ => panic!("no entry: {}", hex::encode(bytes)),
        }
    }

    /// Returns the id of an answer.
    pub(crate) fn id(&self) -> Option<&'a [u8]> {
        match self.kind {
            Kind::Vrf(id) | Kind::Attested(id) => Some(id),
            Kind::Missed(..) | Kind::Keys(_) => None,
        }
    }

    /// Asserts that a missed index has its only possible output, under the VRF key `ecvrf`.
    #[track_caller]
    pub(crate) fn assert_missed(&self, ecvrf: &[u8]) {
        let Kind::Missed(output, proof) = self.kind else { panic!("not missed: {self:?}") };
        let key_hash = self.key_hash.expect("it has one");
        let alpha = [b"r4/index/v1", key_hash, &self.index.to_be_bytes()].concat();
        let key = PublicKey::from_bytes(ecvrf).expect("a key");
        let proof = Proof::parse(proof).expect("a proof");
        let beta = key.verify(&alpha, &proof).unwrap_or_else(|e| panic!("{}: {e}", self.index));
        assert_eq!(beta.to_bytes(), output, "missed index {}", self.index);
    }
}
