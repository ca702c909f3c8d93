//! The check of the digest. Its inputs are everything that is hashed, so that anyone can hash it
//! again.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::Check;
use super::checks::{Inputs, check};
use crate::document::Document;
use crate::eip712::{AttestedFields, ReceiptFields};
use crate::keys::KeyHash;
use crate::object::to_hex;
use crate::schemes::Schemes;

/// Checks `msg_hash` and `id`; `signed_for` are the signatures that `msg_hash` was made for.
pub(super) fn check_digest(
    document: &Document,
    key_hash: KeyHash,
    signed_for: Option<Schemes>,
) -> Check {
    let envelope = document.envelope();
    let wrong = if signed_for.is_none() {
        Some("msg_hash is not the digest of the fields")
    } else if envelope.id != envelope.msg_hash {
        Some("id is not msg_hash")
    } else {
        None
    };
    let schemes = envelope.schemes();
    let mut inputs = match document {
        Document::Vrf(receipt) => of_receipt(&receipt.signed_fields(key_hash, schemes)),
        Document::Attested(attested) => of_attested(&attested.signed_fields(key_hash, schemes)),
    };
    let chain_id = envelope.domain.chain_id().map_or_else(|| "none".into(), |id| id.to_string());
    let contract = envelope.domain.contract().map_or_else(|| "none".into(), |at| at.to_string());
    inputs.extend([
        ("chain_id", chain_id),
        ("contract", contract),
        ("domain_separator", to_hex(&envelope.domain.separator())),
        ("id", to_hex(&envelope.id)),
        ("msg_hash", to_hex(&envelope.msg_hash)),
        ("recomputed", to_hex(&document.digest(key_hash, schemes))),
    ]);
    check("digest", wrong, "the digest is that of the fields", inputs)
}

fn of_receipt(fields: &ReceiptFields) -> Inputs {
    Vec::from([
        ("key_hash", fields.key_hash.to_string()),
        ("index", fields.index.to_string()),
        ("alpha_hash", to_hex(&fields.alpha_hash)),
        ("random", to_hex(&fields.random)),
        ("timestamp", fields.timestamp.to_string()),
        ("schemes", fields.schemes.number().to_string()),
        ("struct_hash", to_hex(&fields.struct_hash())),
    ])
}

fn of_attested(fields: &AttestedFields) -> Inputs {
    Vec::from([
        ("key_hash", fields.key_hash.to_string()),
        ("index", fields.index.to_string()),
        ("bytes_hash", to_hex(&fields.bytes_hash)),
        ("length", fields.length.to_string()),
        ("core_hash", to_hex(&fields.core_hash)),
        ("mode", fields.mode.number().to_string()),
        ("timestamp", fields.timestamp.to_string()),
        ("schemes", fields.schemes.number().to_string()),
        ("struct_hash", to_hex(&fields.struct_hash())),
    ])
}
