"""In CI nothing may be skipped for want of a setting."""

from __future__ import annotations

import pytest

import conftest


@pytest.mark.parametrize(
    ("value", "ends"),
    [
        ("true", pytest.fail.Exception),
        ("1", pytest.fail.Exception),
        ("yes", pytest.fail.Exception),
        ("woodpecker", pytest.fail.Exception),
        ("", pytest.skip.Exception),
        ("0", pytest.skip.Exception),
        ("false", pytest.skip.Exception),
    ],
)
def test_a_missing_setting(
    value: str, ends: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", value)
    monkeypatch.delenv("R4_VECTORS", raising=False)
    with pytest.raises((pytest.fail.Exception, pytest.skip.Exception), match="R4_VECTORS") as ended:
        conftest.outside("anything.json")
    assert ended.type is ends
