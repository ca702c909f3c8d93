"""Vectors from elsewhere (the folder R4_VECTORS): what the libraries below must get right."""

from __future__ import annotations

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from conftest import outside
from re4ctor import EcdsaSignature
from re4ctor import _curve as curve
from re4ctor import _ecdsa as ecdsa
from re4ctor import _ecvrf as ecvrf
from re4ctor import _mldsa as mldsa


def test_mldsa65_of_wycheproof() -> None:
    judged = 0
    for group in outside("wycheproof-mldsa-65-verify.json")["testGroups"]:
        for case in group["tests"]:
            if case.get("ctx"):
                continue
            key, message, signature = (
                bytes.fromhex(text) for text in (group["publicKey"], case["msg"], case["sig"])
            )
            assert mldsa.verifies(key, message, signature) == (case["result"] == "valid"), case
            judged += 1
    assert judged > 50


def parsed(octets: bytes) -> EcdsaSignature | None:
    """Reads a signature in DER, if it is that; nothing here takes DER."""
    try:
        r, s = decode_dss_signature(octets)
        if encode_dss_signature(r, s) != octets:
            return None
        return EcdsaSignature(27, r.to_bytes(32), s.to_bytes(32), "")
    except (ValueError, OverflowError):
        return None


def test_ecdsa_of_wycheproof() -> None:
    judged = {"valid": 0, "invalid": 0}
    for group in outside("wycheproof-ecdsa-secp256k1-sha256-bitcoin.json")["testGroups"]:
        key = bytes.fromhex(group["publicKey"]["uncompressed"])
        compressed = bytes([2 + key[-1] % 2]) + key[1:33]
        for case in group["tests"]:
            signature = parsed(bytes.fromhex(case["sig"]))
            if signature is None:
                assert case["result"] == "invalid", case
                continue
            digest = sha256(bytes.fromhex(case["msg"])).digest()
            if case["result"] == "valid":
                ecdsa.verify(compressed, digest, signature)
                recovered = [
                    recover(digest, EcdsaSignature(v, signature.r, signature.s, ""))
                    for v in (27, 28)
                ]
                assert compressed in recovered or int.from_bytes(signature.r) < 2**129, case
            else:
                with pytest.raises(ecdsa.InvalidSignatureError):
                    ecdsa.verify(compressed, digest, signature)
            judged[case["result"]] += 1
    assert min(judged.values()) > 50


def recover(digest: bytes, signature: EcdsaSignature) -> bytes | None:
    try:
        return ecdsa.recover(digest, signature)
    except ecdsa.InvalidSignatureError:
        return None


def test_ecvrf_of_others() -> None:
    document = outside("ecvrf-secp256k1-sha256-tai.json")
    cases = document["vectors"] if isinstance(document, dict) else document
    for case in cases:
        names = {name.lower(): value for name, value in case.items()}
        key, alpha, proof = (bytes.fromhex(names[n]) for n in ("pk", "alpha", "pi"))
        verified = ecvrf.verify(key, alpha, proof)
        assert verified.proof.beta().hex() == names["beta"]
        other = curve.add_products((2, key))
        with pytest.raises(ecvrf.InvalidProofError):
            ecvrf.verify(other, alpha, proof)
    assert cases
