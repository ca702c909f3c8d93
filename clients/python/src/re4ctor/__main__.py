"""The command: ``python -m re4ctor verify FILE``, with the exit codes of ``r4 verify``."""

from __future__ import annotations

import argparse
import json
import sys
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

from re4ctor._policy import Outcome, show
from re4ctor.documents import MAX_DOCUMENT_BYTES
from re4ctor.keys import MAX_KEYS_DOCUMENT_BYTES
from re4ctor.verification import Report, Verdict, verify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from re4ctor._policy import Check

_DESCRIPTION = """\
Checks a receipt or attested bytes, offline.

The VRF proof shows that `random` is the only output for this key and alpha; the signatures show
who answered and when they say it was; the proof of inclusion shows that the receipt is in the
node's log. Not proved: that the operator did not know outputs in advance for inputs it could guess
or choose; that everyone is shown the same log.
"""

_EXIT_CODES = """\
exit codes:
  0  every check passed, and the keys are the ones you named
  1  a check failed; its name is printed
  2  this is not a receipt, or a file cannot be read
  3  the receipt fits together, but you named no key: signer NOT checked
"""

_MARKS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.NOT_CHECKED: "-"}


class Exit(IntEnum):
    """The exit codes."""

    VALID = 0
    FAILED = 1
    MALFORMED = 2
    UNPINNED = 3


_EXITS = {
    Verdict.VALID: Exit.VALID,
    Verdict.FAILED: Exit.FAILED,
    Verdict.SELF_CONSISTENT: Exit.UNPINNED,
}


def main(arguments: Sequence[str] | None = None) -> Exit:
    """Runs the command and returns its exit code."""
    options = _parser().parse_args(arguments)
    pin = next((name for name in ("key_hash", "keys", "signer") if getattr(options, name)), None)
    try:
        report = _verify(options)
    except (OSError, ValueError) as error:
        if options.json:
            print(_json(None, pin, str(error)))
        print(f"error: {error}", file=sys.stderr)
        return Exit.MALFORMED
    print(_json(report, pin, None) if options.json else _text(report, verbose=options.verbose))
    if report.failed:
        print(f'error: first failed check: "{report.failed}"', file=sys.stderr)
    return _EXITS[report.verdict]


def run() -> None:
    """Runs the command and ends the process."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal without these marks is no reason to fail.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    sys.exit(main())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="re4ctor")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser(
        "verify",
        help="check a receipt offline",
        description=_DESCRIPTION,
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("file", metavar="FILE|-", help="the receipt")
    pins = command.add_mutually_exclusive_group()
    pins.add_argument("--keys", metavar="FILE", help="trust the keys in this answer of /v1/keys")
    help_ = "trust the keys with this hash; may be given several times"
    pins.add_argument("--key-hash", metavar="HEX", action="append", help=help_)
    pins.add_argument("--signer", metavar="ADDRESS", help="trust this ECDSA address, no other key")
    requirements = ("dual", "ecdsa", "mldsa65")
    help_ = "which signatures must be there, once a key is named (default: dual)"
    command.add_argument("--require", choices=requirements, default="dual", help=help_)
    command.add_argument("-v", "--verbose", action="store_true", help="show what went into checks")
    command.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _verify(options: argparse.Namespace) -> Report:
    if options.file == options.keys == "-":
        raise ValueError("only one of the receipt and the keys can come from standard input")
    keys = _read(options.keys, MAX_KEYS_DOCUMENT_BYTES) if options.keys else None
    document = _read(options.file, MAX_DOCUMENT_BYTES)
    pins = {"keys": keys, "key_hash": options.key_hash, "signer": options.signer}
    return verify(document, **pins, require=options.require)


def _read(name: str, limit: int) -> bytes:
    """Reads one byte more than the limit at most; the parser then says that it is too large."""
    if name == "-":
        return sys.stdin.buffer.read(limit + 1)
    with Path(name).open("rb") as file:
        return file.read(limit + 1)


def _text(report: Report, *, verbose: bool) -> str:
    width = max(len(check.name) for check in report.checks)
    lines = []
    for check in report.checks:
        lines.append(f"  {_MARKS[check.outcome]} {check.name:{width}}  {check.detail}")
        if verbose:
            lines += [f"      {name}: {value}" for name, value in check.inputs.items()]
    if report.verdict is Verdict.VALID:
        lines += ["", "valid; the signer is the one you pinned"]
    if report.verdict is Verdict.SELF_CONSISTENT:
        lines += [
            "",
            "self-consistent; signer NOT checked",
            "Anyone could have made this receipt; pin with --keys, --key-hash or --signer.",
        ]
    return "\n".join(lines)


def _json(report: Report | None, pin: str | None, error: str | None) -> str:
    answer = {
        "valid": report is not None and report.valid,
        "pinned": pin is not None,
        "pinned_by": pin,
        "verdict": "malformed" if report is None else report.verdict.value,
        "failed": None if report is None else report.failed,
        "error": error,
        "id": None if report is None else show(report.document.id),
        "checks": [] if report is None else [_check_json(check) for check in report.checks],
    }
    return json.dumps(answer, indent=2)


def _check_json(check: Check) -> dict[str, object]:
    return {
        "name": check.name,
        "outcome": check.outcome.value,
        "ok": {Outcome.PASSED: True, Outcome.FAILED: False}.get(check.outcome),
        "detail": check.detail,
        "inputs": check.inputs,
    }


if __name__ == "__main__":
    run()
