"""One province that all scenarios share, each with markets of its own; and one for those who kill it.

What every scenario ends with is in tests/conftest.py: verify() over each store that was opened here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.province import Author, Market, Province


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    made = Province(tmp_path_factory.mktemp("province"))
    yield made
    made.close()


@pytest.fixture
def province(shared: Province) -> Iterator[Province]:
    """The shared hub; the markets of this scenario are put away afterwards."""
    yield shared
    shared.forget()


@pytest.fixture
def own_province(tmp_path: Path) -> Iterator[Province]:
    """A hub of one's own, to be killed or stopped."""
    made = Province(tmp_path / "own")
    yield made
    made.close()


@pytest.fixture
def market(province: Province, tmp_path: Path) -> Market:
    """An enrolled and approved market."""
    return province.market(tmp_path)


@pytest.fixture
def author(province: Province) -> Author:
    """An enrolled log in memory that signs whatever it is told to."""
    return Author(province).enrol()
