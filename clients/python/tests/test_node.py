"""Against a running node: R4_TEST_URL (its gateway) and R4_TEST_API_KEY."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING, Any, Literal

import pytest

import re4ctor
from conftest import vectors
from re4ctor import AlphaSource, AsyncClient, verify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from re4ctor import Client

Sig = Literal["dual", "ecdsa", "mldsa65"]
CONTRACT = vectors("receipts.json")["contract"]["address"]
SIGS: tuple[Sig, ...] = ("dual", "ecdsa", "mldsa65")
Path = tuple[str, ...]


def test_random(node: Client) -> None:
    told: list[int] = []
    octets = node.random(1_000_001, progress=lambda received, _: told.append(received))
    assert len(octets) == told[-1] == 1_000_001
    assert len(set(octets)) == 256
    assert node.random(32) != node.random(32)


@pytest.mark.parametrize("sig", SIGS)
def test_receipts(node: Client, sig: Sig) -> None:
    keys = node.keys()
    for alpha in (None, b"\0", os.urandom(1024)):
        receipt = node.vrf(alpha, sig, chain_id=11155111, contract=CONTRACT)
        report = verify(receipt.json, keys=keys, require=sig)
        assert report, report
        assert verify(receipt.json, key_hash=keys.active, require=sig)
        assert receipt.alpha_source is (AlphaSource.INDEX if alpha is None else AlphaSource.CLIENT)
    assert node.vrf(b"same", sig).random == node.vrf(b"same").random


def test_attestation(node: Client) -> None:
    attestation = node.random_dual(16)
    assert len(attestation.random) == 16
    assert verify(attestation.json, keys=node.keys().json)


def test_evm(node: Client) -> None:
    receipt = node.vrf(b"on a chain", "dual", 11155111, CONTRACT, "evm")
    report = verify(receipt.json, keys=node.keys())
    assert report
    assert "evm" in [check.name for check in report.checks]
    refuse_every_tampered_field(receipt.json, receipt.key_hash.hex(), "dual")


def test_refusals(node: Client) -> None:
    with pytest.raises(re4ctor.ApiError) as error:
        node.vrf(b"r4/index/v1")
    assert error.value.status == 400
    assert error.value.request_id
    url = os.environ["R4_TEST_URL"]
    with re4ctor.Client(url, "no-key-of-this-node") as stranger:
        with pytest.raises(re4ctor.ApiError) as error:
            stranger.random(1)
        assert error.value.status in (401, 403)


def test_async(node: Client) -> None:
    async def use() -> re4ctor.Receipt:
        url, key = os.environ["R4_TEST_URL"], os.environ["R4_TEST_API_KEY"]
        async with AsyncClient(url, key) as client:
            first, second = await asyncio.gather(client.random(8), client.random(8))
            assert first != second
            return await client.vrf(b"async")

    assert verify(asyncio.run(use()).json, keys=node.keys())


@pytest.mark.parametrize("sig", SIGS)
@pytest.mark.parametrize("alpha", [None, b"of a client"])
def test_every_tampered_field_of_a_receipt(node: Client, sig: Sig, alpha: bytes | None) -> None:
    receipt = node.vrf(alpha, sig, 11155111, CONTRACT)
    refuse_every_tampered_field(receipt.json, receipt.key_hash.hex(), sig)


def test_every_tampered_field_of_an_attestation(node: Client) -> None:
    attestation = node.random_dual(32)
    refuse_every_tampered_field(attestation.json, attestation.key_hash.hex(), "dual")


def refuse_every_tampered_field(document: bytes, key_hash: str, sig: Sig) -> None:
    """Changes, removes and repeats every field, those in objects included."""
    good = json.loads(document)
    assert verify(json.dumps(good), key_hash=key_hash, require=sig)
    paths = list(paths_of(good))
    assert len(paths) > 20
    for path in paths:
        wrongs = [changed(good, path, wrong) for wrong in others(value_at(good, path))]
        texts = [json.dumps(wrong) for wrong in (*wrongs, removed(good, path))]
        twice = json.dumps(changed(good, (*path[:-1], "twice"), value_at(good, path)))
        texts.append(twice.replace('"twice"', json.dumps(path[-1])))
        for text in texts:
            assert refusal(text, key_hash, sig) is not None, (path, text)


def refusal(text: str, key_hash: str, sig: Sig) -> str | None:
    """Returns the field or the check that a document is refused for."""
    try:
        report = verify(text, key_hash=key_hash, require=sig)
    except re4ctor.MalformedReceipt as error:
        return error.field
    assert bool(report) == (report.failed is None)
    return report.failed


def paths_of(value: dict[str, Any], before: Path = ()) -> Iterator[Path]:
    for name, inner in value.items():
        yield (*before, name)
        if isinstance(inner, dict):
            yield from paths_of(inner, (*before, name))


def value_at(value: Any, path: Path) -> Any:
    for name in path:
        value = value[name]
    return value


def changed(good: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(good))
    value_at(copy, path[:-1])[path[-1]] = value
    return copy


def removed(good: dict[str, Any], path: Path) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(good))
    del value_at(copy, path[:-1])[path[-1]]
    return copy


def others(value: Any) -> list[Any]:
    """Values that are as like a field's as can be, but other ones."""
    if isinstance(value, bool):
        return [not value, None]
    if isinstance(value, int):
        return [value ^ 1, value + 1, value - 1, None]
    if isinstance(value, dict):
        return [[], "an object before", None]
    half = len(value) // 2
    letter = value[half]
    swapped = "1" if letter == "0" else "0" if letter.isdigit() else "a" if letter != "a" else "b"
    return [value[:half] + swapped + value[half + 1 :], value + "0", value[:-1], "", None]
