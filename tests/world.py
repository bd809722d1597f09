"""The outside world of tests: a clock that moves only when told, ids and chance in a fixed order, markets.

Only clock, ids, randomness and the wire are ever faked; SQLite, Ed25519 and files are the real ones. The same
test makes the same bytes each time, so a failing one can be looked at again.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from common.keys import SigningKey
from common.log import origins
from common.log.checkpoint import Checkpoint
from common.log.checkpoint import sign as sign_checkpoint
from common.log.push import Push
from common.records.values import BEIJING
from common.store import logs
from common.store.lock import Lock
from common.store.recorder import Ambience, Put, Recorder, sign_head
from common.store.store import Store
from common.store.tables import Log

DOMAIN = "lg.example"
MARKET = "37130201"
DAWN = int(datetime(2026, 12, 1, 6, tzinfo=BEIJING).timestamp() * 1000)


def fixed_key(name: str, type: int = 1) -> SigningKey:
    """The key of that name that every test run has."""
    return SigningKey.from_seed(name, sha256(name.encode()).digest(), type)


class World:
    """Time stands at `time` (epoch ms) until it is set; ids grow; random bytes follow from `seed`."""

    def __init__(self, time: int = DAWN, seed: int = 0) -> None:
        self.time = time
        self.seed = seed
        self._ids = self._drawn = 0

    def now(self) -> int:
        return self.time

    def new_id(self) -> str:
        self._ids += 1
        tail = f"{self.seed:04x}{self._ids:08x}"
        hour = f"{self.time:012x}"
        return f"{hour[:8]}-{hour[8:]}-7000-8000-{tail}"

    def random(self, count: int) -> bytes:
        self._drawn += 1
        raw = b""
        while len(raw) < count:
            raw += sha256(f"{self.seed} {self._drawn} {len(raw)}".encode()).digest()
        return raw[:count]

    @property
    def ambience(self) -> Ambience:
        return Ambience(self.now, self.new_id, self.random)


class Market:
    """A market's own log in a store of its own: what a node's home wires, without settings and accounts."""

    def __init__(self, folder: Path, world: World, code: str = MARKET, create: bool = True) -> None:
        self.folder, self.world, self.code = folder, world, code
        self.origin = origins.market_log(DOMAIN, code, 1)
        self.key = fixed_key(self.origin)
        self.lock = Lock(folder / "lock")
        self.path = folder / "store.db"
        if create:
            folder.mkdir(parents=True, exist_ok=True)
            self.store = Store.create(self.path, "node")
            with self.store.writing():
                checkpoint, note = sign_head(logs.open_log(self.origin, "own", self.key.verifier), self.key)
            self.lock.advance(*checkpoint, note)
        else:
            self.store = Store.open(self.path, "node")
        self.recorder = Recorder(self.store, self.origin, self.key, self.lock, world.ambience)

    def put(self, kind: str, patch: dict[str, Any], id: str | None = None, **more: Any) -> Put:
        """One put in a batch of its own."""
        with self.store.db.bound(), self.recorder.open("s1") as batch:
            return batch.put(kind, id, patch, **more)

    @property
    def log(self) -> Log:
        with self.store.reading():
            return logs.get_log(self.origin)

    def push(self, old: int = 0, size: int | None = None) -> Push:
        """The log from `old` up to `size` (its end), signed there."""
        with self.store.reading():
            log = logs.get_log(self.origin)
            size = log.size if size is None else size
            checkpoint = Checkpoint(log.origin, size, logs.root_at(self.store.db, log, size))
            items = logs.read(self.store.db, log, old, size)
        return Push(log.origin, old, sign_checkpoint(checkpoint, self.key), items)

    def close(self) -> None:
        self.store.close()


# A worker, an employer, a job and a contract that pass every check without a word.

ADULT_ID = "372829198503121233"  # a man, born in a county that is no more
SECOND_ID = "371302199207154520"  # a woman


def worker(**more: Any) -> dict[str, Any]:
    consent = {"version": "2026-1", "time": DAWN, "method": "paper"}
    return {"name": "周胜春", "id_type": "resident", "id_number": ADULT_ID, "consent": consent, **more}


def employer(**more: Any) -> dict[str, Any]:
    return {"name": "临沂新世界装修有限公司", "form": "company", "code": "91371302MA3C0A5X0L", **more}


def job(employer: str, **more: Any) -> dict[str, Any]:
    about = {"title": "管道安装", "trade": "0303", "headcount": 3, "start_date": "2026-12-02"}
    return {"employer": employer, **about, "pay": 26000, "pay_unit": "day", **more}


def contract(employer: str, worker: str, **more: Any) -> dict[str, Any]:
    about = {"form": "service", "trade": "0303", "start_date": "2026-12-02", "pay": 26000, "pay_unit": "day"}
    return {"employer": employer, "worker": worker, **about, **more}
