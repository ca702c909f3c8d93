"""Draws and usage over HTTP, against a node that answers as told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

import re4ctor
from conftest import vectors
from re4ctor import AsyncClient, Client, Dice, Kind, Shuffle, Winners
from stub import Answer, Stub

KEY = "s3cret"
DRAWS = vectors("draws.json")["documents"]
WEIGHTED = next(
    case["document"]
    for case in DRAWS
    if '"participants":["alice","bob","carol","dave"],"weights"' in case["name"]
).encode()
DICE = next(case["document"] for case in DRAWS if case["name"].startswith("dice: ")).encode()
RECEIPT = next(case["document"] for case in DRAWS if case["name"] == "bare receipt: dice").encode()
ID = json.loads(WEIGHTED)["id"]
NAMES, WEIGHTS = ["alice", "bob", "carol", "dave"], [1, 5, 2, 2]
USAGE = {
    "key": {"id": "key_0123456789ab", "name": "alice", "scopes": ["draws"], "expires": 9},
    "rate": {"limit": 50, "window_seconds": 1, "remaining": 45, "reset_seconds": 1},
    "quota": {"units": 1000, "per": "month", "used": 5, "left": 995, "resets": 1_800_000_000},
    "days": [{"day": "2026-11-22", "route": "/v1/draws", "requests": 1, "units": 5}],
}


def problem(status: int, kind: str, **headers: str) -> Answer:
    body = json.dumps({"type": f"/errors/{kind}", "detail": "a sentence"}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, body, named)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Notes how long the client would wait, and does not wait."""
    waited: list[float] = []
    monkeypatch.setattr("re4ctor.client.sleep", waited.append)
    return waited


def order(client: Client, **other: Any) -> re4ctor.Draw:
    asked: dict[str, Any] = {"label": "by tickets", "participants": NAMES, "weights": WEIGHTS}
    return client.draw(Winners(n=4, k=2), **(asked | other))


def test_an_order_is_sent_as_it_is_meant() -> None:
    with Stub(Answer(body=WEIGHTED)) as stub, Client(stub.url, KEY) as client:
        draw = order(client)
        assert draw.json == WEIGHTED
        assert draw.result == tuple(json.loads(WEIGHTED)["result"])
        assert draw.receipt.id == draw.id
    assert stub.requests == [("/v1/draws", KEY)]
    [(name, body)] = stub.orders
    assert len(name) == 32
    assert json.loads(body) == {
        "kind": "winners",
        "n": 4,
        "k": 2,
        "participants": NAMES,
        "weights": WEIGHTS,
        "label": "by tickets",
    }
    assert re4ctor.verify_draw(draw.json).verdict is re4ctor.Verdict.SELF_CONSISTENT
    receipt = re4ctor.verify(draw.receipt.json)
    assert receipt.verdict is re4ctor.Verdict.SELF_CONSISTENT


def test_one_call_has_one_name_however_often_it_is_sent() -> None:
    answers = [
        problem(503, "upstream"),
        Answer(drops=True),
        problem(409, "idempotency-in-progress", retry_after="1"),
        Answer(body=WEIGHTED),
    ]
    with Stub(*answers) as stub, Client(stub.url, KEY) as client:
        order(client)
        order(client)
        order(client, idempotency_key="mine")
    names = [name for name, _ in stub.orders]
    assert len(set(names[:4])) == 1
    assert names[4] not in (names[0], "")
    assert names[5:] == ["mine"]


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (429, "quota-exceeded", re4ctor.QuotaExceeded),
        (401, "expired-api-key", re4ctor.KeyRefused),
        (401, "revoked-api-key", re4ctor.KeyRefused),
        (403, "missing-scope", re4ctor.KeyRefused),
        (400, "invalid-draw", re4ctor.DrawRefused),
        (404, "unknown-draw", re4ctor.DrawRefused),
        (409, "list-not-kept", re4ctor.DrawRefused),
        (422, "idempotency-mismatch", re4ctor.IdempotencyRefused),
        (404, "unknown-receipt", re4ctor.ApiError),
    ],
)
def test_problems_are_told_apart(status: int, kind: str, error: type[re4ctor.ApiError]) -> None:
    answer = problem(status, kind, retry_after="1")
    with Stub(answer) as stub, Client(stub.url, KEY) as client:
        with pytest.raises(re4ctor.ApiError) as caught:
            order(client)
        assert len(stub.requests) == 1
    assert type(caught.value) is error
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("kind", "asked", "differs"),
    [
        (Winners(n=4, k=3), {}, "kind"),
        (Dice(5), {"participants": None, "weights": None}, "kind"),
        (Winners(n=4, k=2), {"participants": NAMES[::-1]}, "list"),
        (Winners(n=4, k=2), {"participants": None}, "list"),
        (Winners(n=4, k=2), {"weights": None}, "list of weights"),
        (Winners(n=4, k=2), {"weights": WEIGHTS[::-1]}, "list of weights"),
        (Winners(n=4, k=2), {"label": "by ticket"}, "label"),
        (Winners(n=4, k=2), {"label": None}, "label"),
    ],
)
def test_draws_of_another_order(kind: Kind, asked: dict[str, Any], differs: str) -> None:
    arguments: dict[str, Any] = {"label": "by tickets", "participants": NAMES, "weights": WEIGHTS}
    with (
        Stub(Answer(body=WEIGHTED)) as stub,
        Client(stub.url, KEY) as client,
        pytest.raises(re4ctor.UnexpectedAnswer, match=f"another {differs} than"),
    ):
        client.draw(kind, **(arguments | asked))


def test_a_draw_by_its_name() -> None:
    with Stub(Answer(body=WEIGHTED)) as stub, Client(stub.url, KEY) as client:
        for id_ in (ID, bytes.fromhex(ID[2:])):
            assert client.drawn(id_).json == WEIGHTED
        with pytest.raises(re4ctor.UnexpectedAnswer, match="another id"):
            client.drawn(bytes(32))
        with pytest.raises(ValueError, match="id is 32 bytes"):
            client.drawn("../keys")
        stub.answers = [Answer(body=RECEIPT)]
        with pytest.raises(re4ctor.UnexpectedAnswer, match="not a draw"):
            client.drawn(ID)
        stub.answers = [Answer(body=b"{}")]
        with pytest.raises(re4ctor.MalformedDraw):
            client.drawn(ID)
    assert stub.requests[0] == (f"/v1/draws/{ID}", KEY)


def test_usage() -> None:
    answers = [USAGE | {"more": 1}, USAGE | {"quota": None}, {"key": {}}]
    bodies = [Answer(body=json.dumps(answer).encode()) for answer in answers]
    with Stub(*bodies) as stub, Client(stub.url, KEY) as client:
        usage = client.usage()
        assert usage.key == re4ctor.KeyName("key_0123456789ab", "alice", ("draws",), 9)
        assert usage.rate == re4ctor.Rate(50, 1, 45, 1)
        assert usage.quota == re4ctor.Quota(1000, "month", 5, 995, 1_800_000_000)
        assert usage.days == (re4ctor.DayUsage("2026-11-22", "/v1/draws", 1, 5),)
        assert client.usage().quota is None
        with pytest.raises(re4ctor.UnexpectedAnswer, match="no usage"):
            client.usage()


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        (Dice(1), {"participants": NAMES}),
        (Dice(1), {"participants_sha256": bytes(32)}),
        (Shuffle(4), {"weights": WEIGHTS}),
        (Shuffle(5), {"participants": NAMES}),
        (Shuffle(4), {"participants": NAMES, "participants_sha256": bytes(32)}),
        (Winners(5, 1), {"weights": WEIGHTS}),
        (Winners(4, 1), {"weights": [1, 1, 1, 0]}),
        (Shuffle(1), {"participants": [""]}),
        (Dice(1), {"label": " x"}),
        (Dice(1), {"idempotency_key": ""}),
        (Dice(1), {"idempotency_key": "a\nb"}),
        (Dice(1), {"idempotency_key": 256 * "x"}),
    ],
)
def test_orders_that_cannot_be_meant(kind: Kind, asked: dict[str, Any]) -> None:
    with Client("http://127.0.0.1:1", KEY) as client, pytest.raises(ValueError, match=r"."):
        client.draw(kind, **asked)


def test_one_text_is_no_list() -> None:
    with Client("http://127.0.0.1:1", KEY) as client, pytest.raises(TypeError):
        client.draw(Shuffle(3), participants="abc")


def test_async() -> None:
    async def use(stub: Stub) -> None:
        async with AsyncClient(stub.url, KEY) as client:
            assert (await client.draw(Dice(5), label="table 3, round 12")).json == DICE
            assert (await client.drawn(ID)).json == WEIGHTED
            assert (await client.usage()).json == json.dumps(USAGE).encode()

    bodies = [DICE, WEIGHTED, json.dumps(USAGE).encode()]
    with Stub(*(Answer(body=body) for body in bodies)) as stub:
        asyncio.run(use(stub))
    assert [path for path, _ in stub.requests] == ["/v1/draws", f"/v1/draws/{ID}", "/v1/usage"]
