"""The project's own vectors, which every verifier of Re4ctoR reads."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey

from conftest import vectors
from re4ctor import Domain, KeySet, MalformedReceipt, verify
from re4ctor import _address as address
from re4ctor import _curve as curve
from re4ctor import _ecvrf as ecvrf
from re4ctor import _eip712 as eip712

ECVRF = vectors("ecvrf.json")["cases"]
EIP712 = vectors("eip712.json")
KEYS = vectors("keys.json")["cases"]
RECEIPTS = vectors("receipts.json")

VRF_CHECKS = ["key_hash", "key_id", "alpha", "vrf", "random"]
SIGNATURE_CHECKS = ["digest", "schemes", "ecdsa", "signer", "mldsa65"]
LOG_CHECKS = ["inclusion", "checkpoint"]
TRUST_CHECKS = ["pin", "require"]


def octets(case: dict[str, Any], name: str) -> bytes:
    return bytes.fromhex(case[name])


def test_there_are_vectors() -> None:
    assert len(ECVRF) >= 40
    assert len(EIP712["receipts"]) >= 10
    assert len(EIP712["attested"]) >= 10
    assert len(KEYS) >= 8
    assert len(RECEIPTS["cases"]) >= 400


@pytest.mark.parametrize("case", ECVRF)
def test_ecvrf(case: dict[str, Any]) -> None:
    key, alpha = octets(case, "public_key"), octets(case, "alpha")
    verified = ecvrf.verify(key, alpha, octets(case, "proof"))
    assert verified.h == octets(case, "h")
    assert len(verified.skipped) == case["counter"]
    assert verified.proof.beta() == octets(case, "beta")
    assert ecvrf.evm_proof(key, verified) == octets(case, "evm_proof")


@pytest.mark.parametrize("case", ECVRF[::7])
def test_ecvrf_refuses_every_flipped_byte(case: dict[str, Any]) -> None:
    key, alpha, proof = (octets(case, name) for name in ("public_key", "alpha", "proof"))
    for at in range(len(proof)):
        flipped = proof[:at] + bytes([proof[at] ^ 1]) + proof[at + 1 :]
        with pytest.raises(ecvrf.InvalidProofError):
            ecvrf.verify(key, alpha, flipped)
    with pytest.raises(ecvrf.InvalidProofError):
        ecvrf.verify(key, alpha + b"\0", proof)


@pytest.mark.parametrize("s", [curve.N, curve.N + 1, 2**256 - 1])
def test_ecvrf_refuses_s_past_the_order(s: int) -> None:
    case = ECVRF[0]
    proof = octets(case, "proof")[:49] + s.to_bytes(32)
    with pytest.raises(ecvrf.InvalidProofError, match="not below n"):
        ecvrf.verify(octets(case, "public_key"), octets(case, "alpha"), proof)


@pytest.mark.parametrize("domain", EIP712["domains"])
def test_domain_separators(domain: dict[str, Any]) -> None:
    chain_id = None if domain["chain_id"] is None else int(domain["chain_id"])
    separator = Domain(chain_id, domain["contract"]).separator()
    assert separator == octets(domain, "separator")


def domain_of(case: dict[str, Any]) -> bytes:
    return octets(EIP712["domains"][case["domain"]], "separator")


@pytest.mark.parametrize("case", EIP712["receipts"])
def test_receipt_digests(case: dict[str, Any]) -> None:
    struct = eip712.receipt_struct(
        octets(case, "key_hash"),
        int(case["index"]),
        octets(case, "alpha"),
        octets(case, "random"),
        case["timestamp"],
        case["schemes"],
    )
    assert eip712.digest(domain_of(case), struct) == octets(case, "digest")


@pytest.mark.parametrize("case", EIP712["attested"])
def test_attested_digests(case: dict[str, Any]) -> None:
    struct = eip712.attested_struct(
        octets(case, "key_hash"),
        int(case["index"]),
        octets(case, "bytes"),
        octets(case, "core_hash"),
        case["mode"],
        case["timestamp"],
        case["schemes"],
    )
    assert eip712.digest(domain_of(case), struct) == octets(case, "digest")


@pytest.mark.parametrize("case", KEYS)
def test_key_hashes(case: dict[str, Any]) -> None:
    ecdsa = octets(case["ecdsa"], "public_key")
    mldsa65 = MLDSA65PrivateKey.from_seed_bytes(octets(case["mldsa65"], "seed"))
    keys = KeySet(
        octets(case["ecvrf"], "public_key"),
        ecdsa,
        sha256(mldsa65.public_key().public_bytes_raw()).digest(),
        sha256(octets(case["ecvrf_evm"], "public_key")).digest(),
    )
    assert keys.key_hash() == octets(case, "key_hash")
    assert address.of_key(curve.uncompressed(ecdsa)) == case["ecdsa"]["address"]


def pin_of(case: dict[str, Any]) -> dict[str, Any]:
    trusted = RECEIPTS["trusted"]
    return {
        "none": {},
        "key_hash": {"key_hash": trusted["key_hash"]},
        "keys": {"keys": json.dumps(trusted["keys"])},
        "signer": {"signer": trusted["signer"]},
    }[case["pin"]]


@pytest.mark.parametrize("case", RECEIPTS["cases"], ids=lambda case: case["name"])
def test_receipts(case: dict[str, Any]) -> None:
    if case["verdict"] == "malformed":
        with pytest.raises(MalformedReceipt) as error:
            verify(case["document"], **pin_of(case), require=case["require"])
        assert error.value.field == case["field"]
        return
    report = verify(case["document"], **pin_of(case), require=case["require"])
    assert (report.verdict, report.failed) == (case["verdict"], case["failed"])
    assert bool(report) == (case["verdict"] == "valid")
    assert report.pinned == (case["pin"] != "none")
    members = json.loads(case["document"])
    evm = ["evm"] if "evm_proof" in members.get("vrf", {}) else []
    first = VRF_CHECKS[:2] if "unique" in members else VRF_CHECKS + evm
    log = LOG_CHECKS if "log" in members else []
    names = first + SIGNATURE_CHECKS + log + TRUST_CHECKS
    assert [check.name for check in report.checks] == names
    assert verify(case["document"].encode(), **pin_of(case), require=case["require"]) == report
