"""Draws: what the vectors do not say, such as what callers give that cannot be meant."""

from __future__ import annotations

import json
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from conftest import vectors
from re4ctor import (
    Cards,
    Decimals,
    Dice,
    DrawSpec,
    Integers,
    MalformedDraw,
    Outcome,
    Shuffle,
    Uuids,
    Verdict,
    Winners,
    _draw_checks,
    participants_hash,
    verify_draw,
    weights_hash,
)
from re4ctor._draw_checks import Lists
from re4ctor._draw_result import run
from re4ctor._draw_stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable

DRAWS = vectors("draws.json")
KEY_HASH = DRAWS["trusted"]["key_hash"]
DOCUMENTS = {case["name"]: case["document"] for case in DRAWS["documents"]}
WINNERS = next(text for name, text in DOCUMENTS.items() if name.startswith("winners: "))
DICE_RECEIPT = DOCUMENTS["bare receipt: dice"]
RANDOM = bytes(range(32))
HASH = bytes(32)


def slowly(k: int, weights: list[int]) -> list[int]:
    """Winners by weight as the contract says it, adding up all weights each time."""
    stream, left, winners = Stream(RANDOM), list(weights), []
    for _ in range(k):
        ticket = stream.below(sum(left))
        sums = [sum(left[: at + 1]) for at in range(len(left))]
        winners.append(next(at for at, total in enumerate(sums) if total > ticket))
        left[winners[-1]] = 0
    return winners


def test_winners_by_weight() -> None:
    weights = [1, 2**32 - 1, 1, 7, 2**31, 3, 1, 1, 2**32 - 1, 5]
    for n in range(1, 71):
        some = [weights[at * 7 % len(weights)] for at in range(n)]
        assert list(run(Winners(n, n), RANDOM, some)) == slowly(n, some)
    with pytest.raises(ValueError, match="one weight for each"):
        run(Winners(2, 1), RANDOM, [1])


def test_ten_thousand_winners_by_weight_take_no_time() -> None:
    weights = [1 + at * 2654435761 % (2**32 - 1) for at in range(10_000)]
    begun = monotonic()
    assert len(set(run(Winners(10_000, 10_000), RANDOM, weights))) == 10_000
    assert monotonic() - begun < 2


def test_the_report_has_the_names() -> None:
    report = verify_draw(WINNERS, key_hash=KEY_HASH)
    document = json.loads(WINNERS)
    assert report.verdict is Verdict.VALID
    assert report.names == tuple(document["participants"][at] for at in document["result"])
    assert verify_draw(WINNERS.encode(), key_hash=KEY_HASH) == report


def test_what_failed_has_no_names_but_the_right_result() -> None:
    document = json.loads(WINNERS)
    report = verify_draw(json.dumps(document | {"result": [9]}), key_hash=KEY_HASH)
    assert (report.failed, report.names) == ("result", None)
    assert report.result == tuple(document["result"])


@pytest.mark.parametrize("n", [3, 5])
def test_weights_of_another_number_fail_though_their_hash_is_signed(n: int) -> None:
    weights = (1, 5, 2, 2)
    spec = DrawSpec(Winners(n=n, k=2), weights_sha256=weights_hash(weights), label="forged")
    receipt = verify_draw(DICE_RECEIPT).document
    forged = replace(receipt, alpha=spec.alpha())
    found = _draw_checks.run(forged, Lists(weights=weights))
    outcomes = {check.name: check.outcome for check in found.checks}
    assert outcomes["draw"] is Outcome.PASSED
    assert outcomes["weights"] is Outcome.FAILED
    assert found.result is None


def test_receipts_of_other_inputs_are_no_draws() -> None:
    cases = vectors("receipts.json")["cases"]
    receipt = next(case["document"] for case in cases if case["verdict"] == "valid")
    report = verify_draw(receipt)
    assert (report.failed, report.spec, report.result) == ("draw", None, None)
    assert report.checks[-1].outcome is Outcome.NOT_CHECKED
    attestation = next(case for case in cases if case["name"].startswith("attestation"))
    with pytest.raises(MalformedDraw):
        verify_draw(attestation["document"])


def test_a_draw_may_be_long_and_a_receipt_not() -> None:
    assert verify_draw(WINNERS + 100_000 * " ", key_hash=KEY_HASH)
    assert verify_draw(DICE_RECEIPT + 10_000 * " ", key_hash=KEY_HASH)
    for text, limit in ((WINNERS + 2**23 * " ", 8388608), (DICE_RECEIPT + 70_000 * " ", 65536)):
        with pytest.raises(MalformedDraw, match=f"at most {limit}"):
            verify_draw(text)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('"kind":"winners"', '"kind":"lots"', "draw.kind"),
        ('"k":2', '"k":-0', "draw.k"),
        ('"k":2', '"k":9', "draw"),
        ('"suite":"E', '"suite":"x', "receipt.vrf.suite"),
        ('"participants":[', '"participants":["",', "participants"),
    ],
)
def test_the_field_at_fault_is_named(old: str, new: str, field: str) -> None:
    assert old in WINNERS
    with pytest.raises(MalformedDraw) as error:
        verify_draw(WINNERS.replace(old, new))
    assert error.value.field == field


@pytest.mark.parametrize(
    "lists",
    [
        {"participants": []},
        {"participants": ["a\nb"]},
        {"participants": ["a", ""]},
        {"participants": ["é" * 101]},
        {"participants": ["\ud800"]},
        {"participants": ["a"] * 10_001},
        {"weights": [0]},
        {"weights": [1, 2**32]},
        {"weights": [1.5]},
        {"weights": [True]},
    ],
)
def test_lists_that_no_draw_has(lists: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        verify_draw(WINNERS, **lists)


def test_lists_are_hashed_as_files() -> None:
    digest = "911169ddaaf146aff539f58c26c489af3b892dff0fe283c1c264c65ae5aa59a2"
    assert participants_hash(["a", "b"]).hex() == digest
    assert weights_hash([1, 2]) == participants_hash(["1", "2"])


@pytest.mark.parametrize(
    "make",
    [
        lambda: Integers(0, 1, 2),
        lambda: Integers(1, 2, 1),
        lambda: Integers(1, -1, 2**53 - 1),
        lambda: Integers(3, 1, 2, unique=True),
        lambda: Integers(1, 1, 2, unique=1),  # type: ignore[arg-type]
        lambda: Integers(count=True, min=1, max=2),
        lambda: Integers(1.0, 1, 2),  # type: ignore[arg-type]
        lambda: Shuffle(10_001),
        lambda: Winners(n=2, k=3),
        lambda: Dice(1, 1),
        lambda: Cards(53),
        lambda: Decimals(1, 16),
        lambda: Uuids(0),
        lambda: DrawSpec(Dice(1)),
        lambda: DrawSpec(Dice(1), label="a", nonce=bytes(16)),
        lambda: DrawSpec(Dice(1), nonce=bytes(15)),
        lambda: DrawSpec(Dice(1), label="a "),
        lambda: DrawSpec(Dice(1), participants_sha256=HASH, label="a"),
        lambda: DrawSpec(Shuffle(2), weights_sha256=HASH, label="a"),
        lambda: DrawSpec(Shuffle(2), participants_sha256=HASH[1:], label="a"),
    ],
)
def test_what_cannot_be_drawn(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        make()
