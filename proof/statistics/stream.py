"""Runs re4_dump into a test tool through a pipe, and counts what the tool read.

Nothing is kept on disk and nothing is rewound: every test reads bytes that no test has read.
"""

import array
import fcntl
import os
import pathlib
import re
import select
import subprocess
import sys
import termios
import time

PIPE_BYTES = 1 << 20
READ = re.compile(r"^# (\d+) bytes read by: ", re.MULTILINE)


class Progress:
    """A bar on standard error; where that is no terminal, a line for each twentieth."""

    def __init__(self, title: str, steps: int):
        self.title, self.steps, self.done, self.drawn = title, steps, 0, 0.0
        self.terminal = sys.stderr.isatty()

    def show(self, label: str, consumed: int, seconds: float):
        """Draws the bar with what the running step has read, a few times a second."""
        if self.terminal and time.monotonic() - self.drawn > 0.2:
            self.draw(f"{label}  {consumed / 1e9:.2f} GB, {consumed / 1e6 / max(seconds, 0.001):.0f} MB/s")

    def step(self, label: str):
        """Counts a step that is done."""
        self.done += 1
        if self.terminal:
            self.draw(label)
        elif self.done * 20 // self.steps > (self.done - 1) * 20 // self.steps:
            print(f"{self.title} {self.done}/{self.steps}  {label}", file=sys.stderr, flush=True)

    def draw(self, text: str):
        self.drawn = time.monotonic()
        filled = 24 * self.done // self.steps
        bar = f"{self.title} [{'#' * filled}{'.' * (24 - filled)}] {self.done}/{self.steps}"
        end = "\n" if self.done == self.steps else ""
        print(f"\r{bar}  {text}\033[K", end=end, file=sys.stderr, flush=True)


def waiting_in(pipe: int) -> int:
    """Bytes that were written into a pipe and not read from it."""
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


def feed(source: list[str], tool: list[str], output, progress: Progress, label: str) -> tuple[int, int]:
    """Runs `source | tool`, the tool's output into a file; the bytes that it read and its exit code."""
    generator = subprocess.Popen(source, stdout=subprocess.PIPE)
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    running = subprocess.Popen(tool, stdin=reading, stdout=output, stderr=subprocess.STDOUT)
    moved, started = 0, time.monotonic()
    try:
        while running.poll() is None:
            if select.select([], [writing], [], 0.2)[1]:
                step = os.splice(generator.stdout.fileno(), writing, PIPE_BYTES)
                if step == 0:
                    raise RuntimeError(f"{source[0]} ended by itself, exit code {generator.wait()}")
                moved += step
            progress.show(label, moved, time.monotonic() - started)
        consumed = moved - waiting_in(reading)
    finally:
        if running.poll() is None:
            running.terminate()
            running.wait()
        generator.stdout.close()
        os.close(writing)
        os.close(reading)
    code = generator.wait()
    if code != 0:
        raise RuntimeError(f"{source[0]} answered a closed pipe with exit code {code}, not 0")
    return consumed, running.wait()


def keep(log: pathlib.Path, source: list[str], tool: list[str], progress: Progress, label: str, is_good):
    """Runs `source | tool` unless its log is there. The log gets its name when it is complete:
    `is_good(exit code, text)` tells whether it is. Its last line has the bytes read."""
    if log.exists():
        return
    call = " ".join([pathlib.Path(tool[0]).name, *tool[1:]])
    part = log.with_suffix(".part")
    with part.open("w") as output:
        consumed, code = feed(source, tool, output, progress, label)
        output.seek(0, 2)
        output.write(f"# {consumed} bytes read by: {call}\n")
    if not is_good(code, part.read_text()):
        raise RuntimeError(f"{call} gave no result; see {part}")
    part.rename(log)


def read_by(log: pathlib.Path) -> int:
    """Bytes that the tool of a kept log read."""
    return int(READ.search(log.read_text()).group(1))
