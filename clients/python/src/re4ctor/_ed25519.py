"""Ed25519 (RFC 8032 §5.1.7) verification on OpenSSL, without points of small order.

OpenSSL takes a key or an R of small order, other verifiers do not. Here it is refused, so that all
verifiers of a receipt say the same.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PUBLIC_KEY_BYTES = 32

_P = 2**255 - 19
_Y_OF_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER_Y = (0, 1, _P - 1, _Y_OF_ORDER_8, _P - _Y_OF_ORDER_8)


def verifies(public_key: bytes, signed: bytes, signature: bytes) -> bool:
    """Says whether a signature verifies."""
    if _is_small_order(public_key) or _is_small_order(signature[:PUBLIC_KEY_BYTES]):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def _is_small_order(point: bytes) -> bool:
    """Says whether the y of a point, which may be past p, is one of those of order 1, 2, 4 or 8."""
    return int.from_bytes(point, "little") % 2**255 % _P in _SMALL_ORDER_Y
