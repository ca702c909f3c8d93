"""Offline verification: whom to trust, what to demand, and what was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from re4ctor import _address, _checks, _parsing
from re4ctor._policy import Outcome, Pin
from re4ctor.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from re4ctor._policy import Check, Required
    from re4ctor.documents import Attestation, Receipt

_KEY_HASH_BYTES = 32


class Verdict(StrEnum):
    """What the checks add up to."""

    VALID = "valid"
    SELF_CONSISTENT = "self-consistent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Report:
    """What was checked, in order. It is true in a condition only when it is valid.

    Attributes:
        document: The parsed document.
        checks: Every check, also those that were not made.
        pinned: Whether the caller named whom to trust.
    """

    document: Receipt | Attestation = field(repr=False)
    checks: tuple[Check, ...]
    pinned: bool

    @property
    def failed(self) -> str | None:
        """The name of the first check that failed."""
        return next((c.name for c in self.checks if c.outcome is Outcome.FAILED), None)

    @property
    def verdict(self) -> Verdict:
        """The verdict. Without a pin it is never VALID: the signer was NOT checked."""
        if self.failed:
            return Verdict.FAILED
        return Verdict.VALID if self.pinned else Verdict.SELF_CONSISTENT

    @property
    def valid(self) -> bool:
        """Whether everything holds and the signer is one that the caller trusts."""
        return self.verdict is Verdict.VALID

    def __bool__(self) -> bool:
        """Says the same as `valid`."""
        return self.valid


def verify(
    document: bytes | str,
    *,
    key_hash: str | bytes | Iterable[str | bytes] | None = None,
    keys: Keys | bytes | str | None = None,
    signer: str | None = None,
    require: Literal["dual", "ecdsa", "mldsa65"] = "dual",
) -> Report:
    """Checks a receipt or attested bytes, offline.

    A receipt brings its own keys, and anyone can make one that fits together: name whom you trust
    by one of `key_hash`, `keys` and `signer`. A check that fails does not keep the others from
    being made.

    Args:
        document: The JSON text.
        key_hash: The hash of the node's keys, which covers all of them, in bytes or hexadecimal
            digits; or several.
        keys: The node's answer of ``/v1/keys``, got once by a way that you trust and kept. It alone
            has the log's keys, too; with another pin the log's signatures are not checked.
        signer: The node's ECDSA address; nothing but ECDSA is pinned then.
        require: The signatures that must be there. It counts only with a pin, and whatever is
            there must be right anyway.

    Raises:
        MalformedReceipt: The document is no receipt and no attestation.
        MalformedKeys: `keys` is no answer of ``/v1/keys``.
        ValueError: More than one pin is given, or one is malformed or empty.
    """
    pin, required = trusted(key_hash, keys, signer, require)
    parsed = _parsing.parse(document)
    return Report(parsed, tuple(_checks.run(parsed, pin, required)), pin is not None)


def trusted(
    key_hash: str | bytes | Iterable[str | bytes] | None,
    keys: Keys | bytes | str | None,
    signer: str | None,
    require: Required,
) -> tuple[Pin | None, Required]:
    """Reads whom to trust and which signatures to demand.

    Raises:
        MalformedKeys: `keys` is no answer of ``/v1/keys``.
        ValueError: More than one pin is given, or one is malformed or empty.
    """
    pin = _pin(key_hash, keys, signer)
    if require not in ("dual", "ecdsa", "mldsa65"):
        raise ValueError("require is dual, ecdsa or mldsa65")
    return pin, require


def _pin(
    key_hash: str | bytes | Iterable[str | bytes] | None,
    keys: Keys | bytes | str | None,
    signer: str | None,
) -> Pin | None:
    if sum(given is not None for given in (key_hash, keys, signer)) > 1:
        raise ValueError("only one of key_hash, keys and signer can be given")
    if signer is not None:
        return Pin(signer=_address.parse(signer))
    if keys is not None:
        trusted = keys if isinstance(keys, Keys) else Keys.parse(keys)
        return Pin(key_hashes=trusted.key_hashes(), log=trusted.log)
    if key_hash is not None:
        named = [key_hash] if isinstance(key_hash, str | bytes) else list(key_hash)
        if not named:
            raise ValueError("key_hash names no key")
        return Pin(key_hashes=tuple(map(_key_hash, named)))
    return None


def _key_hash(named: str | bytes) -> bytes:
    digits = named.hex() if isinstance(named, bytes) else named.removeprefix("0x")
    if len(digits) != 2 * _KEY_HASH_BYTES or set(digits.lower()) - set("0123456789abcdef"):
        raise ValueError("a key hash is 32 bytes, or their 64 hexadecimal digits")
    return bytes.fromhex(digits)
