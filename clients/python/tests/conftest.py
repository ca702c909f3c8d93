"""Where the tests find vectors and a node. In CI neither may be missing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from re4ctor import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOT_IN_CI = ("", "0", "false")
_VECTORS = Path(__file__).parents[3] / "vectors"


def vectors(name: str) -> Any:
    """Reads a file of the project's own vectors; a missing one is a failure."""
    return json.loads((_VECTORS / name).read_text())


def outside(name: str) -> Any:
    """Reads a vector file from elsewhere, in the folder that R4_VECTORS names."""
    folder = _environment("R4_VECTORS")
    return json.loads((Path(folder) / name).read_text())


def _environment(name: str) -> str:
    value = os.environ.get(name, "")
    if not value and os.environ.get("CI", "") not in _NOT_IN_CI:
        pytest.fail(f"{name} must be set in CI")
    if not value:
        pytest.skip(f"{name} is not set")
    return value


@pytest.fixture
def node() -> Iterator[Client]:
    """A client of a running node."""
    url, key = _environment("R4_TEST_URL"), _environment("R4_TEST_API_KEY")
    with Client(url, key, retries=10) as client:
        yield client
