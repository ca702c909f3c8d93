"""Exceptions go from one process to another without loss."""

from __future__ import annotations

import copy
import pickle

import pytest

from re4ctor import errors
from re4ctor._ecdsa import InvalidSignatureError
from re4ctor._ecvrf import InvalidProofError
from re4ctor._note import InvalidNoteError

ONE_OF_EACH = [
    errors.Re4ctorError("anything"),
    errors.NoAnswer("nothing came", sent=False),
    errors.NoAnswer("nothing came", sent=True),
    errors.ConnectionFailed("refused", sent=False),
    errors.Timeout("too late", sent=True),
    errors.Timeout("never reached", sent=False),
    errors.UnexpectedAnswer("too long"),
    errors.ApiError(503, "/errors/upstream", "r4-core is down", request_id="r-1"),
    errors.RateLimited(429, "/errors/rate-limited", "slow down", retry_after=1.5),
    errors.QuotaExceeded(429, "/errors/quota-exceeded", "no units left", retry_after=3600.0),
    errors.KeyRefused(401, "/errors/expired-api-key", "the key has expired"),
    errors.DrawRefused(400, "/errors/invalid-draw", "the field n is missing"),
    errors.IdempotencyRefused(422, "/errors/idempotency-mismatch", "used for another request"),
    errors.MalformedDocument("no JSON"),
    errors.MalformedReceipt("the field id is missing", "id"),
    errors.MalformedDraw("the field draw is missing", "draw"),
    errors.MalformedKeys("the field active is missing", "active"),
    InvalidNoteError("the note has a control character"),
    InvalidProofError("s is not below n"),
    InvalidSignatureError("v is 0"),
]


def test_none_is_left_out() -> None:
    classes = {kind for kind in vars(errors).values() if isinstance(kind, type)}
    assert classes <= {type(error) for error in ONE_OF_EACH}


@pytest.mark.parametrize("error", ONE_OF_EACH, ids=repr)
def test_pickle(error: Exception) -> None:
    error.add_note("seen")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 - our own
        assert type(again) is type(error)
        assert (str(again), repr(again), again.args) == (str(error), repr(error), error.args)
        assert vars(again) == vars(error)


def test_the_text_of_a_problem() -> None:
    error = errors.ApiError(503, "/errors/upstream", "r4-core is down", request_id="r-1")
    assert str(error) == "503 /errors/upstream: r4-core is down (request r-1)"
    assert str(errors.ApiError(500, "about:blank", "no")) == "500 about:blank: no (request unknown)"


def test_the_kind_of_a_problem() -> None:
    for type_ in ("/errors/rate-limited", "https://node.example/errors/rate-limited"):
        assert errors.ApiError(429, type_, "slow down").kind == "rate-limited"
    assert errors.ApiError(500, "about:blank", "no").kind == "about:blank"
