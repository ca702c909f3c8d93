//! The checks, each by itself. All use the key hash and the digest recomputed here, never the ones
//! that the document states.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use r4_sign::{ecdsa, mldsa};
use sha2::{Digest as _, Sha256};

use super::digest::check_digest;
use super::evm::check_evm;
use super::log::check_log;
use super::{Check, Outcome, Pin, Policy, Require};
use crate::alpha::{index_alpha, is_reserved};
use crate::document::Document;
use crate::envelope::{Envelope, Signatures};
use crate::keys::KeyHash;
use crate::message::mldsa_message;
use crate::object::to_hex;
use crate::receipt::{AlphaSource, Receipt};
use crate::schemes::Schemes;

pub(super) type Inputs = Vec<(&'static str, String)>;

/// Makes every check in the order of their names.
pub(super) fn all(document: &Document, policy: &Policy) -> Vec<Check> {
    let envelope = document.envelope();
    let key_hash = envelope.keys.key_hash();
    let digest = document.digest(key_hash, envelope.schemes());
    let mut checks = Vec::from([check_key_hash(document, key_hash), check_key_id(envelope)]);
    if let Document::Vrf(receipt) = document {
        checks.push(check_alpha(receipt, key_hash));
        checks.push(check_vrf(receipt));
        checks.push(check_random(receipt));
        checks.extend(check_evm(receipt, key_hash));
    }
    // A digest that was made for other signatures is a matter of `schemes`.
    let made_for = |schemes: &Schemes| document.digest(key_hash, *schemes) == envelope.msg_hash;
    let present = (digest == envelope.msg_hash).then(|| envelope.schemes());
    let signed_for = present.or_else(|| Schemes::ALL.into_iter().find(made_for));
    checks.push(check_digest(document, key_hash, signed_for));
    checks.push(check_schemes(envelope, signed_for));
    let recovered = recover(envelope, &digest);
    checks.push(check_ecdsa(envelope, &digest, &recovered));
    checks.push(check_signer(envelope, &recovered));
    checks.push(check_mldsa(envelope, &digest));
    checks.extend(check_log(document, key_hash, policy));
    checks.push(check_pin(envelope, key_hash, &recovered, &policy.pin));
    checks.push(check_require(envelope, policy));
    checks
}

fn check_key_hash(document: &Document, key_hash: KeyHash) -> Check {
    let envelope = document.envelope();
    let keys = &envelope.keys;
    let vrf_key_differs =
        matches!(document, Document::Vrf(receipt) if receipt.vrf_public_key != keys.ecvrf);
    let pair_differs = match &envelope.signatures {
        Signatures::Ecdsa(_, pair) => pair.public_key != keys.ecdsa,
        Signatures::Mldsa(pair) | Signatures::Dual(_, pair) => {
            Sha256::digest(&pair.public_key)[..] != keys.mldsa65_sha256
        }
    };
    let wrong = if envelope.key_hash != key_hash {
        Some("key_hash is not the hash of keys")
    } else if vrf_key_differs {
        Some("vrf.public_key is not the key in keys")
    } else if pair_differs {
        Some("public_key is not the key in keys")
    } else {
        None
    };
    let inputs = Vec::from([
        ("ecvrf", to_hex(&keys.ecvrf)),
        ("ecdsa", to_hex(&keys.ecdsa)),
        ("mldsa65_sha256", to_hex(&keys.mldsa65_sha256)),
        ("ecvrf_evm_sha256", to_hex(&keys.ecvrf_evm_sha256)),
        ("key_hash", envelope.key_hash.to_string()),
        ("recomputed", key_hash.to_string()),
    ]);
    check("key_hash", wrong, "the key hash is the hash of the keys used", inputs)
}

fn check_key_id(envelope: &Envelope) -> Check {
    let wrong = (envelope.key_id != envelope.key_hash.key_id())
        .then_some("key_id is not the beginning of key_hash");
    let inputs = Vec::from([
        ("key_id", envelope.key_id.to_string()),
        ("key_hash", envelope.key_hash.to_string()),
    ]);
    check("key_id", wrong, "the key id is the beginning of the key hash", inputs)
}

fn check_alpha(receipt: &Receipt, key_hash: KeyHash) -> Check {
    let index = receipt.envelope.index;
    let inputs = Vec::from([
        ("alpha", to_hex(&receipt.alpha)),
        ("alpha_source", receipt.alpha_source.name().to_string()),
        ("index", index.to_string()),
        ("key_hash", key_hash.to_string()),
    ]);
    match receipt.alpha_source {
        AlphaSource::Index => {
            let wrong = (receipt.alpha != index_alpha(&key_hash, index))
                .then_some("alpha is not the one of this index and key hash");
            check("alpha", wrong, "alpha was derived from the index and the key hash", inputs)
        }
        AlphaSource::Client => {
            let wrong = is_reserved(&receipt.alpha)
                .then_some("a client's alpha may not begin with r4/, which is the node's own");
            check("alpha", wrong, "alpha is a client's", inputs)
        }
    }
}

fn check_vrf(receipt: &Receipt) -> Check {
    let result = r4_ecvrf::PublicKey::from_bytes(&receipt.vrf_public_key)
        .map_err(|error| error.to_string())
        .and_then(|key| {
            let proof = r4_ecvrf::Proof::parse(&receipt.proof).map_err(|e| e.to_string())?;
            key.verify(&receipt.alpha, &proof).map_err(|error| error.to_string())
        });
    let inputs = Vec::from([
        ("suite", r4_ecvrf::SUITE.to_string()),
        ("public_key", to_hex(&receipt.vrf_public_key)),
        ("alpha", to_hex(&receipt.alpha)),
        ("proof", to_hex(&receipt.proof)),
    ]);
    check("vrf", result.err(), "the proof verifies for this key and alpha", inputs)
}

fn check_random(receipt: &Receipt) -> Check {
    let beta = r4_ecvrf::Proof::parse(&receipt.proof).map(|proof| proof.beta().to_bytes());
    let wrong =
        (beta != Ok(receipt.random)).then_some("random is not the output that the proof is for");
    let recomputed = beta.map_or_else(|error| error.to_string(), |beta| to_hex(&beta));
    let inputs = Vec::from([("random", to_hex(&receipt.random)), ("recomputed", recomputed)]);
    check("random", wrong, "random is the output that the proof is for", inputs)
}

fn check_schemes(envelope: &Envelope, signed_for: Option<Schemes>) -> Check {
    let present = envelope.schemes();
    let inputs = Vec::from([("schemes", format!("{}", present.number()))]);
    let wrong = match signed_for {
        Some(schemes) if schemes != present => Some(format!(
            "the digest was made for {}, but the signatures present are {}",
            schemes.signature_type(),
            present.signature_type()
        )),
        _ => None,
    };
    let right =
        format!("the signatures present are those signed for: {}", present.signature_type());
    match signed_for {
        None => not_checked("schemes", "the digest is not that of the fields", inputs),
        Some(_) => check("schemes", wrong, &right, inputs),
    }
}

fn check_ecdsa(envelope: &Envelope, digest: &[u8; 32], recovered: &Recovered) -> Check {
    let Some(fields) = envelope.signatures.ecdsa() else {
        return not_checked("ecdsa", "there is no ECDSA signature", Vec::new());
    };
    let result = fields.signature().map_err(|error| error.to_string()).and_then(|signature| {
        if let Signatures::Ecdsa(_, pair) = &envelope.signatures
            && pair.signature != signature.to_bytes()
        {
            return Err("signature is not r, s and v".into());
        }
        let key = ecdsa::VerifyingKey::from_bytes(&envelope.keys.ecdsa)
            .map_err(|error| error.to_string())?;
        // The key that is recovered is one for which the equation holds (SEC 1 §4.1.6).
        if recovered.as_ref() == Ok(&key) {
            return Ok(());
        }
        key.verify_digest(digest, &signature).map_err(|error| error.to_string())
    });
    let inputs = Vec::from([
        ("public_key", to_hex(&envelope.keys.ecdsa)),
        ("digest", to_hex(digest)),
        ("r", to_hex(&fields.r)),
        ("s", to_hex(&fields.s)),
    ]);
    check("ecdsa", result.err(), "the ECDSA signature verifies", inputs)
}

fn check_signer(envelope: &Envelope, recovered: &Recovered) -> Check {
    let Some(fields) = envelope.signatures.ecdsa() else {
        return not_checked("signer", "there is no ECDSA signature", Vec::new());
    };
    let wrong = match recovered {
        Err(error) => Some(error.clone()),
        Ok(key) if key.to_bytes() != envelope.keys.ecdsa => {
            Some("r, s and v recover another key than the one in keys".into())
        }
        Ok(key) if key.address() != fields.signer_addr => {
            Some("signer_addr is not the address of the key".into())
        }
        Ok(_) => None,
    };
    let inputs = Vec::from([
        ("signer_addr", fields.signer_addr.to_string()),
        ("v", fields.v.to_string()),
        ("recovered", told(recovered)),
    ]);
    check("signer", wrong, "the signature recovers to signer_addr", inputs)
}

fn check_mldsa(envelope: &Envelope, digest: &[u8; 32]) -> Check {
    let Some(pair) = envelope.signatures.mldsa() else {
        return not_checked("mldsa65", "there is no ML-DSA-65 signature", Vec::new());
    };
    let message = mldsa_message(digest);
    let result = mldsa::PublicKey::parse(&pair.public_key)
        .map_err(|error| error.to_string())
        .and_then(|key| key.verify(&message, &pair.signature).map_err(|error| error.to_string()));
    let inputs = Vec::from([
        ("public_key_sha256", to_hex(&Sha256::digest(&pair.public_key))),
        ("message", to_hex(&message)),
        ("signature_sha256", to_hex(&Sha256::digest(&pair.signature))),
    ]);
    check("mldsa65", result.err(), "the ML-DSA-65 signature verifies", inputs)
}

fn check_pin(envelope: &Envelope, key_hash: KeyHash, recovered: &Recovered, pin: &Pin) -> Check {
    match pin {
        Pin::None => not_checked(
            "pin",
            "no key was pinned: self-consistent; signer NOT checked",
            Vec::from([("key_hash", key_hash.to_string())]),
        ),
        Pin::KeyHashes(hashes) => {
            let wrong =
                (!hashes.contains(&key_hash)).then_some("the key hash is none of those pinned");
            let pinned: Vec<String> = hashes.iter().map(ToString::to_string).collect();
            let inputs =
                Vec::from([("key_hash", key_hash.to_string()), ("pinned", pinned.join(", "))]);
            check("pin", wrong, "the key hash is a pinned one", inputs)
        }
        Pin::Signer(address) => {
            let is_pinned = matches!(recovered, Ok(key) if key.address() == *address);
            let wrong = if envelope.signatures.ecdsa().is_none() {
                Some("there is no ECDSA signature, and an ECDSA signer was pinned")
            } else if !is_pinned {
                Some("the ECDSA signature is not the pinned signer's")
            } else {
                None
            };
            let right = "the ECDSA signer is the pinned one; nothing but ECDSA was pinned";
            let inputs = Vec::from([("signer", told(recovered)), ("pinned", address.to_string())]);
            check("pin", wrong, right, inputs)
        }
    }
}

fn check_require(envelope: &Envelope, policy: &Policy) -> Check {
    let present = envelope.schemes();
    let inputs = Vec::from([("signature_type", present.signature_type().to_string())]);
    if policy.pin == Pin::None {
        return not_checked("require", "no key was pinned, so nothing is required", inputs);
    }
    let (holds, wrong) = match policy.require {
        Require::Dual => (present == Schemes::Dual, "both signatures are required"),
        Require::Ecdsa => (present.has_ecdsa(), "an ECDSA signature is required"),
        Require::Mldsa => (present.has_mldsa(), "an ML-DSA-65 signature is required"),
    };
    check("require", (!holds).then_some(wrong), "the required signatures are present", inputs)
}

/// The key that signed, by the signature with its v, or why there is none.
type Recovered = Result<ecdsa::VerifyingKey, String>;

fn told(recovered: &Recovered) -> String {
    recovered.as_ref().map_or_else(Clone::clone, |key| key.address().to_string())
}

fn recover(envelope: &Envelope, digest: &[u8; 32]) -> Recovered {
    let fields = envelope.signatures.ecdsa().ok_or("there is no ECDSA signature")?;
    let signature = fields.signature().map_err(|error| error.to_string())?;
    signature.recover(digest).map_err(|error| error.to_string())
}

pub(super) fn check(
    name: &'static str,
    wrong: Option<impl Into<String>>,
    right: &str,
    inputs: Inputs,
) -> Check {
    match wrong {
        Some(wrong) => Check { name, outcome: Outcome::Failed, detail: wrong.into(), inputs },
        None => Check { name, outcome: Outcome::Passed, detail: right.into(), inputs },
    }
}

pub(super) fn not_checked(name: &'static str, why: &str, inputs: Inputs) -> Check {
    Check { name, outcome: Outcome::NotChecked, detail: why.into(), inputs }
}
