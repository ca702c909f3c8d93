"""Against a running node: R4_TEST_URL (its gateway) and R4_TEST_API_KEY."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

import pytest

import re4ctor
from conftest import vectors
from re4ctor import AlphaSource, AsyncClient, Outcome, verify
from re4ctor._checkpoint import SignedCheckpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from re4ctor import Client, Keys, Report

Sig = Literal["dual", "ecdsa", "mldsa65"]
CONTRACT = vectors("receipts.json")["contract"]["address"]
SIGS: tuple[Sig, ...] = ("dual", "ecdsa", "mldsa65")
Path = tuple[str, ...]
LOG = ("log",)


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
        assert_logged(report)
        assert keys.active is not None
        assert verify(receipt.json, key_hash=keys.active, require=sig)
        assert receipt.alpha_source is (AlphaSource.INDEX if alpha is None else AlphaSource.CLIENT)
    assert node.vrf(b"same", sig).random == node.vrf(b"same").random


def test_attestation(node: Client) -> None:
    attestation = node.random_dual(16)
    assert len(attestation.random) == 16
    report = verify(attestation.json, keys=node.keys().json)
    assert report
    assert_logged(report)


def assert_logged(report: Report) -> None:
    """Every node has a log, and every answer is in it."""
    passed = [check.name for check in report.checks if check.outcome is Outcome.PASSED]
    assert {"inclusion", "checkpoint"} <= set(passed)


def test_a_receipt_is_given_again(node: Client) -> None:
    keys = node.keys()
    receipt = node.vrf(b"once and again")
    log = receipt.log
    assert log is not None
    wait_for(node, log.index)
    again = node.receipt(receipt.id)
    report = verify(again.json, keys=keys)
    assert report
    assert_logged(report)
    assert again.log is not None
    assert again.log.tree_size >= log.tree_size
    assert replace(again, json=b"", log=None) == replace(receipt, json=b"", log=None)


def test_what_is_not_given_again(node: Client) -> None:
    attestation = node.random_dual(16)
    assert attestation.log is not None
    wait_for(node, attestation.log.index)
    for id_ in (attestation.id, bytes(32)):
        with pytest.raises(re4ctor.ApiError) as error:
            node.receipt(id_)
        assert error.value.status == 404


def wait_for(node: Client, index: int) -> None:
    """Waits until the published checkpoint has a leaf, and checks each with the log's keys."""
    log = node.keys().log
    assert log is not None
    over = monotonic() + 30
    while monotonic() < over:
        signed = SignedCheckpoint.parse(node.checkpoint())
        for key in log.verifier_keys():
            signed.verify(key)
        assert signed.checkpoint.origin == log.origin
        if signed.checkpoint.size > index:
            return
    pytest.fail("the log's checkpoint does not grow")


def test_evm(node: Client) -> None:
    receipt = node.vrf(b"on a chain", "dual", 11155111, CONTRACT, "evm")
    report = verify(receipt.json, keys=node.keys())
    assert report
    assert "evm" in [check.name for check in report.checks]
    refuse_every_tampered_field(receipt.json, node.keys(), "dual")


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
    refuse_every_tampered_field(receipt.json, node.keys(), sig)


def test_every_tampered_field_of_an_attestation(node: Client) -> None:
    attestation = node.random_dual(32)
    refuse_every_tampered_field(attestation.json, node.keys(), "dual")


def refuse_every_tampered_field(document: bytes, keys: Keys, sig: Sig) -> None:
    """Changes, removes and repeats every field, those in objects included."""
    good = json.loads(document)
    assert verify(json.dumps(good), keys=keys, require=sig)
    # The log's part may be missing, as in receipts of old; what is there must be right.
    assert verify(json.dumps(removed(good, LOG)), keys=keys, require=sig)
    paths = list(paths_of(good))
    assert len(paths) > 20
    assert (*LOG, "checkpoint") in paths
    for path in paths:
        wrongs = [changed(good, path, wrong) for wrong in others(value_at(good, path))]
        wrongs += [removed(good, path)] if path != LOG else []
        twice = json.dumps(changed(good, (*path[:-1], "twice"), value_at(good, path)))
        texts = [*map(json.dumps, wrongs), twice.replace('"twice"', json.dumps(path[-1]))]
        for text in texts:
            assert refusal(text, keys, sig) is not None, (path, text)


def refusal(text: str, keys: Keys, sig: Sig) -> str | None:
    """Returns the field or the check that a document is refused for."""
    try:
        report = verify(text, keys=keys, require=sig)
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
    if isinstance(value, list):
        texts = [[*value[:at], wrong, *value[at + 1 :]] for at, wrong in each_other(value)]
        dropped = [[*value[:at], *value[at + 1 :]] for at in range(len(value))]
        return [*texts, *dropped, [*value, value[0]], [], None]
    if "\n\n" in value:
        return other_checkpoints(value)
    half = len(value) // 2
    letter = value[half]
    swapped = "1" if letter == "0" else "0" if letter.isdigit() else "a" if letter != "a" else "b"
    return [value[:half] + swapped + value[half + 1 :], value + "0", value[:-1], "", None]


def each_other(values: list[str]) -> Iterator[tuple[int, Any]]:
    return ((at, wrong) for at, value in enumerate(values) for wrong in others(value))


def other_checkpoints(value: str) -> list[Any]:
    """Changes each line of a checkpoint and drops it, but for those of others, the witnesses."""
    lines = value.splitlines(keepends=True)
    own = [at for at, line in enumerate(lines) if at < 4 or line.startswith(f"— {lines[0][:-1]} ")]
    assert len(own) == 6
    wrongs: list[Any] = [[*lines[:at], *lines[at + 1 :]] for at in own]
    for at in own:
        half = len(lines[at]) // 2
        letter = "A" if lines[at][half] != "A" else "B"
        wrongs.append([*lines[:at], lines[at][:half] + letter + lines[at][half + 1 :]])
        wrongs[-1] += lines[at + 1 :]
    return ["".join(wrong) for wrong in wrongs] + [value + "0", value[:-1], "", None]
