"""What the commands print of a report: lines for people, or JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from re4ctor._policy import Outcome, show
from re4ctor.draw_verification import DrawReport
from re4ctor.kinds import numbers
from re4ctor.verification import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from re4ctor._policy import Check
    from re4ctor.draws import DrawSpec
    from re4ctor.verification import Report

_MARKS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.NOT_CHECKED: "-"}


def text_of(report: Report, *, verbose: bool) -> str:
    """Writes a report for people."""
    width = max(len(check.name) for check in report.checks)
    lines = []
    for check in report.checks:
        lines.append(f"  {_MARKS[check.outcome]} {check.name:{width}}  {check.detail}")
        if verbose:
            lines += [f"      {name}: {value}" for name, value in check.inputs.items()]
    if isinstance(report, DrawReport) and not report.failed:
        lines += ["", *_draw_lines(report)]
    if report.verdict is Verdict.VALID:
        lines += ["", "valid; the signer is the one you pinned"]
    if report.verdict is Verdict.SELF_CONSISTENT:
        lines += [
            "",
            "self-consistent; signer NOT checked",
            "Anyone could have made this receipt; pin with --keys, --key-hash or --signer.",
        ]
    return "\n".join(lines)


def _draw_lines(report: DrawReport) -> Iterator[str]:
    spec, result = report.spec, report.result
    if spec is None or result is None:
        return
    values = ", ".join(f"{name} {str(value).lower()}" for name, value in numbers(spec.kind))
    yield f"  {spec.kind.name}: {values}"
    yield _seed_line(spec)
    if report.names is None:
        yield f"  result: {', '.join(map(str, result))}"
        return
    for place, (name, position) in enumerate(zip(report.names, result, strict=True), 1):
        yield f"  {place:5}. {_printable(name)} (position {position})"


def _printable(name: str) -> str:
    """Escapes what would disturb a line of text, such as marks that turn its direction."""
    return "".join(letter if letter.isprintable() else f"\\u{{{ord(letter):x}}}" for letter in name)


def _seed_line(spec: DrawSpec) -> str:
    if spec.label is not None:
        return f"  label: {spec.label} (was it announced beforehand?)"
    nonce = (spec.nonce or b"").hex()
    return f"  nonce: 0x{nonce} (chosen by the node, which could have tried several)"


def json_of(report: Report | None, pin: str | None, error: str | None) -> str:
    """Writes a report, or why there is none, for programs."""
    answer: dict[str, object] = {
        "valid": report is not None and report.valid,
        "pinned": pin is not None,
        "pinned_by": pin,
        "verdict": "malformed" if report is None else report.verdict.value,
        "failed": None if report is None else report.failed,
        "error": error,
        "id": None if report is None else show(report.document.id),
        "checks": [] if report is None else [_check_json(check) for check in report.checks],
    }
    if isinstance(report, DrawReport):
        answer |= {"draw": _spec_json(report.spec), "result": report.result, "names": report.names}
    return json.dumps(answer, indent=2)


def _spec_json(spec: DrawSpec | None) -> dict[str, object] | None:
    if spec is None:
        return None
    members: dict[str, object] = {"kind": spec.kind.name, **dict(numbers(spec.kind))}
    octets = {
        "participants_sha256": spec.participants_sha256,
        "weights_sha256": spec.weights_sha256,
        "nonce": spec.nonce,
    }
    members |= {name: show(value) for name, value in octets.items() if value is not None}
    return members if spec.label is None else members | {"label": spec.label}


def _check_json(check: Check) -> dict[str, object]:
    return {
        "name": check.name,
        "outcome": check.outcome.value,
        "ok": {Outcome.PASSED: True, Outcome.FAILED: False}.get(check.outcome),
        "detail": check.detail,
        "inputs": check.inputs,
    }
