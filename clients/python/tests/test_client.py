"""The clients against a node that misbehaves."""

from __future__ import annotations

import asyncio
import json
import traceback
from email.utils import formatdate
from math import inf, nan
from typing import TYPE_CHECKING, Any

import pytest

import re4ctor
from conftest import vectors
from re4ctor import AsyncClient, Client
from signed_log import SignedLog
from stub import Answer, Stub

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

KEY = "s3cret-key-of-a-caller"
DOCUMENTS = {case["name"]: case["document"].encode() for case in vectors("receipts.json")["cases"]}
RECEIPT = DOCUMENTS["valid: dual, alpha of 1 byte, chain id"]
INDEX_RECEIPT = DOCUMENTS["valid: dual, index alpha, no chain"]
EVM_RECEIPT = DOCUMENTS["evm: valid: dual, contract"]
ATTESTATION = DOCUMENTS["attestation: mldsa65, 1000 bytes"]
ALPHA = bytes.fromhex(json.loads(RECEIPT)["alpha"][2:])
ID = bytes.fromhex(json.loads(RECEIPT)["id"][2:])
CHECKPOINT = SignedLog().checkpoint(9, bytes(32)).encode()
CHAIN_ID = int(json.loads(RECEIPT)["domain"]["chain_id"])
LIMITED = Answer(
    429,
    b'{"type":"/errors/rate-limited","detail":"slow down","status":429}',
    {"retry-after": "1", "x-request-id": "r-1"},
)
UNAVAILABLE = Answer(503, b'{"type":"/errors/upstream","detail":"r4-core is down"}')


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Notes how long the clients would wait, and does not wait."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("re4ctor.client.sleep", waited.append)
    monkeypatch.setattr("re4ctor.async_client.sleep", sleep)
    return waited


def vrf(client: Client) -> re4ctor.Receipt:
    return client.vrf(ALPHA, chain_id=CHAIN_ID)


def index_vrf(client: Client) -> re4ctor.Receipt:
    return client.vrf()


def random_dual(client: Client) -> re4ctor.Attestation:
    return client.random_dual(1000)


def random(client: Client) -> bytes:
    return client.random(4)


def receipt(client: Client) -> re4ctor.Receipt:
    return client.receipt(ID)


def checkpoint(client: Client) -> str:
    return client.checkpoint()


HARMLESS = [
    (random, b"abcd"),
    (checkpoint, CHECKPOINT),
    (vrf, RECEIPT),
    (receipt, RECEIPT),
]
COUNTED = [
    (index_vrf, INDEX_RECEIPT),
    (random_dual, ATTESTATION),
]
GOOD = HARMLESS + COUNTED
DOCUMENT_CALLS = [vrf, receipt, index_vrf, random_dual]


def test_requests() -> None:
    answers = [Answer(body=body) for _, body in GOOD] + [Answer(body=EVM_RECEIPT)]
    asked = json.loads(EVM_RECEIPT)
    contract, chain = asked["domain"]["contract"], int(asked["domain"]["chain_id"])
    alpha = bytes.fromhex(asked["alpha"][2:])
    evm = f"/v1/vrf?sig=dual&alpha={alpha.hex()}&chain_id={chain}"
    with Stub(*answers) as stub, Client(stub.url + "/", KEY) as client:
        assert random(client) == b"abcd"
        assert checkpoint(client) == CHECKPOINT.decode()
        assert vrf(client).json == RECEIPT
        assert receipt(client).json == RECEIPT
        assert index_vrf(client).json == INDEX_RECEIPT
        assert len(random_dual(client).random) == 1000
        bound = client.vrf(alpha, "dual", chain, contract.lower(), "evm")
        assert bound.evm_call is not None
    assert stub.requests == [
        ("/v1/random?n=4", KEY),
        ("/v1/log/checkpoint", KEY),
        (f"/v1/vrf?sig=dual&alpha={ALPHA.hex()}&chain_id={CHAIN_ID}", KEY),
        (f"/v1/receipts/0x{ID.hex()}", KEY),
        ("/v1/vrf?sig=dual", KEY),
        ("/v1/random_dual?n=1000", KEY),
        (f"{evm}&contract={contract.lower()}&format=evm", KEY),
    ]


def test_keys() -> None:
    document = json.dumps(vectors("receipts.json")["trusted"]["keys"]).encode()
    with Stub(Answer(body=document)) as stub, Client(stub.url, KEY) as client:
        keys = client.keys()
    assert keys.active in keys.key_hashes()
    assert re4ctor.verify(INDEX_RECEIPT, keys=keys)


def test_random_in_parts_with_progress() -> None:
    parts = [b"a" * 1_000_000, b"b" * 1_000_000, b"c" * 3]
    broken = Answer(body=parts[1][:500_000], missing=500_000)
    answers = [Answer(body=parts[0]), broken, *(Answer(body=part) for part in parts[1:])]
    told: list[tuple[int, int]] = []
    with Stub(*answers) as stub, Client(stub.url, KEY) as client:
        octets = client.random(2_000_003, progress=lambda *step: told.append(step))
    assert octets == b"".join(parts)
    assert [path for path, _ in stub.requests] == [
        "/v1/random?n=1000000",
        "/v1/random?n=1000000",
        "/v1/random?n=1000000",
        "/v1/random?n=3",
    ]
    assert told == sorted(set(told))
    assert told[-1] == (2_000_003, 2_000_003)
    assert any(1_000_000 < received < 2_000_000 for received, _ in told)


@pytest.mark.parametrize(("call", "body"), GOOD)
def test_429_is_waited_for_by_all(
    call: Callable[[Client], object], body: bytes, waits: list[float]
) -> None:
    with Stub(LIMITED, LIMITED, Answer(body=body)) as stub, Client(stub.url, KEY) as client:
        call(client)
    assert len(stub.requests) == 3
    assert len(waits) == 2
    assert all(1 < wait < 2 for wait in waits)


@pytest.mark.parametrize(("call", "body"), HARMLESS)
@pytest.mark.parametrize("failure", [UNAVAILABLE, Answer(drops=True), Answer(missing=9)])
def test_harmless_requests_are_sent_again(
    call: Callable[[Client], object], body: bytes, failure: Answer
) -> None:
    with Stub(failure, failure, Answer(body=body)) as stub, Client(stub.url, KEY) as client:
        call(client)
    assert len(stub.requests) == 3


@pytest.mark.parametrize(("call", "body"), COUNTED)
@pytest.mark.parametrize("failure", [UNAVAILABLE, Answer(drops=True), Answer(missing=9)])
def test_requests_that_take_an_index_are_not_sent_again(
    call: Callable[[Client], object], body: bytes, failure: Answer
) -> None:
    with (
        Stub(failure, Answer(body=body)) as stub,
        Client(stub.url, KEY) as client,
        pytest.raises((re4ctor.ApiError, re4ctor.ConnectionFailed)) as error,
    ):
        call(client)
    assert len(stub.requests) == 1
    assert getattr(error.value, "sent", True)


@pytest.mark.parametrize(("call", "_body"), GOOD)
def test_nothing_listens(
    call: Callable[[Client], object], _body: bytes, waits: list[float]
) -> None:
    with Stub(Answer()) as stub:
        url = stub.url
    with Client(url, KEY, retries=2) as client, pytest.raises(re4ctor.ConnectionFailed) as error:
        call(client)
    assert not error.value.sent
    assert len(waits) == 2


def test_retries_end() -> None:
    with Stub(LIMITED) as stub, Client(stub.url, KEY, retries=2) as client:
        with pytest.raises(re4ctor.RateLimited) as error:
            client.random(4)
        assert len(stub.requests) == 3
    assert error.value.retry_after == pytest.approx(1)
    assert (error.value.status, error.value.type) == (429, "/errors/rate-limited")
    assert (error.value.detail, error.value.request_id) == ("slow down", "r-1")


@pytest.mark.parametrize("after", ["61", "999999999999"])
def test_a_long_wait_is_left_to_the_caller(after: str) -> None:
    answer = Answer(429, b"{}", {"retry-after": after})
    with Stub(answer) as stub, Client(stub.url, KEY) as client:
        with pytest.raises(re4ctor.RateLimited) as error:
            client.random(4)
        assert len(stub.requests) == 1
    assert error.value.retry_after == float(after)


def test_retry_after_may_be_a_date_or_nonsense(waits: list[float]) -> None:
    date = formatdate(usegmt=True)
    headers = [{"retry-after": value} for value in (date, "soon", "-1", "")]
    answers = [Answer(429, b"", header) for header in headers]
    with Stub(*answers, Answer(body=b"abcd")) as stub, Client(stub.url, KEY, retries=4) as client:
        assert client.random(4) == b"abcd"
    assert all(0 < wait < 4 for wait in waits)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 500])
def test_other_answers_are_final(status: int) -> None:
    answer = Answer(status, b'{"type":"/errors/x","detail":"no"}', {"location": "/elsewhere"})
    with Stub(answer) as stub, Client(stub.url, KEY) as client:
        with pytest.raises(re4ctor.ApiError) as error:
            client.random(4)
        assert len(stub.requests) == 1
    assert error.value.status == status
    assert error.value.detail == "no"


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[1]", b"\xff", b'{"detail":null}', b"[" * 60_000, b"1" * 60_000]
)
def test_problems_that_are_none(body: bytes) -> None:
    with (
        Stub(Answer(500, body)) as stub,
        Client(stub.url, KEY) as client,
        pytest.raises(re4ctor.ApiError) as error,
    ):
        client.random(4)
    assert error.value.status == 500
    assert error.value.type == "about:blank"


@pytest.mark.parametrize("hangs", [Answer(hangs=True), Answer(body=b"ab", hangs=True)])
def test_time_out(hangs: Answer) -> None:
    with (
        Stub(hangs) as stub,
        Client(stub.url, KEY, timeout=0.05, retries=1) as client,
        pytest.raises(re4ctor.Timeout) as error,
    ):
        client.random(4)
    assert isinstance(error.value, TimeoutError)
    assert error.value.sent
    assert len(stub.requests) == 2


def test_a_document_that_trickles(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000, 6))
    monkeypatch.setattr("re4ctor._answers.monotonic", lambda: next(clock))
    with Stub(Answer(body=RECEIPT)) as stub:
        with Client(stub.url, KEY, timeout=5, retries=0) as client, pytest.raises(re4ctor.Timeout):
            vrf(client)
        with Client(stub.url, KEY, timeout=60, retries=0) as client:
            vrf(client)


@pytest.mark.parametrize("call", [random, vrf])
def test_a_head_that_comes_too_late(call: Callable[[Client], object]) -> None:
    with (
        Stub(Answer(body=RECEIPT, head_seconds=0.5)) as stub,
        Client(stub.url, KEY, timeout=0.3, retries=0) as client,
        pytest.raises(re4ctor.Timeout) as error,
    ):
        call(client)
    assert error.value.sent


@pytest.mark.parametrize("call", [random, vrf])
@pytest.mark.parametrize(
    "answer",
    [
        Answer(head_seconds=30),
        Answer(500, head_seconds=30),
        Answer(500, RECEIPT, drips=True),
        # A chunk's size with an extension that does not end.
        Answer(body=b"4;" + b"x" * 3000, headers={"transfer-encoding": "chunked"}, drips=True),
    ],
)
def test_nothing_that_drips_holds_the_async_client(
    call: Callable[[Any], Awaitable[object]], answer: Answer
) -> None:
    async def use(url: str) -> None:
        async with AsyncClient(url, KEY, timeout=0.2, retries=0) as client:
            await asyncio.wait_for(call(client), 5)

    with Stub(answer) as stub, pytest.raises(re4ctor.Timeout) as error:
        asyncio.run(use(stub.url))
    assert error.value.sent


def test_a_document_that_drips() -> None:
    async def use(url: str) -> None:
        async with AsyncClient(url, KEY, timeout=0.2, retries=0) as client:
            await asyncio.wait_for(client.vrf(ALPHA, chain_id=CHAIN_ID), 5)

    with Stub(Answer(body=RECEIPT, drips=True)) as stub:
        with pytest.raises(re4ctor.Timeout):
            asyncio.run(use(stub.url))
        with (
            Client(stub.url, KEY, timeout=0.2, retries=0) as client,
            pytest.raises(re4ctor.Timeout),
        ):
            vrf(client)


def test_random_bytes_may_take_longer() -> None:
    body = bytes(range(60))

    async def use(url: str) -> bytes:
        async with AsyncClient(url, KEY, timeout=0.3, retries=0) as client:
            return await client.random(60)

    with Stub(Answer(body=body, drips=True)) as stub:
        assert asyncio.run(use(stub.url)) == body
        with Client(stub.url, KEY, timeout=0.3, retries=0) as client:
            assert client.random(60) == body


def test_a_time_out_of_the_caller_is_not_ours() -> None:
    def progress(*_: int) -> None:
        raise TimeoutError("the caller's")

    async def use(url: str) -> None:
        async with AsyncClient(url, KEY) as client:
            await client.random(4, progress)

    with Stub(Answer(body=b"abcd")) as stub:
        with pytest.raises(TimeoutError, match="the caller's"):
            asyncio.run(use(stub.url))
        with Client(stub.url, KEY) as client, pytest.raises(TimeoutError, match="the caller's"):
            client.random(4, progress)


@pytest.mark.parametrize("body", [b"abc", b"abcde", b"", b"a" * 2_000_000])
def test_random_bytes_of_another_number(body: bytes) -> None:
    with (
        Stub(Answer(body=body)) as stub,
        Client(stub.url, KEY) as client,
        pytest.raises(re4ctor.UnexpectedAnswer),
    ):
        client.random(4)


@pytest.mark.parametrize("call", DOCUMENT_CALLS)
def test_broken_documents(call: Callable[[Client], object]) -> None:
    with Stub(Answer(body=b'{"version":1}')) as stub, Client(stub.url, KEY) as client:
        with pytest.raises(re4ctor.MalformedReceipt) as error:
            call(client)
        assert error.value.field == "hash_alg"
        stub.answers = [Answer(body=b" " * 70_000)]
        with pytest.raises(re4ctor.UnexpectedAnswer):
            call(client)
        stub.answers = [Answer(body=ATTESTATION if call is not random_dual else RECEIPT)]
        with pytest.raises(re4ctor.UnexpectedAnswer):
            call(client)


@pytest.mark.parametrize(
    ("arguments", "differs"),
    [
        ({"alpha": b"other", "chain_id": CHAIN_ID}, "alpha"),
        ({"alpha": ALPHA, "chain_id": CHAIN_ID, "sig": "ecdsa"}, "sig"),
        ({"alpha": ALPHA}, "chain_id"),
        ({"alpha": ALPHA, "chain_id": CHAIN_ID, "contract": "0x" + 40 * "0"}, "contract"),
        ({"alpha": ALPHA, "chain_id": CHAIN_ID, "format": "evm"}, "format"),
        ({"chain_id": CHAIN_ID}, "alpha"),
    ],
)
def test_receipts_for_something_else(arguments: dict[str, Any], differs: str) -> None:
    with (
        Stub(Answer(body=RECEIPT)) as stub,
        Client(stub.url, KEY) as client,
        pytest.raises(re4ctor.UnexpectedAnswer, match=differs),
    ):
        client.vrf(**arguments)


def test_a_receipt_by_its_name() -> None:
    with Stub(Answer(body=RECEIPT)) as stub, Client(stub.url, KEY) as client:
        for id_ in (ID, "0x" + ID.hex()):
            assert client.receipt(id_).id == ID
        with pytest.raises(re4ctor.UnexpectedAnswer, match="another id"):
            client.receipt(bytes(32))
        assert len(stub.requests) == 3
        for wrong in (ID[:31], ID + b"\0", b"", "", ID.hex(), "0x" + ID.hex().upper(), "../keys"):
            with pytest.raises(ValueError, match="id is 32 bytes"):
                client.receipt(wrong)
        assert len(stub.requests) == 3


def test_a_checkpoint_with_many_witnesses() -> None:
    body = CHECKPOINT + "".join(f"— w{n} {4000 * 'A'}\n" for n in range(98)).encode()
    with Stub(Answer(body=body)) as stub, Client(stub.url, KEY) as client:
        assert client.checkpoint().encode() == body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        CHECKPOINT[:-1],
        CHECKPOINT.replace(b"\n9\n", b"\n09\n"),
        CHECKPOINT.replace(b"\n\n", b"\nextension\n\n"),
        CHECKPOINT.replace(b"\xe2\x80\x94", b"\xe2\x80"),
        CHECKPOINT.replace(b"\n", b"\r\n"),
        b"\n" * 2**20 + b"\n",
    ],
)
def test_answers_that_are_no_checkpoint(body: bytes) -> None:
    with (
        Stub(Answer(body=body)) as stub,
        Client(stub.url, KEY) as client,
        pytest.raises(re4ctor.UnexpectedAnswer),
    ):
        client.checkpoint()


def test_an_attestation_of_another_length() -> None:
    with (
        Stub(Answer(body=ATTESTATION)) as stub,
        Client(stub.url, KEY) as client,
        pytest.raises(re4ctor.UnexpectedAnswer, match="1000 bytes instead of 16"),
    ):
        client.random_dual(16)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(401, json.dumps({"type": KEY, "detail": f"no key {KEY}"}).encode()),
        Answer(429, json.dumps({"detail": KEY}).encode(), {"x-request-id": KEY}),
        Answer(drops=True),
        Answer(missing=3),
        Answer(body=f'{{"{KEY}":1}}'.encode()),
        Answer(hangs=True),
    ],
)
def test_the_key_is_never_shown(answer: Answer) -> None:
    with Stub(answer) as stub, Client(stub.url, KEY, timeout=0.05, retries=1) as client:
        with pytest.raises(re4ctor.Re4ctorError) as caught:
            client.vrf(ALPHA)
        assert KEY not in repr(client)
        assert KEY not in str(client)
    error: BaseException | None = caught.value
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert KEY not in repr(vars(caught.value))
    while error is not None:
        # httpx's exceptions hold the request, and it the key.
        assert not hasattr(error, "request")
        error = error.__context__


@pytest.mark.parametrize(
    "arguments",
    [
        {"api_key": KEY + "\n"},
        {"api_key": KEY + "é"},
        {"api_key": ""},
        {"base_url": "127.0.0.1:8082"},
        {"base_url": "ftp://127.0.0.1"},
        {"base_url": "http://"},
        {"base_url": f"http://user:{KEY}@127.0.0.1"},
        {"base_url": f"http://:{KEY}@127.0.0.1"},
        {"base_url": f"http://{KEY}@127.0.0.1"},
        {"base_url": f"http://:{KEY}@127.0.0.1:99999"},
        {"base_url": f"http://:{KEY}@\u2100"},
        {"base_url": f"http://127.0.0.1?key={KEY}"},
        {"base_url": f"http://127.0.0.1#{KEY}"},
        {"timeout": 0},
        {"timeout": -1.0},
        {"timeout": nan},
        {"timeout": inf},
        {"retries": -1},
        {"retries": 1.0},
        {"retries": inf},
        {"retries": True},
    ],
)
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_wrong_settings(kind: Any, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"is|has|begins") as error:
        kind(**({"base_url": "http://127.0.0.1", "api_key": KEY} | arguments))
    assert KEY not in "".join(traceback.format_exception_only(error.value))


def test_wrong_arguments() -> None:
    with Client("http://127.0.0.1:1", KEY) as client:
        for call in (
            lambda: client.random(0),
            lambda: client.random_dual(15),
            lambda: client.random_dual(1001),
            lambda: client.vrf(b""),
            lambda: client.vrf(bytes(1025)),
            lambda: client.vrf(contract="0x" + 40 * "0"),
            lambda: client.vrf(sig="both"),  # type: ignore[arg-type]
            lambda: client.vrf(format="xml"),  # type: ignore[arg-type]
        ):
            with pytest.raises(ValueError, match=r"."):
                call()


def test_async_client(waits: list[float]) -> None:
    async def use(stub: Stub) -> None:
        async with AsyncClient(stub.url, KEY) as client:
            assert await client.random(4) == b"abcd"
            assert (await client.vrf(ALPHA, chain_id=CHAIN_ID)).json == RECEIPT
            assert len((await client.random_dual(1000)).random) == 1000
            assert (await client.receipt(ID)).json == RECEIPT
            assert await client.checkpoint() == CHECKPOINT.decode()
            with pytest.raises(re4ctor.ConnectionFailed):
                await client.vrf()
            assert repr(client).startswith("AsyncClient(")
            assert KEY not in repr(client)

    answers = [
        LIMITED,
        Answer(body=b"abcd"),
        Answer(missing=1),
        Answer(body=RECEIPT),
        Answer(body=ATTESTATION),
        Answer(body=RECEIPT),
        Answer(body=CHECKPOINT),
        Answer(drops=True),
    ]
    with Stub(*answers) as stub:
        asyncio.run(use(stub))
    assert len(stub.requests) == 8
    assert len(waits) == 2
