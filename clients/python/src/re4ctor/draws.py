"""Draws: what was to be drawn, as the input of the VRF says it, and what a node answers.

A draw is made of one VRF output by an algorithm with nothing left open, so that anyone can make it
again. Nothing in a `Draw` is to be believed before `re4ctor.verify_draw`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeAlias

from re4ctor.kinds import KINDS, MAX_COUNT, Shuffle, Winners, check_within, numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from re4ctor.documents import Receipt
    from re4ctor.kinds import Kind

MAX_ENTRY_BYTES = 200
MAX_WEIGHT = 2**32 - 1
NONCE_BYTES = 16
MAX_DRAW_BYTES = 8 * 1024 * 1024

_VERSION_LINE = "r4-draw/v1"
_HASH_BYTES = 32
_LABEL = re.compile("(?! )[ -~]{1,128}(?<! )")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")

Result: TypeAlias = "tuple[int, ...] | tuple[str, ...]"


class InvalidAlphaError(Exception):
    """Says why an input of the VRF is no draw."""


@dataclass(frozen=True, slots=True)
class DrawSpec:
    """What is drawn, exactly: the input of the VRF is this and nothing else.

    Attributes:
        kind: The kind with its numbers.
        participants_sha256: The hash of the list that is drawn from, for a shuffle or winners.
        weights_sha256: The hash of the weights, for winners that are drawn by weight.
        label: The text that was announced beforehand.
        nonce: Without a label, 16 bytes that the node chose.
    """

    kind: Kind
    participants_sha256: bytes | None = None
    weights_sha256: bytes | None = None
    label: str | None = None
    nonce: bytes | None = None

    def __post_init__(self) -> None:
        """Refuses what cannot be drawn."""
        if self.participants_sha256 is not None and not isinstance(self.kind, Shuffle | Winners):
            raise ValueError("only a shuffle and winners have participants")
        if self.weights_sha256 is not None and not isinstance(self.kind, Winners):
            raise ValueError("only winners have weights")
        for hash_ in (self.participants_sha256, self.weights_sha256):
            if hash_ is not None and len(hash_) != _HASH_BYTES:
                raise ValueError("a list's hash has 32 bytes")
        if (self.label is None) == (self.nonce is None):
            raise ValueError("a draw has either a label or a nonce")
        if self.label is not None:
            check_label(self.label)
        if self.nonce is not None and len(self.nonce) != NONCE_BYTES:
            raise ValueError(f"a nonce has {NONCE_BYTES} bytes")

    def alpha(self) -> bytes:
        """Returns the input of the VRF."""
        lines = [_VERSION_LINE, f"kind={self.kind.name}"]
        lines += [f"{name}={_written(value)}" for name, value in numbers(self.kind)]
        if self.participants_sha256 is not None:
            lines.append(f"participants={self.participants_sha256.hex()}")
        if self.weights_sha256 is not None:
            lines.append(f"weights={self.weights_sha256.hex()}")
        lines.append(f"nonce={self.nonce.hex()}" if self.nonce else f"label={self.label}")
        return "".join(line + "\n" for line in lines).encode()

    @classmethod
    def from_alpha(cls, alpha: bytes) -> DrawSpec:
        """Reads an input of the VRF; it has one form alone.

        Raises:
            InvalidAlphaError: It is no draw.
        """
        try:
            spec = _read_alpha(alpha.decode("ascii"))
        except ValueError as error:
            raise InvalidAlphaError(str(error)) from None
        if spec.alpha() != alpha:
            raise InvalidAlphaError("it is not in the one form that a draw has")
        return spec


@dataclass(frozen=True, slots=True)
class Draw:
    """A draw as a node answers it.

    Attributes:
        json: The document as it was given: keep this, and give it to `re4ctor.verify_draw`.
        id: The draw's name, which is its receipt's.
        spec: What was drawn.
        result: Numbers (of a shuffle or winners the positions, from 0) or texts.
        participants: The list in the clear, where the node has it.
        weights: The weights, in the order of the participants.
        receipt: The receipt of the VRF output that the result is made of.
    """

    json: bytes
    id: bytes
    spec: DrawSpec
    result: Result
    participants: tuple[str, ...] | None
    weights: tuple[int, ...] | None
    receipt: Receipt


def participants_hash(participants: Sequence[str]) -> bytes:
    """Computes the hash of a list, as ``sha256sum`` does of a file with a line for each entry.

    Raises:
        ValueError: An entry is empty, too long or has a control character, or there are too many.
    """
    check_within("the number of participants", len(participants), 1, MAX_COUNT)
    for at, entry in enumerate(participants):
        octets = len(entry.encode())
        if not 1 <= octets <= MAX_ENTRY_BYTES or _CONTROL.search(entry):
            rule = f"1 to {MAX_ENTRY_BYTES} bytes of UTF-8 without control characters"
            raise ValueError(f"participant {at} must be {rule}")
    return sha256("".join(entry + "\n" for entry in participants).encode()).digest()


def weights_hash(weights: Sequence[int]) -> bytes:
    """Computes the hash of weights, as ``sha256sum`` does of a file with a line for each.

    Raises:
        ValueError: A weight is not from 1 to 2^32 - 1, or there are too many.
    """
    check_within("the number of weights", len(weights), 1, MAX_COUNT)
    for at, weight in enumerate(weights):
        check_within(f"weight {at}", weight, 1, MAX_WEIGHT)
    return sha256("".join(f"{weight}\n" for weight in weights).encode()).digest()


def check_label(label: str) -> None:
    """Refuses a label that has another form than the accepted one.

    Raises:
        ValueError: It has.
    """
    if not _LABEL.fullmatch(label):
        rule = "1 to 128 printable ASCII characters, without a space at either end"
        raise ValueError(f"label must be {rule}")


def _written(value: int) -> str:
    return str(value).lower()


def _read_alpha(text: str) -> DrawSpec:
    """Reads more forms than the one; the caller compares."""
    if not text.startswith(f"{_VERSION_LINE}\nkind="):
        raise ValueError(f"it does not begin with {_VERSION_LINE} and a kind")
    members = dict(line.partition("=")[::2] for line in text.splitlines()[1:])
    kind = KINDS.get(members["kind"])
    if kind is None:
        raise ValueError("it is of no known kind")
    missing = [field.name for field in fields(kind) if field.name not in members]
    if missing:
        raise ValueError(f"{missing[0]} is missing")
    values: dict[str, Any] = {field.name: _read(members[field.name]) for field in fields(kind)}
    return DrawSpec(
        kind(**values),
        participants_sha256=_read_hex(members, "participants"),
        weights_sha256=_read_hex(members, "weights"),
        label=members.get("label"),
        nonce=_read_hex(members, "nonce"),
    )


def _read(text: str) -> int:
    return text == "true" if text in ("true", "false") else int(text)


def _read_hex(members: dict[str, str], name: str) -> bytes | None:
    return bytes.fromhex(members[name]) if name in members else None
