"""A log with keys of its own, written from the specifications and sharing no code with the client.

Only the leaf that is asked for is a real one: the other subtrees' hashes are made up, so that a log
may be as long as an index says.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from Crypto.Hash import keccak
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

if TYPE_CHECKING:
    from collections.abc import Callable

ED25519 = 1
MLDSA44 = 6
SCHEMES = {"ECDSA(secp256k1)": 1, "ML-DSA-65": 2, "ECDSA(secp256k1) + ML-DSA-65": 3}


def leaf(entry: bytes) -> bytes:
    return sha256(b"\0" + entry).digest()


def above(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def other(low: int, high: int) -> bytes:
    """Makes up the hash of a subtree."""
    return sha256(f"leaves {low} to {high}".encode()).digest()


def tree(
    index: int, hash_: bytes, low: int, high: int, subtree: Callable[[int, int], bytes] = other
) -> tuple[bytes, list[bytes]]:
    """Returns the root of the leaves from low to high, and one's path to it (RFC 6962 §2.1)."""
    size = high - low
    if size == 1:
        return hash_, []
    middle = low + 2 ** ((size - 1).bit_length() - 1)
    if index < middle:
        left, path = tree(index, hash_, low, middle, subtree)
        right = subtree(middle, high)
        return above(left, right), [*path, right]
    left = subtree(low, middle)
    right, path = tree(index, hash_, middle, high, subtree)
    return above(left, right), [*path, left]


def entry(members: dict[str, Any]) -> bytes:
    """Makes the entry of a document from its JSON."""
    attested = "unique" in members
    hashed = octets(members["bytes" if attested else "alpha"])
    seconds = int(datetime.fromisoformat(members["timestamp"]).timestamp())
    return (
        (b"\1\2" if attested else b"\1\1")
        + octets(members["msg_hash"])
        + octets(members["key_hash"])
        + int(members["index"]).to_bytes(8)
        + keccak.new(data=hashed, digest_bits=256).digest()
        + (bytes(32) if attested else octets(members["random"]))
        + seconds.to_bytes(8)
        + bytes([SCHEMES[members["signature_type"]]])
    )


def octets(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def note(text: str, *lines: str) -> str:
    return f"{text}\n{''.join(lines)}"


@dataclass(frozen=True)
class SignedLog:
    """A log's name and the seed of both its keys."""

    origin: str = "random.example.org/v1/log"
    seed: bytes = bytes(32)

    def vkeys(self) -> list[str]:
        return [self._vkey(ED25519), self._vkey(MLDSA44)]

    def keys(self) -> dict[str, Any]:
        """Returns the field of a keys document."""
        return {"origin": self.origin, "keys": self.vkeys()}

    def head(self, size: int, root: bytes) -> str:
        return f"{self.origin}\n{size}\n{b64encode(root).decode()}\n"

    def checkpoint(self, size: int, root: bytes) -> str:
        text = self.head(size, root)
        return note(text, self.ed25519(text), self.mldsa44(size, root))

    def ed25519(self, text: str) -> str:
        key = Ed25519PrivateKey.from_private_bytes(self.seed)
        return self.line(ED25519, key.sign(text.encode()))

    def mldsa44(self, size: int, root: bytes, timestamp: int = 1, cosigner: str = "") -> str:
        origin = self.origin.encode()
        name = (cosigner or self.origin).encode()
        message = (
            b"subtree/v1\n\0"
            + bytes([len(name)])
            + name
            + timestamp.to_bytes(8)
            + bytes([len(origin)])
            + origin
            + bytes(8)
            + size.to_bytes(8)
            + root
        )
        key = MLDSA44PrivateKey.from_seed_bytes(self.seed)
        return self.line(MLDSA44, timestamp.to_bytes(8) + key.sign(message))

    def line(self, kind: int, signature: bytes) -> str:
        return f"— {self.origin} {b64encode(self._id(kind) + signature).decode()}\n"

    def part(
        self, members: dict[str, Any], after: int = 3, at: int | None = None
    ) -> dict[str, Any]:
        """Makes the field `log` of a document that so many leaves come after."""
        hash_ = leaf(entry(members))
        index = int(members["index"]) if at is None else at
        size = index + 1 + after
        root, path = tree(index, hash_, 0, size)
        return {
            "origin": self.origin,
            "index": str(index),
            "leaf_hash": "0x" + hash_.hex(),
            "tree_size": str(size),
            "root": "0x" + root.hex(),
            "inclusion": ["0x" + step.hex() for step in path],
            "checkpoint": self.checkpoint(size, root),
        }

    def _key(self, kind: int) -> bytes:
        if kind == ED25519:
            key = Ed25519PrivateKey.from_private_bytes(self.seed)
            return key.public_key().public_bytes_raw()
        return MLDSA44PrivateKey.from_seed_bytes(self.seed).public_key().public_bytes_raw()

    def _id(self, kind: int) -> bytes:
        name = self.origin.encode()
        return sha256(name + b"\n" + bytes([kind]) + self._key(kind)).digest()[:4]

    def _vkey(self, kind: int) -> str:
        key = b64encode(bytes([kind]) + self._key(kind)).decode()
        return f"{self.origin}+{self._id(kind).hex()}+{key}"
