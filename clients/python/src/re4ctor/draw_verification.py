"""Offline verification of draws: all that is checked of a receipt, and the draw made again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from re4ctor import _checks, _draw_checks, _draw_parsing
from re4ctor._draw_checks import Lists
from re4ctor.draws import Draw, participants_hash, weights_hash
from re4ctor.verification import Report, trusted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from re4ctor.documents import Receipt
    from re4ctor.draws import DrawSpec, Result
    from re4ctor.keys import Keys


@dataclass(frozen=True, slots=True)
class DrawReport(Report):
    """What was checked of a draw, in order: first the receipt, then the draw.

    Attributes:
        spec: What was drawn; None where the receipt is for no draw.
        result: The result as it was computed here, never as the document states it; None where it
            cannot be computed.
        participants: The list, where the document or the caller has it.
    """

    document: Receipt = field(repr=False)
    spec: DrawSpec | None = None
    result: Result | None = field(default=None, repr=False)
    participants: tuple[str, ...] | None = field(default=None, repr=False)

    @property
    def names(self) -> tuple[str, ...] | None:
        """The participants in the order of the result.

        None where no list is known, the kind has none, or a check failed.
        """
        if self.failed or self.result is None or self.participants is None:
            return None
        return tuple(self.participants[at] for at in self.result if isinstance(at, int))


def verify_draw(  # noqa: PLR0913 - each is the caller's to say
    document: bytes | str,
    *,
    key_hash: str | bytes | Iterable[str | bytes] | None = None,
    keys: Keys | bytes | str | None = None,
    signer: str | None = None,
    require: Literal["dual", "ecdsa", "mldsa65"] = "dual",
    participants: Sequence[str] | None = None,
    weights: Sequence[int] | None = None,
) -> DrawReport:
    """Checks a draw, offline: its receipt as `re4ctor.verify` does, its lists, and its result.

    The result is computed again from the receipt's random. A bare receipt of a draw is taken, too;
    the report then has the result.

    That a label was announced beforehand, and had something in it that nobody could know then, is
    for the caller to see: whoever may ask the node can try labels until one pleases. A nonce was
    chosen by the node, which could have tried several.

    Args:
        document: The JSON text.
        key_hash: As for `re4ctor.verify`.
        keys: As for `re4ctor.verify`.
        signer: As for `re4ctor.verify`.
        require: As for `re4ctor.verify`.
        participants: The list that was drawn from, where the document has its hash alone.
        weights: The weights, where the document has their hash alone.

    Raises:
        MalformedDraw: The document is no draw and no receipt.
        MalformedKeys: `keys` is no answer of ``/v1/keys``.
        ValueError: More than one pin is given, or a pin or a list is malformed.
    """
    pin, required = trusted(key_hash, keys, signer, require)
    given = _lists(participants, weights)
    parsed = _draw_parsing.parse(document)
    receipt = parsed.receipt if isinstance(parsed, Draw) else parsed
    found = _draw_checks.run(parsed, given)
    return DrawReport(
        receipt,
        (*_checks.run(receipt, pin, required), *found.checks),
        pin is not None,
        found.spec,
        found.result,
        found.lists.participants,
    )


def _lists(participants: Sequence[str] | None, weights: Sequence[int] | None) -> Lists:
    """Takes the caller's lists, and refuses entries that no draw has."""
    if participants is not None:
        participants_hash(participants)
    if weights is not None:
        weights_hash(weights)
    return Lists(
        None if participants is None else tuple(participants),
        None if weights is None else tuple(weights),
    )
