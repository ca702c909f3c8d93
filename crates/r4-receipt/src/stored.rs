//! A receipt as a node keeps it beside its entry: what the entry and the epoch's keys do not say.
//!
//! One octet of flags, the chain id (8) and the contract (20) where there are any, alpha with its
//! length (2) before it unless it is the index's, the proof (81), r ‖ s ‖ v (65) and the ML-DSA-65
//! signature (3309) where they were made.

use alloc::vec::Vec;

use r4_ecvrf::{PROOF_BYTES, Proof};
use r4_sign::{Address, ecdsa, mldsa};

use crate::alpha::index_alpha;
use crate::entry::{Answer, EntryError, Rest};
use crate::keys::PublicKeys;
use crate::receipt::{AlphaSource, Receipt};
use crate::{Domain, Head, SealError, Unsigned};

const INDEX_ALPHA: u8 = 1;
const CHAIN_ID: u8 = 2;
const CONTRACT: u8 = 4;

/// Why what was kept is no receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoredError {
    /// The bytes end early or go on too long.
    #[error(transparent)]
    Bytes(#[from] EntryError),
    /// The parts do not make a receipt.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The parts make another receipt than the entry's.
    #[error("what is kept of the receipt is not what its entry says")]
    Other,
}

impl Receipt {
    /// Writes what the entry and the keys do not say.
    pub fn to_stored(&self) -> Vec<u8> {
        let domain = &self.envelope.domain;
        let (chain_id, contract) = (domain.chain_id(), domain.contract());
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let from_index = self.alpha_source == AlphaSource::Index;
        let mut bytes = Vec::from([flag(from_index, INDEX_ALPHA)
            | flag(chain_id.is_some(), CHAIN_ID)
            | flag(contract.is_some(), CONTRACT)]);
        bytes.extend(chain_id.into_iter().flat_map(u64::to_be_bytes));
        bytes.extend(contract.into_iter().flat_map(|contract| *contract.as_bytes()));
        if !from_index {
            // At most 1024 octets.
            let length = u16::try_from(self.alpha.len()).unwrap_or(u16::MAX);
            bytes.extend(length.to_be_bytes());
            bytes.extend(&self.alpha);
        }
        bytes.extend(self.proof);
        let signatures = &self.envelope.signatures;
        if let Some(ecdsa) = signatures.ecdsa() {
            bytes.extend([&ecdsa.r[..], &ecdsa.s, &[ecdsa.v]].concat());
        }
        bytes.extend(signatures.mldsa().into_iter().flat_map(|pair| &pair.signature));
        bytes
    }

    /// Puts a receipt together again from its entry, the keys of its epoch and what was kept.
    ///
    /// # Errors
    /// The bytes are not those of this entry's receipt.
    pub fn from_stored(
        answer: &Answer,
        keys: &PublicKeys,
        stored: &[u8],
    ) -> Result<Self, StoredError> {
        let mut rest = Rest(stored);
        let [flags] = rest.take()?;
        let has = |flag: u8| flags & flag != 0;
        let chain_id = has(CHAIN_ID).then(|| rest.number()).transpose()?;
        let contract = has(CONTRACT).then(|| rest.take().map(Address::new)).transpose()?;
        let domain = Domain::new(chain_id, contract).map_err(|_| StoredError::Other)?;
        let (alpha, alpha_source) = if has(INDEX_ALPHA) {
            (index_alpha(&answer.key_hash, answer.index), AlphaSource::Index)
        } else {
            let length = u16::from_be_bytes(rest.take()?);
            (rest.bytes(length.into())?.to_vec(), AlphaSource::Client)
        };
        let proof: [u8; PROOF_BYTES] = rest.take()?;
        let proof = Proof::parse(&proof).map_err(|_| StoredError::Other)?;
        let schemes = answer.schemes;
        let ecdsa = schemes
            .has_ecdsa()
            .then(|| {
                let bytes: [u8; ecdsa::SIGNATURE_BYTES] = rest.take()?;
                ecdsa::Signature::from_bytes(&bytes).map_err(|_| StoredError::Other)
            })
            .transpose()?;
        let mldsa = schemes
            .has_mldsa()
            .then(|| rest.bytes(mldsa::SIGNATURE_BYTES).map(<[u8]>::to_vec))
            .transpose()?;
        let Answer { index, timestamp, .. } = *answer;
        let head = Head { keys, index, timestamp, domain, schemes };
        let receipt = Unsigned { head, alpha, alpha_source, proof }.signed(ecdsa, mldsa)?;
        let right = rest.0.is_empty() && receipt.envelope.msg_hash == answer.digest;
        if right { Ok(receipt) } else { Err(StoredError::Other) }
    }
}

#[cfg(test)]
mod tests {
    use std::prelude::v1::*;

    use super::*;
    use crate::testing::{Node, documents};
    use crate::{Document, Entry};

    #[test]
    fn every_kind_comes_back_whole_and_nothing_else_does() {
        let node = Node::new(1);
        let key_hash = node.keys.key_set().key_hash();
        for (kind, document) in documents(&node) {
            let Document::Vrf(receipt) = &document else { continue };
            let Entry::Vrf(answer) = document.entry(key_hash) else { unreachable!("a receipt") };
            let stored = receipt.to_stored();
            let back = Receipt::from_stored(&answer, &node.keys, &stored);
            assert_eq!(back.as_ref(), Ok(receipt), "{kind}");
            let again = |answer, stored: &[u8]| Receipt::from_stored(answer, &node.keys, stored);
            assert!(again(&answer, &stored[..stored.len() - 1]).is_err(), "{kind}");
            assert!(again(&answer, &[&stored[..], &[0]].concat()).is_err(), "{kind}");
            assert!(again(&answer, &[]).is_err(), "{kind}");
            let another = Answer { digest: [0; 32], ..answer };
            assert_eq!(again(&another, &stored), Err(StoredError::Other), "{kind}");
        }
    }
}
