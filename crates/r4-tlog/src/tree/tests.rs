//! Roots and proofs against known answers and another implementation; proofs that were tampered with.

use std::prelude::v1::*;

use proptest::prelude::*;
use tlog_tiles as other;

use super::{
    Frontier, Nodes, ProofError, consistency_proof, inclusion_proof, root, verify_consistency,
    verify_inclusion,
};
use crate::hash::{EMPTY_ROOT, Hash, leaf_hash, node_hash};
use crate::testing::{Tree, leaf};

const SIZE: u64 = 70;

fn roots(tree: &Tree) -> Vec<Hash> {
    (0..=SIZE).map(|size| root(tree, size).unwrap()).collect()
}

/// What the other implementation keeps of a tree.
struct Stored(Vec<other::Hash>);

impl other::HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<other::Hash>, other::Error> {
        Ok(indexes.iter().map(|index| self.0[usize::try_from(*index).unwrap()]).collect())
    }
}

impl Stored {
    fn of(leaves: u64) -> Self {
        let mut stored = Self(Vec::new());
        for index in 0..leaves {
            let more = other::stored_hashes(index, &index.to_be_bytes(), &stored).unwrap();
            stored.0.extend(more);
        }
        stored
    }
}

/// The test data of Certificate Transparency's reference implementation
/// (`google/certificate-transparency`, `merkletree/merkle_tree_test.cc`).
#[test]
fn known_answers() {
    let entries = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut frontier = Frontier::new();
    assert_eq!(frontier.root(), EMPTY_ROOT);
    for (entry, root) in entries.iter().zip(roots) {
        frontier.push(leaf_hash(&hex::decode(entry).unwrap()));
        assert_eq!(hex::encode(frontier.root()), root);
    }
}

#[test]
fn roots_and_frontiers_are_another_implementations() {
    let (tree, stored) = (Tree::of(SIZE), Stored::of(SIZE));
    let mut frontier = Frontier::new();
    for size in 0..=SIZE {
        let expected = other::tree_hash(size, &stored).unwrap().0;
        assert_eq!(root(&tree, size).unwrap(), expected);
        assert_eq!((frontier.size(), frontier.root()), (size, expected));
        assert_eq!(Frontier::of(&tree, size).unwrap(), frontier);
        frontier.push(leaf(size));
    }
}

#[test]
fn inclusion_proofs_are_another_implementations() {
    let (tree, stored, roots) = (Tree::of(SIZE), Stored::of(SIZE), roots(&Tree::of(SIZE)));
    for (size, root) in (0..=SIZE).zip(&roots) {
        for index in 0..size {
            let proof = inclusion_proof(&tree, index, size).unwrap();
            let expected = other::prove_record(size, index, &stored).unwrap();
            assert!(proof.iter().eq(expected.iter().map(|hash| &hash.0)), "{index} of {size}");
            verify_inclusion(&leaf(index), index, size, &proof, root).unwrap();
            for forgery in forgeries(&proof) {
                let forged = verify_inclusion(&leaf(index), index, size, &forgery, root);
                assert!(forged.is_err(), "{index} of {size}");
            }
            for wrong in (0..size).step_by(5).filter(|wrong| *wrong != index) {
                assert!(verify_inclusion(&leaf(index), wrong, size, &proof, root).is_err());
                assert!(verify_inclusion(&leaf(wrong), index, size, &proof, root).is_err());
            }
        }
        assert!(inclusion_proof(&tree, size, size).unwrap().is_empty());
        assert_eq!(
            verify_inclusion(&leaf(size), size, size, &[], root),
            Err(ProofError::Index { index: size, size })
        );
    }
}

#[test]
fn consistency_proofs_are_another_implementations() {
    let (tree, stored, roots) = (Tree::of(SIZE), Stored::of(SIZE), roots(&Tree::of(SIZE)));
    for (size, root) in (1..=SIZE).zip(&roots[1..]) {
        for (old, old_root) in (1..size).zip(&roots[1..]) {
            let proof = consistency_proof(&tree, old, size).unwrap();
            let expected = other::prove_tree(size, old, &stored).unwrap();
            assert!(proof.iter().eq(expected.iter().map(|hash| &hash.0)), "{old} of {size}");
            verify_consistency(old, old_root, size, root, &proof).unwrap();
            for forgery in forgeries(&proof) {
                let forged = verify_consistency(old, old_root, size, root, &forgery);
                assert!(forged.is_err(), "{old} of {size}");
            }
            assert!(verify_consistency(old, root, size, root, &proof).is_err());
            assert!(verify_consistency(old, old_root, size, old_root, &proof).is_err());
            let swapped = verify_consistency(size, root, old, old_root, &proof);
            assert_eq!(swapped, Err(ProofError::Size { old: size, size: old }));
        }
    }
}

/// One bit of each hash changed, one hash dropped, doubled, added, or out of place.
fn forgeries(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut forgeries = vec![[proof, &[EMPTY_ROOT]].concat(), [&[EMPTY_ROOT], proof].concat()];
    for (at, hash) in proof.iter().enumerate() {
        let (before, [_, after @ ..]) = proof.split_at(at) else { unreachable!("at is inside") };
        let mut changed = *hash;
        changed[at % 32] ^= 1 << (at % 8);
        forgeries.push([before, &[changed], after].concat());
        forgeries.push([before, after].concat());
        forgeries.push([before, &[*hash, *hash], after].concat());
        if let [next, rest @ ..] = after {
            forgeries.push([before, &[*next, *hash], rest].concat());
        }
    }
    forgeries
}

#[test]
fn every_changed_bit_is_refused() {
    let (tree, roots) = (Tree::of(SIZE), roots(&Tree::of(SIZE)));
    let (index, old, size) = (37, 37, SIZE);
    let inclusion = inclusion_proof(&tree, index, size).unwrap();
    let consistency = consistency_proof(&tree, old, size).unwrap();
    let (old_root, root) = (&roots[37], &roots[70]);
    let bits = |hashes: usize| (0..hashes * 256).map(|bit| (bit / 256, bit / 8 % 32, bit % 8));
    for (hash, byte, bit) in bits(inclusion.len()) {
        let mut proof = inclusion.clone();
        proof[hash][byte] ^= 1 << bit;
        let refused = verify_inclusion(&leaf(index), index, size, &proof, root);
        assert_eq!(refused, Err(ProofError::Root));
    }
    for (hash, byte, bit) in bits(consistency.len()) {
        let mut proof = consistency.clone();
        proof[hash][byte] ^= 1 << bit;
        let refused = verify_consistency(old, old_root, size, root, &proof);
        assert!(matches!(refused, Err(ProofError::OldRoot | ProofError::Root)));
    }
}

#[test]
fn trivial_consistency() {
    let tree = Tree::of(8);
    let some = root(&tree, 8).unwrap();
    for (old, size) in [(0, 0), (0, 8), (8, 8), (9, 8)] {
        assert!(consistency_proof(&tree, old, size).unwrap().is_empty());
    }
    verify_consistency(0, &EMPTY_ROOT, 0, &EMPTY_ROOT, &[]).unwrap();
    verify_consistency(0, &EMPTY_ROOT, 8, &some, &[]).unwrap();
    verify_consistency(8, &some, 8, &some, &[]).unwrap();
    assert_eq!(verify_consistency(0, &some, 8, &some, &[]), Err(ProofError::OldRoot));
    assert_eq!(verify_consistency(0, &EMPTY_ROOT, 0, &some, &[]), Err(ProofError::Root));
    assert_eq!(verify_consistency(8, &some, 8, &leaf(8), &[]), Err(ProofError::Root));
    for (old, old_root) in [(0, &EMPTY_ROOT), (8, &some)] {
        let longer = verify_consistency(old, old_root, 8, &some, &[some]);
        assert_eq!(longer, Err(ProofError::Length { got: 1 }));
    }
}

/// A tree of any size whose leaves are all the same: one hash for each level.
struct Uniform(Vec<Hash>);

impl Uniform {
    fn new() -> Self {
        let above = |hash: &Hash| Some(node_hash(hash, hash));
        Self(core::iter::successors(Some(EMPTY_ROOT), above).take(64).collect())
    }
}

impl Nodes for Uniform {
    type Error = core::convert::Infallible;

    fn node(&self, level: u8, _: u64) -> Result<Hash, Self::Error> {
        Ok(self.0[usize::from(level)])
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn proofs_of_trees_of_any_size(size in 1..=u64::MAX, other: u64) {
        let tree = Uniform::new();
        let index = other.checked_rem(size).unwrap();
        let (tree_root, old_root) = (root(&tree, size).unwrap(), root(&tree, index).unwrap());
        let inclusion = inclusion_proof(&tree, index, size).unwrap();
        prop_assert!(inclusion.len() <= 64);
        prop_assert!(verify_inclusion(&EMPTY_ROOT, index, size, &inclusion, &tree_root).is_ok());
        let consistency = consistency_proof(&tree, index, size).unwrap();
        prop_assert!(verify_consistency(index, &old_root, size, &tree_root, &consistency).is_ok());
        prop_assert_eq!(Frontier::of(&tree, size).unwrap().root(), tree_root);
    }

    #[test]
    fn octets_are_no_proof(index: u64, size: u64, proof in prop::collection::vec(any::<Hash>(), 0..70)) {
        prop_assert!(verify_inclusion(&leaf(0), index, size, &proof, &leaf(1)).is_err());
        prop_assert!(verify_consistency(index, &leaf(0), size, &leaf(1), &proof).is_err());
    }
}
