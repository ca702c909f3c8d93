//! The right edge of a growing tree.

use alloc::vec::Vec;

use super::Nodes;
use crate::hash::{EMPTY_ROOT, Hash, node_hash};

/// The complete subtrees at the right edge of a tree, the largest first: one for each bit that is set
/// in its size. Enough to add leaves and to know the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    subtrees: Vec<Hash>,
}

impl Frontier {
    /// Begins with no leaf.
    pub const fn new() -> Self {
        Self { size: 0, subtrees: Vec::new() }
    }

    /// Reads the right edge of the tree of the first `size` leaves.
    ///
    /// # Errors
    /// A node cannot be read.
    pub fn of<N: Nodes>(nodes: &N, size: u64) -> Result<Self, N::Error> {
        let mut subtrees = Vec::new();
        for level in (0..64_u8).rev() {
            let index = size.checked_shr(level.into()).unwrap_or(0);
            if index % 2 == 1 {
                // the subtree before it at this level ends where it starts
                subtrees.push(nodes.node(level, index.saturating_sub(1))?);
            }
        }
        Ok(Self { size, subtrees })
    }

    /// Adds a leaf by its hash.
    pub fn push(&mut self, leaf_hash: Hash) {
        let mut hash = leaf_hash;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.subtrees.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.subtrees.push(hash);
        self.size = self.size.saturating_add(1);
    }

    /// Returns the number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Returns the root (RFC 6962 §2.1).
    pub fn root(&self) -> Hash {
        let right_to_left = self.subtrees.iter().rev().copied();
        right_to_left.reduce(|right, left| node_hash(&left, &right)).unwrap_or(EMPTY_ROOT)
    }
}
