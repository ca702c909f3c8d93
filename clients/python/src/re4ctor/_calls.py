"""What both clients share about requests. No I/O.

A request is sent again only where that is harmless. Only ``/v1/vrf`` without alpha and
``/v1/random_dual`` are not: they take the next index each time. So they are sent again only where
the node cannot have answered: it refused (429), or no connection was made. Otherwise whoever breaks
connections could draw again. With an alpha ``/v1/vrf`` is harmless: an alpha has one output. An
order of ``/v1/draws`` has a name, its ``Idempotency-Key``, under which the node answers it once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any, Literal

import httpx

from re4ctor import _parsing
from re4ctor._checkpoint import SignedCheckpoint
from re4ctor._note import MAX_NOTE_BYTES
from re4ctor._policy import show
from re4ctor.documents import (
    MAX_ALPHA_BYTES,
    MAX_ATTESTED_BYTES,
    MAX_DOCUMENT_BYTES,
    MIN_ATTESTED_BYTES,
    AlphaSource,
    Attestation,
    Receipt,
    Schemes,
)
from re4ctor.errors import UnexpectedAnswer
from re4ctor.keys import MAX_KEYS_DOCUMENT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_RANDOM_BYTES = 1_000_000

Progress = Callable[[int, int], None]
Sig = Literal["dual", "ecdsa", "mldsa65"]
Format = Literal["json", "evm"]

_ID = re.compile("0x[0-9a-f]{64}")
_SCHEMES = {"dual": Schemes.DUAL, "ecdsa": Schemes.ECDSA, "mldsa65": Schemes.MLDSA}


@dataclass(frozen=True, slots=True)
class Call:
    """A request and what may come back: at most `limit` bytes, or exactly `size`.

    With a body it is a POST.
    """

    path: str
    params: dict[str, str] = field(default_factory=dict)
    limit: int = MAX_DOCUMENT_BYTES
    size: int | None = None
    repeatable: bool = True
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


def sent(call: Call) -> dict[str, Any]:
    """Returns the arguments that httpx sends a request with."""
    return {
        "method": "GET" if call.body is None else "POST",
        "url": call.path,
        "params": call.params,
        "content": call.body,
        "headers": call.headers,
    }


@dataclass(frozen=True, slots=True)
class Settings:
    """How to reach a node. Its text never shows the key."""

    base_url: str
    api_key: str = field(repr=False)
    timeout: float
    retries: int

    def __post_init__(self) -> None:
        """Refuses what cannot work, without naming the key."""
        try:
            url = httpx.URL(self.base_url)
        except httpx.InvalidURL:
            raise ValueError("base_url is no URL") from None
        if url.scheme not in ("http", "https") or not url.host:
            raise ValueError("base_url begins with http:// or https:// and names a host")
        if url.userinfo or url.query or url.fragment:
            raise ValueError("base_url has no user, password, query or fragment")
        if not self.api_key or not all("!" <= letter <= "~" for letter in self.api_key):
            raise ValueError("api_key is a text of printable ASCII characters without spaces")
        if not 0 < self.timeout < inf:
            raise ValueError("timeout is a number of seconds above zero")
        if type(self.retries) is not int or self.retries < 0:
            raise ValueError("retries is a whole number, zero or above")

    def headers(self) -> dict[str, str]:
        """Returns the headers of every request."""
        return {"x-api-key": self.api_key, "accept-encoding": "identity"}

    def scrub(self, text: str) -> str:
        """Takes the key out of a text that a node sent."""
        return text.replace(self.api_key, "***")


def random_calls(n: int) -> Iterator[Call]:
    """Splits n random bytes into requests."""
    if n < 1:
        raise ValueError("n is at least 1")
    for start in range(0, n, MAX_RANDOM_BYTES):
        size = min(MAX_RANDOM_BYTES, n - start)
        yield Call("/v1/random", {"n": str(size)}, limit=size, size=size)


def random_dual_call(n: int) -> Call:
    """Asks for n attested bytes."""
    if not MIN_ATTESTED_BYTES <= n <= MAX_ATTESTED_BYTES:
        raise ValueError(f"n is {MIN_ATTESTED_BYTES} to {MAX_ATTESTED_BYTES}")
    return Call("/v1/random_dual", {"n": str(n)}, repeatable=False)


def attestation(body: bytes, n: int) -> Attestation:
    """Parses attested bytes and compares their number with what was asked for."""
    parsed = _parsing.parse(body)
    if not isinstance(parsed, Attestation):
        raise UnexpectedAnswer("the answer is a receipt, not an attestation")
    if len(parsed.random) != n:
        raise UnexpectedAnswer(f"the attestation has {len(parsed.random)} bytes instead of {n}")
    return parsed


def keys_call() -> Call:
    """Asks for the node's keys."""
    return Call("/v1/keys", limit=MAX_KEYS_DOCUMENT_BYTES)


def receipt_call(id_: bytes | str) -> Call:
    """Asks for a receipt by its name."""
    return Call(f"/v1/receipts/{named(id_)}")


def named(id_: bytes | str) -> str:
    """Returns the text of an id, of which nothing but digits goes into a path."""
    if not _ID.fullmatch(show(id_)):
        raise ValueError("id is 32 bytes, or 0x and their 64 lower-case hexadecimal digits")
    return show(id_)


def receipt(body: bytes, id_: bytes | str) -> Receipt:
    """Parses a receipt and compares its name with the one asked for."""
    parsed = _receipt(body)
    if show(parsed.id) != show(id_):
        raise UnexpectedAnswer("the receipt is for another id than the one asked for")
    return parsed


def checkpoint_call() -> Call:
    """Asks for the log's latest checkpoint."""
    return Call("/v1/log/checkpoint", limit=MAX_NOTE_BYTES)


def checkpoint(body: bytes) -> str:
    """Reads a checkpoint. Its signatures are not checked."""
    try:
        text = body.decode()
        SignedCheckpoint.parse(text)
    except ValueError as error:
        raise UnexpectedAnswer(f"the answer is no checkpoint: {error}") from None
    return text


@dataclass(frozen=True, slots=True)
class VrfRequest:
    """The arguments of ``vrf``."""

    alpha: bytes | None
    sig: Sig
    chain_id: int | None
    contract: str | None
    format: Format

    def call(self) -> Call:
        """Makes the request."""
        if self.sig not in _SCHEMES or self.format not in ("json", "evm"):
            raise ValueError("sig is dual, ecdsa or mldsa65; format is json or evm")
        if self.alpha is not None and not 1 <= len(self.alpha) <= MAX_ALPHA_BYTES:
            raise ValueError(f"alpha has 1 to {MAX_ALPHA_BYTES} bytes")
        if self.contract is not None and self.chain_id is None:
            raise ValueError("contract needs chain_id")
        params: dict[str, str] = {"sig": self.sig}
        if self.alpha is not None:
            params["alpha"] = self.alpha.hex()
        if self.chain_id is not None:
            params["chain_id"] = str(self.chain_id)
        if self.contract is not None:
            params["contract"] = self.contract
        if self.format != "json":
            params["format"] = self.format
        return Call("/v1/vrf", params, repeatable=self.alpha is not None)

    def receipt(self, body: bytes) -> Receipt:
        """Parses the answer and compares it with what was asked for."""
        receipt = _receipt(body)
        domain = receipt.domain
        contract = None if domain.contract is None else domain.contract.lower()
        asked = None if self.contract is None else self.contract.lower()
        differs = {
            "alpha": self._other_alpha(receipt),
            "sig": receipt.schemes is not _SCHEMES[self.sig],
            "chain_id": domain.chain_id != self.chain_id,
            "contract": contract != asked,
            "format": (receipt.evm_proof is not None) != (self.format == "evm"),
        }
        for name, other in differs.items():
            if other:
                raise UnexpectedAnswer(f"the receipt is for another {name} than the one asked for")
        return receipt

    def _other_alpha(self, receipt: Receipt) -> bool:
        if self.alpha is None:
            return receipt.alpha_source is not AlphaSource.INDEX
        return receipt.alpha != self.alpha


def _receipt(body: bytes) -> Receipt:
    parsed = _parsing.parse(body)
    if not isinstance(parsed, Receipt):
        raise UnexpectedAnswer("the answer is an attestation, not a receipt")
    return parsed
