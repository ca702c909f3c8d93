"""The checks of who signed: the signatures, whose they are, and whether that is enough."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from re4ctor import _address, _curve, _ecdsa, _mldsa
from re4ctor._ecdsa import InvalidSignatureError
from re4ctor._policy import check, not_checked, show
from re4ctor.documents import Schemes

if TYPE_CHECKING:
    from re4ctor._policy import Check, Pin, Required
    from re4ctor.documents import Attestation, Receipt


def check_ecdsa(document: Receipt | Attestation, digest: bytes) -> Check:
    signature = document.ecdsa
    if signature is None:
        return not_checked("ecdsa", "there is no ECDSA signature")
    wrong = None
    try:
        _ecdsa.check_ranges(signature)
        if not document.schemes.has_mldsa and document.signature != signature.octets():
            wrong = "signature is not r, s and v"
        else:
            _ecdsa.verify(document.keys.ecdsa, digest, signature)
    except InvalidSignatureError as error:
        wrong = str(error)
    return check(
        "ecdsa",
        wrong,
        "the ECDSA signature verifies",
        public_key=document.keys.ecdsa,
        digest=digest,
        r=signature.r,
        s=signature.s,
    )


def check_signer(document: Receipt | Attestation, digest: bytes) -> Check:
    signature = document.ecdsa
    if signature is None:
        return not_checked("signer", "there is no ECDSA signature")
    wrong = None
    try:
        key = _ecdsa.recover(digest, signature)
        recovered = _address.of_key(_curve.uncompressed(key))
        if key != document.keys.ecdsa:
            wrong = "r, s and v recover another key than the one in keys"
        elif recovered != signature.signer_addr:
            wrong = "signer_addr is not the address of the key"
    except InvalidSignatureError as error:
        recovered = wrong = str(error)
    return check(
        "signer",
        wrong,
        "the signature recovers to signer_addr",
        signer_addr=signature.signer_addr,
        v=signature.v,
        recovered=recovered,
    )


def check_mldsa(document: Receipt | Attestation, digest: bytes) -> Check:
    if not document.schemes.has_mldsa:
        return not_checked("mldsa65", "there is no ML-DSA-65 signature")
    message = _mldsa.message(digest)
    verifies = _mldsa.verifies(document.public_key, message, document.signature)
    return check(
        "mldsa65",
        None if verifies else "the ML-DSA-65 signature does not verify",
        "the ML-DSA-65 signature verifies",
        public_key_sha256=sha256(document.public_key).digest(),
        message=message,
        signature_sha256=sha256(document.signature).digest(),
    )


def check_pin(
    document: Receipt | Attestation, key_hash: bytes, digest: bytes, pin: Pin | None
) -> Check:
    if pin is None:
        why = "no key was pinned: self-consistent; signer NOT checked"
        return not_checked("pin", why, key_hash=key_hash)
    if pin.signer is not None:
        return _check_signer_pin(document, digest, pin.signer)
    return check(
        "pin",
        None if key_hash in pin.key_hashes else "the key hash is none of those pinned",
        "the key hash is a pinned one",
        key_hash=key_hash,
        pinned=", ".join(map(show, pin.key_hashes)),
    )


def _check_signer_pin(document: Receipt | Attestation, digest: bytes, pinned: str) -> Check:
    right = "the ECDSA signer is the pinned one; nothing but ECDSA was pinned"
    if document.ecdsa is None:
        signer = "there is no ECDSA signature"
        wrong: str | None = f"{signer}, and an ECDSA signer was pinned"
    else:
        try:
            key = _ecdsa.recover(digest, document.ecdsa)
            signer = _address.of_key(_curve.uncompressed(key))
        except InvalidSignatureError as error:
            signer = str(error)
        wrong = None if signer == pinned else "the ECDSA signature is not the pinned signer's"
    return check("pin", wrong, right, signer=signer, pinned=pinned)


def check_require(document: Receipt | Attestation, pin: Pin | None, required: Required) -> Check:
    present = document.schemes
    if pin is None:
        why = "no key was pinned, so nothing is required"
        return not_checked("require", why, signature_type=present.signature_type)
    holds, wrong = {
        "dual": (present is Schemes.DUAL, "both signatures are required"),
        "ecdsa": (present.has_ecdsa, "an ECDSA signature is required"),
        "mldsa65": (present.has_mldsa, "an ML-DSA-65 signature is required"),
    }[required]
    right = "the required signatures are present"
    wrong_or_none = None if holds else wrong
    return check("require", wrong_or_none, right, signature_type=present.signature_type)
