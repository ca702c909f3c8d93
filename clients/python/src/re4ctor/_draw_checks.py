"""The checks of a draw: that the receipt is for it, that the lists are its own, and the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from re4ctor import _draw_result
from re4ctor._policy import check, not_checked
from re4ctor.draws import Draw, DrawSpec, InvalidAlphaError, participants_hash, weights_hash
from re4ctor.kinds import Shuffle, Winners

if TYPE_CHECKING:
    from re4ctor._policy import Check
    from re4ctor.documents import Receipt
    from re4ctor.draws import Result


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of a draw, as far as somebody has them."""

    participants: tuple[str, ...] | None = None
    weights: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What was drawn, its result as computed here, and the checks of both."""

    spec: DrawSpec | None
    lists: Lists
    result: Result | None
    checks: tuple[Check, ...]


def run(document: Draw | Receipt, given: Lists) -> Found:
    """Makes every check, in the order of their names. `given` are the caller's lists."""
    draw, receipt = _parts(document)
    said = _said(receipt)
    first = _check_draw(draw, receipt, said)
    spec = draw.spec if draw else said
    if not isinstance(spec, DrawSpec):
        rest = not_checked("result", "the receipt is for no draw")
        return Found(None, given, None, (first, rest))
    stated = Lists(draw.participants, draw.weights) if draw else Lists()
    lists = Lists(stated.participants or given.participants, stated.weights or given.weights)
    checks = [first]
    if spec.participants_sha256 is not None or lists.participants is not None:
        checks.append(_check_participants(spec, lists, given))
    if spec.weights_sha256 is not None or lists.weights is not None:
        checks.append(_check_weights(spec, lists, given))
    result = _result(spec, lists, receipt)
    checks.append(_check_result(draw, result, receipt))
    return Found(spec, lists, result, tuple(checks))


def _parts(document: Draw | Receipt) -> tuple[Draw | None, Receipt]:
    return (document, document.receipt) if isinstance(document, Draw) else (None, document)


def _said(receipt: Receipt) -> DrawSpec | InvalidAlphaError:
    try:
        return DrawSpec.from_alpha(receipt.alpha)
    except InvalidAlphaError as error:
        return error


def _check_draw(draw: Draw | None, receipt: Receipt, said: DrawSpec | InvalidAlphaError) -> Check:
    right = "the receipt's alpha says exactly this draw"
    wrong = None
    if isinstance(said, InvalidAlphaError):
        wrong = f"the receipt's alpha is no draw: {said}"
    elif draw is None:
        right = "the draw is read from the receipt's alpha"
    elif draw.spec != said:
        wrong = "the receipt's alpha says another draw"
    elif draw.id != receipt.id:
        wrong = "id is not the receipt's"
    inputs: dict[str, str | bytes] = (
        {} if draw is None else {"draw": draw.spec.alpha().decode(), "id": draw.id}
    )
    return check("draw", wrong, right, **inputs, alpha=_shown(receipt.alpha), receipt=receipt.id)


def _shown(alpha: bytes) -> str | bytes:
    """Shows an alpha as text where it is plain text."""
    text = alpha.decode("ascii", "replace")
    return text if all(" " <= letter <= "~" or letter == "\n" for letter in text) else alpha


def _check_participants(spec: DrawSpec, lists: Lists, given: Lists) -> Check:
    stated, participants = spec.participants_sha256, lists.participants
    if participants is None:
        why = "the list was not given: its hash alone is known"
        return not_checked("participants", why, stated=stated or "none")
    computed = participants_hash(participants)
    wrong = None
    if stated is None:
        wrong = "the draw names no list"
    elif given.participants not in (None, participants):
        wrong = "the document has another list than the one given"
    elif computed != stated:
        wrong = "the list is not the one that the draw names"
    elif len(participants) != _size(spec):
        wrong = f"the list has {len(participants)} entries, the draw {_size(spec)}"
    right = f"the list of {len(participants)} is the one that the draw names"
    inputs = {"stated": stated or "none", "recomputed": computed, "n": len(participants)}
    return check("participants", wrong, right, **inputs)


def _check_weights(spec: DrawSpec, lists: Lists, given: Lists) -> Check:
    stated, weights = spec.weights_sha256, lists.weights
    if weights is None:
        return check("weights", "the weights are needed", "", stated=stated or "none")
    computed = weights_hash(weights)
    wrong = None
    if stated is None:
        wrong = "the draw is not by weight"
    elif given.weights not in (None, weights):
        wrong = "the document has other weights than those given"
    elif computed != stated:
        wrong = "the weights are not those that the draw names"
    elif len(weights) != _size(spec):
        wrong = f"there are {len(weights)} weights, and {_size(spec)} to draw from"
    inputs = {"stated": stated or "none", "recomputed": computed, "n": len(weights)}
    return check("weights", wrong, "the weights are those that the draw names", **inputs)


def _size(spec: DrawSpec) -> int | None:
    return spec.kind.n if isinstance(spec.kind, Shuffle | Winners) else None


def _result(spec: DrawSpec, lists: Lists, receipt: Receipt) -> Result | None:
    if spec.weights_sha256 is None:
        return _draw_result.run(spec.kind, receipt.random)
    if lists.weights is None or len(lists.weights) != _size(spec):
        return None
    return _draw_result.run(spec.kind, receipt.random, lists.weights)


def _check_result(draw: Draw | None, result: Result | None, receipt: Receipt) -> Check:
    if result is None:
        return not_checked("result", "without the weights it cannot be computed")
    wrong = None
    right = "computed from random; the receipt itself states none"
    if draw is not None:
        right = "computed again from random, it is the same"
        wrong = None if draw.result == result else "the result is not the one that random gives"
    inputs: dict[str, str | bytes] = {"random": receipt.random, "recomputed": _text(result)}
    if draw is not None:
        inputs["stated"] = _text(draw.result)
    return check("result", wrong, right, **inputs)


def _text(result: Result) -> str:
    return ", ".join(map(str, result))
