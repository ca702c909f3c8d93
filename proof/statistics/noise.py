"""Raw jitter: 10^6 samples in a row, 1000 starts of 1000 samples, and the estimators of SP 800-90B on them.

The samples are what the noise source gave, before any test, hash or mixing (`re4_dump --raw
jitter`), one byte each. Estimates: `r4 assess` (§6.3.1 and the health tests' cut-offs) always;
NIST's ea_non_iid and ea_restart where proof/statistics/tools.sh could build them.
"""

import hashlib
import pathlib
import re
import subprocess
import time

import report
import stream

SAMPLES, ROWS, COLUMNS = 1_000_000, 1000, 1000
ASSESSED = re.compile(r"min\(H_original, 8 X H_bitstring\): ([\d.]+)")
ORIGINAL = re.compile(r"H_original: ([\d.]+)")


def dump(program: str, samples: int) -> bytes:
    call = [program, "--raw", "jitter", "--samples", str(samples)]
    raw = subprocess.run(call, stdout=subprocess.PIPE, check=True).stdout
    if len(raw) != samples:
        raise RuntimeError(f"asked for {samples} samples, got {len(raw)}")
    return raw


def sequential(program: str, folder: pathlib.Path, progress: stream.Progress) -> tuple[pathlib.Path, float]:
    """One million samples of one process, and the seconds that they took."""
    file, seconds = folder / "sequential.bin", folder / "sequential.seconds"
    if not file.exists():
        started = time.monotonic()
        raw = dump(program, SAMPLES)
        seconds.write_text(f"{time.monotonic() - started:.1f}")
        file.with_suffix(".part").write_bytes(raw)
        file.with_suffix(".part").rename(file)
    progress.step("samples in a row")
    return file, float(seconds.read_text())


def restarts(program: str, folder: pathlib.Path, progress: stream.Progress) -> pathlib.Path:
    """A row of samples from each of 1000 starts of the program (§3.1.4.1)."""
    file = folder / "restarts.bin"
    with file.open("ab") as output:
        whole = output.tell() // COLUMNS
        output.truncate(whole * COLUMNS)
        progress.done += whole
        for _ in range(whole, ROWS):
            output.write(dump(program, COLUMNS))
            output.flush()
            progress.step("starts")
    return file


def run(call: list[str]) -> str:
    """What a tool says, with its exit code, and without the paths of this machine."""
    answer = subprocess.run(
        call, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    names = [pathlib.Path(word).name if "/" in word else word for word in call]
    said = answer.stdout.replace(str(report.TARGET), "target/statistics")
    lines = [line.rstrip() for line in said.splitlines() if line.strip()]
    return "\n".join([f"$ {' '.join(names)}", *lines, f"(exit code {answer.returncode})"])


def estimates(arguments, row_file: pathlib.Path, matrix: pathlib.Path | None) -> tuple[str, str]:
    """The blocks of output, and a sentence on what NIST's estimators came to."""
    blocks = [run([arguments.r4, "assess", str(row_file)])]
    if matrix:
        blocks.append(run([arguments.r4, "assess", "--restarts", str(matrix)]))
    non_iid, restart = report.tool("ea_non_iid"), report.tool("ea_restart")
    if not non_iid:
        missing = "NIST's ea_non_iid and ea_restart: **not run**, not installed (proof/statistics/tools.sh)."
        return "\n\n".join(blocks), missing
    blocks.append(run([non_iid, "-i", "-a", "-v", str(row_file), "8"]))
    found = ASSESSED.search(blocks[-1]) or ORIGINAL.search(blocks[-1])
    if not found:
        return "\n\n".join(blocks), "NIST's ea_non_iid came to no estimate; see its output below."
    least = f"**{found.group(1)} bits a sample** (of 8)"
    verdict = f"NIST's ea_non_iid: H_I = {least}, the least of its estimators."
    if matrix and restart:
        blocks.append(run([restart, "-n", "-v", str(matrix), "8", found.group(1)]))
        good = "Validation Test Passed" in blocks[-1]
        verdict += f" Its ea_restart: {'passed' if good else '**failed**'} with that H_I."
    return "\n\n".join(blocks), verdict


def data_row(file: pathlib.Path, how: str) -> tuple[str, str]:
    return f"`{file.name}`", f"{how}; SHA-256 `{hashlib.sha256(file.read_bytes()).hexdigest()}`"


def main():
    arguments = report.arguments(__doc__.splitlines()[0], engine=False)
    folder = report.logs(arguments.program, arguments.size, "noise")
    progress = stream.Progress("noise", 1 if arguments.size == "quick" else 1 + ROWS)
    row_file, seconds = sequential(arguments.program, folder, progress)
    call = "`re4_dump --raw jitter --samples"
    rate = f"{seconds:.0f} s, {SAMPLES / seconds:.0f} samples a second"
    rows = [data_row(row_file, f"{call} {SAMPLES}`, {rate}")]
    matrix = None
    if arguments.size != "quick":
        matrix = restarts(arguments.program, folder, progress)
        rows.append(data_row(matrix, f"{call} {COLUMNS}`, {ROWS} times, a row each"))
    blocks, verdict = estimates(arguments, row_file, matrix)
    text = report.head("Raw jitter, SP 800-90B", arguments, rows) + f"""\
{verdict}

The credit of jitter in a seed is **zero**, whatever the estimate: an estimate from output is an upper bound by tests
that do not know the source, it holds for the machine and the load above alone, and a start of the program is not a
power cycle. What lacks for a claim is in [fips_readiness.md](../fips_readiness.md).

```
{blocks}
```
"""
    report.write("noise", arguments.size, text)


if __name__ == "__main__":
    report.run(main)
