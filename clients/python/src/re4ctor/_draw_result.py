"""The result of a draw, computed from the VRF output alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from re4ctor._draw_stream import Stream
from re4ctor.kinds import Cards, Decimals, Integers, Shuffle, Uuids, Winners

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from re4ctor.draws import Result
    from re4ctor.kinds import Dice, Kind

_RANKS = "A23456789TJQK"
_SUITS = "SHDC"


def run(kind: Kind, random: bytes, weights: Sequence[int] | None = None) -> Result:
    """Makes the draw. `weights` are those of winners that are drawn by weight."""
    stream = Stream(random)
    match kind:
        case Cards() | Decimals() | Uuids():
            return tuple(_texts(kind, stream))
        case Winners():
            return tuple(_winners(kind, weights, stream))
    return tuple(_numbers(kind, stream))


def _texts(kind: Cards | Decimals | Uuids, stream: Stream) -> Iterator[str]:
    match kind:
        case Cards():
            return map(_card, stream.pick(kind.count, len(_RANKS) * len(_SUITS) * kind.decks))
        case Decimals():
            drawn = (stream.below(10**kind.digits) for _ in range(kind.count))
            return (f"0.{number:0{kind.digits}}" for number in drawn)
    return (_uuid(stream) for _ in range(kind.count))


def _numbers(kind: Integers | Shuffle | Dice, stream: Stream) -> list[int]:
    match kind:
        case Integers():
            return _integers(kind, stream)
        case Shuffle():
            return stream.pick(kind.n, kind.n)
    return [1 + stream.below(kind.sides) for _ in range(kind.count)]


def _integers(kind: Integers, stream: Stream) -> list[int]:
    size = kind.max - kind.min + 1
    if kind.unique:
        return [kind.min + number for number in stream.pick(kind.count, size)]
    return [kind.min + stream.below(size) for _ in range(kind.count)]


def _winners(kind: Winners, weights: Sequence[int] | None, stream: Stream) -> list[int]:
    if weights is None:
        return stream.pick(kind.k, kind.n)
    if len(weights) != kind.n:
        raise ValueError("there is not one weight for each participant")
    tickets = _Tickets(weights)
    return [tickets.take(stream.below(tickets.left)) for _ in range(kind.k)]


class _Tickets:
    """A pile of tickets in the order of their owners, as a Fenwick tree of the owners' numbers."""

    def __init__(self, weights: Sequence[int]) -> None:
        self.left = sum(weights)
        self._weights = weights
        self._sums = [0, *weights]
        for at in range(1, len(self._sums)):
            above = at + (at & -at)
            if above < len(self._sums):
                self._sums[above] += self._sums[at]

    def take(self, ticket: int) -> int:
        """Returns the owner of a ticket, counted from 0, and takes all of the owner's away."""
        owner = 0
        step = 1 << len(self._weights).bit_length()
        while step := step >> 1:
            if owner + step < len(self._sums) and self._sums[owner + step] <= ticket:
                owner += step
                ticket -= self._sums[owner]
        self._remove(owner)
        return owner

    def _remove(self, owner: int) -> None:
        weight = self._weights[owner]
        self.left -= weight
        at = owner + 1
        while at < len(self._sums):
            self._sums[at] -= weight
            at += at & -at


def _card(number: int) -> str:
    suit, rank = divmod(number % (len(_RANKS) * len(_SUITS)), len(_RANKS))
    return _RANKS[rank] + _SUITS[suit]


def _uuid(stream: Stream) -> str:
    high, low = stream.word(), stream.word()
    high = high & ~0xF000 | 0x4000
    low = low & ~(0b11 << 62) | 0b10 << 62
    digits = f"{high:016x}{low:016x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
