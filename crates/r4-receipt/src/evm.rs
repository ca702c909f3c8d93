//! What a contract takes: the proof with its hints, and the call of `verifyFull` of
//! `R4ReceiptVerifier`. Both are made of the other fields of a receipt and are optional; a contract
//! believes none of it, and neither does a verifier.

use alloc::vec::Vec;

use r4_ecvrf::evm::{EvmProofError, evm_proof};
use r4_ecvrf::{KeyError, Proof, ProofError, PublicKey};
use r4_sign::keccak::keccak256;

use crate::eip712::{ReceiptFields, word};
use crate::keys::KeyHash;
use crate::object::{Fields, ParseError};
use crate::receipt::Receipt;

const VERIFY_FULL: &[u8] = b"verifyFull((bytes32,uint64,bytes32,bytes32,uint64,uint8),\
    bytes,bytes,bytes,bytes)";
/// Octets of six words and four offsets.
const HEAD_BYTES: usize = 10 * 32;

/// The fields `vrf.evm_proof` and `evm_call`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evm {
    /// The proof as [`r4_ecvrf::evm`] writes it.
    pub proof: Vec<u8>,
    /// The ABI-encoded call of `verifyFull` on the contract of the domain; there is one exactly
    /// when the domain has a contract and the receipt an ECDSA signature.
    pub call: Option<Vec<u8>>,
}

/// Why a receipt has nothing that a contract could take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvmError {
    /// The public key of the VRF is none.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The proof is none.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The proof does not verify, or has no form for contracts.
    #[error(transparent)]
    Form(#[from] EvmProofError),
}

impl Evm {
    /// Computes both fields under a key hash that the caller recomputed.
    pub(crate) fn of(receipt: &Receipt, key_hash: KeyHash) -> Result<Self, EvmError> {
        let public = PublicKey::from_bytes(&receipt.vrf_public_key)?;
        let proof = evm_proof(&public, &receipt.alpha, &Proof::parse(&receipt.proof)?)?;
        let envelope = &receipt.envelope;
        let bound = envelope.domain.contract().and(envelope.signatures.ecdsa());
        let call = bound.map(|ecdsa| {
            let signature = [&ecdsa.r[..], &ecdsa.s, &[ecdsa.v]].concat();
            let fields = receipt.signed_fields(key_hash, envelope.schemes());
            verify_full(&fields, [&signature, &receipt.vrf_public_key, &receipt.alpha, &proof])
        });
        Ok(Self { proof, call })
    }

    /// Reads what is there of both fields. A call without a proof is left to be refused.
    pub(crate) fn parse(fields: &mut Fields, vrf: &mut Fields) -> Result<Option<Self>, ParseError> {
        if !vrf.has("evm_proof") {
            return Ok(None);
        }
        let proof = vrf.hex_bytes("evm_proof")?;
        let call = fields.has("evm_call").then(|| fields.hex_bytes("evm_call")).transpose()?;
        Ok(Some(Self { proof, call }))
    }
}

/// Encodes the call: the selector, the receipt's six words, the offsets of the four byte strings
/// counted from after the selector, and then each with its length before it and zeros behind it to
/// whole words (Contract ABI Specification, "Formal Specification of the Encoding").
fn verify_full(receipt: &ReceiptFields, arguments: [&[u8]; 4]) -> Vec<u8> {
    let [a, b, c, d, ..] = keccak256(VERIFY_FULL);
    let mut call = Vec::from([a, b, c, d]);
    call.extend_from_slice(receipt.words().as_flattened());
    let mut offset = HEAD_BYTES;
    for argument in arguments {
        call.extend_from_slice(&word(&offset.to_be_bytes()));
        offset = offset.saturating_add(32).saturating_add(argument.len().next_multiple_of(32));
    }
    for argument in arguments {
        call.extend_from_slice(&word(&argument.len().to_be_bytes()));
        for part in argument.chunks(32) {
            let mut padded = [0; 32];
            padded.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
            call.extend_from_slice(&padded);
        }
    }
    call
}

#[cfg(test)]
pub(crate) mod tests;
