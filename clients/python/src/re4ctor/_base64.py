"""Base64 (RFC 4648 §4): padded, and each value in its one encoding."""

from __future__ import annotations

import base64
import binascii


def decode(text: str) -> bytes | None:
    """Returns the bytes of a text; None where it is not their one encoding."""
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return octets if base64.b64encode(octets).decode() == text else None
