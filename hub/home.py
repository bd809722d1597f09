"""The hub's home: its folder opened and wired once. Commands, pages and the exchange start from here.

A home holds `store.db`, `keys/` (one key per log, the cosigner's, the box key; never in a backup), `lock/`
(one file per log that we sign or cosign, outside backups) and `settings.toml`. The recovery key is made by
`init` into `keys/recovery-1.key`, to be moved to a place without network.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import BoundedSemaphore
from typing import TypeVar

from common import config
from common.errors import Invalid, Refused, Tampered
from common.keys import COSIGNATURE, BoxKey, SigningKey
from common.log import origins, tree
from common.log.checkpoint import Checkpoint
from common.store import logs
from common.store.accounts import Accounts
from common.store.lock import Lock
from common.store.recorder import Ambience, Recorder, compare_with_lock, sign_head
from common.store.store import Progress, Store
from common.store.tables import Log
from hub.config import Config
from hub.local import LOCAL_TABLES

ROLES = ("operator", "auditor", "admin")
CACHE_KIB, INTAKE_CACHE_KIB = 8192, 65536  # of each connection, and each thread has one
INTAKE_WAL_PAGES = 20_000
Signed = tuple[Checkpoint, bytes]
Taken = TypeVar("Taken")


class Home:
    """An opened home. Attributes: path, config, store, ambience, domain, province, name, recorder (the hub's
    own log), cosigner, accounts. Close it when done."""

    def __init__(self, path: Path, ambience: Ambience, progress: Progress | None = None) -> None:
        self.path = path
        if not (path / "store.db").exists():
            raise Refused("no_home", f"{path} is no home of a hub; `yizhan-hub init` makes one")
        self.config = config.load(path / "settings.toml", Config)
        self.ambience = ambience
        self.store = Store.open(path / "store.db", "hub", LOCAL_TABLES, progress, CACHE_KIB)
        self.domain, self.province = self.setting("domain"), self.setting("province")
        self.name = self.setting("name")
        self.hub_origin = origins.hub_log(self.domain, 1)
        self.bulletin_origin = origins.bulletin(self.domain, 1)
        self.cosigner = self.key("cosigner-1")
        self.recorder = Recorder(
            self.store, self.hub_origin, self.key("log-1"), self.lock(self.hub_origin), ambience
        )
        self.accounts = Accounts(self.store, "hub", ROLES, ambience.now)
        self._keys: dict[str, SigningKey] = {}
        self._places = BoundedSemaphore(max(1, self.config.threads - 3))
        self._intake = ThreadPoolExecutor(1, "intake", self._widen_cache)

    @classmethod
    def create(cls, path: Path, domain: str, province: str, name: str, ambience: Ambience) -> Home:
        """A new home with empty logs. Refused('home_exists') if there is anything of one."""
        if not (province.isascii() and province.isdigit() and len(province) == 2):
            raise Invalid("province", "a province has two digits, such as 37", field="province")
        origins.hub_log(domain, 1)  # a domain that is none is refused before anything is made
        if any((path / part).exists() for part in ("store.db", "keys", "lock")):
            raise Refused("home_exists", f"{path} holds a home already")
        keys = path / "keys"
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)  # the store holds identity numbers
        keys.mkdir(mode=0o700)
        (path / "lock").mkdir(mode=0o700)
        SigningKey.generate(origins.cosigner(domain, 1), COSIGNATURE).save(keys / "cosigner-1.key")
        recovery = SigningKey.generate(str(origins.Origin(domain, "recovery", None, 1)))
        recovery.save(keys / "recovery-1.key")
        BoxKey.generate().save(keys / "box.key")
        store = Store.create(path / "store.db", "hub", LOCAL_TABLES)
        made: list[Signed] = []
        with store.writing():
            for origin, role, file in (
                (origins.hub_log(domain, 1), "own", "log-1"),
                (origins.bulletin(domain, 1), "bulletin", "bulletin-1"),
            ):
                key = SigningKey.generate(origin)
                key.save(keys / f"{file}.key")
                made.append(sign_head(logs.open_log(origin, role, key.verifier), key))
            settings = {"domain": domain, "province": province, "name": name, "secret": secrets.token_hex(32)}
            for setting, value in (settings | {"recovery": str(recovery.verifier)}).items():
                store.set(setting, value)
        store.close()
        for checkpoint, note in made:
            Lock(_lock_path(path, checkpoint.origin)).advance(*checkpoint, note)
        return cls(path, ambience)

    def close(self) -> None:
        self._intake.submit(self.store.close).result()
        self._intake.shutdown()
        self.store.close()

    def _widen_cache(self) -> None:
        with suppress(
            Exception
        ):  # a thread that fails to begin would leave a hub that takes nothing for good
            self.store.db.widen(INTAKE_CACHE_KIB, INTAKE_WAL_PAGES)

    def in_turn(self, take: Callable[[], Taken]) -> Taken:
        """Run `take` in the one thread that takes pushes, and wait for it.

        A second busy Python thread would cut the first one's bulk inserts to a hundredth of their speed (the
        interpreter's lock is given up at every row); and only this thread's connection has a large cache.
        Raises Refused('busy') where too many wait.
        """
        if not self._places.acquire(blocking=False):
            raise Refused("busy", "as many pushes wait as may; pages and pulls need threads too")
        try:
            return self._intake.submit(take).result()
        finally:
            self._places.release()

    def setting(self, key: str) -> str:
        value = self.store.setting(key)
        if value is None:
            raise Invalid("not_a_store", f"{self.path}: the store lacks {key}")
        return value

    # -- keys and locks ------------------------------------------------------------------------------------

    def key(self, file: str) -> SigningKey:
        return SigningKey.load(self.path / "keys" / f"{file}.key")

    def key_of(self, origin: str) -> SigningKey:
        """The signing key of one of our logs."""
        if origin not in self._keys:
            parsed = origins.parse(origin)
            role = "log" if parsed.role == "hub" else parsed.role
            self._keys[origin] = self.key("-".join(filter(None, (role, parsed.code, str(parsed.n)))))
        return self._keys[origin]

    def new_outbox_key(self, code: str) -> SigningKey:
        """The key of a market's outbox; an earlier attempt's, which never signed anything, is used again."""
        file = f"outbox-{code}-1"
        if not (self.path / "keys" / f"{file}.key").exists():
            SigningKey.generate(origins.outbox(self.domain, code, 1)).save(self.path / "keys" / f"{file}.key")
        return self.key(file)

    def box(self) -> BoxKey:
        return BoxKey.load(self.path / "keys" / "box.key")

    def lock(self, origin: str) -> Lock:
        return Lock(_lock_path(self.path, origin))

    def locks(self) -> dict[str, Lock]:
        return {log.origin: self.lock(log.origin) for log in Log.select() if self.lock(log.origin).newest()}

    def publish(self, signed: list[Signed]) -> None:
        """After the commit: move the locks, then let the notes go."""
        for checkpoint, note in signed:
            self.lock(checkpoint.origin).advance(checkpoint.origin, checkpoint.size, checkpoint.root, note)

    def compare(self, log: Log) -> None:
        """Raise Tampered('recovering') unless the store holds all that was signed or cosigned of this log.
        Every log has its lock from the moment it is opened (`begin_lock`); a missing one says something."""
        compare_with_lock(self.store, log, self.lock(log.origin))

    def begin_lock(self, origin: str) -> None:
        """The lock of a log that we are about to open, before the transaction that opens it commits. Were it
        made with the first receipt, a power cut between commit and lock would look like a restored store."""
        self.lock(origin).advance(origin, 0, tree.EMPTY, b"")

    def catch_up(self) -> None:
        """Move locks that a power cut left behind the store, before any of those notes may leave.

        A log that is not merely behind is left alone: it is recovering, and says so wherever it is used.
        """
        with self.store.reading():
            known = list(Log.select())
        for log in known:
            with suppress(Tampered, Refused):
                self.release(log)

    def release(self, log: Log) -> tuple[int, bytes]:
        """(size, note) of the newest note of a log that may leave: of a market's log its receipt, of ours the
        head. The lock knows it before it leaves. Raises Refused('no_receipt'), Tampered('recovering')."""
        note, size = (log.receipt, log.receipt_size) if log.role == "market" else (log.note, log.size)
        if note is None:
            raise Refused("no_receipt", f"{log.origin} has no signed note yet")
        with self.store.reading():
            self.compare(log)
            root = logs.root_at(self.store.db, log, size)
        self.publish([(Checkpoint(log.origin, size, root), bytes(note))])
        return size, bytes(note)

    def state(self) -> str:
        """'ready' or 'recovering': the store is older than what we signed."""
        with self.store.reading():
            try:
                for log in Log.select():
                    self.compare(log)
            except Tampered:
                return "recovering"
            return "ready"


def _lock_path(path: Path, origin: str) -> Path:
    return path / "lock" / origin.split("/", 1)[1].replace("/", "-")
