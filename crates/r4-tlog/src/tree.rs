//! The Merkle tree (RFC 6962 §2.1): roots and proofs from stored nodes, and the checks of both
//! proofs.

use alloc::vec::Vec;

use crate::hash::{EMPTY_ROOT, Hash, node_hash};

mod frontier;
mod verify;

pub use frontier::Frontier;
pub use verify::{ProofError, verify_consistency, verify_inclusion};

/// Where the hashes of complete subtrees are kept.
pub trait Nodes {
    /// Why a hash could not be read.
    type Error;

    /// Returns the hash of the complete subtree of 2^`level` leaves that is the `index`-th from the
    /// left.
    ///
    /// # Errors
    /// The hash cannot be read.
    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error>;
}

/// Returns the root of the tree of the first `size` leaves (RFC 6962 §2.1).
///
/// # Errors
/// A node cannot be read.
pub fn root<N: Nodes>(nodes: &N, size: u64) -> Result<Hash, N::Error> {
    if size == 0 { Ok(EMPTY_ROOT) } else { span_root(nodes, Span { start: 0, size }) }
}

/// Returns the hashes beside the way from leaf `index` to the root of the tree of `size` leaves, the
/// leaf's sibling first (RFC 6962 §2.1.1). Empty when there is no such leaf.
///
/// # Errors
/// A node cannot be read.
pub fn inclusion_proof<N: Nodes>(nodes: &N, index: u64, size: u64) -> Result<Vec<Hash>, N::Error> {
    let mut proof = Vec::new();
    let mut span = Span { start: 0, size };
    if index >= size {
        return Ok(proof);
    }
    while let Some((left, right)) = span.split() {
        let beside;
        (span, beside) = if index < right.start { (left, right) } else { (right, left) };
        proof.push(span_root(nodes, beside)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Returns the hashes that show that the tree of `size` leaves begins with the tree of `old` leaves
/// (RFC 6962 §2.1.2). Empty when `old` is zero, `size` or more.
///
/// # Errors
/// A node cannot be read.
pub fn consistency_proof<N: Nodes>(nodes: &N, old: u64, size: u64) -> Result<Vec<Hash>, N::Error> {
    let mut proof = Vec::new();
    let mut span = Span { start: 0, size };
    if old == 0 || old >= size {
        return Ok(proof);
    }
    while span.end() != old {
        let Some((left, right)) = span.split() else { break };
        let beside;
        (span, beside) = if old <= right.start { (left, right) } else { (right, left) };
        proof.push(span_root(nodes, beside)?);
    }
    if span.start != 0 {
        proof.push(span_root(nodes, span)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Consecutive leaves that are a subtree of some tree; at least one.
#[derive(Clone, Copy)]
struct Span {
    start: u64,
    size: u64,
}

impl Span {
    const fn end(self) -> u64 {
        self.start.saturating_add(self.size)
    }

    /// Splits at the largest power of two below the size (RFC 6962 §2.1); one leaf has no halves.
    fn split(self) -> Option<(Self, Self)> {
        let level = self.size.checked_sub(1)?.checked_ilog2()?;
        let left = Self { start: self.start, size: 1_u64.checked_shl(level)? };
        let right = Self { start: left.end(), size: self.size.saturating_sub(left.size) };
        Some((left, right))
    }
}

/// Hashes a span. Its left half is complete at every step, so the way goes down on the right alone.
fn span_root<N: Nodes>(nodes: &N, mut span: Span) -> Result<Hash, N::Error> {
    let mut complete = Vec::new();
    while !span.size.is_power_of_two() {
        let Some((left, right)) = span.split() else { break };
        complete.push(complete_root(nodes, left)?);
        span = right;
    }
    let right = complete_root(nodes, span)?;
    Ok(complete.iter().rev().fold(right, |right, left| node_hash(left, &right)))
}

/// Reads the hash of a span whose size is a power of two, at which its start is aligned.
fn complete_root<N: Nodes>(nodes: &N, span: Span) -> Result<Hash, N::Error> {
    let level = span.size.trailing_zeros();
    let index = span.start.checked_shr(level).unwrap_or(0);
    nodes.node(u8::try_from(level).unwrap_or(u8::MAX), index)
}

#[cfg(test)]
mod tests;
