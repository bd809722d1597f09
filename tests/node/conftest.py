"""A hall and a province beside it. (Every store is verified after its test; see tests/conftest.py.)"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.node.homes import Hall, Province


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall.open(tmp_path / "home")
    yield made
    made.home.close()


@pytest.fixture
def province(hall: Hall) -> Province:
    return Province(hall)
