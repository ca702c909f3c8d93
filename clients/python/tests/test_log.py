"""What a receipt says of the log: every part of it changed, and every pin."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import pytest

from conftest import vectors
from re4ctor import (
    Keys,
    LogKeys,
    MalformedKeys,
    MalformedReceipt,
    Outcome,
    Verdict,
    verify,
)
from signed_log import SignedLog, entry, leaf, note

if TYPE_CHECKING:
    from collections.abc import Callable

    from re4ctor import Report

RECEIPTS = vectors("receipts.json")
CASES = {case["name"]: case["document"] for case in RECEIPTS["cases"] if case["verdict"] == "valid"}
DUAL = "valid: dual, index alpha, no chain"
ECDSA = "valid: ecdsa, alpha of 1 byte, chain id"
MLDSA = "valid: mldsa65, alpha of 1024 bytes, no chain"
EVM = "evm: valid: dual, contract"
ATTESTATION = "log: attestation"
REQUIRED: dict[str, Any] = {
    DUAL: "dual",
    ECDSA: "ecdsa",
    MLDSA: "mldsa65",
    EVM: "dual",
    ATTESTATION: "dual",
}
LOG = SignedLog()
STRANGER = SignedLog(LOG.origin, b"\1" * 32)
NAMESAKE = SignedLog("random.example.com/v1/log")


def bare(name: str) -> dict[str, Any]:
    members: dict[str, Any] = json.loads(CASES[name])
    members.pop("log", None)
    return members


def logged(name: str = DUAL, after: int = 3, log: SignedLog = LOG) -> dict[str, Any]:
    """Returns a document with its place in a log."""
    members = bare(name)
    return members | {"log": log.part(members, after)}


def keys(log: SignedLog | None = LOG) -> dict[str, Any]:
    document = {k: v for k, v in RECEIPTS["trusted"]["keys"].items() if k != "log"}
    return document if log is None else document | {"log": log.keys()}


def report_of(members: dict[str, Any], **pins: Any) -> Report:
    return verify(json.dumps(members), **pins)


def pinned(members: dict[str, Any], log: SignedLog | None = LOG) -> Report:
    return report_of(members, keys=json.dumps(keys(log)))


def outcomes(report: Report) -> dict[str, str]:
    return {check.name: check.outcome.value for check in report.checks}


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("after", [0, 1, 1000])
def test_good_places(name: str, after: int) -> None:
    members = logged(name, after)
    report = report_of(members, keys=json.dumps(keys()), require=REQUIRED[name])
    assert report, report
    assert list(outcomes(report))[-4:] == ["inclusion", "checkpoint", "pin", "require"]
    assert outcomes(report)["inclusion"] == outcomes(report)["checkpoint"] == "passed"
    log = report.document.log
    assert log is not None
    assert (log.index, log.origin) == (report.document.index, LOG.origin)
    assert log.leaf_hash == leaf(entry(members))


def test_without_a_log_nothing_is_said_of_one() -> None:
    for log in (None, LOG):
        report = pinned(bare(DUAL), log)
        assert report
        assert report.document.log is None
        assert not {"inclusion", "checkpoint"} & set(outcomes(report))


def test_checkpoints_without_a_pinned_log() -> None:
    trusted = RECEIPTS["trusted"]
    pins: list[dict[str, Any]] = [
        {},
        {"key_hash": trusted["key_hash"]},
        {"signer": trusted["signer"]},
        {"keys": json.dumps(keys(None))},
    ]
    for log in (LOG, STRANGER, NAMESAKE):
        for pin in pins:
            report = report_of(logged(log=log), **pin)
            assert report.verdict is (Verdict.VALID if pin else Verdict.SELF_CONSISTENT)
            assert outcomes(report)["inclusion"] == "passed"
            assert outcomes(report)["checkpoint"] == Outcome.NOT_CHECKED.value


def test_a_receipt_and_attested_bytes_have_different_leaves() -> None:
    for name, kind in ((DUAL, 1), (ATTESTATION, 2)):
        members = logged(name)
        right = entry(members)
        assert right[:2] == bytes([1, kind])
        members["log"]["leaf_hash"] = "0x" + leaf(bytes([1, 3 - kind]) + right[2:]).hex()
        assert pinned(members).failed == "inclusion"


def flipped(text: str) -> str:
    return text[:-1] + ("1" if text[-1] == "0" else "0")


# For each its first check that fails when the log is pinned.
WRONG_PARTS: list[tuple[str, Callable[[dict[str, Any]], Any], str]] = [
    ("another origin", lambda p: p.update(origin=NAMESAKE.origin), "inclusion"),
    ("an index more", lambda p: p.update(index=str(int(p["index"]) + 1)), "inclusion"),
    ("an index less", lambda p: p.update(index=str(int(p["index"]) - 1)), "inclusion"),
    ("another leaf", lambda p: p.update(leaf_hash=flipped(p["leaf_hash"])), "inclusion"),
    ("a leaf more", lambda p: p.update(tree_size=str(int(p["tree_size"]) + 1)), "inclusion"),
    ("a leaf less", lambda p: p.update(tree_size=str(int(p["tree_size"]) - 1)), "inclusion"),
    ("no leaves", lambda p: p.update(tree_size="0"), "inclusion"),
    ("a tree that ends before", lambda p: p.update(tree_size=p["index"]), "inclusion"),
    ("another root", lambda p: p.update(root=flipped(p["root"])), "inclusion"),
    ("no proof", lambda p: p.update(inclusion=[]), "inclusion"),
    ("a proof from above", lambda p: p["inclusion"].reverse(), "inclusion"),
    ("a hash more", lambda p: p["inclusion"].append(p["root"]), "inclusion"),
    ("a hash before", lambda p: p["inclusion"].insert(0, p["root"]), "inclusion"),
    ("an empty checkpoint", lambda p: p.update(checkpoint=""), "inclusion"),
    ("a checkpoint of a word", lambda p: p.update(checkpoint="checkpoint"), "inclusion"),
]


@pytest.mark.parametrize(("what", "change", "failed"), WRONG_PARTS)
def test_wrong_parts(what: str, change: Callable[[dict[str, Any]], Any], failed: str) -> None:
    members = logged()
    change(members["log"])
    assert pinned(members).failed == failed, what
    assert report_of(members).failed == failed, what


def test_every_hash_of_a_proof_counts() -> None:
    good = logged(after=1000)["log"]["inclusion"]
    assert len(good) > 10
    for at, step in enumerate(good):
        for wrong in (
            [*good[:at], flipped(step), *good[at + 1 :]],
            [*good[:at], *good[at + 1 :]],
            [*good[:at], step, *good[at:]],
        ):
            members = logged(after=1000)
            members["log"]["inclusion"] = wrong
            assert pinned(members).failed == "inclusion"


def checkpoint_of(members: dict[str, Any]) -> tuple[int, bytes, str, list[str]]:
    part = members["log"]
    text, _, lines = part["checkpoint"].rpartition("\n\n")
    root = bytes.fromhex(part["root"][2:])
    return int(part["tree_size"]), root, text + "\n", lines.splitlines(keepends=True)


def with_lines(change: Callable[[list[str]], list[str]]) -> dict[str, Any]:
    members = logged()
    _, _, text, lines = checkpoint_of(members)
    members["log"]["checkpoint"] = note(text, *change(lines))
    return members


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[:1],
        lambda lines: lines[1:],
        lambda lines: [lines[0], lines[0]],
        lambda lines: [lines[1], lines[1]],
        lambda lines: [lines[0], lines[1].replace(LOG.origin, NAMESAKE.origin)],
        lambda lines: [lines[0].replace(LOG.origin, NAMESAKE.origin), lines[1]],
        lambda lines: [*lines, LOG.line(1, bytes(64))],
        lambda lines: [LOG.line(1, bytes(64)), lines[1]],
        lambda lines: [*lines, LOG.line(6, (1).to_bytes(8) + bytes(2420))],
        lambda lines: [lines[0], LOG.line(6, bytes(2428))],
        lambda lines: [LOG.line(6, b64decode(lines[0].split()[2])[4:]), lines[1]],
    ],
)
def test_lines_that_do_not_count(change: Callable[[list[str]], list[str]]) -> None:
    report = pinned(with_lines(change))
    assert report.failed == "checkpoint"
    assert outcomes(report)["inclusion"] == "passed"
    assert report_of(with_lines(change)).failed is None


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines,
        lambda lines: lines[::-1],
        lambda lines: [*lines, *lines],
        lambda lines: [*lines, "— example.org/witness AAAAAAAA\n"],
        lambda lines: ["— example.org/witness AAAAAAAA\n", *lines],
        lambda lines: [*lines, f"— {LOG.origin} AAAAAAAA\n"],
        lambda lines: [*lines, *(line.replace(LOG.origin, "other") for line in lines)],
    ],
)
def test_lines_of_others_do_not_matter(change: Callable[[list[str]], list[str]]) -> None:
    assert pinned(with_lines(change))


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[:0],
        lambda lines: [*lines, "\n"],
        lambda lines: [*lines, "— example.org/witness\n"],
        lambda lines: [*lines, "— example.org/witness AAAA\n"],
        lambda lines: [*lines, "example.org/witness AAAAAAAA\n"],
        lambda lines: [lines[0][:-1], *lines[1:]],
        lambda lines: [*lines[:-1], lines[-1][:-1]],
        lambda lines: [lines[0].replace(" ", "  ", 1), lines[1]],
        lambda lines: [*lines, *["— other AAAAAAA=\n"] * 99],
    ],
)
def test_broken_lines_break_the_note(change: Callable[[list[str]], list[str]]) -> None:
    assert pinned(with_lines(change)).failed == "inclusion"
    assert outcomes(pinned(with_lines(change)))["checkpoint"] == "failed"
    assert report_of(with_lines(change)).failed == "inclusion"


def test_every_flipped_bit_of_the_signatures() -> None:
    members = logged()
    _, _, text, lines = checkpoint_of(members)
    for kind, line in zip((1, 6), lines, strict=True):
        octets = b64decode(line.split()[2])[4:]
        for at in range(0, 8 * len(octets), 997 if kind == 6 else 61):
            wrong = bytearray(octets)
            wrong[at // 8] ^= 1 << at % 8
            changed = [LOG.line(kind, bytes(wrong)) if each == line else each for each in lines]
            members["log"]["checkpoint"] = note(text, *changed)
            assert pinned(members).failed == "checkpoint", (kind, at)


def test_other_checkpoints() -> None:
    members = logged()
    size, root, text, lines = checkpoint_of(members)
    other_size = LOG.checkpoint(size + 1, root)
    other_root = LOG.checkpoint(size, bytes(32))
    extended = text + "extension\n"
    for checkpoint in (
        other_size,
        other_root,
        NAMESAKE.checkpoint(size, root),
        note(extended, LOG.ed25519(extended), LOG.mldsa44(size, root)),
        note("\n" + text, *lines),
        note(text.replace(str(size), "0" + str(size)), *lines),
        logged(after=4)["log"]["checkpoint"],
    ):
        members["log"]["checkpoint"] = checkpoint
        assert pinned(members).failed == "inclusion"
    # One that was honestly signed passes its own check.
    members["log"]["checkpoint"] = other_size
    assert outcomes(pinned(members))["checkpoint"] == "passed"


def test_signatures_over_another_head() -> None:
    size, root, text, lines = checkpoint_of(logged())
    other_text = LOG.head(size + 1, root)
    for wrong in (
        [LOG.ed25519(other_text), lines[1]],
        [LOG.ed25519(text[:-1]), lines[1]],
        [lines[0], LOG.mldsa44(size + 1, root)],
        [lines[0], LOG.mldsa44(size, bytes(32))],
        [lines[0], LOG.mldsa44(size, root, 0)],
        [lines[0], LOG.mldsa44(size, root, cosigner="example.org/witness")],
    ):
        assert pinned(with_lines(lambda _, wrong=wrong: wrong)).failed == "checkpoint"  # type: ignore[misc]


def test_other_logs() -> None:
    for log in (STRANGER, NAMESAKE, SignedLog(NAMESAKE.origin, STRANGER.seed)):
        report = pinned(logged(log=log))
        assert report.failed == "checkpoint"
        assert outcomes(report)["inclusion"] == "passed"
        assert pinned(logged(log=log), log)
    half = keys()
    for at in (0, 1):
        half["log"] = LOG.keys()
        half["log"]["keys"][at] = STRANGER.vkeys()[at]
        assert report_of(logged(), keys=json.dumps(half)).failed == "checkpoint"


def test_the_place_of_another_receipt() -> None:
    members = logged(DUAL)
    members["log"] = logged(EVM)["log"]
    assert members["log"]["index"] == members["index"]
    assert pinned(members).failed == "inclusion"
    # The leaf is made of what was recomputed: a changed receipt fails before, and here too.
    for field in ("random", "timestamp"):
        changed = logged()
        changed[field] = logged(ECDSA)[field] if field == "random" else "2026-08-21T12:34:57Z"
        assert outcomes(pinned(changed))["inclusion"] == "failed"


def test_a_receipt_at_another_place_than_its_index() -> None:
    members = bare(DUAL)
    index = int(members["index"])
    for at in (0, index - 1, index + 1):
        assert pinned(members | {"log": LOG.part(members, at=at)}).failed == "inclusion"
    assert pinned(members | {"log": LOG.part(members, at=index)})


def test_another_log_that_the_pinned_keys_sign_for() -> None:
    members = logged(log=NAMESAKE)
    size, root, text, _ = checkpoint_of(members)
    signature = b64decode(NAMESAKE.mldsa44(size, root, cosigner=LOG.origin).split()[2])[4:]
    members["log"]["checkpoint"] = note(text, LOG.ed25519(text), LOG.line(6, signature))
    report = pinned(members)
    assert report.failed == "checkpoint"
    assert LOG.origin in next(c.detail for c in report.checks if c.name == "checkpoint")


def test_what_is_shown() -> None:
    members = logged()
    checks = {check.name: check for check in pinned(members).checks}
    part = members["log"]
    names = ["origin", "index", "leaf_hash", "tree_size", "root"]
    assert checks["inclusion"].inputs == {name: part[name] for name in names}
    assert checks["checkpoint"].inputs == {"origin": LOG.origin}
    unpinned = {check.name: check for check in report_of(members).checks}["checkpoint"]
    assert "NOT checked" in unpinned.detail


WRONG_FORMS: list[tuple[str, Any, str]] = [
    ("origin", "", "origin"),
    ("origin", "é" * 128, "origin"),
    ("origin", 1, "origin"),
    ("index", 7, "index"),
    ("index", "07", "index"),
    ("index", "-1", "index"),
    ("index", str(2**64), "index"),
    ("leaf_hash", "00" * 32, "leaf_hash"),
    ("leaf_hash", "0x" + "00" * 31, "leaf_hash"),
    ("leaf_hash", "0x" + "AA" * 32, "leaf_hash"),
    ("tree_size", 9, "tree_size"),
    ("tree_size", "9.0", "tree_size"),
    ("root", "0x", "root"),
    ("root", None, "root"),
    ("inclusion", {}, "inclusion"),
    ("inclusion", "", "inclusion"),
    ("inclusion", [1], "inclusion"),
    ("inclusion", [["0x" + "00" * 32]], "inclusion"),
    ("inclusion", [""], "inclusion"),
    ("inclusion", ["0x" + "00" * 31], "inclusion"),
    ("inclusion", ["0x" + "00" * 33], "inclusion"),
    ("inclusion", ["0x" + "0A" * 32], "inclusion"),
    ("inclusion", ["0x" + "00" * 32] * 65, "inclusion"),
    ("checkpoint", [], "checkpoint"),
    ("checkpoint", None, "checkpoint"),
    ("more", "1", "more"),
]


@pytest.mark.parametrize(("name", "value", "field"), WRONG_FORMS)
def test_wrong_forms(name: str, value: Any, field: str) -> None:
    members = logged()
    members["log"][name] = value
    assert malformed(json.dumps(members)) == f"log.{field}"


@pytest.mark.parametrize("name", LOG.part(bare(DUAL)))
def test_missing_and_repeated_fields(name: str) -> None:
    members = logged()
    value = json.dumps(members["log"].pop(name))
    assert malformed(json.dumps(members)) == f"log.{name}"
    text = json.dumps(logged())
    twice = text.replace('"log": {', f'"log": {{{json.dumps(name)}: {value}, ')
    assert malformed(twice) == f"log.{name}"


def test_other_values_of_log() -> None:
    for value in (None, [], "", 1, True, [logged()["log"]]):
        assert malformed(json.dumps(bare(DUAL) | {"log": value})) == "log"
    text = json.dumps(logged())
    assert malformed(text[:-1] + ', "log": {}}') == "log"
    assert malformed(json.dumps(bare(DUAL) | {"log": {}})) == "log.origin"


def test_forms_at_the_limits() -> None:
    log = SignedLog("é" * 127)
    assert pinned(logged(log=log), log)
    members = logged()
    members["log"]["inclusion"] = ["0x" + "00" * 32] * 64
    assert pinned(members).failed == "inclusion"
    largest = logged() | {"index": str(2**64 - 2)}
    largest["log"] = LOG.part(largest, 0)
    assert outcomes(pinned(largest))["checkpoint"] == "passed"


def malformed(text: str) -> str | None:
    with pytest.raises(MalformedReceipt) as error:
        verify(text)
    return error.value.field


def test_keys_of_the_log() -> None:
    parsed = Keys.parse(json.dumps(keys()))
    assert isinstance(parsed.log, LogKeys)
    assert parsed.log.origin == LOG.origin
    assert [key.vkey() for key in parsed.log.verifier_keys()] == LOG.vkeys()
    assert Keys.parse(json.dumps(keys(None))).log is None
    assert report_of(logged(), keys=parsed)


ED25519, MLDSA44 = LOG.vkeys()
WRONG_VKEYS: list[Any] = [
    None,
    "",
    {},
    [],
    [1, 2],
    [ED25519],
    [MLDSA44],
    [MLDSA44, ED25519],
    [ED25519, ED25519],
    [MLDSA44, MLDSA44],
    [ED25519, MLDSA44, ED25519],
    [ED25519, MLDSA44, ""],
    ["", ED25519, MLDSA44],
    [ED25519, MLDSA44 + " "],
    [ED25519.replace("+", "-"), MLDSA44],
    [NAMESAKE.vkeys()[0], MLDSA44],
    [ED25519, NAMESAKE.vkeys()[1]],
    [ED25519.replace(LOG.origin, NAMESAKE.origin), MLDSA44],
    SignedLog("a b").vkeys(),
    SignedLog("é" * 128).vkeys(),
]
WRONG_KEYS: list[tuple[Any, str]] = [
    (None, "log"),
    ([], "log"),
    ("", "log"),
    ({}, "log.origin"),
    ({"origin": LOG.origin}, "log.keys"),
    ({"keys": LOG.vkeys()}, "log.origin"),
    (LOG.keys() | {"origin": ""}, "log.origin"),
    (LOG.keys() | {"origin": 1}, "log.origin"),
    (LOG.keys() | {"origin": NAMESAKE.origin}, "log.origin"),
    (LOG.keys() | {"more": 1}, "log.more"),
    *((LOG.keys() | {"keys": vkeys}, "log.keys") for vkeys in WRONG_VKEYS),
]


@pytest.mark.parametrize(("value", "field"), WRONG_KEYS)
def test_wrong_keys_of_the_log(value: Any, field: str) -> None:
    with pytest.raises(MalformedKeys) as error:
        Keys.parse(json.dumps(keys() | {"log": value}))
    assert error.value.field == field
