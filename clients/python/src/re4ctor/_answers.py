"""What both clients share about answers: reading them, and when to ask again. No I/O."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import TYPE_CHECKING

import httpx

from re4ctor.documents import MAX_DOCUMENT_BYTES
from re4ctor.errors import (
    ApiError,
    ConnectionFailed,
    DrawRefused,
    IdempotencyRefused,
    KeyRefused,
    NoAnswer,
    QuotaExceeded,
    RateLimited,
    Timeout,
    UnexpectedAnswer,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from re4ctor._calls import Call, Progress, Settings
    from re4ctor.errors import Re4ctorError

LONGEST_WAIT_SECONDS = 60.0

_OK = 200
_TOO_MANY_REQUESTS = 429
_PASSING_FAILURES = (502, 503, 504)
_FIRST_BACKOFF_SECONDS = 0.25
_LONGEST_BACKOFF_SECONDS = 8.0


_IN_PROGRESS = "idempotency-in-progress"
_CLASSES: dict[str, type[ApiError]] = {
    "quota-exceeded": QuotaExceeded,
    "invalid-api-key": KeyRefused,
    "expired-api-key": KeyRefused,
    "revoked-api-key": KeyRefused,
    "missing-scope": KeyRefused,
    "invalid-draw": DrawRefused,
    "unknown-draw": DrawRefused,
    "list-not-kept": DrawRefused,
    "invalid-idempotency-key": IdempotencyRefused,
    "idempotency-mismatch": IdempotencyRefused,
    _IN_PROGRESS: IdempotencyRefused,
}


class Meter:
    """Tells a caller how much has come, never less than it told before."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        """Takes the number of bytes to come."""
        self._total = total
        self._progress = progress
        self._told = 0

    def after(self, before: int) -> Callable[[int], None]:
        """Returns what a request reports to that comes after `before` bytes."""

        def tell(received: int) -> None:
            if self._progress is not None and before + received > self._told:
                self._told = before + received
                self._progress(self._told, self._total)

        return tell


def deadline(settings: Settings) -> float:
    """Returns when an attempt that begins now is over."""
    return monotonic() + settings.timeout


class Body:
    """Collects an answer's body, never more of it than it may have.

    Documents and problems have to be there by the deadline, and so has the head of every answer;
    random bytes have the time-out anew for each part.
    """

    def __init__(
        self, call: Call, answer: httpx.Response, settings: Settings, deadline: float
    ) -> None:
        """Takes the head of the answer.

        Raises:
            Timeout: It came too late.
        """
        self._call = call
        self._answer = answer
        self._settings = settings
        self._octets = bytearray()
        self._good = answer.status_code == _OK
        self._deadline = deadline
        self._limit = call.limit if self._good else MAX_DOCUMENT_BYTES
        self._refuse_lateness()

    @property
    def in_parts(self) -> bool:
        """Whether the deadline was for the head alone, and each part has the time-out anew."""
        return self._good and self._call.size is not None

    def add(self, chunk: bytes) -> int:
        """Takes what came next, and returns how many bytes of a good answer there are now."""
        self._octets += chunk
        if len(self._octets) > self._limit:
            raise UnexpectedAnswer(f"the answer is longer than {self._limit} bytes")
        if not self.in_parts:
            self._refuse_lateness()
        return len(self._octets) if self._good else 0

    def finish(self) -> bytes:
        """Returns the whole body of a good answer.

        Raises:
            ApiError: It is another one.
            UnexpectedAnswer: It has another length.
        """
        if not self._good:
            raise self._problem()
        if self._call.size not in (None, len(self._octets)):
            got = len(self._octets)
            raise UnexpectedAnswer(f"the answer has {got} bytes instead of {self._call.size}")
        return bytes(self._octets)

    def _refuse_lateness(self) -> None:
        if monotonic() > self._deadline:
            raise too_late()

    def _problem(self) -> ApiError:
        status, headers = self._answer.status_code, self._answer.headers
        try:
            members = json.loads(bytes(self._octets))
        except (ValueError, RecursionError):
            members = None
        known = members if isinstance(members, dict) else {}
        request_id = headers.get("x-request-id")
        type_ = str(known.get("type", "about:blank"))
        return _error_class(status, type_)(
            status,
            self._settings.scrub(type_),
            self._settings.scrub(str(known.get("detail", self._answer.reason_phrase))),
            request_id=request_id and self._settings.scrub(request_id),
            retry_after=_retry_after(headers.get("retry-after", "")),
        )


def _error_class(status: int, type_: str) -> type[ApiError]:
    general = RateLimited if status == _TOO_MANY_REQUESTS else ApiError
    return _CLASSES.get(type_.rpartition("/")[2], general)


def _retry_after(text: str) -> float | None:
    """Reads Retry-After: seconds, or a date (RFC 9110 §10.2.3)."""
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        seconds = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return None
    return max(0.0, seconds)


def too_late() -> Timeout:
    """Makes the exception of an attempt whose deadline has passed."""
    return Timeout("the node did not finish its answer in time", sent=True)


def translate(error: httpx.HTTPError) -> NoAnswer:
    """Makes an exception of ours of one of httpx's, which holds the request with its key."""
    name = type(error).__name__
    never_sent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
    sent = not isinstance(error, never_sent)
    if isinstance(error, httpx.TimeoutException):
        return Timeout(f"the node did not answer in time ({name})", sent=sent)
    return ConnectionFailed(f"the connection to the node failed ({name})", sent=sent)


def wait_seconds(call: Call, failure: Re4ctorError, attempt: int, retries: int) -> float | None:
    """Says how long to wait before the next attempt; None when there shall be none."""
    if attempt >= retries or not _repeat_is_harmless(call, failure):
        return None
    asked = (failure.retry_after if isinstance(failure, ApiError) else None) or 0.0
    if asked > LONGEST_WAIT_SECONDS:
        return None
    backoff: float = min(_LONGEST_BACKOFF_SECONDS, _FIRST_BACKOFF_SECONDS * 2 ** min(attempt, 9))
    return asked + backoff * (0.5 + secrets.randbelow(1000) / 1000)


def _repeat_is_harmless(call: Call, failure: Re4ctorError) -> bool:
    if isinstance(failure, QuotaExceeded):
        return False
    if isinstance(failure, RateLimited):
        return True
    if isinstance(failure, ApiError) and failure.kind == _IN_PROGRESS:
        return True
    if isinstance(failure, ApiError):
        return call.repeatable and failure.status in _PASSING_FAILURES
    return isinstance(failure, NoAnswer) and (call.repeatable or not failure.sent)
