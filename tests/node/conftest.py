"""A hall, a province beside it; whatever a test did, the store must verify afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.store.verify import verify
from tests.node.homes import Hall, Province


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall.open(tmp_path / "home")
    yield made
    report = verify(made.home.store, made.home.cosigner(), {made.home.origin: made.home.lock})
    made.home.close()
    assert report.ok, report.problems


@pytest.fixture
def province(hall: Hall) -> Province:
    return Province(hall)
