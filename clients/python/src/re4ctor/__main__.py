"""The commands: ``python -m re4ctor verify FILE`` and ``draw verify FILE``, as ``r4`` has them."""

from __future__ import annotations

import argparse
import sys
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

from re4ctor import _output
from re4ctor.documents import MAX_DOCUMENT_BYTES
from re4ctor.draw_verification import DrawReport, verify_draw
from re4ctor.draws import MAX_DRAW_BYTES, MAX_ENTRY_BYTES
from re4ctor.keys import MAX_KEYS_DOCUMENT_BYTES
from re4ctor.kinds import MAX_COUNT
from re4ctor.verification import Report, Verdict, verify

if TYPE_CHECKING:
    from collections.abc import Sequence

_DESCRIPTION = """\
Checks a receipt or attested bytes, offline.

The VRF proof shows that `random` is the only output for this key and alpha; the signatures show
who answered and when they say it was; the proof of inclusion shows that the receipt is in the
node's log. Not proved: that the operator did not know outputs in advance for inputs it could guess
or choose; that everyone is shown the same log.
"""

_DRAW_DESCRIPTION = """\
Checks a draw, or the receipt of one, offline: all that `verify` checks of the receipt, that the
receipt is for exactly this draw, the lists, and the result, which is computed again.

Whoever may ask the node can try labels until one pleases: a label has to be announced beforehand,
with something in it that nobody could know then. A nonce was chosen by the node, which could have
tried several. Each try leaves an entry in the log.
"""

_EXIT_CODES = """\
exit codes:
  0  every check passed, and the keys are the ones you named
  1  a check failed; its name is printed
  2  this is not a receipt, or a file cannot be read
  3  the receipt fits together, but you named no key: signer NOT checked
"""

_LIST_BYTES = MAX_COUNT * (MAX_ENTRY_BYTES + 1)


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
        report = _check(options)
    except (OSError, ValueError) as error:
        if options.json:
            print(_output.json_of(None, pin, str(error)))
        print(f"error: {error}", file=sys.stderr)
        return Exit.MALFORMED
    if options.json:
        print(_output.json_of(report, pin, None))
    else:
        print(_output.text_of(report, verbose=options.verbose))
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
    receipts = _command(commands, "verify", "check a receipt offline", _DESCRIPTION)
    receipts.set_defaults(draw=False)
    draws = commands.add_parser("draw", help="draws").add_subparsers(
        required=True, metavar="COMMAND"
    )
    draw = _command(draws, "verify", "check a draw offline", _DRAW_DESCRIPTION)
    draw.set_defaults(draw=True)
    help_ = "the list that was drawn from, a line each, where the draw has its hash alone"
    draw.add_argument("--participants", metavar="FILE", help=help_)
    help_ = "the weights, a line each, where the draw has their hash alone"
    draw.add_argument("--weights", metavar="FILE", help=help_)
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    help_: str,
    description: str,
) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name,
        help=help_,
        description=description,
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("file", metavar="FILE|-", help="the document")
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
    return command


def _check(options: argparse.Namespace) -> Report | DrawReport:
    files = [options.file, options.keys]
    files += [options.participants, options.weights] if options.draw else []
    if files.count("-") > 1:
        raise ValueError("only one file can come from standard input")
    keys = _read(options.keys, MAX_KEYS_DOCUMENT_BYTES) if options.keys else None
    pins = {"keys": keys, "key_hash": options.key_hash, "signer": options.signer}
    if not options.draw:
        document = _read(options.file, MAX_DOCUMENT_BYTES)
        return verify(document, **pins, require=options.require)
    return verify_draw(
        _read(options.file, MAX_DRAW_BYTES),
        **pins,
        require=options.require,
        participants=None if options.participants is None else _lines(options.participants),
        weights=None if options.weights is None else [*map(_weight, _lines(options.weights))],
    )


def _lines(name: str) -> list[str]:
    """Reads a list: a line for each entry, and nothing after the last one's end."""
    octets = _read(name, _LIST_BYTES)
    if len(octets) > _LIST_BYTES:
        raise ValueError(f"{name} has more than {_LIST_BYTES} bytes, which no list has")
    lines = octets.decode().split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _weight(line: str) -> int:
    if not line.isascii() or not line.isdigit():
        raise ValueError("a line of the weights is not a whole number")
    return int(line)


def _read(name: str, limit: int) -> bytes:
    """Reads one byte more than the limit at most; the parser then says that it is too large."""
    if name == "-":
        return sys.stdin.buffer.read(limit + 1)
    with Path(name).open("rb") as file:
        return file.read(limit + 1)


if __name__ == "__main__":
    run()
