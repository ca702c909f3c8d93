"""What every suite's summary has: date, machine, versions, hash of the program, verdicts."""

import argparse
import datetime
import hashlib
import math
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TARGET = HERE.parent.parent / "target" / "statistics"


def arguments(description: str, engine: bool = True) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--program", required=True, help="path of re4_dump")
    parser.add_argument("--size", choices=["quick", "standard", "full"], default="standard")
    if engine:
        parser.add_argument("--engine", required=True, choices=["chacha20", "ctr-aes256"])
    else:
        parser.add_argument("--r4", required=True, help="path of r4")
    return parser.parse_args()


def sha256(program: str) -> str:
    return hashlib.sha256(pathlib.Path(program).read_bytes()).hexdigest()


def logs(program: str, size: str, *names: str) -> pathlib.Path:
    """The folder for logs of one program's suite; another program never continues it."""
    folder = TARGET / "logs" / sha256(program)[:16] / size
    folder = folder.joinpath(*names)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def tool(name: str) -> str | None:
    """The path of a tool that is installed."""
    own = pathlib.Path(os.environ.get("R4_STATISTICS_TOOLS", TARGET / "tools")) / "bin" / name
    return str(own) if own.is_file() else shutil.which(name)


def first_line(command: list[str], pattern: str = ".+") -> str:
    """The first line of a command's output that has the pattern."""
    answer = subprocess.run(command, check=False, capture_output=True, text=True)
    lines = (answer.stdout + answer.stderr).splitlines()
    return next((line.strip("# ") for line in lines if re.search(pattern, line)), "unknown")


def processor() -> str:
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    return model.group(1) if model else platform.machine()


def head(title: str, arguments: argparse.Namespace, rows: list[tuple[str, str]]) -> str:
    """The title and the table that says what ran, where and when."""
    now = datetime.datetime.now(datetime.UTC)
    facts = [
        ("date", now.strftime("%Y-%m-%d %H:%M UTC")),
        ("machine", f"{processor()}, {os.cpu_count()} cores, Linux {platform.release().split('-')[0]}"),
        ("program", first_line([arguments.program, "--version"])),
        ("SHA-256 of `re4_dump`", f"`{sha256(arguments.program)}`"),
        *rows,
    ]
    table = "".join(f"| {name} | {value} |\n" for name, value in facts)
    return f"# {title}\n\nWritten by `proof/statistics/run.sh`.\n\n| what | value |\n|---|---|\n{table}\n"


def write(name: str, size: str, text: str):
    """Writes a summary: beside the scripts, and a quick one, which is no evidence, to the logs."""
    folder = TARGET if size == "quick" else HERE
    path = folder / f"{name}.md"
    path.write_text(text)
    print(f"summary: {path.relative_to(HERE.parent.parent)}")


def paragraph(text: str, number: int) -> str:
    return " ".join(text.split("\n\n")[number].split())


def not_run(suite: str, reason: str):
    print(f"{suite}: not run: {reason}")


def at_least(successes: int, trials: int, chance: float) -> float:
    """P(Binomial(trials, chance) >= successes)."""
    below = sum(
        math.comb(trials, k) * chance**k * (1 - chance) ** (trials - k) for k in range(successes)
    )
    return max(0.0, 1.0 - below)


def size_of(count: int) -> str:
    return f"{count:,} bytes ({count / 1e9:.2f} GB)"


def run(main):
    """Runs a suite; what stops it is one sentence."""
    try:
        main()
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit("\nstopped; the same command goes on from here")
