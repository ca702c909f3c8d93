"""Times of receipts: whole seconds since 1970, written as RFC 3339 in UTC with a Z."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_FORM = re.compile("([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z")


def parse(text: str) -> int | None:
    """Reads the one accepted form, such as ``2026-08-21T12:34:56Z``; None for another."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        seconds = int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())
    except ValueError:
        return None
    return seconds if seconds >= 0 else None


def show(seconds: int) -> str:
    """Writes the form that `parse` reads."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
