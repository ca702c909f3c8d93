//! The signed bytes: structured data of EIP-712, so that a wallet and a contract compute the same
//! digest.

use alloc::vec::Vec;

use r4_sign::Address;
use r4_sign::keccak::keccak256;

use crate::attestation::Mode;
use crate::keys::KeyHash;
use crate::schemes::Schemes;

/// `name` of the signing domain.
pub const DOMAIN_NAME: &str = "Re4ctoR";
/// `version` of the signing domain.
pub const DOMAIN_VERSION: &str = "1";

const DOMAIN_TYPE: &str = "EIP712Domain(string name,string version";
const CHAIN_ID_TYPE: &str = ",uint256 chainId";
const CONTRACT_TYPE: &str = ",address verifyingContract";
const RECEIPT_TYPE: &[u8] = b"R4Receipt(bytes32 keyHash,uint64 index,bytes32 alphaHash,\
    bytes32 random,uint64 timestamp,uint8 schemes)";
const ATTESTED_TYPE: &[u8] = b"R4Attested(bytes32 keyHash,uint64 index,bytes32 bytesHash,\
    uint32 length,bytes32 coreHash,uint8 mode,uint64 timestamp,uint8 schemes)";

/// Where a signature counts: everywhere, on one chain, or for one contract on one chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Domain {
    chain_id: Option<u64>,
    contract: Option<Address>,
}

/// A contract was named without its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("contract needs chain_id")]
pub struct DomainError;

/// `R4Receipt`, the structure that is signed for a VRF receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptFields {
    /// The key epoch.
    pub key_hash: KeyHash,
    /// The receipt's index.
    pub index: u64,
    /// Keccak-256 of alpha.
    pub alpha_hash: [u8; 32],
    /// The output of the VRF.
    pub random: [u8; 32],
    /// Seconds since 1970.
    pub timestamp: u64,
    /// The signatures that are present.
    pub schemes: Schemes,
}

/// `R4Attested`, the structure that is signed for attested random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttestedFields {
    /// The key epoch.
    pub key_hash: KeyHash,
    /// The attestation's index.
    pub index: u64,
    /// Keccak-256 of the bytes.
    pub bytes_hash: [u8; 32],
    /// Number of bytes.
    pub length: u32,
    /// SHA-256 of the sealed core's binary.
    pub core_hash: [u8; 32],
    /// How the core made them.
    pub mode: Mode,
    /// Seconds since 1970.
    pub timestamp: u64,
    /// The signatures that are present.
    pub schemes: Schemes,
}

impl Domain {
    /// Makes a domain.
    ///
    /// # Errors
    /// A contract is given without a chain.
    pub const fn new(
        chain_id: Option<u64>,
        contract: Option<Address>,
    ) -> Result<Self, DomainError> {
        if contract.is_some() && chain_id.is_none() {
            return Err(DomainError);
        }
        Ok(Self { chain_id, contract })
    }

    /// Returns the chain, where the domain is bound to one.
    pub const fn chain_id(&self) -> Option<u64> {
        self.chain_id
    }

    /// Returns the contract, where the domain is bound to one.
    pub const fn contract(&self) -> Option<Address> {
        self.contract
    }

    /// Computes the domain separator, `hashStruct(eip712Domain)`. The type has only the fields that
    /// are there.
    pub fn separator(&self) -> [u8; 32] {
        let mut kind = Vec::from(DOMAIN_TYPE);
        let mut members =
            Vec::from([keccak256(DOMAIN_NAME.as_bytes()), keccak256(DOMAIN_VERSION.as_bytes())]);
        if let Some(chain_id) = self.chain_id {
            kind.extend_from_slice(CHAIN_ID_TYPE.as_bytes());
            members.push(word(&chain_id.to_be_bytes()));
        }
        if let Some(contract) = self.contract {
            kind.extend_from_slice(CONTRACT_TYPE.as_bytes());
            members.push(word(contract.as_bytes()));
        }
        kind.push(b')');
        hash_struct(&kind, &members)
    }
}

impl ReceiptFields {
    /// Computes `hashStruct` of the structure.
    pub fn struct_hash(&self) -> [u8; 32] {
        hash_struct(RECEIPT_TYPE, &self.words())
    }

    /// Returns the members, each a word: `encodeData`, and the same in a contract's ABI.
    pub(crate) fn words(&self) -> [[u8; 32]; 6] {
        [
            *self.key_hash.as_bytes(),
            word(&self.index.to_be_bytes()),
            self.alpha_hash,
            self.random,
            word(&self.timestamp.to_be_bytes()),
            word(&[self.schemes.number()]),
        ]
    }
}

impl AttestedFields {
    /// Computes `hashStruct` of the structure.
    pub fn struct_hash(&self) -> [u8; 32] {
        let members = [
            *self.key_hash.as_bytes(),
            word(&self.index.to_be_bytes()),
            self.bytes_hash,
            word(&self.length.to_be_bytes()),
            self.core_hash,
            word(&[self.mode.number()]),
            word(&self.timestamp.to_be_bytes()),
            word(&[self.schemes.number()]),
        ];
        hash_struct(ATTESTED_TYPE, &members)
    }
}

/// Computes the digest that is signed for a VRF receipt.
pub fn receipt_digest(fields: &ReceiptFields, domain: &Domain) -> [u8; 32] {
    digest(domain, &fields.struct_hash())
}

/// Computes the digest that is signed for attested random bytes.
pub fn attested_digest(fields: &AttestedFields, domain: &Domain) -> [u8; 32] {
    digest(domain, &fields.struct_hash())
}

/// `keccak256(0x1901 ‖ domainSeparator ‖ hashStruct(message))`.
fn digest(domain: &Domain, message: &[u8; 32]) -> [u8; 32] {
    keccak256(&[&[0x19, 0x01][..], &domain.separator(), message].concat())
}

/// `keccak256(typeHash ‖ encodeData)`.
fn hash_struct(kind: &[u8], members: &[[u8; 32]]) -> [u8; 32] {
    keccak256(&[&keccak256(kind)[..], members.as_flattened()].concat())
}

/// Pads a big-endian number to 32 octets on the left.
pub(crate) fn word(octets: &[u8]) -> [u8; 32] {
    let mut word = [0; 32];
    for (to, from) in word.iter_mut().rev().zip(octets.iter().rev()) {
        *to = *from;
    }
    word
}

#[cfg(test)]
mod tests;
