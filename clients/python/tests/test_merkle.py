"""Inclusion proofs: published hashes, and every tree up to a size."""

from __future__ import annotations

from hashlib import sha256

import pytest

from re4ctor import _merkle as merkle
from signed_log import leaf, tree

# The test data of Certificate Transparency's first implementations.
ENTRIES = [
    bytes.fromhex(digits)
    for digits in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    bytes.fromhex(digits)
    for digits in (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]


def root_of(low: int, high: int) -> bytes:
    return tree(low, merkle.leaf_hash(ENTRIES[low]), low, high, root_of)[0]


@pytest.mark.parametrize("size", range(1, 9))
def test_published_trees(size: int) -> None:
    for index, entry in enumerate(ENTRIES[:size]):
        hash_ = merkle.leaf_hash(entry)
        root, path = tree(index, hash_, 0, size, root_of)
        assert root == ROOTS[size - 1]
        assert merkle.includes(root, size, hash_, index, path)


def test_a_published_proof() -> None:
    path = [
        bytes.fromhex(digits)
        for digits in (
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        )
    ]
    assert merkle.includes(ROOTS[7], 8, merkle.leaf_hash(ENTRIES[5]), 5, path)


@pytest.mark.parametrize("size", range(1, 34))
def test_every_leaf_and_no_other_proof(size: int) -> None:
    for index in range(size):
        hash_ = leaf(b"entry %d" % index)
        root, path = tree(index, hash_, 0, size)
        assert merkle.includes(root, size, hash_, index, path)
        assert not merkle.includes(root, size, leaf(b"other"), index, path)
        assert not merkle.includes(leaf(b"other"), size, hash_, index, path)
        for wrong in range(size + 2):
            assert merkle.includes(root, size, hash_, wrong, path) == (wrong == index)
        refuse_other_paths(root, size, hash_, index, path)


def refuse_other_paths(root: bytes, size: int, hash_: bytes, index: int, path: list[bytes]) -> None:
    """Flips, drops, repeats and swaps hashes, and adds one anywhere."""
    more = sha256(b"more").digest()
    wrongs = [[*path[:at], more, *path[at:]] for at in range(len(path) + 1)]
    for at, step in enumerate(path):
        flipped = bytes([step[0] ^ 1]) + step[1:]
        wrongs += [
            [*path[:at], flipped, *path[at + 1 :]],
            [*path[:at], *path[at + 1 :]],
            [*path[:at], step, *path[at:]],
        ]
    if len(path) > 1:
        wrongs.append(path[::-1])
    for wrong in wrongs:
        assert not merkle.includes(root, size, hash_, index, wrong)


@pytest.mark.parametrize("index", [0, 1, 2**63 - 1, 2**63, 2**64 - 3, 2**64 - 2])
def test_the_largest_tree(index: int) -> None:
    size, hash_ = 2**64 - 1, leaf(b"entry")
    root, path = tree(index, hash_, 0, size)
    assert merkle.includes(root, size, hash_, index, path)
    refuse_other_paths(root, size, hash_, index, path)


def test_a_proof_that_goes_on_above_the_root() -> None:
    more = sha256(b"more").digest()
    for size in (1, 2, 3, 8):
        for index in range(size):
            root, path = tree(index, leaf(b"entry"), 0, size)
            for above in (merkle.node_hash(more, root), merkle.node_hash(root, more)):
                assert not merkle.includes(above, size, leaf(b"entry"), index, [*path, more])


def test_a_tree_without_leaves() -> None:
    empty = sha256(b"").digest()
    for index in (0, 1):
        assert not merkle.includes(empty, 0, empty, index, [])
