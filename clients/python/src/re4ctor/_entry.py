"""A document's entry in the log, whose hash is the leaf."""

from __future__ import annotations

from typing import TYPE_CHECKING

from re4ctor._keccak import keccak256
from re4ctor.documents import Receipt

if TYPE_CHECKING:
    from re4ctor.documents import Attestation

_VERSION = 1
_VRF = 1
_ATTESTED = 2
_NO_RANDOM = bytes(32)


def of(document: Receipt | Attestation, key_hash: bytes, digest: bytes) -> bytes:
    """Makes the entry again, under a key hash and a digest recomputed from the document."""
    if isinstance(document, Receipt):
        kind, hashed, random = _VRF, document.alpha, document.random
    else:
        kind, hashed, random = _ATTESTED, document.random, _NO_RANDOM
    return b"".join(
        (
            bytes([_VERSION, kind]),
            digest,
            key_hash,
            document.index.to_bytes(8),
            keccak256(hashed),
            random,
            document.timestamp.to_bytes(8),
            bytes([document.schemes]),
        )
    )
