"""The project's own vectors of draws, which every verifier of Re4ctoR reads."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest

from conftest import vectors
from re4ctor import DrawSpec, MalformedDraw, Outcome, participants_hash, verify_draw, weights_hash
from re4ctor._draw_result import run
from re4ctor.draws import InvalidAlphaError
from re4ctor.kinds import KINDS, numbers

DRAWS = vectors("draws.json")
TRUSTED = DRAWS["trusted"]


def spec_of(draw: dict[str, Any]) -> DrawSpec:
    members = dict(draw)
    octets = {
        name: bytes.fromhex(members.pop(name).removeprefix("0x"))
        for name in ("participants_sha256", "weights_sha256", "nonce")
        if name in members
    }
    label = members.pop("label", None)
    kind = KINDS[members.pop("kind")]
    return DrawSpec(kind(**members), label=label, **octets)


def test_there_are_vectors() -> None:
    assert {case["draw"]["kind"] for case in DRAWS["algorithm"]} == set(KINDS)
    assert len(DRAWS["documents"]) >= 150
    assert len(DRAWS["malformed_alphas"]) >= 80
    assert len(DRAWS["requests"]) >= 60


@pytest.mark.parametrize("case", DRAWS["algorithm"], ids=lambda case: case["name"])
def test_results(case: dict[str, Any]) -> None:
    spec = spec_of(case["draw"])
    assert spec.alpha() == bytes.fromhex(case["alpha"])
    assert DrawSpec.from_alpha(spec.alpha()) == spec
    if "participants" in case:
        assert participants_hash(case["participants"]) == spec.participants_sha256
    if "weights" in case:
        assert weights_hash(case["weights"]) == spec.weights_sha256
    result = list(run(spec.kind, bytes.fromhex(case["random"]), case.get("weights")))
    if "result" in case:
        assert result == case["result"]
    else:
        text = json.dumps(result, separators=(",", ":"))
        assert sha256(text.encode()).hexdigest() == case["result_sha256"]


@pytest.mark.parametrize("alpha", [*map(bytes.fromhex, DRAWS["malformed_alphas"])])
def test_malformed_alphas(alpha: bytes) -> None:
    with pytest.raises(InvalidAlphaError):
        DrawSpec.from_alpha(alpha)


def pin_of(policy: dict[str, str]) -> dict[str, Any]:
    return {
        "none": {},
        "key_hash": {"key_hash": TRUSTED["key_hash"]},
        "keys": {"keys": json.dumps(TRUSTED["keys"])},
        "signer": {"signer": TRUSTED["signer"]},
    }[policy["pin"]]


@pytest.mark.parametrize("case", DRAWS["documents"], ids=lambda case: case["name"])
def test_documents(case: dict[str, Any]) -> None:
    asked = pin_of(case["policy"]) | {"require": case["policy"]["require"]}
    asked |= {name: case[name] for name in ("participants", "weights") if name in case}
    if case["verdict"] == "malformed":
        with pytest.raises(MalformedDraw):
            verify_draw(case["document"], **asked)
        return
    report = verify_draw(case["document"], **asked)
    assert (report.verdict, report.failed) == (case["verdict"], case["failed_check"])
    assert bool(report) == (case["verdict"] == "valid")
    names = [check.name for check in report.checks]
    assert names.index("draw") == names.index("require") + 1
    lists = [name for name in names if name in ("participants", "weights")]
    assert names[names.index("draw") :] == ["draw", *lists, "result"]
    assert lists == sorted(lists)
    stated = json.loads(case["document"]).get("result")
    if not report.failed:
        assert report.result is not None
        assert stated in (None, list(report.result))
        assert report.checks[-1].outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "case", [case for case in DRAWS["requests"] if "draw" in case], ids=lambda case: case["name"]
)
def test_drawn_as_ordered(case: dict[str, Any]) -> None:
    order, spec = json.loads(case["body"]), spec_of(case["draw"])
    assert order.get("label") == spec.label
    if "participants" in order:
        assert participants_hash(order["participants"]) == spec.participants_sha256
    if "weights" in order:
        assert weights_hash(order["weights"]) == spec.weights_sha256
    for name, value in numbers(spec.kind):
        assert order.get(name, value) == value
