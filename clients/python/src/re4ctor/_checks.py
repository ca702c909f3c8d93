"""The checks, each by itself.

Those of signatures and of trust are in `re4ctor._signed`, those of the log in `re4ctor._logged`.
All use the key hash and the digest recomputed here, never the ones that the document states.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from re4ctor import _ecvrf, _evm, _logged, _signed
from re4ctor._keccak import keccak256
from re4ctor._policy import check, not_checked
from re4ctor.documents import AlphaSource, Receipt, Schemes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from re4ctor._policy import Check, Pin, Required
    from re4ctor.documents import Attestation


def run(document: Receipt | Attestation, pin: Pin | None, required: Required) -> Iterator[Check]:
    """Makes every check, in the order of their names."""
    key_hash = document.keys.key_hash()
    digest = document.digest(key_hash, document.schemes)
    yield _check_key_hash(document, key_hash)
    yield _check_key_id(document)
    if isinstance(document, Receipt):
        yield _check_alpha(document, key_hash)
        yield _check_vrf(document)
        yield _check_random(document)
        if document.evm_proof is not None:
            yield _check_evm(document, document.evm_proof, key_hash)
    # A digest that was made for other signatures is a matter of `schemes`.
    digests = {document.digest(key_hash, schemes): schemes for schemes in Schemes}
    signed_for = digests.get(document.msg_hash)
    yield _check_digest(document, digest, signed_for)
    yield _check_schemes(document, signed_for)
    yield _signed.check_ecdsa(document, digest)
    yield _signed.check_signer(document, digest)
    yield _signed.check_mldsa(document, digest)
    if document.log is not None:
        yield _logged.check_inclusion(document, document.log, key_hash, digest)
        yield _logged.check_checkpoint(document.log, pin.log if pin else None)
    yield _signed.check_pin(document, key_hash, digest, pin)
    yield _signed.check_require(document, pin, required)


def _check_key_hash(document: Receipt | Attestation, key_hash: bytes) -> Check:
    keys = document.keys
    wrong = None
    if document.key_hash != key_hash:
        wrong = "key_hash is not the hash of keys"
    elif isinstance(document, Receipt) and document.vrf_public_key != keys.ecvrf:
        wrong = "vrf.public_key is not the key in keys"
    elif _pair_differs(document):
        wrong = "public_key is not the key in keys"
    return check(
        "key_hash",
        wrong,
        "the key hash is the hash of the keys used",
        ecvrf=keys.ecvrf,
        ecdsa=keys.ecdsa,
        mldsa65_sha256=keys.mldsa65_sha256,
        ecvrf_evm_sha256=keys.ecvrf_evm_sha256,
        key_hash=document.key_hash,
        recomputed=key_hash,
    )


def _pair_differs(document: Receipt | Attestation) -> bool:
    if document.schemes.has_mldsa:
        return sha256(document.public_key).digest() != document.keys.mldsa65_sha256
    return document.public_key != document.keys.ecdsa


def _check_key_id(document: Receipt | Attestation) -> Check:
    differs = document.key_id != document.key_hash[:8]
    return check(
        "key_id",
        "key_id is not the beginning of key_hash" if differs else None,
        "the key id is the beginning of the key hash",
        key_id=document.key_id,
        key_hash=document.key_hash,
    )


def _check_alpha(receipt: Receipt, key_hash: bytes) -> Check:
    wrong = None
    if receipt.alpha_source is AlphaSource.INDEX:
        right = "alpha was derived from the index and the key hash"
        if receipt.alpha != b"r4/index/v1" + key_hash + receipt.index.to_bytes(8):
            wrong = "alpha is not the one of this index and key hash"
    else:
        right = "alpha is a client's"
        if receipt.alpha.startswith(b"r4/"):
            wrong = "a client's alpha may not begin with r4/, which is the node's own"
    return check(
        "alpha",
        wrong,
        right,
        alpha=receipt.alpha,
        alpha_source=receipt.alpha_source.value,
        index=receipt.index,
        key_hash=key_hash,
    )


def _check_vrf(receipt: Receipt) -> Check:
    wrong = None
    try:
        _ecvrf.verify(receipt.vrf_public_key, receipt.alpha, receipt.proof)
    except _ecvrf.InvalidProofError as error:
        wrong = str(error)
    return check(
        "vrf",
        wrong,
        "the proof verifies for this key and alpha",
        suite=_ecvrf.SUITE,
        public_key=receipt.vrf_public_key,
        alpha=receipt.alpha,
        proof=receipt.proof,
    )


def _check_random(receipt: Receipt) -> Check:
    recomputed: bytes | str
    try:
        recomputed = _ecvrf.Proof.decode(receipt.proof).beta()
    except _ecvrf.InvalidProofError as error:
        recomputed = str(error)
    same = recomputed == receipt.random
    return check(
        "random",
        None if same else "random is not the output that the proof is for",
        "random is the output that the proof is for",
        random=receipt.random,
        recomputed=recomputed,
    )


def _check_evm(receipt: Receipt, stated: bytes, key_hash: bytes) -> Check:
    proof: bytes | str
    call: bytes | str
    wrong = None
    try:
        proof = _evm.proof(receipt)
    except _ecvrf.InvalidProofError as error:
        proof = call = wrong = str(error)
    else:
        right_call = _evm.call(receipt, key_hash, proof)
        call = _sha256_or_none(right_call)
        wrong = _evm.difference(stated, receipt.evm_call, proof, right_call)
    return check(
        "evm",
        wrong,
        "what a contract takes is that of this receipt",
        evm_proof=stated,
        recomputed_proof=proof,
        evm_call_sha256=_sha256_or_none(receipt.evm_call),
        recomputed_call_sha256=call,
    )


def _sha256_or_none(call: bytes | None) -> bytes | str:
    return "none" if call is None else sha256(call).digest()


def _check_digest(
    document: Receipt | Attestation, digest: bytes, signed_for: Schemes | None
) -> Check:
    wrong = None
    if signed_for is None:
        wrong = "msg_hash is not the digest of the fields"
    elif document.id != document.msg_hash:
        wrong = "id is not msg_hash"
    domain = document.domain
    return check(
        "digest",
        wrong,
        "the digest is that of the fields",
        **_hashed(document),
        chain_id="none" if domain.chain_id is None else domain.chain_id,
        contract=domain.contract or "none",
        domain_separator=domain.separator(),
        id=document.id,
        msg_hash=document.msg_hash,
        recomputed=digest,
    )


def _hashed(document: Receipt | Attestation) -> dict[str, bytes | int]:
    """Returns the members of the structure that is hashed, in their order, and its hash."""
    key_hash = document.keys.key_hash()
    members: dict[str, bytes | int] = {"key_hash": key_hash, "index": document.index}
    if isinstance(document, Receipt):
        members |= {"alpha_hash": keccak256(document.alpha), "random": document.random}
    else:
        members |= {"bytes_hash": keccak256(document.random), "length": len(document.random)}
        members |= {"core_hash": document.core_sha256, "mode": int(document.mode)}
    members |= {"timestamp": document.timestamp, "schemes": int(document.schemes)}
    return members | {"struct_hash": document.struct_hash(key_hash, document.schemes)}


def _check_schemes(document: Receipt | Attestation, signed_for: Schemes | None) -> Check:
    present = document.schemes
    if signed_for is None:
        why = "the digest is not that of the fields"
        return not_checked("schemes", why, schemes=int(present))
    wrong = None
    if signed_for is not present:
        wrong = (
            f"the digest was made for {signed_for.signature_type}, "
            f"but the signatures present are {present.signature_type}"
        )
    right = f"the signatures present are those signed for: {present.signature_type}"
    return check("schemes", wrong, right, schemes=int(present))
