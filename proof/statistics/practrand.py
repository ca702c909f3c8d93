"""PractRand's `RNG_test` on re4_dump, where it is installed.

PractRand comes in no package registry: get its sources from its own site, build `RNG_test`, and put
it on the PATH or into target/statistics/tools/bin. A run cannot be continued, only kept.
"""

import re

import report
import stream

LENGTHS = {"quick": "1GB", "standard": "64GB", "full": "4TB"}
# RNG_test marks a result by one of these words; "no anomalies" says that there is none.
ANOMALY = re.compile(r"\b(unusual|mildly suspicious|suspicious|very suspicious|VERY SUSPICIOUS|FAIL)\b")
RESULT = re.compile(r"in (\d+) test result")


def summary(arguments, tool: str, text: str, consumed: int) -> str:
    length = LENGTHS[arguments.size]
    anomalies = [line for line in text.splitlines() if ANOMALY.search(line)]
    failed = [line for line in anomalies if "FAIL" in line]
    call = f"re4_dump --engine {arguments.engine} \\| RNG_test stdin32 -tlmax {length}"
    rows = [
        ("tool", report.first_line([tool, "-version"], "version")),
        ("command", f"`{call}`"),
        ("bytes read", report.size_of(consumed) + ", nothing rewound"),
    ]
    return report.head(f"PractRand on `{arguments.engine}`", arguments, rows) + f"""\
{len(anomalies)} lines with an anomaly, {len(failed)} of them FAIL. `unusual` is expected now and then of ideal
bytes, because each length has hundreds of results.

## Every line with an anomaly

```
{chr(10).join(anomalies) or "none"}
```

## The whole log

```
{text.strip()}
```
"""


def main():
    arguments = report.arguments(__doc__.splitlines()[0])
    name = f"{arguments.engine}-practrand"
    tool = report.tool("RNG_test")
    if tool is None:
        report.not_run(name, "RNG_test is not installed. " + report.paragraph(__doc__, 1))
        return
    log = report.logs(arguments.program, arguments.size, arguments.engine) / "practrand.log"
    source = [arguments.program, "--engine", arguments.engine]
    call = [tool, "stdin32", "-tlmax", LENGTHS[arguments.size]]
    stream.keep(log, source, call, stream.Progress(name, 1), "RNG_test", lambda _, text: RESULT.search(text))
    report.write(name, arguments.size, summary(arguments, tool, log.read_text(), stream.read_by(log)))


if __name__ == "__main__":
    report.run(main)
