"""The arguments of `verify` and what its report says."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest

from conftest import vectors
from re4ctor import MalformedKeys, Outcome, Receipt, Verdict, verify
from re4ctor._keccak import keccak256

RECEIPTS = vectors("receipts.json")
TRUSTED = RECEIPTS["trusted"]
CASES = {case["name"]: case["document"] for case in RECEIPTS["cases"]}
DUAL = CASES["valid: dual, index alpha, no chain"]
EVM = CASES["evm: valid: dual, contract"]
ATTESTATION = CASES["attestation: mldsa65, 1000 bytes"]


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


def test_a_call_is_shown_by_its_hash() -> None:
    names = ["evm_proof", "recomputed_proof", "evm_call_sha256", "recomputed_call_sha256"]
    inputs = {check.name: check.inputs for check in verify(EVM).checks}["evm"]
    assert list(inputs) == names
    hashed = "0x" + sha256(bytes.fromhex(json.loads(EVM)["evm_call"][2:])).hexdigest()
    assert [inputs[name] for name in names[2:]] == [hashed, hashed]
    members = json.loads(EVM)
    del members["evm_call"]
    members["vrf"]["proof"] = "0x04" + members["vrf"]["proof"][4:]
    inputs = {check.name: check.inputs for check in verify(json.dumps(members)).checks}["evm"]
    assert inputs["evm_call_sha256"] == "none"
    assert inputs["recomputed_call_sha256"] == inputs["recomputed_proof"]
    assert "gamma" in inputs["recomputed_proof"]


ALWAYS = ["chain_id", "contract", "domain_separator", "id", "msg_hash", "recomputed"]


def test_everything_that_is_hashed_is_shown() -> None:
    inputs = {check.name: check.inputs for check in verify(EVM).checks}["digest"]
    hashed = ["key_hash", "index", "alpha_hash", "random", "timestamp", "schemes", "struct_hash"]
    assert list(inputs) == hashed + ALWAYS
    members = json.loads(EVM)
    assert inputs["key_hash"] == members["key_hash"]
    assert inputs["random"] == members["random"]
    alpha = bytes.fromhex(members["alpha"][2:])
    assert inputs["alpha_hash"] == "0x" + keccak256(alpha).hex()


def test_everything_that_is_hashed_of_an_attestation_is_shown() -> None:
    inputs = {check.name: check.inputs for check in verify(ATTESTATION).checks}["digest"]
    hashed = ["key_hash", "index", "bytes_hash", "length", "core_hash", "mode"]
    assert list(inputs) == [*hashed, "timestamp", "schemes", "struct_hash", *ALWAYS]
    members = json.loads(ATTESTATION)
    octets = bytes.fromhex(members["bytes"][2:])
    assert inputs["bytes_hash"] == "0x" + keccak256(octets).hex()
    assert inputs["length"] == str(members["n"])
    assert inputs["core_hash"] == members["core_sha256"]
    assert inputs["mode"] == {"sealed": "0", "fallback": "1"}[members["mode"]]
