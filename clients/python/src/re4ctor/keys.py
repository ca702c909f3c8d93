"""The answer of ``/v1/keys``: every epoch's public keys. Who keeps it pins whom to trust."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from re4ctor import _address, _curve, _ecvrf, _json, _mldsa
from re4ctor._fields import Fields
from re4ctor._note import Algorithm, InvalidNoteError, VerifierKey
from re4ctor.documents import KeySet
from re4ctor.errors import MalformedDocument, MalformedKeys

MAX_KEYS_DOCUMENT_BYTES = 1024 * 1024

_EPOCH_KEYS = 4


class Status(StrEnum):
    """What an epoch is doing."""

    ACTIVE = "active"
    RETIRED = "retired"
    ANNOUNCED = "announced"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Epoch:
    """One key epoch; times are seconds since 1970, None where they are not known."""

    key_hash: bytes
    status: Status
    valid_from: int | None
    valid_until: int | None
    keys: KeySet
    mldsa65: bytes
    ecvrf_evm: bytes
    address: str


@dataclass(frozen=True, slots=True)
class LogKeys:
    """The public keys of a node's log, which signs every checkpoint with both."""

    origin: str
    ed25519: bytes
    mldsa44: bytes

    def verifier_keys(self) -> tuple[VerifierKey, VerifierKey]:
        """Returns the keys as signed notes know them."""
        return (
            VerifierKey(self.origin, Algorithm.ED25519, self.ed25519),
            VerifierKey(self.origin, Algorithm.COSIGNATURE_MLDSA44, self.mldsa44),
        )


@dataclass(frozen=True, slots=True)
class Keys:
    """The public keys of a node. Each key hash has been recomputed from its keys.

    Attributes:
        json: The document as it was given: keep this, and give it to `re4ctor.verify`.
        active: The active epoch's key hash; None while none signs, because it was revoked.
        epochs: All epochs.
        log: The log's keys, where the node has a log.
    """

    json: bytes
    active: bytes | None
    epochs: tuple[Epoch, ...]
    log: LogKeys | None

    @classmethod
    def parse(cls, document: bytes | str) -> Keys:
        """Parses the document as strictly as a receipt.

        Raises:
            MalformedKeys: It has not the one accepted form, or a hash or an address is wrong.
        """
        try:
            octets = _json.encode(document)
            return cls(octets, *_read(Fields.parse(octets, MAX_KEYS_DOCUMENT_BYTES)))
        except MalformedDocument as error:
            raise MalformedKeys(str(error), error.field) from None

    def key_hashes(self) -> tuple[bytes, ...]:
        """Returns the key hashes whose signatures count: active and retired ones."""
        counting = (Status.ACTIVE, Status.RETIRED)
        return tuple(epoch.key_hash for epoch in self.epochs if epoch.status in counting)


def _read(fields: Fields) -> tuple[bytes | None, tuple[Epoch, ...], LogKeys | None]:
    active = fields.hex_or_null("active", 32)
    epochs = tuple(_epoch(epoch) for epoch in fields.list("epochs"))
    actives = [epoch.key_hash for epoch in epochs if epoch.status is Status.ACTIVE]
    if actives != ([] if active is None else [active]):
        fields.wrong("active", "the key hash of the one active epoch, or null where there is none")
    # One that was revoked is not to come back under another status.
    if len({epoch.key_hash for epoch in epochs}) != len(epochs):
        fields.wrong("epochs", "one entry for each key hash")
    log = _log(fields.object("log")) if fields.has("log") else None
    fields.finish()
    return active, epochs, log


def _log(fields: Fields) -> LogKeys:
    origin = fields.text("origin")
    try:
        keys = [VerifierKey.parse(vkey) for vkey in fields.texts("keys")]
    except InvalidNoteError:
        keys = []
    one_name = len({key.name for key in keys}) == 1
    if not one_name or [key.algorithm for key in keys] != list(Algorithm):
        fields.wrong("keys", "the log's Ed25519 and ML-DSA-44 keys as verifier keys")
    if origin != keys[0].name:
        fields.wrong("origin", "the name of the keys")
    fields.finish()
    ed25519, mldsa44 = (key.public_key for key in keys)
    return LogKeys(origin, ed25519, mldsa44)


def _epoch(fields: Fields) -> Epoch:
    key_id = fields.hex("key_id", 8)
    key_hash = fields.hex("key_hash", 32)
    status = fields.choice("status", {status.value: status for status in Status})
    valid_from = fields.timestamp_or_null("valid_from")
    valid_until = fields.timestamp_or_null("valid_until")
    keys, mldsa65, ecvrf_evm, address = _keys(fields)
    if keys.key_hash() != key_hash:
        fields.wrong("key_hash", "the hash of the keys")
    if key_hash[:8] != key_id:
        fields.wrong("key_id", "the first 8 bytes of key_hash")
    fields.finish()
    return Epoch(key_hash, status, valid_from, valid_until, keys, mldsa65, ecvrf_evm, address)


def _keys(epoch: Fields) -> tuple[KeySet, bytes, bytes, str]:
    listed = epoch.list("keys")
    if len(listed) != _EPOCH_KEYS:
        epoch.wrong("keys", "a list of four keys")
    ecvrf, ecdsa, mldsa65, ecvrf_evm = listed
    ecvrf_key = _point(ecvrf, "ecvrf", _ecvrf.SUITE)
    ecdsa_key = _point(ecdsa, "ecdsa", "ECDSA-secp256k1")
    mldsa65_key = _mldsa65(mldsa65)
    ecvrf_evm_key = _point(ecvrf_evm, "ecvrf-evm", _ecvrf.SUITE)
    address = ecdsa.address("address")
    if address != _address.of_key(_curve.uncompressed(ecdsa_key)):
        ecdsa.wrong("address", "the address of the key")
    if not ecvrf_evm.bool("reserved"):
        ecvrf_evm.wrong("reserved", "true")
    for fields in listed:
        fields.finish()
    mldsa65_sha256, evm_sha256 = sha256(mldsa65_key).digest(), sha256(ecvrf_evm_key).digest()
    keys = KeySet(ecvrf_key, ecdsa_key, mldsa65_sha256, evm_sha256)
    return keys, mldsa65_key, ecvrf_evm_key, address


def _point(fields: Fields, use: str, algorithm: str) -> bytes:
    fields.exactly("use", use)
    fields.exactly("algorithm", algorithm)
    fields.exactly("encoding", "sec1-compressed-hex")
    point = fields.hex("public_key", _curve.POINT_BYTES)
    if not _curve.is_point(point):
        fields.wrong("public_key", "a compressed point of secp256k1")
    return point


def _mldsa65(fields: Fields) -> bytes:
    fields.exactly("use", "mldsa65")
    fields.exactly("algorithm", "ML-DSA-65")
    fields.exactly("encoding", "base64")
    return fields.base64("public_key", _mldsa.PUBLIC_KEY_BYTES)
