"""ECDSA: one form of a signature, and the key that it recovers to."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from conftest import vectors
from re4ctor import EcdsaSignature, verify
from re4ctor import _address as address
from re4ctor import _curve as curve
from re4ctor import _ecdsa as ecdsa

RECEIPTS = vectors("receipts.json")
CASES = {case["name"]: case["document"] for case in RECEIPTS["cases"]}
DUAL = CASES["valid: dual, index alpha, no chain"]


def parts() -> tuple[bytes, bytes, EcdsaSignature]:
    document = verify(DUAL).document
    assert document.ecdsa is not None
    return document.keys.ecdsa, document.msg_hash, document.ecdsa


def test_a_signature_has_one_form() -> None:
    key, digest, good = parts()
    ecdsa.verify(key, digest, good)
    assert ecdsa.recover(digest, good) == key
    high = (curve.N - int.from_bytes(good.s)).to_bytes(32)
    order = curve.N.to_bytes(32)
    wrongs = [
        (replace(good, s=high, v=55 - good.v), "upper half"),
        (replace(good, v=0), "v is 0"),
        (replace(good, v=29), "v is 29"),
        (replace(good, r=bytes(32)), "r and s"),
        (replace(good, s=bytes(32)), "r and s"),
        (replace(good, r=order), "r and s"),
        (replace(good, s=order), "r and s"),
    ]
    for wrong, reason in wrongs:
        with pytest.raises(ecdsa.InvalidSignatureError, match=reason):
            ecdsa.verify(key, digest, wrong)
        with pytest.raises(ecdsa.InvalidSignatureError, match=reason):
            ecdsa.recover(digest, wrong)


def test_an_r_that_is_no_coordinate() -> None:
    key, digest, good = parts()
    for number in range(1, 100):
        r = number.to_bytes(32)
        if not curve.is_point(b"\x02" + r):
            with pytest.raises(ecdsa.InvalidSignatureError, match="no key can be recovered"):
                ecdsa.recover(digest, replace(good, r=r))
            with pytest.raises(ecdsa.InvalidSignatureError, match="does not verify"):
                ecdsa.verify(key, digest, replace(good, r=r))
            return
    pytest.fail("every number is a coordinate")


def test_the_other_v_with_the_address_that_it_recovers_to() -> None:
    _, digest, good = parts()
    other = replace(good, v=55 - good.v)
    recovered = address.of_key(curve.uncompressed(ecdsa.recover(digest, other)))
    assert recovered != good.signer_addr
    changed = json.loads(DUAL) | {"v": other.v, "signer_addr": recovered}
    report = verify(json.dumps(changed))
    assert report.failed == "signer"
    assert verify(json.dumps(changed), signer=recovered).failed == "signer"
