"""Signed notes, verifier keys and checkpoints: published ones, and every way to break them."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

import pytest

from re4ctor import _checkpoint as checkpoint
from re4ctor import _ed25519 as ed25519
from re4ctor._checkpoint import Checkpoint, SignedCheckpoint
from re4ctor._note import Algorithm, InvalidNoteError, Note, VerifierKey
from signed_log import SignedLog, note

# Of golang.org/x/mod/sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
SIGNATURE = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)
LINE = f"— PeterNeumann {SIGNATURE}\n"
LOG = SignedLog()
ROOT = sha256(b"root").digest()


def test_a_published_note() -> None:
    key = VerifierKey.parse(PETER)
    parsed = Note.parse(note(TEXT, LINE))
    assert parsed.text == TEXT
    assert (key.name, key.key_id().hex(), key.vkey()) == ("PeterNeumann", "c74f20a3", PETER)
    [line] = parsed.of(key)
    assert ed25519.verifies(key.public_key, TEXT.encode(), line.signature)
    assert not ed25519.verifies(key.public_key, TEXT.upper().encode(), line.signature)


def test_the_text_ends_before_the_last_empty_line() -> None:
    for text in ("\n", "a\n\n", "\n\n\nb\n", "a\n\n— x AAAAAAA=\n"):
        assert Note.parse(note(text, LINE)).text == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        TEXT,
        LINE,
        TEXT + LINE,
        "\n" + LINE,
        note(TEXT),
        note(TEXT, "\n"),
        note(TEXT, LINE)[:-1],
        note(TEXT, LINE, "\n"),
        note(TEXT, LINE, TEXT),
        note(TEXT, LINE, LINE[:-1]),
        note(TEXT, LINE, "— x AAAAAAAAA"),
        note(TEXT, LINE.replace("— ", "- ")),
        note(TEXT, LINE.replace("— ", "-- ")),
        note(TEXT, LINE.replace("— ", "—")),
        note(TEXT, LINE.replace("— ", "—  ")),
        note(TEXT, LINE.replace("— ", "—\u00a0")),
        note(TEXT, " " + LINE),
        note(TEXT, LINE.replace("— ", "\u2014\u2014 ")),
        note(TEXT, LINE.replace("PeterNeumann", "Peter+Neumann")),
        note(TEXT, LINE.replace("PeterNeumann", "Peter Neumann")),
        note(TEXT, LINE.replace("PeterNeumann", "Peter\u00a0Neumann")),
        note(TEXT, LINE.replace("PeterNeumann", "Peter\u2003Neumann")),
        note(TEXT, LINE.replace("PeterNeumann", "Peter\u2028Neumann")),
        note(TEXT, LINE.replace("PeterNeumann ", "")),
        note(TEXT, LINE.replace("PeterNeumann", "")),
        note(TEXT, LINE.replace("=\n", "\n")),
        note(TEXT, LINE.replace("=\n", "==\n")),
        note(TEXT, LINE.replace("M=\n", "N=\n")),
        note(TEXT, LINE.replace("\n", " \n")),
        note(TEXT, LINE.replace("x08", "x0-")),
        note(TEXT, LINE.replace("x08", "x0\u0668")),
        note(TEXT, "— PeterNeumann x08goA==\n"),
        note(TEXT, "— PeterNeumann x08g\n"),
        note(TEXT, "— PeterNeumann \n"),
        note(TEXT, "— PeterNeumann\n"),
        note(TEXT, LINE).replace("\n", "\r\n"),
        note(TEXT + "\t\n", LINE),
        note(TEXT + "\0\n", LINE),
        note(TEXT + "\x1f\n", LINE),
    ],
)
def test_texts_that_are_no_notes(text: str) -> None:
    with pytest.raises(InvalidNoteError):
        Note.parse(text)


def test_other_characters_are_let_through() -> None:
    assert Note.parse(note("\x7f\x85\u2028é\n", "— é AAAAAAA=\n")).lines[0].name == "é"


def test_limits_of_notes() -> None:
    assert len(Note.parse(note(TEXT, *[LINE] * 100)).lines) == 100
    with pytest.raises(InvalidNoteError, match="more than 100 signatures"):
        Note.parse(note(TEXT, *[LINE] * 101))
    rest = len(note("\n", LINE).encode())
    assert Note.parse(note("é" * ((2**20 - rest) // 2) + "\n", LINE))
    with pytest.raises(InvalidNoteError, match="more than 1048576 bytes"):
        Note.parse(note("é" * ((2**20 - rest) // 2 + 1) + "\n", LINE))


def test_every_other_text_of_a_key() -> None:
    """Does to the key what the Go package's test does."""
    wrongs = [PETER[:at] + chr(ord(PETER[at]) + 1) + PETER[at + 1 :] for at in range(len(PETER))]
    wrongs += [
        PETER[low:high]
        for low in range(len(PETER))
        for high in range(low + 1, len(PETER) + 1)
        if (low, high) != (0, len(PETER))
    ]
    wrongs += [
        "",
        PETER + "\n",
        PETER.replace("c74f20a3", "C74F20A3"),
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ]
    for wrong in wrongs:
        with pytest.raises(InvalidNoteError):
            VerifierKey.parse(wrong)


@pytest.mark.parametrize(
    ("name", "kind", "size"),
    [
        ("", 1, 32),
        ("a b", 1, 32),
        ("a\u2003b", 1, 32),
        ("a\nb", 1, 32),
        ("a\0", 1, 32),
        ("é" * 128, 1, 32),
        *(("a", 1, size) for size in (0, 31, 33)),
        *(("a", 6, size) for size in (32, 1311, 1313)),
        *(("a", kind, 32) for kind in (0, 2, 4)),
    ],
)
def test_keys_with_their_own_id_that_are_none(name: str, kind: int, size: int) -> None:
    octets = bytes([kind]) + bytes(size)
    id_ = sha256(name.encode() + b"\n" + octets).hexdigest()[:8]
    with pytest.raises(InvalidNoteError):
        VerifierKey.parse(f"{name}+{id_}+{b64encode(octets).decode()}")


def test_keys_of_both_kinds() -> None:
    keys = [VerifierKey.parse(vkey) for vkey in LOG.vkeys()]
    assert [key.algorithm for key in keys] == [Algorithm.ED25519, Algorithm.COSIGNATURE_MLDSA44]
    assert [key.vkey() for key in keys] == LOG.vkeys()
    assert {key.name for key in keys} == {LOG.origin}


def test_checkpoints() -> None:
    for origin in (LOG.origin, "é with spaces + plus", "é" * 127):
        log = SignedLog(origin)
        for size in (0, 1, 2**64 - 1):
            expected = Checkpoint(origin, size, ROOT)
            assert Checkpoint.parse(log.head(size, ROOT)) == expected
    parsed = SignedCheckpoint.parse(LOG.checkpoint(9, ROOT))
    assert parsed.checkpoint == Checkpoint(LOG.origin, 9, ROOT)
    for vkey in LOG.vkeys():
        parsed.verify(VerifierKey.parse(vkey))


HEAD = LOG.head(9, ROOT)
ENCODED = b64encode(ROOT).decode()


@pytest.mark.parametrize(
    "text",
    [
        "\n",
        "\n\n\n",
        "\n" + HEAD,
        HEAD + "\n",
        HEAD + "extension\n",
        HEAD.replace("\n9\n", "\n"),
        HEAD.replace(LOG.origin, ""),
        HEAD.replace(LOG.origin, "é" * 128),
        HEAD.replace(ENCODED, ""),
        HEAD.replace(ENCODED, ENCODED[:-1]),
        HEAD.replace(ENCODED, b64encode(ROOT[:31]).decode()),
        HEAD.replace(ENCODED, b64encode(ROOT + b"\0").decode()),
        HEAD.replace(ENCODED, " " + ENCODED),
        *(
            HEAD.replace("\n9\n", f"\n{size}\n")
            for size in ("", "09", "00", "+9", "-9", " 9", "9 ", "9.0", "0x9", "\u0669", 2**64)
        ),
    ],
)
def test_texts_that_are_no_checkpoints(text: str) -> None:
    with pytest.raises(InvalidNoteError):
        Checkpoint.parse(text)


def signed(*lines: str) -> SignedCheckpoint:
    return SignedCheckpoint.parse(note(HEAD, *lines))


def refused(parsed: SignedCheckpoint, vkey: str) -> str:
    with pytest.raises(InvalidNoteError) as error:
        parsed.verify(VerifierKey.parse(vkey))
    return str(error.value)


def test_every_line_of_a_key_counts() -> None:
    classical, post_quantum = LOG.vkeys()
    bad_ed25519 = LOG.line(1, bytes(64))
    bad_mldsa44 = LOG.line(6, (1).to_bytes(8) + bytes(2420))
    good = (LOG.ed25519(HEAD), LOG.mldsa44(9, ROOT))
    for lines in (good, good[::-1], (*good, *good), (LOG.mldsa44(9, ROOT, 2), *good)):
        for vkey in LOG.vkeys():
            signed(*lines).verify(VerifierKey.parse(vkey))
    for lines in ((*good, bad_ed25519), (bad_ed25519, *good)):
        assert refused(signed(*lines), classical).endswith("Ed25519 signature does not verify")
        signed(*lines).verify(VerifierKey.parse(post_quantum))
    for lines in ((*good, bad_mldsa44), (bad_mldsa44, *good)):
        assert refused(signed(*lines), post_quantum).endswith("ML-DSA-44 signature does not verify")
        signed(*lines).verify(VerifierKey.parse(classical))
    assert refused(signed(good[1]), classical).endswith("no Ed25519 signature")
    assert refused(signed(good[0]), post_quantum).endswith("no ML-DSA-44 signature")


def test_lines_of_others_are_ignored() -> None:
    stranger = SignedLog(LOG.origin, b"\1" * 32)
    namesake = LOG.line(1, bytes(64)).replace(LOG.origin, "example.org/other")
    lines = (stranger.ed25519(HEAD), namesake, stranger.line(6, b"x"), stranger.line(4, b"x"))
    parsed = signed(*lines, LOG.ed25519(HEAD), LOG.mldsa44(9, ROOT))
    for vkey in LOG.vkeys():
        parsed.verify(VerifierKey.parse(vkey))
        assert "no " in refused(signed(*lines), vkey)


@pytest.mark.parametrize("timestamp", [0, 2**63, 2**64 - 1])
def test_times_that_no_cosignature_has(timestamp: int) -> None:
    refused(signed(LOG.mldsa44(9, ROOT, timestamp)), LOG.vkeys()[1])


@pytest.mark.parametrize("timestamp", [1, 2**63 - 1])
def test_times_at_the_ends(timestamp: int) -> None:
    signed(LOG.mldsa44(9, ROOT, timestamp)).verify(VerifierKey.parse(LOG.vkeys()[1]))


def test_what_a_cosignature_is_made_over() -> None:
    message = checkpoint.cosigned_message("w", 2, Checkpoint("origin", 3, ROOT))
    head = b"subtree/v1\n\0\x01w" + bytes(7) + b"\x02\x06origin" + bytes(15) + b"\x03"
    assert message == head + ROOT
    other = (
        LOG.mldsa44(8, ROOT),
        LOG.mldsa44(9, bytes(32)),
        LOG.mldsa44(9, ROOT, cosigner="example.org/w"),
    )
    for line in other:
        refused(signed(line), LOG.vkeys()[1])


@pytest.mark.parametrize("size", [0, 7, 8, 72, 2427, 2429])
def test_signatures_of_other_lengths(size: int) -> None:
    for kind, vkey in zip((1, 6), LOG.vkeys(), strict=True):
        refused(signed(LOG.line(kind, b"\1" * (size or 1))), vkey)
