"""The words that a verification is spoken in."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from re4ctor.keys import LogKeys

Required: TypeAlias = Literal["dual", "ecdsa", "mldsa65"]


class Outcome(StrEnum):
    """How a check went."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        name: The stable name, the same in every verifier of Re4ctoR.
        outcome: How it went.
        detail: A sentence for people.
        inputs: What went in, by name.
    """

    name: str
    outcome: Outcome
    detail: str
    inputs: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Pin:
    """Whom to trust: key epochs, where they are known with their log, or an ECDSA signer alone."""

    key_hashes: tuple[bytes, ...] = ()
    signer: str | None = None
    log: LogKeys | None = None


def check(name: str, wrong: str | None, right: str, **inputs: bytes | str | int) -> Check:
    """Says how a check went; `wrong` is what is wrong, if anything."""
    outcome = Outcome.PASSED if wrong is None else Outcome.FAILED
    texts = {key: show(value) for key, value in inputs.items()}
    return Check(name, outcome, wrong or right, texts)


def not_checked(name: str, why: str, **inputs: bytes | str | int) -> Check:
    """Says that there was nothing to check with."""
    texts = {key: show(value) for key, value in inputs.items()}
    return Check(name, Outcome.NOT_CHECKED, why, texts)


def show(value: bytes | str | int) -> str:
    """Writes bytes as 0x and hexadecimal digits, and the rest as it is."""
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
