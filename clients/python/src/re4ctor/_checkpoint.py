"""Checkpoints of a log (c2sp.org/tlog-checkpoint) and what their signatures are made over."""

from __future__ import annotations

import re
from dataclasses import dataclass

from re4ctor import _base64, _ed25519, _merkle, _mldsa44
from re4ctor._note import MAX_NAME_BYTES, Algorithm, InvalidNoteError, Note, VerifierKey

_LINES = 3
_SIZE = re.compile("0|[1-9][0-9]{0,19}")
_TIMESTAMP_BYTES = 8


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log's tree."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Reads a note's text: three lines and no extension.

        Raises:
            InvalidNoteError: It is another text.
        """
        lines = text.removesuffix("\n").split("\n")
        if len(lines) != _LINES or not all(lines):
            raise InvalidNoteError("the note's text is not the three lines of a checkpoint")
        origin, size, encoded_root = lines
        if len(origin.encode()) > MAX_NAME_BYTES:
            raise InvalidNoteError(f"the origin has more than {MAX_NAME_BYTES} bytes")
        if not _SIZE.fullmatch(size) or int(size) >= 2**64:
            raise InvalidNoteError("the size is no decimal number of 64 bits")
        root = _base64.decode(encoded_root)
        if root is None or len(root) != _merkle.HASH_BYTES:
            raise InvalidNoteError("the root is not 32 bytes in base64")
        return cls(origin, int(size), root)


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint and the note that it was read from."""

    checkpoint: Checkpoint
    note: Note

    @classmethod
    def parse(cls, text: str) -> SignedCheckpoint:
        """Reads a note whose text is a checkpoint. It checks no signature.

        Raises:
            InvalidNoteError: It is none.
        """
        note = Note.parse(text)
        return cls(Checkpoint.parse(note.text), note)

    def verify(self, key: VerifierKey) -> None:
        """Checks every line of a key, of which there must be one at least.

        Raises:
            InvalidNoteError: There is none, or one does not verify.
        """
        lines = self.note.of(key)
        if not lines:
            raise InvalidNoteError(f"the checkpoint has no {_NAMES[key.algorithm]} signature")
        if not all(self._verifies(key, line.signature) for line in lines):
            name = _NAMES[key.algorithm]
            raise InvalidNoteError(f"the checkpoint's {name} signature does not verify")

    def _verifies(self, key: VerifierKey, signature: bytes) -> bool:
        if key.algorithm is Algorithm.ED25519:
            return _ed25519.verifies(key.public_key, self.note.text.encode(), signature)
        timestamp = int.from_bytes(signature[:_TIMESTAMP_BYTES])
        message = cosigned_message(key.name, timestamp, self.checkpoint)
        made = signature[_TIMESTAMP_BYTES:]
        in_range = 0 < timestamp < 2**63
        return in_range and _mldsa44.verifies(key.public_key, message, made)


_NAMES = {Algorithm.ED25519: "Ed25519", Algorithm.COSIGNATURE_MLDSA44: "ML-DSA-44"}


def cosigned_message(cosigner: str, timestamp: int, checkpoint: Checkpoint) -> bytes:
    """Returns what an ML-DSA-44 cosignature is made over (c2sp.org/tlog-cosignature)."""
    start = 0
    return b"".join(
        (
            b"subtree/v1\n\0",
            _with_length(cosigner),
            timestamp.to_bytes(8),
            _with_length(checkpoint.origin),
            start.to_bytes(8),
            checkpoint.size.to_bytes(8),
            checkpoint.root,
        )
    )


def _with_length(name: str) -> bytes:
    octets = name.encode()
    return bytes([len(octets)]) + octets
