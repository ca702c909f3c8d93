//! The Merkle tree of a log, a leaf in a tree of a million, and the signing of its checkpoint.

use std::convert::Infallible;

use r4_tlog::hash::{leaf_hash, node_hash};
use r4_tlog::{Checkpoint, Hash, tree};

use super::node::{Node, ORIGIN, SIGNED_AT};
use super::{Run, Work, again, in_turn};

pub(super) const WORKS: [Work; 5] = [
    Work::new("log/leaf_hash", || in_turn(vec![ENTRY], |entry| leaf_hash(entry))),
    Work::new("log/append", append),
    Work::new("log/prove_inclusion", prove),
    Work::new("log/check_inclusion", check),
    Work::new("log/sign_checkpoint", sign_checkpoint),
];

/// An entry of the length of an answer's.
const ENTRY: [u8; 147] = [0x5a; 147];
/// Leaves of the tree.
pub(super) const SIZE: u64 = 1_000_000;
/// The leaf that is looked at.
pub(super) const INDEX: u64 = 654_321;

/// A tree of which one leaf is special and all others are alike, so that two hashes a level are all
/// of it.
pub(super) struct Tree {
    leaf: Vec<Hash>,
    others: Vec<Hash>,
}

impl Tree {
    /// Puts `leaf` at [`INDEX`].
    pub(super) fn around(leaf: Hash) -> Self {
        let mut tree = Self { leaf: vec![leaf], others: vec![leaf_hash(&ENTRY)] };
        for level in 0..SIZE.ilog2() {
            let (Some(leaf), Some(other)) = (tree.leaf.last(), tree.others.last()) else { break };
            let is_right = (INDEX >> level) % 2 == 1;
            let above = if is_right { node_hash(other, leaf) } else { node_hash(leaf, other) };
            let others = node_hash(other, other);
            tree.leaf.push(above);
            tree.others.push(others);
        }
        tree
    }

    /// Returns the proof that the leaf is where it is.
    pub(super) fn proof(&self) -> Vec<Hash> {
        let Ok(proof) = tree::inclusion_proof(self, INDEX, SIZE);
        proof
    }

    /// Returns the root of the whole tree.
    pub(super) fn root(&self) -> Hash {
        let Ok(root) = tree::root(self, SIZE);
        root
    }
}

impl tree::Nodes for Tree {
    type Error = Infallible;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Infallible> {
        let hashes = if INDEX >> level == index { &self.leaf } else { &self.others };
        Ok(hashes[usize::from(level)])
    }
}

fn append() -> Run {
    let Ok(start) = tree::Frontier::of(&Tree::around([1; 32]), SIZE);
    let mut frontier = start;
    again(move || {
        frontier.push(leaf_hash(&ENTRY));
        frontier.root()
    })
}

fn prove() -> Run {
    in_turn(vec![Tree::around([1; 32])], Tree::proof)
}

/// Hashes the entry too.
fn check() -> Run {
    let entry = [7; ENTRY.len()];
    let tree = Tree::around(leaf_hash(&entry));
    let root = tree.root();
    in_turn(vec![tree.proof()], move |proof| {
        let leaf = leaf_hash(&entry);
        tree::verify_inclusion(&leaf, INDEX, SIZE, proof, &root).expect("right");
    })
}

fn sign_checkpoint() -> Run {
    let node = Node::new();
    let root = Tree::around([1; 32]).root();
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size: SIZE, root };
    again(move || node.log.sign(&checkpoint, SIGNED_AT).expect("never fails"))
}
