"""Strict reading of fields: each value in one form, each field once, none unknown."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NoReturn, TypeGuard, TypeVar

from re4ctor import _address, _base64, _json, _timestamp
from re4ctor._json import Object
from re4ctor.errors import MalformedDocument

if TYPE_CHECKING:
    from collections.abc import Mapping

    from re4ctor._json import Value

T = TypeVar("T")

_HEX = re.compile("0x(?:[0-9a-f]{2})*")
_DECIMAL = re.compile("0|[1-9][0-9]{0,19}")
_HASH_BYTES = 32
_MARKS = ("Mn", "Me")
_ESCAPES = {"\0": "\\0", "\t": "\\t", "\n": "\\n", "\r": "\\r"} | {c: "\\" + c for c in "'\"\\"}


class Fields:
    """The fields of an object that have not been read yet."""

    def __init__(self, value: Object, path: str = "") -> None:
        """Takes an object's members and refuses repeated ones."""
        self._path = path
        self._members = list(value.members)
        names = sorted(name for name, _ in self._members)
        for name, following in pairwise(names):
            if name == following:
                field = self._named(name)
                raise MalformedDocument(f"the field {field} appears twice", field)

    @classmethod
    def parse(cls, octets: bytes, limit: int) -> Fields:
        """Reads a document that is one object."""
        return cls(_json.parse(octets, limit))

    def has(self, name: str) -> bool:
        """Says whether a field is there and has not been read."""
        return any(member == name for member, _ in self._members)

    def json(self) -> bytes:
        """Writes what has not been read as an object."""
        return _json.write(Object(self._members)).encode()

    def wrong(self, name: str, expected: str) -> NoReturn:
        """Refuses a field that has another form than the accepted one."""
        field = self._named(name)
        raise MalformedDocument(f"the field {field} must be {expected}", field)

    def finish(self) -> None:
        """Refuses what has not been read."""
        if self._members:
            field = self._named(self._members[0][0])
            raise MalformedDocument(f"the field {field} is unknown", field)

    def object(self, name: str) -> Fields:
        """Reads an object."""
        value = self._take(name)
        if not isinstance(value, Object):
            self.wrong(name, "an object")
        return Fields(value, self._named(name))

    def object_or_null(self, name: str) -> Fields | None:
        """Reads an object or null."""
        if (name, None) in self._members:
            self._take(name)
            return None
        return self.object(name)

    def list(self, name: str) -> list[Fields]:
        """Reads a list of objects."""
        values = self._take(name)
        if not isinstance(values, list):
            self.wrong(name, "a list")
        path = self._named(name)
        found = []
        for at, value in enumerate(values):
            if not isinstance(value, Object):
                self.wrong(name, "a list of objects")
            found.append(Fields(value, f"{path}[{at}]"))
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        """Reads a list of texts."""
        values = self._take(name)
        if not isinstance(values, list):
            self.wrong(name, "a list")
        if not all(isinstance(value, str) for value in values):
            self.wrong(name, "a list of texts")
        return tuple(value for value in values if isinstance(value, str))

    def text(self, name: str) -> str:
        """Reads a text."""
        value = self._take(name)
        return value if isinstance(value, str) else self.wrong(name, "a text")

    def exactly(self, name: str, expected: str) -> None:
        """Reads a text that can only be `expected`."""
        if self.text(name) != expected:
            self.wrong(name, f'"{expected}"')

    def choice(self, name: str, options: Mapping[str, T]) -> T:
        """Reads one of several words and returns what it stands for."""
        word = self.text(name)
        if word not in options:
            self.wrong(name, " or ".join(f'"{option}"' for option in options))
        return options[word]

    def bool(self, name: str) -> bool:
        """Reads a truth value."""
        value = self._take(name)
        return value if isinstance(value, bool) else self.wrong(name, "true or false")

    def integer(self, name: str) -> int:
        """Reads a number of 64 bits: digits without sign, fraction or exponent."""
        value = self._take(name)
        if not _is_integer(value) or value < 0:
            self.wrong(name, "a whole number")
        return value

    def signed(self, name: str) -> int:
        """Reads a number of 64 bits with its sign."""
        value = self._take(name)
        return value if _is_signed(value) else self.wrong(name, "a whole number")

    def integers(self, name: str) -> tuple[int, ...]:
        """Reads a list of numbers of 64 bits with their signs."""
        values = self._take(name)
        if not isinstance(values, list):
            self.wrong(name, "a list")
        if not all(_is_signed(value) for value in values):
            self.wrong(name, "a list of whole numbers")
        return tuple(value for value in values if _is_signed(value))

    def decimal(self, name: str) -> int:
        """Reads a 64-bit number written as a decimal text without leading zeros."""
        text = self.text(name)
        if not _DECIMAL.fullmatch(text) or int(text) >= 2**64:
            self.wrong(name, "a decimal number of 64 bits in quotes")
        return int(text)

    def hex(self, name: str, size: int | None = None) -> bytes:
        """Reads 0x and lower-case hexadecimal digits, of `size` bytes or of any number."""
        octets = _from_hex(self.text(name))
        if octets is None or size not in (None, len(octets)):
            digits = f"{2 * size} " if size else ""
            self.wrong(name, f"0x and {digits}lower-case hexadecimal digits")
        return octets

    def hashes(self, name: str, limit: int) -> tuple[bytes, ...]:
        """Reads a list of at most `limit` hashes, each as 0x and hexadecimal digits."""
        octets = [_from_hex(text) for text in self.texts(name)]
        hashes = tuple(hash_ for hash_ in octets if hash_ is not None and len(hash_) == _HASH_BYTES)
        if len(hashes) != len(octets) or len(hashes) > limit:
            self.wrong(name, f"at most {limit} hashes of 0x and 64 lower-case hexadecimal digits")
        return hashes

    def base64(self, name: str, size: int) -> bytes:
        """Reads `size` bytes in base64 (RFC 4648 §4), padded, in their one encoding."""
        octets = _base64.decode(self.text(name))
        if octets is None or len(octets) != size:
            self.wrong(name, f"{size} bytes in base64")
        return octets

    def address(self, name: str) -> str:
        """Reads an address with the checksum of EIP-55."""
        text = self.text(name)
        if not _address.has_checksum(text):
            self.wrong(name, "an address with the checksum of EIP-55")
        return text

    def timestamp(self, name: str) -> int:
        """Reads a time as seconds since 1970."""
        seconds = _timestamp.parse(self.text(name))
        return (
            self.wrong(name, "a time such as 2026-08-21T12:34:56Z") if seconds is None else seconds
        )

    def timestamp_or_null(self, name: str) -> int | None:
        """Reads a time or null."""
        return None if self._took_null(name) else self.timestamp(name)

    def hex_or_null(self, name: str, size: int) -> bytes | None:
        """Reads 0x and lower-case hexadecimal digits, of `size` bytes, or null."""
        return None if self._took_null(name) else self.hex(name, size)

    def _took_null(self, name: str) -> Literal[True, False]:
        if (name, None) not in self._members:
            return False
        self._take(name)
        return True

    def _take(self, name: str) -> Value:
        for at, (member, value) in enumerate(self._members):
            if member == name:
                # The last one takes its place, as in the reference verifier: both then name the
                # same one of several unknown fields.
                self._members[at] = self._members[-1]
                self._members.pop()
                return value
        field = self._named(name)
        raise MalformedDocument(f"the field {field} is missing", field)

    def _named(self, name: str) -> str:
        """Puts the parents' names before a name. What a stranger sent is shortened and escaped."""
        name = "".join(_escaped(letter) for letter in name[:64])
        return f"{self._path}.{name}" if self._path else name


def _is_integer(value: Value) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_signed(value: Value) -> TypeGuard[int]:
    return _is_integer(value) and value < 2**63


def _from_hex(text: str) -> bytes | None:
    return bytes.fromhex(text[2:]) if _HEX.fullmatch(text) else None


def _escaped(letter: str) -> str:
    # A mark would join the letter before it.
    plain = letter.isprintable() and unicodedata.category(letter) not in _MARKS
    return _ESCAPES.get(letter, letter if plain else f"\\u{{{ord(letter):x}}}")
