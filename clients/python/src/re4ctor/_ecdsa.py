"""ECDSA on secp256k1 over a 32-byte digest, as Ethereum has it, on libsecp256k1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from btclib_secp256k1 import dsa, recovery

from re4ctor._curve import N, is_point

if TYPE_CHECKING:
    from re4ctor.documents import EcdsaSignature

_RECOVERY_IDS = {27: 0, 28: 1}


class InvalidSignatureError(ValueError):
    """A signature is malformed or does not verify."""


def check_ranges(signature: EcdsaSignature) -> None:
    """Refuses every form of a signature but one.

    Raises:
        InvalidSignatureError: r or s is out of range, s is in the upper half, or v is wrong.
    """
    r, s = int.from_bytes(signature.r), int.from_bytes(signature.s)
    if not (0 < r < N and 0 < s < N):
        raise InvalidSignatureError("r and s must be between 1 and n - 1")
    if s > N // 2:
        raise InvalidSignatureError("s is in the upper half of its range")
    if signature.v not in _RECOVERY_IDS:
        raise InvalidSignatureError(f"v is {signature.v}, not 27 or 28")


def verify(public_key: bytes, digest: bytes, signature: EcdsaSignature) -> None:
    """Checks a signature of a digest.

    Raises:
        InvalidSignatureError: The key or the signature is malformed, or it does not verify.
    """
    check_ranges(signature)
    if not is_point(public_key):
        raise InvalidSignatureError("the public key is not a compressed point of secp256k1")
    if not dsa.verify(digest, public_key, signature.r + signature.s, compact=True):
        raise InvalidSignatureError("the ECDSA signature does not verify")


def recover(digest: bytes, signature: EcdsaSignature) -> bytes:
    """Recovers the compressed public key that signed a digest.

    Raises:
        InvalidSignatureError: The signature is malformed, or no key can be recovered.
    """
    check_ranges(signature)
    recovery_id = _RECOVERY_IDS[signature.v]
    try:
        return recovery.recover(digest, signature.r + signature.s, recovery_id)
    except ValueError as error:
        raise InvalidSignatureError("no key can be recovered from the signature") from error
