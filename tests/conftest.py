"""Fixtures for every test, and the hook that checks each store a test touched.

    world      a clock, ids and randomness that do as they are told (tests/world.py)
    market     a market's log, lock and store in a temporary folder; `market.put("worker", {...})`
    boss       the id of an employer in it
    home       a node's home (node.home.Home) with fixed keys in a temporary folder
    verified   what checks the stores; a test that breaks one on purpose says `verified.damaged(path)`

After every test `verify` runs over every store that was opened in it, with the locks beside it and the
cosigner's key (a node's setting, a hub's key file, or `verified.cosigners[path]`), and must find nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from common.keys import PLAIN, SigningKey, VerifierKey
from common.store.lock import Lock
from common.store.store import Store
from common.store.verify import Report, verify
from tests.world import DOMAIN, MARKET, Market, World, employer, fixed_key

if TYPE_CHECKING:
    from node.home import Home


class Verified:
    """The stores that a test opened, and those of them that it broke on purpose."""

    def __init__(self) -> None:
        self.stores: dict[Path, str] = {}
        self.locks: set[Path] = set()
        self.cosigners: dict[Path, VerifierKey] = {}
        self._damaged: set[Path] = set()

    def damaged(self, *paths: Path) -> None:
        """These stores are not checked at the end: the test damaged them, or their locks."""
        self._damaged |= {path.resolve() for path in paths}

    def report(self, path: Path) -> Report:
        """What `verify` says of a store, its locks and its receipts. Rebinds nothing for good, so that stores
        which stay open longer than a test (a server's) are not disturbed."""
        store = Store(path, self.stores.get(path.resolve(), "node"))
        try:
            return verify(store, self._cosigner(path, store), self._locks(path))
        finally:
            store.close()

    def check(self) -> None:
        for path in self.stores.keys() - self._damaged:
            if path.exists() and path.stat().st_size:
                assert self.report(path).problems == [], f"verify finds fault with {path}"

    def _locks(self, path: Path) -> dict[str, Lock]:
        beside = [Lock(lock) for lock in sorted(self.locks) if lock.is_relative_to(path.resolve().parent)]
        return {newest.origin: lock for lock in beside if (newest := lock.newest())}

    def _cosigner(self, path: Path, store: Store) -> VerifierKey | None:
        key = path.parent / "keys" / "cosigner-1.key"
        if path.resolve() in self.cosigners:
            return self.cosigners[path.resolve()]
        if key.exists():
            return SigningKey.load(key).verifier
        text = store.setting("hub.cosigner")
        return VerifierKey.parse(text) if text else None


@pytest.fixture(autouse=True)
def verified(monkeypatch: pytest.MonkeyPatch) -> Iterator[Verified]:
    """Remembers every store and lock that is made, and checks them after the test."""
    seen = Verified()
    make_store, make_lock = Store.__init__, Lock.__init__

    def store(self: Store, path: Path, program: str, *rest: Any, **more: Any) -> None:
        make_store(self, path, program, *rest, **more)
        seen.stores[Path(path).resolve()] = program

    def lock(self: Lock, path: Path) -> None:
        make_lock(self, path)
        seen.locks.add(Path(path).resolve())

    with monkeypatch.context() as patch:
        patch.setattr(Store, "__init__", store)
        patch.setattr(Lock, "__init__", lock)
        yield seen
    seen.check()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def market(tmp_path: Path, world: World) -> Iterator[Market]:
    made = Market(tmp_path / "market", world)
    yield made
    made.close()


@pytest.fixture
def boss(market: Market) -> str:
    """The id of an employer in `market`."""
    return market.put("employer", employer()).id


@pytest.fixture
def home(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A node's home of market 37130201, its log key the same in every run."""
    from node.home import Home

    def fixed(cls: type[SigningKey], name: str, type: int = PLAIN) -> SigningKey:
        return fixed_key(name, type)

    with monkeypatch.context() as patch:
        patch.setattr(SigningKey, "generate", classmethod(fixed))
        made = Home.create(tmp_path / "home", MARKET, "兰山零工市场", DOMAIN, world.ambience)
    yield made
    made.close()
