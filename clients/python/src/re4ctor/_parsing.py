"""Strict parsing of receipts and attestations. It checks the form alone."""

from __future__ import annotations

from typing import TypedDict

from re4ctor import _ecvrf, _eip712, _json, _mldsa
from re4ctor._curve import POINT_BYTES
from re4ctor._fields import Fields
from re4ctor._note import MAX_NAME_BYTES
from re4ctor.documents import (
    MAX_ALPHA_BYTES,
    MAX_ATTESTED_BYTES,
    MAX_DOCUMENT_BYTES,
    MAX_INCLUSION_HASHES,
    MIN_ATTESTED_BYTES,
    AlphaSource,
    Attestation,
    Domain,
    EcdsaSignature,
    KeySet,
    Log,
    Mode,
    Receipt,
    Schemes,
)
from re4ctor.errors import MalformedDocument, MalformedReceipt

_VERSION = 1
_ECDSA_SIGNATURE_BYTES = 65


def parse(document: bytes | str) -> Receipt | Attestation:
    """Parses either kind of document. An attestation is known by its field ``unique``.

    Raises:
        MalformedReceipt: It has not the one accepted form; its `field` is the one at fault.
    """
    try:
        octets = _json.encode(document)
        fields = Fields.parse(octets, MAX_DOCUMENT_BYTES)
        return _attestation(fields, octets) if fields.has("unique") else receipt(fields, octets)
    except MalformedDocument as error:
        raise MalformedReceipt(str(error), error.field) from None


def receipt(fields: Fields, octets: bytes) -> Receipt:
    """Reads the fields of a receipt, whose text is `octets`."""
    envelope = _envelope(fields, octets)
    random = fields.hex("random", 32)
    alpha = fields.hex("alpha")
    if not 1 <= len(alpha) <= MAX_ALPHA_BYTES:
        fields.wrong("alpha", "1 to 1024 bytes in hexadecimal")
    source = fields.choice("alpha_source", {source.value: source for source in AlphaSource})
    vrf = fields.object("vrf")
    vrf.exactly("suite", _ecvrf.SUITE)
    vrf_public_key = vrf.hex("public_key", POINT_BYTES)
    proof = vrf.hex("proof", _ecvrf.PROOF_BYTES)
    # A call without a proof is left to be refused as unknown.
    evm_proof = vrf.hex("evm_proof") if vrf.has("evm_proof") else None
    evm_call = fields.hex("evm_call") if evm_proof is not None and fields.has("evm_call") else None
    vrf.finish()
    fields.finish()
    return Receipt(
        **envelope,
        random=random,
        alpha=alpha,
        alpha_source=source,
        vrf_public_key=vrf_public_key,
        proof=proof,
        evm_proof=evm_proof,
        evm_call=evm_call,
    )


def _attestation(fields: Fields, octets: bytes) -> Attestation:
    if fields.bool("unique"):
        fields.wrong("unique", "false")
    envelope = _envelope(fields, octets)
    attested = fields.hex("bytes")
    if not MIN_ATTESTED_BYTES <= len(attested) <= MAX_ATTESTED_BYTES:
        fields.wrong("bytes", "16 to 1000 bytes in hexadecimal")
    if fields.integer("n") != len(attested):
        fields.wrong("n", "the number of bytes")
    core_sha256 = fields.hex("core_sha256", 32)
    mode = fields.choice("mode", {mode.name.lower(): mode for mode in Mode})
    fields.finish()
    return Attestation(**envelope, random=attested, core_sha256=core_sha256, mode=mode)


class _Signatures(TypedDict):
    schemes: Schemes
    ecdsa: EcdsaSignature | None
    signature: bytes
    public_key: bytes


class _Envelope(_Signatures):
    """The attributes of Document."""

    json: bytes
    id: bytes
    key_id: bytes
    key_hash: bytes
    keys: KeySet
    index: int
    timestamp: int
    domain: Domain
    msg_hash: bytes
    log: Log | None


def _envelope(fields: Fields, octets: bytes) -> _Envelope:
    """Reads the common fields, in this order: the first one at fault is the one named."""
    if fields.integer("version") != _VERSION:
        fields.wrong("version", "1")
    fields.exactly("hash_alg", "keccak256")
    # The node's own remark that it checked what it sends: no check rests on it.
    if not fields.bool("verified"):
        fields.wrong("verified", "true")
    return {
        "json": octets,
        "id": fields.hex("id", 32),
        "key_id": fields.hex("key_id", 8),
        "key_hash": fields.hex("key_hash", 32),
        "keys": _key_set(fields.object("keys")),
        "index": fields.decimal("index"),
        "timestamp": fields.timestamp("timestamp"),
        "domain": _domain(fields.object("domain")),
        "msg_hash": fields.hex("msg_hash", 32),
        **_signatures(fields),
        "log": _log(fields.object("log")) if fields.has("log") else None,
    }


def _key_set(fields: Fields) -> KeySet:
    keys = KeySet(
        ecvrf=fields.hex("ecvrf", POINT_BYTES),
        ecdsa=fields.hex("ecdsa", POINT_BYTES),
        mldsa65_sha256=fields.hex("mldsa65_sha256", 32),
        ecvrf_evm_sha256=fields.hex("ecvrf_evm_sha256", 32),
    )
    fields.finish()
    return keys


def _domain(fields: Fields) -> Domain:
    fields.exactly("name", _eip712.DOMAIN_NAME)
    fields.exactly("version", _eip712.DOMAIN_VERSION)
    chain_id = fields.decimal("chain_id") if fields.has("chain_id") else None
    contract = fields.address("contract") if fields.has("contract") else None
    if contract is not None and chain_id is None:
        fields.wrong("chain_id", "there when contract is")
    fields.finish()
    return Domain(chain_id, contract)


def _signatures(fields: Fields) -> _Signatures:
    """Reads the fields that the type calls for; the others are then unknown."""
    types = {schemes.signature_type: schemes for schemes in Schemes}
    schemes = fields.choice("signature_type", types)
    ecdsa = _ecdsa(fields) if schemes.has_ecdsa else None
    signature_bytes, key_bytes = _ECDSA_SIGNATURE_BYTES, POINT_BYTES
    if schemes.has_mldsa:
        fields.exactly("pq_scheme", "ML-DSA-65")
        signature_bytes, key_bytes = _mldsa.SIGNATURE_BYTES, _mldsa.PUBLIC_KEY_BYTES
    return {
        "schemes": schemes,
        "ecdsa": ecdsa,
        "signature": fields.base64("signature", signature_bytes),
        "public_key": fields.base64("public_key", key_bytes),
    }


def _ecdsa(fields: Fields) -> EcdsaSignature:
    v = fields.integer("v")
    if v > 255:  # noqa: PLR2004 - one byte
        fields.wrong("v", "27 or 28")
    return EcdsaSignature(
        v, fields.hex("r", 32), fields.hex("s", 32), fields.address("signer_addr")
    )


def _log(fields: Fields) -> Log:
    origin = fields.text("origin")
    if not 1 <= len(origin.encode()) <= MAX_NAME_BYTES:
        fields.wrong("origin", f"a text of 1 to {MAX_NAME_BYTES} bytes")
    inclusion = fields.hashes("inclusion", MAX_INCLUSION_HASHES)
    log = Log(
        origin=origin,
        index=fields.decimal("index"),
        leaf_hash=fields.hex("leaf_hash", 32),
        tree_size=fields.decimal("tree_size"),
        root=fields.hex("root", 32),
        inclusion=inclusion,
        checkpoint=fields.text("checkpoint"),
    )
    fields.finish()
    return log
