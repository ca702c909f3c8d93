"""What both clients share about draws and usage. No I/O."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from re4ctor import _draw_parsing
from re4ctor._calls import Call, named
from re4ctor._policy import show
from re4ctor.draws import MAX_DRAW_BYTES, Draw, check_label, participants_hash, weights_hash
from re4ctor.errors import MalformedDocument, UnexpectedAnswer
from re4ctor.kinds import Shuffle, Winners, numbers
from re4ctor.usage import MAX_USAGE_BYTES, Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from re4ctor.kinds import Kind

_MAX_KEY_LENGTH = 255


@dataclass(frozen=True, slots=True)
class DrawRequest:
    """The arguments of ``draw``."""

    kind: Kind
    label: str | None
    participants: Sequence[str] | None
    participants_sha256: bytes | None
    weights: Sequence[int] | None
    idempotency_key: str | None

    def call(self) -> Call:
        """Makes the request. Sent again under its name it is neither drawn nor charged again."""
        self._check()
        order: dict[str, object] = {"kind": self.kind.name, **dict(numbers(self.kind))}
        if self.participants is not None:
            order["participants"] = list(self.participants)
        if self.participants_sha256 is not None:
            order["participants_sha256"] = show(self.participants_sha256)
        if self.weights is not None:
            order["weights"] = list(self.weights)
        if self.label is not None:
            order["label"] = self.label
        name = secrets.token_hex(16) if self.idempotency_key is None else self.idempotency_key
        headers = {"content-type": "application/json", "idempotency-key": name}
        body = json.dumps(order, ensure_ascii=False).encode()
        return Call("/v1/draws", limit=MAX_DRAW_BYTES, body=body, headers=headers)

    def draw(self, body: bytes) -> Draw:
        """Parses the answer and compares it with what was asked for."""
        draw = _draw(body)
        hash_, weights = self._participants_hash(), self.weights
        differs = {
            "kind": draw.spec.kind != self.kind,
            "list": draw.spec.participants_sha256 != hash_,
            "list of weights": draw.spec.weights_sha256 != (weights and weights_hash(weights)),
            "label": draw.spec.label != self.label,
        }
        for name, other in differs.items():
            if other:
                raise UnexpectedAnswer(f"the draw is for another {name} than the one asked for")
        return draw

    def _check(self) -> None:
        if self.label is not None:
            check_label(self.label)
        if self.participants is not None and self.participants_sha256 is not None:
            raise ValueError("only one of participants and participants_sha256 can be given")
        if self._participants_hash() and not isinstance(self.kind, Shuffle | Winners):
            raise ValueError("only a shuffle and winners have participants")
        if self.weights is not None and not isinstance(self.kind, Winners):
            raise ValueError("only winners have weights")
        for list_ in (self.participants, self.weights):
            if isinstance(self.kind, Shuffle | Winners) and list_ is not None:
                _check_length(list_, self.kind.n)
        if self.weights is not None:
            weights_hash(self.weights)
        _check_name(self.idempotency_key)

    def _participants_hash(self) -> bytes | None:
        if self.participants is None:
            return self.participants_sha256
        return participants_hash(self.participants)


def drawn_call(id_: bytes | str) -> Call:
    """Asks for a draw by its name."""
    return Call(f"/v1/draws/{named(id_)}", limit=MAX_DRAW_BYTES)


def drawn(body: bytes, id_: bytes | str) -> Draw:
    """Parses a draw and compares its name with the one asked for."""
    draw = _draw(body)
    if show(draw.id) != show(id_):
        raise UnexpectedAnswer("the draw has another id than the one asked for")
    return draw


def usage_call() -> Call:
    """Asks for the usage of the key."""
    return Call("/v1/usage", limit=MAX_USAGE_BYTES)


def usage(body: bytes) -> Usage:
    """Parses the usage of the key."""
    try:
        return Usage.parse(body)
    except MalformedDocument as error:
        raise UnexpectedAnswer(f"the answer is no usage: {error}") from None


def _draw(body: bytes) -> Draw:
    parsed = _draw_parsing.parse(body)
    if not isinstance(parsed, Draw):
        raise UnexpectedAnswer("the answer is a receipt, not a draw")
    return parsed


def _check_length(list_: Sequence[object], n: int) -> None:
    if isinstance(list_, str):
        raise TypeError("a list of participants is a sequence of texts, not one text")
    if len(list_) != n:
        raise ValueError(f"the list has {len(list_)} entries, and n is {n}")


def _check_name(name: str | None) -> None:
    if name is None:
        return
    if not 1 <= len(name) <= _MAX_KEY_LENGTH or not all("!" <= letter <= "~" for letter in name):
        rule = f"1 to {_MAX_KEY_LENGTH} printable ASCII characters without spaces"
        raise ValueError(f"idempotency_key has {rule}")
