"""The README's examples, run against a node."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from re4ctor.__main__ import Exit, main

README = (Path(__file__).parents[1] / "README.md").read_text()


@pytest.mark.usefixtures("node")
def test_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    examples = re.findall("```python\n(.*?)```", README, re.DOTALL)
    assert len(examples) == 3
    for example in examples:
        code = example.replace("http://127.0.0.1:8082", os.environ["R4_TEST_URL"])
        exec(code.replace("demo", os.environ["R4_TEST_API_KEY"]), {})  # noqa: S102 - our README
    capsys.readouterr()
    assert main(["verify", "receipt.json", "--keys", "keys.json"]) is Exit.VALID
    assert capsys.readouterr().out in README
