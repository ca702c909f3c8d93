"""The stream of numbers that a draw is made of, unbiased by rejection."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_DOMAIN = b"r4-draw/v1/stream\0"
_WORD_BYTES = 8
_WORDS = 2**64


class Stream:
    """The numbers of one VRF output, in their order."""

    def __init__(self, random: bytes) -> None:
        """Takes the output, 32 bytes."""
        self._words = _words(random)

    def word(self) -> int:
        """Takes the next 64 bits."""
        return next(self._words)

    def below(self, bound: int) -> int:
        """Draws a number below `bound`, each as likely as the others.

        Words past the last multiple of `bound` are rejected: they would favour small numbers.
        """
        limit = _WORDS - _WORDS % bound
        while (word := self.word()) >= limit:
            pass
        return word % bound

    def pick(self, count: int, size: int) -> list[int]:
        """Draws `count` different numbers below `size`, in the order in which they come.

        The beginning of a Fisher-Yates shuffle; only the places that were swapped are kept.
        """
        moved: dict[int, int] = {}
        picked = []
        for i in range(count):
            j = i + self.below(size - i)
            picked.append(moved.get(j, j))
            moved[j] = moved.get(i, i)
        return picked


def _words(random: bytes) -> Iterator[int]:
    block = 0
    while True:
        octets = sha256(_DOMAIN + random + block.to_bytes(8)).digest()
        for at in range(0, len(octets), _WORD_BYTES):
            yield int.from_bytes(octets[at : at + _WORD_BYTES])
        block += 1
