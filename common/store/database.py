"""One SQLite file: opening it, its pragmas, its transactions.

Rules kept here:
- WAL with synchronous=FULL. A head that was published and then lost in a power cut, and signed again
  with other entries, would be a fork; speed is bought elsewhere.
- Whoever writes begins with BEGIN IMMEDIATE, so nothing is checked outside the transaction that writes.
- A file belongs to one program (application_id); a store is created only when told to.
- A locked or full disk is a Refused error with its own code: nothing was half written.
- peewee binds models per class. One process normally opens one store; whoever opens several (tests, the
  simulator) works through the same `reading`/`writing`, which bind the models for their duration.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import peewee

from common.errors import Invalid, Refused, Tampered, YizhanError

APPLICATIONS = {"node": 0x597A4E31, "hub": 0x597A4831}
FORMAT = 1  # of the log and local tables; projected tables have a fingerprint instead
PAGE_BYTES = 8192  # of a new file: an entry is a good tenth of it, and a bulk push touches fewer pages
BUSY_SECONDS = 15


class Database:
    """A store file of `program` ('node' or 'hub') whose `models` are bound while it is used."""

    def __init__(
        self, path: str | Path, program: str, models: Sequence[type[peewee.Model]], cache_kib: int = 16384
    ):
        self.path = Path(path)
        self.program = program
        self.models = list(models)
        self.peewee = peewee.SqliteDatabase(
            str(path),
            pragmas={
                "page_size": PAGE_BYTES,
                "journal_mode": "wal",
                "synchronous": "full",
                "cache_size": -cache_kib,
                "wal_autocheckpoint": 8000,
                "temp_store": "memory",
                "trusted_schema": 0,
            },
            timeout=BUSY_SECONDS,
        )

    def create(self) -> None:
        """A new file; it is nobody's store until it is stamped."""
        if self.path.exists():
            raise Refused("store_exists", f"{self.path} exists already")
        self.path.touch(0o600)  # identity numbers stand in it; SQLite gives its side files the same rights
        self._own()

    def stamp(self) -> None:
        """Make it a store of our program, in the transaction that makes its tables."""
        self.run(f"PRAGMA application_id={APPLICATIONS[self.program]}")
        self.run(f"PRAGMA user_version={FORMAT}")

    def open(self) -> None:
        """Raises Refused('no_store'|'store_newer'), Invalid('not_a_store'), Tampered('store_damaged')."""
        if not self.path.exists():
            raise Refused("no_store", f"{self.path} does not exist")
        try:
            self._own()
            application = self.scalar("PRAGMA application_id")
            version = self.scalar("PRAGMA user_version")
        except (peewee.DatabaseError, sqlite3.DatabaseError) as error:
            self.close()
            if isinstance(plain := _plain(error), Tampered) and "malformed" in plain.message:
                raise plain from error
            raise Invalid("not_a_store", f"{self.path} is no store: {error}") from error
        if application != APPLICATIONS[self.program]:
            self.close()
            raise Invalid("not_a_store", f"{self.path} is no store of a {self.program}")
        if version > FORMAT:
            self.close()
            raise Refused("store_newer", f"store format {version} is newer than this program's {FORMAT}")

    def _own(self) -> None:
        """Bind the models for good (the usual case of one store a process) and touch the file."""
        self.peewee.bind(self.models)
        self.peewee.connect(reuse_if_open=True)

    def widen(self, cache_kib: int, wal_pages: int) -> None:
        """Let this thread's connection hold more pages in memory, and more of them in the WAL before it moves
        them into the file: pages of indexes that every batch touches are then moved once for several."""
        self.run(f"PRAGMA cache_size=-{cache_kib}")
        self.run(f"PRAGMA wal_autocheckpoint={wal_pages}")

    def close(self) -> None:
        self.peewee.close()

    @contextmanager
    def bound(self) -> Iterator[None]:
        if not self.models or self.models[0]._meta.database is self.peewee:
            yield
        else:
            with self.peewee.bind_ctx(self.models, bind_refs=False, bind_backrefs=False):
                yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One consistent view for several reads; never waits for a writer."""
        with self.bound(), self.peewee.atomic():
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """BEGIN IMMEDIATE … COMMIT. Raises Refused('store_busy'|'disk_full') with nothing written."""
        if self.peewee.in_transaction():
            raise AssertionError("a writing transaction must be the outermost one")
        try:
            with self.bound(), self.peewee.atomic("IMMEDIATE"):
                yield
        except (peewee.OperationalError, sqlite3.OperationalError) as error:
            plain = _plain(error)
            if plain is None:
                raise
            raise plain from error

    @contextmanager
    def lenient(self) -> Iterator[None]:
        """Read text that is no UTF-8 as text all the same: damage must be found, not trip its finder."""
        connection: sqlite3.Connection = self.peewee.connection()
        connection.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
        try:
            yield
        finally:
            connection.text_factory = str

    def run(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """One statement on this thread's connection."""
        connection: sqlite3.Connection = self.peewee.connection()
        return connection.execute(sql, values)

    def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            self.peewee.connection().executemany(sql, rows)

    def scalar(self, sql: str, values: Sequence[Any] = ()) -> Any:
        row = self.run(sql, values).fetchone()
        return row[0] if row else None

    def rows_in(self, sql: str, keys: Sequence[Any], before: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Rows of `sql`, whose `(?)` takes a list of keys, in bounded pieces."""
        for start in range(0, len(keys), 500):
            piece = keys[start : start + 500]
            yield from self.run(
                sql.replace("(?)", f"({','.join('?' * len(piece))})"), (*before, *piece)
            ).fetchall()


def _plain(error: Exception) -> YizhanError | None:
    """What the machine lacks, in our words; None where the fault is ours."""
    text = str(error)
    if "locked" in text or "busy" in text:
        return Refused("store_busy", f"another program holds the store: {text}")
    if "full" in text or "disk I/O" in text:
        return Refused("disk_full", f"the disk takes no more: {text}")
    if "readonly" in text:
        return Refused("store_readonly", f"the store cannot be written: {text}")
    if "malformed" in text or "not a database" in text:
        return Tampered("store_damaged", f"the store's file is damaged: {text}")
    return None


@contextmanager
def explained() -> Iterator[None]:
    """What SQLite raises in here comes out in our words, where it is no fault of ours."""
    try:
        yield
    except (peewee.DatabaseError, sqlite3.DatabaseError) as error:
        plain = _plain(error)
        if plain is None:
            raise
        raise plain from error
