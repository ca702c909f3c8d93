"""Client of the randomness node Re4ctoR, and an offline verifier of its receipts."""

from re4ctor._policy import Check, Outcome
from re4ctor.async_client import AsyncClient
from re4ctor.client import Client
from re4ctor.documents import (
    AlphaSource,
    Attestation,
    Domain,
    EcdsaSignature,
    KeySet,
    Log,
    Mode,
    Receipt,
    Schemes,
)
from re4ctor.errors import (
    ApiError,
    ConnectionFailed,
    MalformedDocument,
    MalformedKeys,
    MalformedReceipt,
    NoAnswer,
    RateLimited,
    Re4ctorError,
    Timeout,
    UnexpectedAnswer,
)
from re4ctor.keys import Epoch, Keys, LogKeys, Status
from re4ctor.verification import Report, Verdict, verify

__all__ = [
    "AlphaSource",
    "ApiError",
    "AsyncClient",
    "Attestation",
    "Check",
    "Client",
    "ConnectionFailed",
    "Domain",
    "EcdsaSignature",
    "Epoch",
    "KeySet",
    "Keys",
    "Log",
    "LogKeys",
    "MalformedDocument",
    "MalformedKeys",
    "MalformedReceipt",
    "Mode",
    "NoAnswer",
    "Outcome",
    "RateLimited",
    "Re4ctorError",
    "Receipt",
    "Report",
    "Schemes",
    "Status",
    "Timeout",
    "UnexpectedAnswer",
    "Verdict",
    "verify",
]
