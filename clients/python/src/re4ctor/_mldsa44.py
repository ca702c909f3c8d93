"""ML-DSA-44 (FIPS 204) verification with the empty context, on OpenSSL."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

PUBLIC_KEY_BYTES = 1312


def verifies(public_key: bytes, signed: bytes, signature: bytes) -> bool:
    """Says whether a signature verifies."""
    try:
        MLDSA44PublicKey.from_public_bytes(public_key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True
