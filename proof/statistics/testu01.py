"""TestU01's SmallCrush, Crush or BigCrush on re4_dump, where the library is installed.

Get TestU01 1.2.3 from its authors (Université de Montréal) or as your distribution's libtestu01-dev
where it has one, install the library, and run proof/statistics/tools.sh, which builds the driver
testu01.c. A battery cannot be continued, only kept.
"""

import re

import report
import stream

BATTERIES = {"quick": "small", "standard": "crush", "full": "big"}
STATISTICS = re.compile(r"Number of statistics:\s+(\d+)")
SUMMARY = "========= Summary results of"
# Under "Summary results" TestU01 lists the p-values outside [0.001, 0.9990]; "eps" is < 1e-300.
OUTSIDE = re.compile(r"^\s*\d+\s+\S.*\s(\S+)\s*$", re.MULTILINE)
CHANCE_OUTSIDE = 0.002


def summary(arguments, text: str, consumed: int) -> str:
    result = text[text.index(SUMMARY) :].strip()
    count = int(STATISTICS.search(result).group(1))
    table = result.split("-" * 20, 1)[-1] if "outside" in result else ""
    outside = len(OUTSIDE.findall(table))
    battery = BATTERIES[arguments.size]
    rows = [
        ("command", f"`re4_dump --engine {arguments.engine} \\| testu01 {battery}`"),
        ("bytes read", report.size_of(consumed) + ", nothing rewound"),
    ]
    chance = report.at_least(outside, count, CHANCE_OUTSIDE)
    return report.head(f"TestU01 on `{arguments.engine}`", arguments, rows) + f"""\
{outside} of {count} p-values are outside [0.001, 0.999]; {count * CHANCE_OUTSIDE:.2f} are expected of ideal bytes. So many or
more have a chance of {chance:.3g}.

```
{result}
```
"""


def main():
    arguments = report.arguments(__doc__.splitlines()[0])
    name = f"{arguments.engine}-testu01"
    tool = report.tool("testu01")
    if tool is None:
        report.not_run(name, "TestU01 is not installed. " + report.paragraph(__doc__, 1))
        return
    battery = BATTERIES[arguments.size]
    log = report.logs(arguments.program, arguments.size, arguments.engine) / f"testu01-{battery}.log"
    source = [arguments.program, "--engine", arguments.engine]
    is_good = lambda code, text: code == 0 and SUMMARY in text
    stream.keep(log, source, [tool, battery], stream.Progress(name, 1), battery, is_good)
    report.write(name, arguments.size, summary(arguments, log.read_text(), stream.read_by(log)))


if __name__ == "__main__":
    report.run(main)
