"""What can be drawn: the kinds with their numbers, and the bounds of these."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar, TypeAlias

MAX_COUNT = 10_000

_MAX_SAFE = 2**53 - 1
_CARDS_IN_A_DECK = 52


@dataclass(frozen=True, slots=True)
class Integers:
    """Whole numbers from `min` to `max`, both included; each at most once if `unique`."""

    name: ClassVar[str] = "integers"
    count: int
    min: int
    max: int
    unique: bool = False

    def __post_init__(self) -> None:
        """Refuses what cannot be drawn."""
        check_within("count", self.count, 1, MAX_COUNT)
        check_within("min", self.min, -_MAX_SAFE, _MAX_SAFE)
        check_within("max", self.max, self.min, min(_MAX_SAFE, self.min + _MAX_SAFE))
        if type(self.unique) is not bool:
            raise ValueError("unique must be true or false")
        if self.unique:
            check_within("count", self.count, 1, self.max - self.min + 1)


@dataclass(frozen=True, slots=True)
class Shuffle:
    """An order of `n` entries."""

    name: ClassVar[str] = "shuffle"
    n: int

    def __post_init__(self) -> None:
        """Refuses what cannot be drawn."""
        check_within("n", self.n, 1, MAX_COUNT)


@dataclass(frozen=True, slots=True)
class Winners:
    """The first, second, …, `k`-th of `n` entries."""

    name: ClassVar[str] = "winners"
    n: int
    k: int

    def __post_init__(self) -> None:
        """Refuses what cannot be drawn."""
        check_within("n", self.n, 1, MAX_COUNT)
        check_within("k", self.k, 1, self.n)


@dataclass(frozen=True, slots=True)
class Dice:
    """Throws of dice."""

    name: ClassVar[str] = "dice"
    count: int
    sides: int = 6

    def __post_init__(self) -> None:
        """Refuses what cannot be drawn."""
        check_within("count", self.count, 1, MAX_COUNT)
        check_within("sides", self.sides, 2, 1000)


@dataclass(frozen=True, slots=True)
class Cards:
    """The top cards of `decks` decks of 52 that were shuffled together."""

    name: ClassVar[str] = "cards"
    count: int
    decks: int = 1

    def __post_init__(self) -> None:
        """Refuses what cannot be drawn."""
        check_within("decks", self.decks, 1, 8)
        check_within("count", self.count, 1, _CARDS_IN_A_DECK * self.decks)


@dataclass(frozen=True, slots=True)
class Decimals:
    """Fractions from 0 to below 1 with `digits` digits."""

    name: ClassVar[str] = "decimals"
    count: int
    digits: int = 6

    def __post_init__(self) -> None:
        """Refuses what cannot be drawn."""
        check_within("count", self.count, 1, MAX_COUNT)
        check_within("digits", self.digits, 1, 15)


@dataclass(frozen=True, slots=True)
class Uuids:
    """Random UUIDs (RFC 9562, version 4)."""

    name: ClassVar[str] = "uuids"
    count: int

    def __post_init__(self) -> None:
        """Refuses what cannot be drawn."""
        check_within("count", self.count, 1, MAX_COUNT)


Kind: TypeAlias = Integers | Shuffle | Winners | Dice | Cards | Decimals | Uuids

KINDS: dict[str, type[Kind]] = {
    kind.name: kind for kind in (Integers, Shuffle, Winners, Dice, Cards, Decimals, Uuids)
}


def numbers(kind: Kind) -> list[tuple[str, int]]:
    """Returns the names and values of a kind, in the order of alpha."""
    return [(field.name, getattr(kind, field.name)) for field in fields(kind)]


def check_within(name: str, value: int, low: int, high: int) -> None:
    """Refuses a number that is none, or is out of bounds.

    Raises:
        ValueError: It is.
    """
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{name} must be a whole number from {low} to {high}")
