#!/usr/bin/env python3
"""Holds fuzz/README.md to the code: each parser of the crates stands in its table, and nothing else."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What a test or a tool of the project alone reads.
NOT_SHIPPED = {"r4-e2e", "xtask"}
OWNER = re.compile(r"impl(?:<[^>]*>)?\s+(?:(\w+)(?:<[^>]*>)?\s+for\s+)?(\w+)")
PARSER = re.compile(r"\s+pub(?:\(crate\))? (?:const )?fn (parse\w*|from_json|of_presented)\b")


def parsers():
    """Returns each parser as `crate::Type::function`; `from_str` for what implements FromStr."""
    found = set()
    for file in (ROOT / "crates").glob("*/src/**/*.rs"):
        crate = file.relative_to(ROOT / "crates").parts[0]
        text = file.read_text(encoding="utf-8").split("#[cfg(test)]\nmod tests {")[0]
        if crate in NOT_SHIPPED or "test" in file.stem:
            continue
        owner = ""
        for line in text.splitlines():
            if new := OWNER.match(line):
                owner = new[2]
                if new[1] == "FromStr":
                    found.add(f"{crate}::{owner}::from_str")
            if parser := PARSER.match(line):
                found.add(f"{crate}::{owner or file.stem}::{parser[1]}")
            elif parser := PARSER.match(" " + line):
                found.add(f"{crate}::{file.stem}::{parser[1]}")
    return found


def main():
    """Compares, and names what is missing on either side."""
    table = set(re.findall(r"`([\w-]+::\w+::\w+)`", (ROOT / "fuzz/README.md").read_text(encoding="utf-8")))
    code = parsers()
    for name in sorted(code - table):
        print(f"{name} is a parser: name the fuzz target that feeds it, or why there is none, in fuzz/README.md")
    for name in sorted(table - code):
        print(f"{name} is in fuzz/README.md and nowhere in the code")
    sys.exit(1 if code ^ table else 0)


if __name__ == "__main__":
    main()
