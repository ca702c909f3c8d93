"""The command and its exit codes."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from conftest import vectors
from re4ctor.__main__ import Exit, main
from re4ctor._output import _printable

if TYPE_CHECKING:
    from pathlib import Path

RECEIPTS = vectors("receipts.json")
TRUSTED = RECEIPTS["trusted"]
CASES = {case["name"]: case["document"] for case in RECEIPTS["cases"]}
DUAL = CASES["valid: dual, index alpha, no chain"]
FLIPPED = CASES["flipped: dual, index: random"]
ECDSA = CASES["valid: ecdsa, index alpha, no chain"]


DRAWS = vectors("draws.json")
DRAW_KEY = DRAWS["trusted"]["key_hash"]
DRAW_CASES = {case["name"]: case["document"] for case in DRAWS["documents"]}
HIDDEN = DRAW_CASES["participants left out"]
UNWEIGHTED = DRAW_CASES["both left out, given"]
NONCE = next(text for name, text in DRAW_CASES.items() if name.startswith("decimals: "))
NAMES, WEIGHTS = "alice\nbob\ncarol\ndave\n", "1\n5\n2\n2\n"


def written(folder: Path, text: str) -> str:
    path = folder / "document.json"
    path.write_text(text)
    return str(path)


def test_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key_hash = ["--key-hash", TRUSTED["key_hash"]]
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(TRUSTED["keys"]))
    for text, arguments, code in (
        (DUAL, key_hash, Exit.VALID),
        (DUAL, ["--keys", str(keys)], Exit.VALID),
        (DUAL, ["--signer", TRUSTED["signer"]], Exit.VALID),
        (DUAL, ["--key-hash", "00" * 32, *key_hash], Exit.VALID),
        (ECDSA, [*key_hash, "--require", "ecdsa"], Exit.VALID),
        (ECDSA, key_hash, Exit.FAILED),
        (FLIPPED, key_hash, Exit.FAILED),
        (FLIPPED, [], Exit.FAILED),
        (DUAL, ["--key-hash", "00" * 32], Exit.FAILED),
        ("{}", key_hash, Exit.MALFORMED),
        (DUAL, ["--key-hash", "0x00"], Exit.MALFORMED),
        (DUAL, ["--keys", "/nowhere"], Exit.MALFORMED),
        (DUAL, ["--keys", str(tmp_path)], Exit.MALFORMED),
        (DUAL, [], Exit.UNPINNED),
        (DUAL, ["-v"], Exit.UNPINNED),
    ):
        command = ["verify", written(tmp_path, text), *arguments]
        assert main(command) == code, command
        plain = capsys.readouterr()
        assert ("valid; " in plain.out) == (code is Exit.VALID)
        assert ("\nself-consistent; " in plain.out) == (code is Exit.UNPINNED)
        assert bool(plain.err) == (code in (Exit.FAILED, Exit.MALFORMED))
        assert main([*command, "--json"]) == code
        answer = json.loads(capsys.readouterr().out)
        names = ("valid", "failed", "malformed", "self-consistent")
        assert answer["verdict"] == names[code]
        assert answer["valid"] == (code is Exit.VALID)


def test_the_failed_check_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["verify", written(tmp_path, FLIPPED)])
    output = capsys.readouterr()
    assert 'first failed check: "random"' in output.err
    assert "✗ random" in output.out


def test_usage_errors_exit_with_2() -> None:
    for arguments in (
        [],
        ["verify"],
        ["draw"],
        ["draw", "verify"],
        ["verify", "-", "--key-hash", "0", "--signer", "0"],
    ):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == Exit.MALFORMED
    assert main(["verify", "-", "--keys", "-"]) == Exit.MALFORMED
    assert main(["draw", "verify", "-", "--weights", "-"]) == Exit.MALFORMED


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, code in ((DUAL, Exit.UNPINNED), (DUAL + 70_000 * " ", Exit.MALFORMED)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert main(["verify", "-"]) == code


def test_as_a_program_that_writes_ascii() -> None:
    command = [sys.executable, "-X", "utf8=0", "-m", "re4ctor", "verify", "-"]
    ended = subprocess.run(  # noqa: S603 - our own program
        command,
        input=FLIPPED.encode(),
        capture_output=True,
        check=False,
        env={"PYTHONIOENCODING": "ascii", "PYTHONPATH": ":".join(sys.path)},
    )
    assert ended.returncode == Exit.FAILED
    assert b'first failed check: "random"' in ended.stderr
    assert b"Traceback" not in ended.stderr


def test_exit_codes_of_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names, weights, wrong = (tmp_path / name for name in ("names", "weights", "wrong"))
    names.write_text(NAMES)
    weights.write_text(WEIGHTS)
    wrong.write_text(NAMES.replace("bob", "bobby"))
    pin = ["--key-hash", DRAW_KEY]
    for text, arguments, code in (
        (HIDDEN, pin, Exit.VALID),
        (HIDDEN, [*pin, "--participants", str(names)], Exit.VALID),
        (HIDDEN, ["--participants", str(names)], Exit.UNPINNED),
        (HIDDEN, [*pin, "--participants", str(wrong)], Exit.FAILED),
        (HIDDEN, [*pin, "--participants", str(weights)], Exit.FAILED),
        (HIDDEN, [*pin, "--participants", "/nowhere"], Exit.MALFORMED),
        (UNWEIGHTED, pin, Exit.FAILED),
        (UNWEIGHTED, [*pin, "--weights", str(weights)], Exit.VALID),
        (UNWEIGHTED, [*pin, "--weights", str(names)], Exit.MALFORMED),
        (DRAW_CASES["bare receipt: dice"], pin, Exit.VALID),
        (DRAW_CASES["bare receipt: of no draw"], pin, Exit.FAILED),
        (DUAL, ["--key-hash", TRUSTED["key_hash"]], Exit.FAILED),
        ("{}", pin, Exit.MALFORMED),
    ):
        command = ["draw", "verify", written(tmp_path, text), *arguments]
        assert main(command) == code, command
        plain = capsys.readouterr()
        assert ("valid; " in plain.out) == (code is Exit.VALID)
        assert bool(plain.err) == (code in (Exit.FAILED, Exit.MALFORMED))
        assert main([*command, "--json"]) == code
        answer = json.loads(capsys.readouterr().out)
        assert answer["verdict"] == ("valid", "failed", "malformed", "self-consistent")[code]
        assert "draw" in answer or code is Exit.MALFORMED


def test_what_was_drawn_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "names").write_text(NAMES.removesuffix("\n"))
    hidden = ["draw", "verify", written(tmp_path, HIDDEN)]
    main(hidden)
    result = json.loads(HIDDEN)["result"]
    assert f"result: {', '.join(map(str, result))}" in capsys.readouterr().out
    main([*hidden, "--participants", str(tmp_path / "names")])
    printed = capsys.readouterr().out
    assert "label: " in printed
    for place, at in enumerate(result, 1):
        assert f"{place}. {NAMES.split()[at]} (position {at})" in printed
    main(["draw", "verify", written(tmp_path, NONCE)])
    assert "chosen by the node, which could have tried several" in capsys.readouterr().out
    main(["draw", "verify", written(tmp_path, UNWEIGHTED)])
    assert "result: " not in capsys.readouterr().out


def test_names_cannot_disturb_the_lines() -> None:
    assert _printable("a\u202eb\u2028c é") == "a\\u{202e}b\\u{2028}c é"


def test_a_list_is_read_no_further_than_lists_go(tmp_path: Path) -> None:
    (tmp_path / "names").write_text(11_000 * f"{199 * 'a'}\n")
    command = ["draw", "verify", written(tmp_path, HIDDEN)]
    assert main([*command, "--participants", str(tmp_path / "names")]) is Exit.MALFORMED
