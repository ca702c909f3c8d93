"""Strict parsing of draws. It checks the form alone."""

from __future__ import annotations

from dataclasses import fields as members
from typing import TYPE_CHECKING, Any

from re4ctor import _json, _parsing
from re4ctor._fields import Fields
from re4ctor.documents import MAX_DOCUMENT_BYTES
from re4ctor.draws import (
    MAX_DRAW_BYTES,
    NONCE_BYTES,
    Draw,
    DrawSpec,
    participants_hash,
    weights_hash,
)
from re4ctor.errors import MalformedDocument, MalformedDraw
from re4ctor.kinds import KINDS, Cards, Decimals, Uuids

if TYPE_CHECKING:
    from re4ctor.documents import Receipt
    from re4ctor.draws import Result
    from re4ctor.kinds import Kind

_VERSION = 1
_HASH_BYTES = 32


def parse(document: bytes | str) -> Draw | Receipt:
    """Parses a draw, known by its fields ``draw`` or ``receipt``, or a bare receipt.

    Raises:
        MalformedDraw: It has not the one accepted form; its `field` is the one at fault.
    """
    try:
        octets = _json.encode(document)
        fields = Fields.parse(octets, MAX_DRAW_BYTES)
        if fields.has("draw") or fields.has("receipt"):
            return _draw(fields, octets)
        if len(octets) > MAX_DOCUMENT_BYTES:
            raise _json.too_large(octets, MAX_DOCUMENT_BYTES)
        return _parsing.receipt(fields, octets)
    except MalformedDocument as error:
        raise MalformedDraw(str(error), error.field) from None


def _draw(fields: Fields, octets: bytes) -> Draw:
    if fields.integer("version") != _VERSION:
        fields.wrong("version", "1")
    id_ = fields.hex("id", 32)
    spec = _spec(fields.object("draw"), fields)
    result = _result(fields, spec.kind)
    participants = _participants(fields) if fields.has("participants") else None
    weights = _weights(fields) if fields.has("weights") else None
    inner = fields.object("receipt")
    receipt = _parsing.receipt(inner, inner.json())
    fields.finish()
    return Draw(octets, id_, spec, result, participants, weights, receipt)


def _spec(fields: Fields, parent: Fields) -> DrawSpec:
    kind = fields.choice("kind", KINDS)
    values: dict[str, Any] = {
        member.name: fields.bool(member.name)
        if member.type == "bool"
        else fields.signed(member.name)
        for member in members(kind)
    }
    hashes = {
        name: fields.hex(name, _HASH_BYTES)
        for name in ("participants_sha256", "weights_sha256")
        if fields.has(name)
    }
    label = fields.text("label") if fields.has("label") else None
    nonce = fields.hex("nonce", NONCE_BYTES) if label is None else None
    fields.finish()
    try:
        return DrawSpec(kind(**values), **hashes, label=label, nonce=nonce)
    except ValueError as error:
        parent.wrong("draw", f"one that can be drawn: {error}")


def _result(fields: Fields, kind: Kind) -> Result:
    if isinstance(kind, Cards | Decimals | Uuids):
        return fields.texts("result")
    return fields.integers("result")


def _participants(fields: Fields) -> tuple[str, ...]:
    participants = fields.texts("participants")
    try:
        participants_hash(participants)
    except ValueError as error:
        fields.wrong("participants", f"a list of names: {error}")
    return participants


def _weights(fields: Fields) -> tuple[int, ...]:
    weights = fields.integers("weights")
    try:
        weights_hash(weights)
    except ValueError as error:
        fields.wrong("weights", f"a list of weights: {error}")
    return weights
