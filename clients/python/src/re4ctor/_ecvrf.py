"""ECVRF-SECP256K1-SHA256-TAI: verification by RFC 9381.

The RFC has no suite for this curve: its rules for ECVRF-P256-SHA256-TAI (§5.5) are taken with
secp256k1 and the suite octet 0xFE.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from re4ctor import _curve
from re4ctor._curve import GENERATOR, POINT_BYTES, N, P, add_products, is_point

if TYPE_CHECKING:
    from collections.abc import Iterator

SUITE = "ECVRF-SECP256K1-SHA256-TAI"
PROOF_BYTES = 81

_SUITE_OCTET = b"\xfe"
_CHALLENGE_BYTES = 16


class InvalidProofError(ValueError):
    """A key or a proof is malformed, or the proof was not made for this key and alpha."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A decoded proof pi (§5.4.4): gamma, c and s."""

    gamma: bytes
    c: int
    s: int

    @classmethod
    def decode(cls, octets: bytes) -> Proof:
        """Decodes 81 octets, so that each proof has one encoding.

        Raises:
            InvalidProofError: The length is wrong, gamma is no point, or s is not below n.
        """
        if len(octets) != PROOF_BYTES:
            raise InvalidProofError(f"a proof has {PROOF_BYTES} bytes, not {len(octets)}")
        gamma, rest = octets[:POINT_BYTES], octets[POINT_BYTES:]
        c, s = rest[:_CHALLENGE_BYTES], int.from_bytes(rest[_CHALLENGE_BYTES:])
        if not is_point(gamma):
            raise InvalidProofError("gamma, the first 33 bytes of the proof, is no curve point")
        if s >= N:
            raise InvalidProofError("s, the last 32 bytes of the proof, is not below n")
        return cls(gamma, int.from_bytes(c), s)

    def beta(self) -> bytes:
        """Hashes gamma to the output (§5.2); it means something only if the proof verifies."""
        return sha256(_SUITE_OCTET + b"\x03" + self.gamma + b"\0").digest()


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification went through: H, U and V (§5.3), and the hashes that were no point."""

    proof: Proof
    h: bytes
    u: bytes
    v: bytes
    skipped: tuple[bytes, ...]


def verify(public_key: bytes, alpha: bytes, pi: bytes) -> Verified:
    """Checks a proof (§5.3).

    Raises:
        InvalidProofError: The key or the proof is malformed, or the proof does not verify.
    """
    if not is_point(public_key):
        raise InvalidProofError("the public key is not a compressed point of secp256k1")
    proof = Proof.decode(pi)
    h, skipped = encode_to_curve(public_key, alpha)
    u = add_products((proof.s, GENERATOR), (-proof.c, public_key))
    v = add_products((proof.s, h), (-proof.c, proof.gamma))
    if _challenge(public_key, h, proof.gamma, u, v) != proof.c:
        raise InvalidProofError("the proof does not verify for this public key and alpha")
    return Verified(proof, h, u, v, skipped)


def encode_to_curve(salt: bytes, alpha: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """Maps alpha to a point by try-and-increment (§5.4.1.1).

    Returns:
        The point, and the hashes of the counters before, none of which is the x of a point.

    Raises:
        InvalidProofError: No counter leads to a point, which has a chance of 2^-256.
    """
    skipped: list[bytes] = []
    for hashed in _candidates(salt, alpha):
        if is_point(b"\x02" + hashed):
            return b"\x02" + hashed, tuple(skipped)
        skipped.append(hashed)
    raise InvalidProofError("alpha cannot be encoded to the curve")


def _candidates(salt: bytes, alpha: bytes) -> Iterator[bytes]:
    for counter in range(256):
        octets = _SUITE_OCTET + b"\x01" + salt + alpha + bytes([counter]) + b"\0"
        yield sha256(octets).digest()


def _challenge(*points: bytes) -> int:
    """Hashes the five points and keeps 16 octets (§5.4.3)."""
    octets = _SUITE_OCTET + b"\x02" + b"".join(points) + b"\0"
    return int.from_bytes(sha256(octets).digest()[:_CHALLENGE_BYTES])


def evm_proof(public_key: bytes, verified: Verified) -> bytes:
    """Builds what the contract's verify takes for a proof: the proof and hints.

    The layout is pi, then x and y of U = sB - cY, A = sH and B = c gamma, the slope of A - B, and
    for each skipped hash below p the even root w of -(x^3 + 7).

    Raises:
        InvalidProofError: The proof cannot be expressed, which no honest one has been seen to be.
    """
    proof = verified.proof
    a, b = add_products((proof.s, verified.h)), add_products((proof.c, proof.gamma))
    if _curve.IDENTITY in (verified.u, verified.v, a, b):
        raise InvalidProofError("a point of the proof is the identity")
    (ax, ay), (bx, by) = _curve.affine(a), _curve.affine(b)
    largest = max(_curve.affine(point)[0] for point in (public_key, verified.h, proof.gamma))
    if ax == bx or largest >= N:
        raise InvalidProofError("a point of the proof is out of the contract's range")
    slope = (ay + by) * pow(ax - bx, -1, P) % P
    pi = proof.gamma + proof.c.to_bytes(_CHALLENGE_BYTES) + proof.s.to_bytes(32)
    roots = (_even_root(int.from_bytes(x)) for x in verified.skipped if int.from_bytes(x) < P)
    numbers = (*_curve.affine(verified.u), ax, ay, bx, by, slope, *roots)
    return pi + b"".join(number.to_bytes(32) for number in numbers)


def _even_root(x: int) -> int:
    root = pow(-(x**3 + 7), (P + 1) // 4, P)
    return root if root % 2 == 0 else P - root
