//! The checks of the part `log`: the proof of inclusion, the checkpoint's signatures, its witnesses.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use r4_tlog::{SignedCheckpoint, hash, tree};

use super::checks::{check, not_checked};
use super::{Check, Policy};
use crate::document::Document;
use crate::keys::KeyHash;
use crate::log::{Log, LogKeys};
use crate::object::to_hex;

/// Makes the checks of the log's part, and of its witnesses where a policy names some.
pub(super) fn check_log(document: &Document, key_hash: KeyHash, policy: &Policy) -> Vec<Check> {
    let mut checks = Vec::new();
    let signed = document.envelope().log.as_ref().map(|log| {
        let signed = SignedCheckpoint::parse(&log.checkpoint).map_err(|error| error.to_string());
        (log, signed)
    });
    if let Some((log, signed)) = &signed {
        checks.push(check_inclusion(document, key_hash, log, signed));
        checks.push(check_checkpoint(log, signed, policy.log.as_ref()));
    }
    if let Some(witnesses) = &policy.witnesses {
        checks.push(check_witnesses(signed.as_ref().map(|(_, signed)| signed), witnesses));
    }
    checks
}

/// The checkpoint of a document, or why it is none.
type Signed = Result<SignedCheckpoint, String>;

fn check_inclusion(document: &Document, key_hash: KeyHash, log: &Log, signed: &Signed) -> Check {
    let leaf_hash = hash::leaf_hash(&document.entry(key_hash).to_bytes());
    let stated = || {
        let stated = &signed.as_ref().map_err(String::clone)?.checkpoint;
        if stated.origin != log.origin || stated.size != log.tree_size || stated.root != log.root {
            return Err("origin, tree_size and root are not those of the checkpoint".to_string());
        }
        tree::verify_inclusion(&leaf_hash, log.index, log.tree_size, &log.inclusion, &log.root)
            .map_err(|error| error.to_string())
    };
    let wrong = if log.index != document.envelope().index {
        Some("the index in the log is not the receipt's".to_string())
    } else if log.leaf_hash != leaf_hash {
        Some("leaf_hash is not the hash of the receipt's entry".to_string())
    } else {
        stated().err()
    };
    let inputs = Vec::from([
        ("origin", log.origin.clone()),
        ("index", log.index.to_string()),
        ("leaf_hash", to_hex(&leaf_hash)),
        ("tree_size", log.tree_size.to_string()),
        ("root", to_hex(&log.root)),
    ]);
    let right = format!("in the log at index {} of {} entries", log.index, log.tree_size);
    check("inclusion", wrong, &right, inputs)
}

fn check_checkpoint(log: &Log, signed: &Signed, pinned: Option<&LogKeys>) -> Check {
    let inputs = Vec::from([("origin", log.origin.clone())]);
    let Some(pinned) = pinned else {
        let why = "no key of the log was pinned: the checkpoint's signatures were NOT checked";
        return not_checked("checkpoint", why, inputs);
    };
    let vouched = || -> Result<(), String> {
        if log.origin != pinned.origin() {
            return Err(format!("the log is not the pinned one, {}", pinned.origin()));
        }
        let signed = signed.as_ref().map_err(String::clone)?;
        for key in pinned.keys() {
            signed.verify(key).map_err(|error| error.to_string())?;
        }
        Ok(())
    };
    let right = "both signatures of the log on the checkpoint verify";
    check("checkpoint", vouched().err(), right, inputs)
}

fn check_witnesses(signed: Option<&Signed>, policy: &r4_tlog::Policy) -> Check {
    let Some(signed) = signed else {
        let wrong = "the receipt has no log part, so no witness saw its checkpoint";
        return check("witnesses", Some(wrong), "", Vec::new());
    };
    let signed = match signed {
        Ok(signed) => signed,
        Err(error) => return check("witnesses", Some(error.clone()), "", Vec::new()),
    };
    let judged = policy.judge(signed);
    let said = judged.witnesses.iter().map(|(name, cosigned)| match cosigned {
        Ok(timestamp) => format!("{name}: cosigned at {timestamp}"),
        Err(error) => format!("{name}: {error}"),
    });
    let inputs = Vec::from([("witnesses", said.collect::<Vec<_>>().join("; "))]);
    let wrong = (!judged.satisfied)
        .then_some("the checkpoint has not the cosignatures that the policy asks for (yet)");
    check("witnesses", wrong, "the witnesses that the policy asks for cosigned", inputs)
}
