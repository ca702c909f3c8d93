//! The check of what a contract takes: it is made again of the other fields and compared.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use sha2::{Digest as _, Sha256};

use super::Check;
use super::checks::check;
use crate::evm::{Evm, EvmError};
use crate::keys::KeyHash;
use crate::object::to_hex;
use crate::receipt::Receipt;

/// Checks `vrf.evm_proof` and `evm_call`; `None` where a receipt has neither.
pub(super) fn check_evm(receipt: &Receipt, key_hash: KeyHash) -> Option<Check> {
    let stated = receipt.evm.as_ref()?;
    let recomputed = Evm::of(receipt, key_hash);
    let (proof, call) = recomputed.as_ref().map_or_else(
        |error| (error.to_string(), error.to_string()),
        |evm| (to_hex(&evm.proof), call_hash(evm)),
    );
    let inputs = Vec::from([
        ("evm_proof", to_hex(&stated.proof)),
        ("recomputed_proof", proof),
        ("evm_call_sha256", call_hash(stated)),
        ("recomputed_call_sha256", call),
    ]);
    let right = "what a contract takes is that of this receipt";
    Some(check("evm", wrong(stated, &recomputed), right, inputs))
}

fn wrong(stated: &Evm, recomputed: &Result<Evm, EvmError>) -> Option<String> {
    let right = match recomputed {
        Ok(right) => right,
        Err(error) => return Some(error.to_string()),
    };
    let wrong = match (&stated.call, &right.call) {
        _ if stated.proof != right.proof => "vrf.evm_proof is not the form of this proof",
        (None, Some(_)) => "evm_call is missing, although there is a contract to call",
        (Some(_), None) => "evm_call needs a contract in domain and an ECDSA signature",
        (stated, right) if stated != right => "evm_call is not the call for this receipt",
        _ => return None,
    };
    Some(wrong.into())
}

fn call_hash(evm: &Evm) -> String {
    evm.call.as_ref().map_or_else(|| "none".into(), |call| to_hex(&Sha256::digest(call)))
}
