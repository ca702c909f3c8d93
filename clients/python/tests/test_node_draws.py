"""Draws of a running node: R4_TEST_URL (its gateway) and R4_TEST_API_KEY."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import pytest

import re4ctor
from re4ctor import (
    AsyncClient,
    Cards,
    Decimals,
    Dice,
    Integers,
    Kind,
    Outcome,
    Shuffle,
    Uuids,
    Winners,
    participants_hash,
    verify_draw,
)
from re4ctor.__main__ import Exit, main
from test_node import changed, others, paths_of, removed, value_at, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from re4ctor import Client, Keys

NAMES = ["Ada", "Grace", 'Katherine "K"', "Žofie", "😀"]
ORDERS: list[tuple[Kind, dict[str, Any]]] = [
    (Integers(5, -3, 3), {}),
    (Integers(7, -3, 3, unique=True), {"label": "all seven"}),
    (Integers(2, 1 - 2**53, 0), {}),
    (Shuffle(5), {"participants": NAMES, "label": "running order"}),
    (Shuffle(5), {"participants_sha256": participants_hash(NAMES)}),
    (Shuffle(10_000), {}),
    (Winners(n=5, k=2), {"participants": NAMES}),
    (Winners(n=5, k=5), {"participants": NAMES, "weights": [1, 2, 2**32 - 1, 4, 5]}),
    (Winners(n=2, k=1), {"weights": [1, 3]}),
    (Dice(10_000), {}),
    (Cards(416, 8), {"label": "shoe"}),
    (Decimals(3, 15), {}),
    (Uuids(3), {}),
]


@pytest.mark.parametrize(("kind", "order"), ORDERS)
def test_draws(node: Client, kind: Kind, order: dict[str, Any]) -> None:
    keys = node.keys()
    draw = node.draw(kind, **order)
    report = verify_draw(draw.json, keys=keys)
    assert report, report
    assert report.result == draw.result
    assert (report.names is None) == ("participants" not in order)
    again = node.drawn(draw.id)
    assert (again.spec, again.result) == (draw.spec, draw.result)
    assert verify_draw(again.json, keys=keys)
    weights = order.get("weights")
    bare = verify_draw(draw.receipt.json, keys=keys, weights=weights)
    assert bare
    assert bare.result == draw.result


def test_the_largest_draw(node: Client) -> None:
    names = [f"{at:04} {'é' * 97}x" for at in range(10_000)]
    weights = [1 + secrets.randbelow(2**32 - 1) for _ in names]
    draw = node.draw(Winners(n=10_000, k=10_000), participants=names, weights=weights)
    report = verify_draw(draw.json, keys=node.keys())
    assert report, report
    assert sorted(report.names or ()) == sorted(names)


def test_the_same_label_gives_the_same(node: Client) -> None:
    label = f"once {secrets.token_hex(8)}"
    first, second = (node.draw(Dice(50), label=label) for _ in range(2))
    assert first.result == second.result
    assert first.id != second.id
    assert node.draw(Dice(50)).result != first.result


def test_one_request_is_carried_out_once(node: Client) -> None:
    name = secrets.token_hex(16)
    first, second = (node.draw(Dice(5), idempotency_key=name) for _ in range(2))
    assert first == second
    with pytest.raises(re4ctor.IdempotencyRefused) as error:
        node.draw(Dice(6), idempotency_key=name)
    assert error.value.kind == "idempotency-mismatch"


def test_usage_counts_draws(node: Client) -> None:
    before = units_of_draws(node)
    node.draw(Dice(1))
    over = monotonic() + 30
    while units_of_draws(node) <= before:
        assert monotonic() < over, "the usage does not grow"
        sleep(0.2)


def units_of_draws(node: Client) -> int:
    return sum(day.units for day in node.usage().days if day.route == "/v1/draws")


def test_refusals(node: Client) -> None:
    with pytest.raises(re4ctor.DrawRefused) as error:
        node.drawn(bytes(32))
    assert (error.value.status, error.value.kind) == (404, "unknown-draw")
    receipt = node.vrf(b"no draw")
    assert receipt.log is not None
    wait_for(node, receipt.log.index)
    with pytest.raises(re4ctor.DrawRefused):
        node.drawn(receipt.id)
    with re4ctor.Client(os.environ["R4_TEST_URL"], "no-key-of-this-node") as stranger:
        with pytest.raises(re4ctor.KeyRefused):
            stranger.draw(Dice(1))
        with pytest.raises(re4ctor.KeyRefused):
            stranger.usage()


def test_every_tampered_field_of_a_draw(node: Client) -> None:
    keys = node.keys()
    draw = node.draw(Winners(n=5, k=2), participants=NAMES, weights=[1, 2, 3, 4, 5], label="mine")
    good = json.loads(draw.json)
    assert verify_draw(json.dumps(good), keys=keys)
    paths = [path for path in paths_of(good) if path[0] != "receipt" or len(path) == 1]
    assert len(paths) == 13
    for path in paths:
        wrongs = [changed(good, path, wrong) for wrong in others_of(value_at(good, path))]
        # Without its list a draw is as good, but has no names.
        wrongs += [removed(good, path)] if path != ("participants",) else []
        for wrong in wrongs:
            assert refusal(json.dumps(wrong), keys) is not None, (path, wrong)


def others_of(value: Any) -> list[Any]:
    """Values that are as like a field's as can be, but other ones; in a list of numbers each."""
    if isinstance(value, list) and isinstance(value[0], int):
        each = [
            [*value[:at], wrong, *value[at + 1 :]] for at in range(len(value)) for wrong in (9, 1.5)
        ]
        return [*each, value[:-1], [*value, 1], value[::-1], [], None]
    found = others(value)
    assert value not in found
    return found


def refusal(text: str, keys: Keys) -> str | None:
    """Returns the field or the check that a document is refused for."""
    try:
        report = verify_draw(text, keys=keys)
    except re4ctor.MalformedDraw as error:
        return error.field
    return report.failed


def test_the_command(node: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {name: tmp_path / name for name in ("keys", "draw", "names")}
    files["keys"].write_bytes(node.keys().json)
    files["names"].write_text("".join(f"{name}\n" for name in NAMES))
    hash_ = participants_hash(NAMES)
    draw = node.draw(Winners(n=5, k=3), participants_sha256=hash_, label="by hash")
    files["draw"].write_bytes(draw.json)
    command = ["draw", "verify", str(files["draw"]), "--keys", str(files["keys"])]
    assert main(command) is Exit.VALID
    assert "- participants" in capsys.readouterr().out
    assert main([*command, "--participants", str(files["names"])]) is Exit.VALID
    printed = capsys.readouterr().out
    assert "✓ participants" in printed
    for at in draw.result:
        assert f"{NAMES[int(at)]} (position {at})" in printed


def test_async(node: Client) -> None:
    async def use() -> re4ctor.Draw:
        url, key = os.environ["R4_TEST_URL"], os.environ["R4_TEST_API_KEY"]
        async with AsyncClient(url, key, retries=10) as client:
            draws = await asyncio.gather(*(client.draw(Dice(50)) for _ in range(3)))
            assert len({draw.result for draw in draws}) == 3
            assert (await client.usage()).key.scopes
            return await client.drawn(draws[0].id)

    report = verify_draw(asyncio.run(use()).json, keys=node.keys())
    assert report
    assert report.checks[-1].outcome is Outcome.PASSED
