"""dieharder's whole battery (`dieharder -a`), test by test, so that a stopped run goes on.

The list is that of run_all_tests.c of dieharder 3.31.1: the same tests, tuples, sample sizes and
numbers of samples as `-a`, in the same order. Each reads `re4_dump` through a pipe (`-g 200`), with
a process of its own. A result of WEAK is never run again.
"""

import pathlib
import re

import report
import stream

RANGES = {200: range(1, 13), 201: range(2, 6), 202: range(2, 6), 203: range(33)}
NUMBERS = [*range(18), 100, 101, 102, *range(200, 210)]
TESTS = [(number, tuple_) for number in NUMBERS for tuple_ in RANGES.get(number, [None])]
QUICK = [(0, None), (3, None), (8, None), (15, None), (100, None), (102, None), (200, 4), (203, 0)]

# Two-sided: WEAK is p < 0.005 or p > 0.995, FAILED p < 10^-6 or p > 1 - 10^-6 (set_globals.c, output.c).
WEAK, FAILED = 0.005, 0.000001
VERDICTS = ["PASSED", "WEAK", "FAILED"]
NEWLINE = "\n"  # no backslash in an f-string before Python 3.12
# What `dieharder -l` itself says of its tests.
DOUBTFUL = {"diehard_opso", "diehard_oqso", "diehard_dna", "diehard_sums"}
LINE = re.compile(r"^\s*(\w+)\|\s*\d+\|\s*\d+\|\s*\d+\|\s*([\d.]+)\|\s*(PASSED|WEAK|FAILED)\s*$")


def command(number: int, tuple_: int | None) -> list[str]:
    call = ["dieharder", "-g", "200", "-d", str(number)]
    return call if tuple_ is None else [*call, "-n", str(tuple_)]


def results(text: str) -> list[re.Match]:
    return [match for line in text.splitlines() if (match := LINE.match(line))]


def run(tests, source: list[str], folder: pathlib.Path, progress: stream.Progress) -> list[pathlib.Path]:
    """Runs the tests that have no log yet; a log gets its name when the test is complete."""
    done = []
    for number, tuple_ in tests:
        call = command(number, tuple_)
        log = folder / ("-".join(call[4::2]) + ".log")
        is_good = lambda code, text: code == 0 and results(text)
        stream.keep(log, source, call, progress, " ".join(call[3:]), is_good)
        progress.step(" ".join(call[3:]))
        done.append(log)
    return done


def summary(arguments, done: list[pathlib.Path]) -> str:
    found = [match for log in done for match in results(log.read_text())]
    count = len(found)
    passed, weak, failed = (sum(m.group(3) == verdict for m in found) for verdict in VERDICTS)
    weak_chance, failed_chance = 2 * (WEAK - FAILED), 2 * FAILED
    read = sum(stream.read_by(log) for log in done)
    scope = "a few tests only" if arguments.size == "quick" else "all that `dieharder -a` runs"
    call = f"`re4_dump --engine {arguments.engine} \\| dieharder -g 200 -d N [-n M]`"
    rows = [
        ("tool", report.first_line(["dieharder", "-h"], "version")),
        ("commands", f"{call}, {len(done)} times: {scope}"),
        ("bytes read", report.size_of(read) + ", each by one test only, nothing rewound"),
    ]
    lines = [match.group(0).rstrip() for match in found]
    shown = [
        line + ("   (doubtful test)" if match.group(1) in DOUBTFUL else "")
        for line, match in zip(lines, found)
        if match.group(3) != "PASSED"
    ]
    return report.head(f"dieharder on `{arguments.engine}`", arguments, rows) + f"""\
| verdict | p-values | expected of ideal bytes | chance of so many or more |
|---|---|---|---|
| PASSED | {passed} of {count} | {count * (1 - weak_chance - failed_chance):.2f} | |
| WEAK (p < {WEAK} or > {1 - WEAK}) | {weak} | {count * weak_chance:.2f} | {report.at_least(weak, count, weak_chance):.3f} |
| FAILED (p < 10^-6 or > 1 - 10^-6) | {failed} | {count * failed_chance:.4f} | {report.at_least(failed, count, failed_chance):.3g} |

The chances take the p-values as independent, which those of one test are not quite. Nothing was run
again because of its result. dieharder itself calls opso, oqso and dna "suspect", and sums "do not use".

## Every WEAK and FAILED line

```
{NEWLINE.join(shown) or "none"}
```

## Every line

```
{NEWLINE.join(lines)}
```
"""


def main():
    arguments = report.arguments(__doc__.splitlines()[0])
    name = f"{arguments.engine}-dieharder"
    if not report.tool("dieharder"):
        report.not_run(name, "dieharder is not installed (Debian: apt-get install dieharder)")
        return
    tests = QUICK if arguments.size == "quick" else TESTS
    source = [arguments.program, "--engine", arguments.engine]
    folder = report.logs(arguments.program, arguments.size, arguments.engine, "dieharder")
    done = run(tests, source, folder, stream.Progress(name, len(tests)))
    report.write(name, arguments.size, summary(arguments, done))


if __name__ == "__main__":
    report.run(main)
