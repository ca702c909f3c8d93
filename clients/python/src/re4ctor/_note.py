"""Signed notes (c2sp.org/signed-note): a text, signature lines, and the keys of those lines."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256

from re4ctor import _base64, _ed25519, _mldsa44

MAX_NOTE_BYTES = 1024 * 1024
MAX_SIGNATURES = 100
# What the length field of a cosigned message can say.
MAX_NAME_BYTES = 255

_KEY_ID_BYTES = 4


class InvalidNoteError(ValueError):
    """A text is no signed note or no key of one, or a note is not signed as it should be."""


class Algorithm(IntEnum):
    """How a line is signed; the number is the note's signature type."""

    ED25519 = 1
    COSIGNATURE_MLDSA44 = 6


_PUBLIC_KEY_BYTES = {
    Algorithm.ED25519: _ed25519.PUBLIC_KEY_BYTES,
    Algorithm.COSIGNATURE_MLDSA44: _mldsa44.PUBLIC_KEY_BYTES,
}


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key, known in a note by its name and its id."""

    name: str
    algorithm: Algorithm
    public_key: bytes

    @classmethod
    def parse(cls, vkey: str) -> VerifierKey:
        """Reads name, id, and type with public key, in their one form.

        Raises:
            InvalidNoteError: It is another text, or a type that no log of this kind has.
        """
        name, _, rest = vkey.partition("+")
        octets = _base64.decode(rest.partition("+")[2])
        if not octets or octets[0] not in _PUBLIC_KEY_BYTES or not _is_key_name(name):
            raise InvalidNoteError("the text is no verifier key of Ed25519 or ML-DSA-44")
        key = cls(name, Algorithm(octets[0]), octets[1:])
        if len(name.encode()) > MAX_NAME_BYTES:
            raise InvalidNoteError(
                f"the name of the verifier key has more than {MAX_NAME_BYTES} bytes"
            )
        if len(key.public_key) != _PUBLIC_KEY_BYTES[key.algorithm] or key.vkey() != vkey:
            raise InvalidNoteError("the verifier key has another length or another id")
        return key

    def vkey(self) -> str:
        """Writes the form that `parse` reads."""
        encoded = b64encode(bytes([self.algorithm]) + self.public_key).decode()
        return f"{self.name}+{self.key_id().hex()}+{encoded}"

    def key_id(self) -> bytes:
        """Computes the id that a signature line carries."""
        preimage = self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public_key
        return sha256(preimage).digest()[:_KEY_ID_BYTES]


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature: the key's name and id, and what the algorithm makes."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which ends with a newline, and its signature lines."""

    text: str
    lines: tuple[SignatureLine, ...]

    @classmethod
    def parse(cls, note: str) -> Note:
        """Reads a signed note.

        Raises:
            InvalidNoteError: It is none.
        """
        if len(note.encode()) > MAX_NOTE_BYTES:
            raise InvalidNoteError(f"the note has more than {MAX_NOTE_BYTES} bytes")
        if any(letter < " " and letter != "\n" for letter in note):
            raise InvalidNoteError("the note has a control character")
        text, separator, signatures = note.rpartition("\n\n")
        if not separator or not signatures.endswith("\n"):
            raise InvalidNoteError("the note has no signature lines after an empty line")
        lines = signatures[:-1].split("\n")
        if len(lines) > MAX_SIGNATURES:
            raise InvalidNoteError(f"the note has more than {MAX_SIGNATURES} signatures")
        return cls(text + "\n", tuple(map(_line, lines)))

    def of(self, key: VerifierKey) -> list[SignatureLine]:
        """Returns the lines that say they are of a key."""
        names = (key.name, key.key_id())
        return [line for line in self.lines if (line.name, line.key_id) == names]


def _line(line: str) -> SignatureLine:
    mark, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    octets = _base64.decode(encoded)
    if mark != "—" or not _is_key_name(name) or octets is None or len(octets) <= _KEY_ID_BYTES:
        raise InvalidNoteError("the note has a line that is no signature")
    return SignatureLine(name, octets[:_KEY_ID_BYTES], octets[_KEY_ID_BYTES:])


def _is_key_name(name: str) -> bool:
    """Says whether a key can have this name."""
    return name != "" and not any(c.isspace() or c == "+" or c < " " for c in name)
