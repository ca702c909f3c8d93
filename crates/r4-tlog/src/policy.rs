//! Trust policies (c2sp.org/tlog-policy): which logs, which witnesses, and how many of them must have
//! cosigned a checkpoint.

use alloc::string::String;
use alloc::vec::Vec;

use crate::checkpoint::{SignatureError, SignedCheckpoint};
use crate::note::VerifierKey;

mod parse;

pub use parse::{LineError, MAX_DEFINITIONS, MAX_POLICY_BYTES, PolicyError};

/// A policy. Beyond the specification's keys, those of ML-DSA-44 (type 0x06) are accepted for logs
/// and witnesses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    witnesses: Vec<Witness>,
    /// What the quorum is made of, in the order of their lines: members come before their groups.
    definitions: Vec<Definition>,
    quorum: Quorum,
}

/// A witness that a policy knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Its name in the policy.
    pub name: String,
    /// Its key.
    pub key: VerifierKey,
    /// Where it is reached; opaque.
    pub url: Option<String>,
}

/// What a policy says of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Each witness of the policy by its name there: when it cosigned, in seconds since 1970.
    pub witnesses: Vec<(String, Result<u64, SignatureError>)>,
    /// Whether a log of the policy, if it lists any, signed, and the quorum cosigned.
    pub satisfied: bool,
}

/// What a name of the policy stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Definition {
    /// Index of a witness.
    Witness(usize),
    /// At least `threshold` of these definitions.
    Group { threshold: usize, members: Vec<usize> },
}

/// Which cosignatures a checkpoint needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quorum {
    None,
    /// Those of a definition, by its index.
    Of(usize),
}

impl Policy {
    /// Returns the keys of the logs. Empty when they are known from elsewhere.
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// Returns the witnesses.
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Judges a checkpoint: it must be signed by one of the logs, whose name is its origin, and
    /// cosigned by the quorum (tlog-policy, "What is a policy?"). A signature that does not verify
    /// counts as none.
    pub fn judge(&self, checkpoint: &SignedCheckpoint) -> Judgement {
        let witnesses: Vec<_> = self
            .witnesses
            .iter()
            .map(|witness| (witness.name.clone(), cosigned_at(checkpoint, &witness.key)))
            .collect();
        let satisfied = self.is_logged(checkpoint) && self.has_quorum(&witnesses);
        Judgement { witnesses, satisfied }
    }

    fn is_logged(&self, checkpoint: &SignedCheckpoint) -> bool {
        let signed = |log: &VerifierKey| {
            log.name() == checkpoint.checkpoint.origin && checkpoint.verify(log).is_ok()
        };
        self.logs.is_empty() || self.logs.iter().any(signed)
    }

    fn has_quorum(&self, witnesses: &[(String, Result<u64, SignatureError>)]) -> bool {
        let Quorum::Of(quorum) = self.quorum else { return true };
        let mut met = Vec::new();
        for definition in &self.definitions {
            met.push(match definition {
                Definition::Witness(index) => {
                    witnesses.get(*index).is_some_and(|(_, cosigned)| cosigned.is_ok())
                }
                Definition::Group { threshold, members } => {
                    let is_met = |member: &&usize| met.get(**member) == Some(&true);
                    members.iter().filter(is_met).count() >= *threshold
                }
            });
        }
        met.get(quorum) == Some(&true)
    }
}

/// Cosignatures alone have a time; parsing gives no witness another key.
fn cosigned_at(checkpoint: &SignedCheckpoint, key: &VerifierKey) -> Result<u64, SignatureError> {
    checkpoint.verify(key)?.timestamp.ok_or(SignatureError::Timestamp)
}

#[cfg(test)]
mod tests;
