"""The README's examples, run against a node."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from re4ctor.__main__ import Exit, main

README = (Path(__file__).parents[1] / "README.md").read_text()


def test_it_is_installed_into_an_environment_of_its_own(tmp_path: Path) -> None:
    [installation] = re.findall("```sh\n(.*?)```", README, re.DOTALL)
    inside_only = "pip --require-virtualenv install --no-index pip"
    inside = installation.replace("pip install ./clients/python", inside_only)
    assert inside != installation
    subprocess.run(["sh", "-ec", inside], cwd=tmp_path, check=True)  # noqa: S603, S607 - our README


@pytest.mark.usefixtures("node")
def test_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    examples = re.findall("```python\n(.*?)```", README, re.DOTALL)
    assert len(examples) == 4
    for example in examples:
        code = example.replace("http://127.0.0.1:8082", os.environ["R4_TEST_URL"])
        exec(code.replace("demo", os.environ["R4_TEST_API_KEY"]), {})  # noqa: S102 - our README
    printed = capsys.readouterr().out
    assert sum(f"'{name}'" in printed for name in ("Ada", "Grace", "Katherine")) == 2
    assert main(["draw", "verify", "draw.json", "--keys", "keys.json"]) is Exit.VALID
    capsys.readouterr()
    assert main(["verify", "receipt.json", "--keys", "keys.json"]) is Exit.VALID
    printed = capsys.readouterr().out
    place = r"in the log at index \d+ of \d+ entries"
    [documented] = re.findall(place, README)
    assert re.sub(place, documented, printed) in README
