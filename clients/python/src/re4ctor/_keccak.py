"""Keccak-256, the hash of Ethereum (not SHA3-256, which pads differently)."""

from __future__ import annotations

from Crypto.Hash import keccak


def keccak256(octets: bytes) -> bytes:
    """Hashes to 32 bytes."""
    return bytes(keccak.new(data=octets, digest_bits=256).digest())
