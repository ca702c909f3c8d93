"""What can go wrong, as exceptions. None of them ever carries the API key.

All can be pickled: an exception is made again of its `args` alone, and then gets its attributes.
"""

from __future__ import annotations


class Re4ctorError(Exception):
    """Anything that this package raises, except for wrong arguments (ValueError, TypeError)."""


class NoAnswer(Re4ctorError):
    """The node gave no whole answer.

    Attributes:
        sent: Whether the request may have reached the node, which may then have answered it.
    """

    def __init__(self, message: str, *, sent: bool = True) -> None:
        """Keeps whether the request may have arrived."""
        super().__init__(message)
        self.sent = sent


class ConnectionFailed(NoAnswer, ConnectionError):
    """The node could not be reached, or the connection broke."""


class Timeout(NoAnswer, TimeoutError):
    """The node did not answer in time."""


class UnexpectedAnswer(Re4ctorError):
    """The node's answer is not what was asked for: too long, too short, or for other input."""


class ApiError(Re4ctorError):
    """The node refused or failed, and said why (a problem of RFC 9457).

    Attributes:
        status: The HTTP status.
        type: The problem's stable name, such as ``/errors/invalid-api-key``; "about:blank" without.
        detail: A sentence for people.
        request_id: The node's name for the request, to be quoted to its operator.
        retry_after: The seconds after which to ask again, if the node said so.
    """

    def __init__(
        self,
        status: int,
        type_: str,
        detail: str,
        *,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        """Keeps the problem's members."""
        super().__init__(status, type_, detail)
        self.status = status
        self.type = type_
        self.detail = detail
        self.request_id = request_id
        self.retry_after = retry_after

    @property
    def kind(self) -> str:
        """The end of `type`, such as ``quota-exceeded``: what a program tells problems apart by."""
        return self.type.rpartition("/")[2]

    def __str__(self) -> str:
        """Writes all in one line, with the name that the operator needs."""
        request = self.request_id or "unknown"
        return f"{self.status} {self.type}: {self.detail} (request {request})"


class RateLimited(ApiError):
    """Too many requests (429)."""


class QuotaExceeded(RateLimited):
    """The key has spent its units of this day or month; `Client.usage` says when it gets new ones.

    Such a request is not sent again.
    """


class KeyRefused(ApiError):
    """The key is unknown, expired or revoked, or it may not do this."""


class DrawRefused(ApiError):
    """The order is none that can be drawn, there is no such draw, or its list is not kept."""


class IdempotencyRefused(ApiError):
    """The name of a request is malformed, or was used for another one, or that one still runs."""


class MalformedDocument(Re4ctorError, ValueError):
    """A JSON document has not the one form that is accepted.

    Attributes:
        field: The field at fault with its parents, such as ``vrf.proof``; None for the whole.
    """

    def __init__(self, message: str, field: str | None = None) -> None:
        """Keeps the field's name."""
        super().__init__(message)
        self.field = field


class MalformedReceipt(MalformedDocument):
    """The document is no receipt and no attestation."""


class MalformedDraw(MalformedDocument):
    """The document is no draw and no receipt."""


class MalformedKeys(MalformedDocument):
    """The document is no answer of ``/v1/keys``."""
