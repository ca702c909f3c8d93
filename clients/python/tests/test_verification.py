"""The arguments of `verify` and what its report says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conftest import vectors
from re4ctor import MalformedKeys, Outcome, Receipt, Verdict, verify

RECEIPTS = vectors("receipts.json")
TRUSTED = RECEIPTS["trusted"]
CASES = {case["name"]: case["document"] for case in RECEIPTS["cases"]}
DUAL = CASES["valid: dual, index alpha, no chain"]
EVM = CASES["evm: valid: dual, contract"]


@pytest.mark.parametrize("key_hash", [TRUSTED["key_hash"], TRUSTED["key_hash"][2:].upper()])
def test_forms_of_key_hash(key_hash: str) -> None:
    assert verify(DUAL, key_hash=key_hash)
    assert verify(DUAL, key_hash=["00" * 32, key_hash])
    assert not verify(DUAL, key_hash="00" * 32)


def test_key_hash_in_bytes() -> None:
    assert verify(DUAL, key_hash=bytes.fromhex(TRUSTED["key_hash"][2:]))
    assert not verify(DUAL, key_hash=bytes(32))
    with pytest.raises(ValueError, match=r"key hash"):
        verify(DUAL, key_hash=bytes(31))


def test_forms_of_signer() -> None:
    signer = TRUSTED["signer"]
    digits = signer[2:]
    for text in (signer, "0x" + digits.lower(), "0x" + digits.upper()):
        assert verify(DUAL, signer=text)
    swapped = "0x" + digits.swapcase()
    for text in (swapped, digits, signer[:-1], signer + "00", signer + "\n", ""):
        with pytest.raises(ValueError, match=r"address"):
            verify(DUAL, signer=text)


@pytest.mark.parametrize(
    "arguments",
    [
        {"key_hash": TRUSTED["key_hash"], "signer": TRUSTED["signer"]},
        {"key_hash": TRUSTED["key_hash"], "keys": json.dumps(TRUSTED["keys"])},
        {"key_hash": []},
        {"key_hash": ""},
        {"key_hash": "0x" + 63 * "0"},
        {"key_hash": 64 * "g"},
        {"key_hash": ["0x"]},
        {"require": "both"},
        {"require": ""},
    ],
)
def test_wrong_arguments(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"key_hash|key hash|require"):
        verify(DUAL, **arguments)


def test_wrong_keys() -> None:
    with pytest.raises(MalformedKeys):
        verify(DUAL, keys=DUAL)


def test_a_report_is_true_only_when_valid() -> None:
    valid = verify(DUAL, key_hash=TRUSTED["key_hash"])
    assert valid
    assert (valid.verdict, valid.failed, valid.pinned) == (Verdict.VALID, None, True)
    unpinned = verify(DUAL)
    assert not unpinned
    assert (unpinned.verdict, unpinned.failed) == (Verdict.SELF_CONSISTENT, None)
    assert [c.name for c in unpinned.checks if c.outcome is Outcome.NOT_CHECKED] == [
        "pin",
        "require",
    ]
    failed = verify(DUAL, key_hash="00" * 32)
    assert not failed
    assert (failed.verdict, failed.failed) == (Verdict.FAILED, "pin")
    assert isinstance(valid.document, Receipt)
    assert valid.document.random.hex() == json.loads(DUAL)["random"][2:]


def test_inputs_are_shown() -> None:
    report = verify(EVM, key_hash=TRUSTED["key_hash"])
    members = json.loads(EVM)
    inputs = {check.name: check.inputs for check in report.checks}
    assert inputs["vrf"]["proof"] == members["vrf"]["proof"]
    assert inputs["evm"]["recomputed_proof"] == members["vrf"]["evm_proof"]
    assert inputs["digest"]["recomputed"] == members["msg_hash"]
    assert inputs["signer"]["recovered"] == members["signer_addr"]
