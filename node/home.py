"""A node's home: its folder opened and wired once. Commands and pages start from here.

A home holds `store.db`, `keys/` (never in a backup), `lock` (what was signed, outside backups),
`settings.toml` and `sync.lock` (held during a round).
"""

from __future__ import annotations

import hashlib
import platform
import secrets
import socket
import uuid
from collections.abc import Callable
from pathlib import Path

from common import config
from common.errors import Invalid, Refused, Tampered
from common.keys import BoxKey, SigningKey, VerifierKey
from common.log import origins
from common.store import logs
from common.store.accounts import Accounts
from common.store.ambience import REAL
from common.store.lock import Lock
from common.store.recorder import Ambience, Recorder, compare_with_lock, sign_head
from common.store.store import Progress, Store
from common.store.tables import Log
from node.config import Config
from node.local import LOCAL_TABLES

ROLES = ("clerk", "reviewer", "manager")


class Home:
    """An opened home. Attributes: path, config, store, ambience, origin, market, name, domain, key, lock,
    recorder, accounts. Close it when done."""

    def __init__(
        self, path: Path, ambience: Ambience = REAL, progress: Progress | None = None, cache_kib: int = 16384
    ) -> None:
        self.path = path
        if not (path / "store.db").exists():
            raise Refused("no_home", f"{path} is no home of a node; `yizhan-node init` makes one")
        self.config = config.load(path / "settings.toml", Config)
        self.ambience = ambience
        self.store = Store.open(path / "store.db", "node", LOCAL_TABLES, progress, cache_kib)
        self.origin = self._setting("origin")
        self.name = self._setting("name")
        parsed = origins.parse(self.origin)
        self.domain, self.market, self.incarnation = parsed.domain, parsed.code or "", parsed.n
        self.key = SigningKey.load(path / "keys" / f"log-{parsed.n}.key")
        self.lock = Lock(path / "lock")
        self.after_commit: list[Callable[[], None]] = []
        self.recorder = Recorder(self.store, self.origin, self.key, self.lock, ambience, self._committed)
        self.accounts = Accounts(self.store, self.market, ROLES, ambience.now)

    @classmethod
    def create(cls, path: Path, market: str, name: str, domain: str, ambience: Ambience = REAL) -> Home:
        """A new home with an empty log. Refused('home_exists') if there is anything of one."""
        if not name.strip() or len(name) > 50:
            raise Invalid("required", "a market has a name of 1 to 50 characters", field="name")
        origin = origins.market_log(domain, market, 1)
        if any((path / part).exists() for part in ("store.db", "keys", "lock")):
            raise Refused("home_exists", f"{path} holds a home already")
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)  # the store holds identity numbers
        (path / "keys").mkdir(mode=0o700)
        key = SigningKey.generate(origin)
        key.save(path / "keys" / "log-1.key")
        BoxKey.generate().save(path / "keys" / "box.key")
        store = Store.create(path / "store.db", "node", LOCAL_TABLES)
        with store.writing():
            checkpoint, note = sign_head(logs.open_log(origin, "own", key.verifier), key)
            for setting, value in (
                ("origin", origin),
                ("name", name.strip()),
                ("secret", secrets.token_hex(32)),
            ):
                store.set(setting, value)
        store.close()
        Lock(path / "lock").advance(origin, 0, checkpoint.root, note)
        return cls(path, ambience)

    def close(self) -> None:
        self.store.close()

    def _setting(self, key: str) -> str:
        value = self.store.setting(key)
        if value is None:
            raise Invalid("not_a_store", f"{self.path}: the store lacks {key}")
        return value

    def _committed(self) -> None:
        for listener in self.after_commit:
            listener()

    # -- the own log ---------------------------------------------------------------------------------------

    @property
    def log(self) -> Log:
        """The own log as it stands now; no head is kept in memory across transactions."""
        return logs.get_log(self.origin)

    def state(self) -> str:
        """'ready', 'recovering' (the store is not what was signed last) or 'closed'."""
        with self.store.reading():
            log = self.log
            if log.closed is not None:
                return "closed"
            try:
                compare_with_lock(self.store, log, self.lock)
            except Tampered:
                return "recovering"
            return "ready"

    def cosigner(self) -> VerifierKey | None:
        """The hub's cosigner key; None before enrolment."""
        text = self.store.setting("hub.cosigner")
        return VerifierKey.parse(text) if text else None

    # -- the machine ---------------------------------------------------------------------------------------

    def install_id(self) -> str:
        """Names this machine and this folder; computed anew each time, so a copied home has another one."""
        machine = next(
            (text for text in map(_read, ("/etc/machine-id", "/var/lib/dbus/machine-id")) if text), ""
        )
        said = f"{machine or uuid.getnode()}\n{platform.node()}\n{self.path.resolve()}"
        return hashlib.sha256(said.encode()).hexdigest()[:32]

    @staticmethod
    def host_name() -> str:
        return socket.gethostname()[:100] or "unknown"


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""
