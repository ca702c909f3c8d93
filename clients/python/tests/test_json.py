"""JSON that the standard library would take, and that is refused here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from conftest import vectors
from re4ctor import Keys, MalformedKeys, MalformedReceipt, verify
from re4ctor import _json as strict
from re4ctor._fields import Fields
from re4ctor.errors import MalformedDocument

if TYPE_CHECKING:
    from collections.abc import Callable

RECEIPTS = vectors("receipts.json")


def refused(document: bytes | str) -> str:
    with pytest.raises(MalformedReceipt) as error:
        verify(document)
    assert error.value.field is None
    return str(error.value)


@pytest.mark.parametrize(
    "value",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "-1e999",
        "9" * 400,
        '"\\ud800"',
        '"\\udc00\\ud800"',
        '{"\\ud800":1}',
        '["\\ud800"]',
        '"\x01"',
        "01",
        "+1",
        ".5",
        "1.",
        "'a'",
        "True",
        "",
        "/**/1",
    ],
)
def test_no_json(value: str) -> None:
    assert "not valid JSON" in refused('{"a":' + value + "}")


@pytest.mark.parametrize("value", ["-0", "-1", "1.0", "1e0", "18446744073709551616", "9" * 300])
def test_other_numbers(value: str) -> None:
    fields = Fields.parse(b'{"a":' + value.encode() + b"}", 1000)
    with pytest.raises(MalformedDocument, match="a whole number"):
        fields.integer("a")


def test_the_largest_number() -> None:
    assert Fields.parse(b'{"a":18446744073709551615}', 1000).integer("a") == 2**64 - 1


def test_a_truth_value_is_no_number() -> None:
    document = RECEIPTS["cases"][0]["document"]
    for field in ("version", "v"):
        value = json.dumps(json.loads(document)[field])
        changed = document.replace(f'"{field}":{value}', f'"{field}":true', 1)
        with pytest.raises(MalformedReceipt, match="a whole number") as error:
            verify(changed)
        assert error.value.field == field


def test_repeated_fields_are_named_as_such() -> None:
    document = RECEIPTS["cases"][0]["document"]
    for repeated in (document.replace("{", '{"version":1,', 1), '{"x":1,"x":1}'):
        with pytest.raises(MalformedReceipt, match="appears twice"):
            verify(repeated)


@pytest.mark.parametrize("document", ["\ud800", '{"a":"\ud800"}', b"\xff", b'{"a":"\xed\xa0\x80"}'])
def test_no_utf_8(document: bytes | str) -> None:
    assert "not valid JSON" in refused(document)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_other_encodings(encoding: str) -> None:
    assert "not valid JSON" in refused('{"a":1}'.encode(encoding))


@pytest.mark.parametrize("document", ["[]", "1", '"text"', "null", "true", "[{}]"])
def test_no_object(document: str) -> None:
    assert "not an object" in refused(document)


@pytest.mark.parametrize("document", ["", " ", "\r\n\t\f "])
def test_empty(document: str) -> None:
    assert "empty" in refused(document)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_depth(opening: str, closing: str) -> None:
    def nested(depth: int) -> str:
        return '{"a":' + opening * (depth - 1) + "1" + closing * (depth - 1) + "}"

    strict.parse(nested(127).encode(), 2000)
    for depth in (128, 990, 10_000):
        assert "recursion limit" in refused(nested(depth))
    assert refused('{"a":' + opening * 11_000)


def test_size() -> None:
    document = RECEIPTS["cases"][0]["document"].encode()
    padded = document + b" " * (64 * 1024 - len(document))
    assert verify(padded).failed is None
    assert "at most 65536" in refused(padded + b" ")


def test_a_strangers_name_is_shortened_and_escaped() -> None:
    document = RECEIPTS["cases"][0]["document"]
    name = '"\\u001b[31m' + "x" * 500 + '":1,'
    with pytest.raises(MalformedReceipt) as error:
        verify(document.replace("{", "{" + name, 1))
    assert error.value.field is not None
    assert error.value.field.startswith("\\u{1b}[31mxx")
    assert len(error.value.field) < 80


@pytest.mark.parametrize(
    ("letter", "shown"),
    [
        ("\u0301", "\\u{301}"),
        ("\u20dd", "\\u{20dd}"),
        ("\ufe0f", "\\u{fe0f}"),
        ("\u0903", "\u0903"),
        ("\u00e9", "\u00e9"),
        ("\u200d", "\\u{200d}"),
        ("\n", "\\n"),
    ],
)
def test_marks_that_would_join_a_letter_are_escaped(letter: str, shown: str) -> None:
    with pytest.raises(MalformedDocument) as error:
        Fields.parse(json.dumps({"x" + letter: 1}).encode(), 1000).finish()
    assert error.value.field == "x" + shown


def keys() -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(RECEIPTS["trusted"]["keys"]))
    return copy


def epoch(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(e for e in document["epochs"] if e["status"] == "active")
    return found


def key(document: dict[str, Any], at: int) -> dict[str, Any]:
    found: dict[str, Any] = epoch(document)["keys"][at]
    return found


WRONG_KEYS: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (lambda d: d.update(active="0x" + 64 * "0"), "active"),
    (lambda d: d.update(active=None), "active"),
    (lambda d: d.update(more=1), "more"),
    (lambda d: d.update(epochs=[]), "active"),
    (lambda d: d.update(epochs={}), "epochs"),
    (lambda d: d.update(epochs=[1]), "epochs"),
    (lambda d: d["epochs"].append(epoch(d)), "active"),
    (lambda d: d["epochs"].append(epoch(d) | {"status": "revoked"}), "epochs"),
    (lambda d: d["epochs"].insert(0, epoch(d) | {"status": "retired"}), "epochs"),
    (lambda d: epoch(d).update(status="lost"), "status"),
    (lambda d: epoch(d).update(status="retired"), "active"),
    (lambda d: epoch(d).update(status="revoked"), "active"),
    (lambda d: epoch(d).update(valid_until=1), "valid_until"),
    (lambda d: epoch(d).update(key_id="0x" + 16 * "0"), "key_id"),
    (lambda d: epoch(d)["keys"].reverse(), "use"),
    (lambda d: epoch(d)["keys"].pop(), "keys"),
    (lambda d: key(d, 0).update(public_key=key(d, 3)["public_key"]), "key_hash"),
    (lambda d: key(d, 0).update(public_key="0x02" + 64 * "f"), "public_key"),
    (lambda d: key(d, 0).update(more=1), "more"),
    (lambda d: key(d, 1).update(algorithm="ECDSA"), "algorithm"),
    (lambda d: key(d, 1).update(address="0x" + 40 * "0"), "address"),
    (lambda d: key(d, 2).update(public_key="AAAA"), "public_key"),
    (lambda d: key(d, 2).update(encoding="hex"), "encoding"),
    (lambda d: key(d, 3).update(reserved=False), "reserved"),
]


@pytest.mark.parametrize(("change", "field"), WRONG_KEYS)
def test_keys_documents_that_are_refused(
    change: Callable[[dict[str, Any]], Any], field: str
) -> None:
    document = keys()
    Keys.parse(json.dumps(document))
    change(document)
    with pytest.raises(MalformedKeys) as error:
        Keys.parse(json.dumps(document))
    assert error.value.field is not None
    assert error.value.field.rsplit(".", 1)[-1] == field


def test_no_epoch_is_active_after_one_was_revoked() -> None:
    document = keys()
    epoch(document).update(status="revoked")
    document.update(active=None)
    parsed = Keys.parse(json.dumps(document))
    retired = [e["key_hash"] for e in document["epochs"] if e["status"] == "retired"]
    assert parsed.active is None
    assert ["0x" + key_hash.hex() for key_hash in parsed.key_hashes()] == retired


def test_an_epoch_is_listed_once() -> None:
    for at, listed in enumerate(keys()["epochs"]):
        for status in ("retired", "announced", "revoked"):
            document = keys()
            document["epochs"].insert(at, listed | {"status": status})
            with pytest.raises(MalformedKeys, match="one entry for each key hash") as error:
                Keys.parse(json.dumps(document))
            assert error.value.field == "epochs"


def test_keys_documents_may_be_longer_than_receipts() -> None:
    document = json.dumps(keys()).encode()
    assert Keys.parse(document + b" " * (2**20 - len(document)))
    with pytest.raises(MalformedKeys, match="at most 1048576"):
        Keys.parse(document + b" " * (2**20 - len(document) + 1))
