"""Ethereum addresses with the checksum of EIP-55."""

from __future__ import annotations

import re

from re4ctor._keccak import keccak256

_FORM = re.compile("0x[0-9a-fA-F]{40}")


def show(octets: bytes) -> str:
    """Writes 20 bytes with the checksum."""
    digits = octets.hex()
    marks = keccak256(digits.encode()).hex()
    pairs = zip(digits, marks, strict=False)
    return "0x" + "".join(d.upper() if mark >= "8" else d for d, mark in pairs)


def parse(text: str) -> str:
    """Reads an address and writes its checksum; letters of one case carry none.

    Raises:
        ValueError: It is no address, or its checksum is wrong.
    """
    if not _FORM.fullmatch(text):
        raise ValueError("an address is 0x and 40 hexadecimal digits")
    shown = show(bytes.fromhex(text[2:]))
    if text not in (shown, "0x" + text[2:].lower(), "0x" + text[2:].upper()):
        raise ValueError("the EIP-55 checksum of the address is wrong")
    return shown


def has_checksum(text: str) -> bool:
    """Says whether a text is an address in its one form."""
    return _FORM.fullmatch(text) is not None and show(bytes.fromhex(text[2:])) == text


def of_key(uncompressed: bytes) -> str:
    """Returns the address of a public key, given as 0x04, x and y."""
    return show(keccak256(uncompressed[1:])[12:])
