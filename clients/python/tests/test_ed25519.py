"""Points of small order, which the library takes and other verifiers do not."""

from __future__ import annotations

from hashlib import sha512
from itertools import count
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from re4ctor import _ed25519 as ed25519

if TYPE_CHECKING:
    from collections.abc import Iterator

Point = tuple[int, int]

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
ORDER = 2**252 + 27742317777372353535851937790883648493
SEED = bytes(32)
PUBLIC_KEY = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()


def add(one: Point, two: Point) -> Point:
    (x1, y1), (x2, y2) = one, two
    t = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + y1 * x2) * pow(1 + t, -1, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - t, -1, P)
    return x % P, y % P


def multiple(n: int, point: Point) -> Point:
    total = (0, 1)
    while n:
        if n & 1:
            total = add(total, point)
        point, n = add(point, point), n >> 1
    return total


def decoded(octets: bytes) -> Point | None:
    y = int.from_bytes(octets, "little") % 2**255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    root = pow(square, (P + 3) // 8, P)
    for x in (root, root * pow(2, (P - 1) // 4, P) % P):
        if x * x % P == square:
            return (x if x % 2 == octets[31] >> 7 else -x % P), y
    return None


def encoded(point: Point) -> bytes:
    x, y = point
    return (y + (x % 2 << 255)).to_bytes(32, "little")


def points_of_small_order() -> list[Point]:
    """Finds all eight: the multiples of one that has order 8."""
    for y in count(2):
        point = decoded(y.to_bytes(32, "little"))
        small = multiple(ORDER, point) if point else (0, 1)
        if multiple(4, small) != (0, 1):
            return [multiple(n, small) for n in range(8)]
    raise AssertionError


def secret_scalar() -> int:
    """Returns the number that the key's point is a multiple by (RFC 8032 §5.1.5)."""
    secret = bytearray(sha512(SEED).digest()[:32])
    secret[0] &= 248
    secret[31] = secret[31] & 63 | 64
    return int.from_bytes(secret, "little")


def challenge(r: bytes, key: bytes, message: bytes) -> int:
    return int.from_bytes(sha512(r + key + message).digest(), "little") % ORDER


def messages() -> Iterator[bytes]:
    return (b"message %d" % n for n in range(1000))


def library_takes(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def test_there_are_eight() -> None:
    points = points_of_small_order()
    assert len(set(points)) == 8
    assert all(multiple(8, point) == (0, 1) for point in points)
    assert decoded(PUBLIC_KEY) not in points


def test_keys_of_small_order() -> None:
    scalar = secret_scalar()
    signature = PUBLIC_KEY + (scalar % ORDER).to_bytes(32, "little")
    for point in points_of_small_order():
        key = encoded(point)
        # Such a key counts for nothing where it is multiplied by a multiple of eight.
        message = next(m for m in messages() if challenge(PUBLIC_KEY, key, m) % 8 == 0)
        assert library_takes(key, message, signature)
        assert not ed25519.verifies(key, message, signature)


def test_keys_of_small_order_in_other_encodings() -> None:
    signature = PUBLIC_KEY + (secret_scalar() % ORDER).to_bytes(32, "little")
    for y in (0, 1, P - 1, P, P + 1):
        for sign in (0, 1):
            key = (y + (sign << 255)).to_bytes(32, "little")
            assert not any(ed25519.verifies(key, m, signature) for m in list(messages())[:50])


def test_r_of_small_order() -> None:
    points = points_of_small_order()
    of_order_8 = next(point for point in points if multiple(4, point) != (0, 1))
    honest = decoded(PUBLIC_KEY)
    assert honest is not None
    key = encoded(add(honest, of_order_8))
    for point in points:
        r = encoded(point)
        for message in messages():
            s = challenge(r, key, message) * secret_scalar() % ORDER
            signature = r + s.to_bytes(32, "little")
            if library_takes(key, message, signature):
                assert not ed25519.verifies(key, message, signature)
                break
        else:
            raise AssertionError


def test_honest_signatures() -> None:
    key = Ed25519PrivateKey.from_private_bytes(SEED)
    for message in list(messages())[:20]:
        signature = key.sign(message)
        assert ed25519.verifies(PUBLIC_KEY, message, signature)
        assert not ed25519.verifies(PUBLIC_KEY, message + b"!", signature)
        past_the_order = int.from_bytes(signature[32:], "little") + ORDER
        again = signature[:32] + past_the_order.to_bytes(32, "little")
        assert not ed25519.verifies(PUBLIC_KEY, message, again)
