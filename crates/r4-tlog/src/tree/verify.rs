//! The checks of both proofs, step by step as in RFC 9162.

use crate::hash::{EMPTY_ROOT, Hash, node_hash};

/// Why a proof was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The tree has no such leaf.
    #[error("a tree of {size} leaves has no leaf {index}")]
    Index {
        /// The leaf's index, from zero.
        index: u64,
        /// Leaves of the tree.
        size: u64,
    },
    /// The new tree is smaller than the old one.
    #[error("a tree of {size} leaves does not begin with a tree of {old}")]
    Size {
        /// Leaves of the old tree.
        old: u64,
        /// Leaves of the new tree.
        size: u64,
    },
    /// The proof has more or fewer hashes than these sizes call for.
    #[error("a proof for these sizes does not have {got} hashes")]
    Length {
        /// Hashes given.
        got: usize,
    },
    /// The hashes lead to another root of the old tree.
    #[error("the proof does not lead to the old root")]
    OldRoot,
    /// The hashes lead to another root.
    #[error("the proof does not lead to the root")]
    Root,
}

/// Checks that the leaf is the `index`-th of the tree of `size` leaves (RFC 9162 §2.1.3.2).
///
/// # Errors
/// The tree has no such leaf, the proof has another length, or it leads to another root.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Index { index, size });
    }
    let mut way = Way { node: index, last: size.saturating_sub(1) };
    let mut hash = *leaf;
    for beside in proof {
        hash = match way.up(proof)? {
            Side::Left => node_hash(beside, &hash),
            Side::Right => node_hash(&hash, beside),
        };
    }
    way.at_the_top(proof)?;
    if hash == *root { Ok(()) } else { Err(ProofError::Root) }
}

/// Checks that the tree of `size` leaves begins with the tree of `old` leaves (RFC 9162 §2.1.4.2).
/// The proof is empty when `old` is zero, where the old root is the empty tree's, and when `old` is
/// `size`, where both roots are equal.
///
/// # Errors
/// The new tree is smaller, the proof has another length, or it leads to another root.
pub fn verify_consistency(
    old: u64,
    old_root: &Hash,
    size: u64,
    root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old > size {
        return Err(ProofError::Size { old, size });
    }
    if old == 0 || old == size {
        return verify_trivial(old, old_root, size, root, proof);
    }
    let wrong = ProofError::Length { got: proof.len() };
    let mut way = Way { node: old.saturating_sub(1), last: size.saturating_sub(1) };
    way.skip_right_children();
    // a complete old tree is its own first node, which the proof leaves out
    let (first, rest) =
        if old.is_power_of_two() { (old_root, proof) } else { proof.split_first().ok_or(wrong)? };
    let (mut old_hash, mut hash) = (*first, *first);
    for beside in rest {
        match way.up(proof)? {
            Side::Left => {
                old_hash = node_hash(beside, &old_hash);
                hash = node_hash(beside, &hash);
            }
            Side::Right => hash = node_hash(&hash, beside),
        }
    }
    way.at_the_top(proof)?;
    if old_hash != *old_root {
        return Err(ProofError::OldRoot);
    }
    if hash == *root { Ok(()) } else { Err(ProofError::Root) }
}

fn verify_trivial(
    old: u64,
    old_root: &Hash,
    size: u64,
    root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if !proof.is_empty() {
        return Err(ProofError::Length { got: proof.len() });
    }
    if old == 0 && *old_root != EMPTY_ROOT {
        return Err(ProofError::OldRoot);
    }
    if old == size && old_root != root {
        return Err(ProofError::Root);
    }
    Ok(())
}

/// A node and the last node of its level: fn and sn of RFC 9162.
struct Way {
    node: u64,
    last: u64,
}

/// Where the next hash of the proof stands.
enum Side {
    Left,
    Right,
}

impl Way {
    /// Goes up to the next level at which the node has a sibling, and to its parent.
    fn up(&mut self, proof: &[Hash]) -> Result<Side, ProofError> {
        if self.last == 0 {
            return Err(ProofError::Length { got: proof.len() });
        }
        let side = if self.node % 2 == 1 || self.node == self.last {
            // the last node of a level is its own parent until it is a right child
            let levels = self.node.trailing_zeros();
            self.shift(levels);
            Side::Left
        } else {
            Side::Right
        };
        self.shift(1);
        Ok(side)
    }

    fn skip_right_children(&mut self) {
        self.shift(self.node.trailing_ones());
    }

    fn at_the_top(&self, proof: &[Hash]) -> Result<(), ProofError> {
        if self.last == 0 { Ok(()) } else { Err(ProofError::Length { got: proof.len() }) }
    }

    fn shift(&mut self, levels: u32) {
        self.node = self.node.checked_shr(levels).unwrap_or(0);
        self.last = self.last.checked_shr(levels).unwrap_or(0);
    }
}
