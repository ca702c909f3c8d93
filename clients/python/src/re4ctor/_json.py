"""JSON as it stands in the text: repeated names are kept, and nothing is converted quietly.

The json module accepts more than RFC 8259 has (NaN, lone surrogates, any depth); all of that is
refused here.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from re4ctor.errors import MalformedDocument

MAX_DEPTH = 127
_U64_MAX = 2**64 - 1
_I64_MIN = -(2**63)
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Object:
    """An object with its members in order, repeated ones included."""

    members: list[tuple[str, Value]]


class OtherNumber:
    """A number that no field has: of more than 64 bits, with a fraction or an exponent, or -0."""


Value: TypeAlias = "bool | int | str | OtherNumber | list[Value] | Object | None"


def encode(document: bytes | str) -> bytes:
    """Returns the bytes of a text.

    Raises:
        MalformedDocument: It has a lone surrogate, which no UTF-8 has.
    """
    try:
        return document.encode() if isinstance(document, str) else document
    except UnicodeEncodeError:
        raise _not_json("lone surrogate") from None


def parse(octets: bytes, limit: int) -> Object:
    """Reads a document of at most `limit` bytes that is one object.

    Raises:
        MalformedDocument: It is empty, too large, no JSON or no object.
    """
    if len(octets) > limit:
        raise too_large(octets, limit)
    if not octets.strip(b" \t\n\f\r"):
        raise MalformedDocument("the input is empty")
    value = _load(octets)
    _inspect(value, 1)
    if not isinstance(value, Object):
        raise MalformedDocument("the input is JSON, but not an object")
    return value


def too_large(octets: bytes, limit: int) -> MalformedDocument:
    """Says how many bytes there are, and how many there may be."""
    return MalformedDocument(f"the input has {len(octets)} bytes; at most {limit} are accepted")


def write(value: Value) -> str:
    """Writes a value without spaces, its members in their order."""
    if isinstance(value, Object):
        members = (
            f"{json.dumps(name, ensure_ascii=False)}:{write(item)}" for name, item in value.members
        )
        return f"{{{','.join(members)}}}"
    if isinstance(value, list):
        return f"[{','.join(map(write, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _load(octets: bytes) -> Value:
    try:
        value: Value = json.loads(
            octets.decode(),
            object_pairs_hook=Object,
            parse_int=_integer,
            parse_float=_other_number,
            parse_constant=_constant,
        )
    except MalformedDocument:
        raise
    except RecursionError:
        raise _not_json("recursion limit exceeded") from None
    except ValueError as error:
        raise _not_json(str(error)) from None
    return value


def _integer(text: str) -> int | OtherNumber:
    if len(text) > len(str(_U64_MAX)) or text == "-0" or not _I64_MIN <= int(text) <= _U64_MAX:
        return _other_number(text)
    return int(text)


def _other_number(text: str) -> OtherNumber:
    if math.isinf(float(text)):
        raise _not_json("number out of range")
    return OtherNumber()


def _constant(text: str) -> NoReturn:
    raise _not_json(f"{text} is no JSON value")


def _inspect(value: Value, depth: int) -> None:
    """Refuses deep nesting and texts that no UTF-8 has."""
    if isinstance(value, Object | list) and depth > MAX_DEPTH:
        raise _not_json("recursion limit exceeded")
    if isinstance(value, str) and _SURROGATE.search(value):
        raise _not_json("lone surrogate")
    if isinstance(value, list):
        for item in value:
            _inspect(item, depth + 1)
    if isinstance(value, Object):
        for name, item in value.members:
            _inspect(name, depth + 1)
            _inspect(item, depth + 1)


def _not_json(message: str) -> MalformedDocument:
    return MalformedDocument(f"the input is not valid JSON: {message}")
