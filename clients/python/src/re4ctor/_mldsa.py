"""ML-DSA-65 (FIPS 204) verification with the empty context, on OpenSSL."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey

PUBLIC_KEY_BYTES = 1952
SIGNATURE_BYTES = 3309


def message(digest: bytes) -> bytes:
    """Returns the message that is signed for a digest."""
    return b"r4/receipt/v1\0" + digest


def verifies(public_key: bytes, signed: bytes, signature: bytes) -> bool:
    """Says whether a signature verifies."""
    try:
        MLDSA65PublicKey.from_public_bytes(public_key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True
