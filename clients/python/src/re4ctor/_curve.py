"""Points of secp256k1, on libsecp256k1, which does its arithmetic in one reviewed place.

A point is its 33 bytes of SEC 1 §2.3.3 with compression; the identity is one zero byte.
"""

from __future__ import annotations

from btclib_secp256k1 import keys

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
POINT_BYTES = 33
IDENTITY = b"\0"
GENERATOR = keys.pubkey_from_prvkey(1)


def is_point(octets: bytes) -> bool:
    """Says whether octets are 0x02 or 0x03 and the x of a point (string_to_point of RFC 9381)."""
    return len(octets) == POINT_BYTES and keys.pubkey_verify(octets)


def add_products(*terms: tuple[int, bytes]) -> bytes:
    """Sums points multiplied by numbers; the numbers are taken modulo the group's order."""
    factors = [(scalar % N, point) for scalar, point in terms if scalar % N and point != IDENTITY]
    if not factors:
        return IDENTITY
    points = [point for _, point in factors]
    return keys.pubkey_tweak_mul_sum(points, [scalar for scalar, _ in factors]) or IDENTITY


def uncompressed(point: bytes) -> bytes:
    """Returns 0x04, x and y of a point other than the identity."""
    return keys.reserialize(point, compressed=False)


def affine(point: bytes) -> tuple[int, int]:
    """Returns x and y of a point other than the identity."""
    octets = uncompressed(point)
    return int.from_bytes(octets[1:33]), int.from_bytes(octets[33:])
