"""A store: one database, its logs, what is folded from them, and the questions programs ask of it.

`Store.create` and `Store.open` are the only ways in. Opening compares a fingerprint of the record classes
with the one the projected tables were built by, and rebuilds them from the log where they differ, because
projected tables are never migrated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peewee

from common.records import KINDS, kind_of
from common.records.fields import id_bytes
from common.store.database import Database
from common.store.projector import Projector, RecordKey, Refolded
from common.store.rows import Merged
from common.store.tables import FOLD_TABLES, LOG_TABLES, PLACE_BITS, LocalSetting, Log

FOLD_VERSION = 2  # raise when the fold or the bookkeeping changes its outcome
Progress = Callable[[int, int], None]  # (done, of)


class Store:
    """The store of `program`. `local`: models of local tables of the program itself."""

    def __init__(
        self, path: Path, program: str, local: Sequence[type[peewee.Model]] = (), cache_kib: int = 16384
    ):
        self.program = program
        self.local: tuple[type[peewee.Model], ...] = (LocalSetting, *local)
        self.db = Database(path, program, (Log, *KINDS, *self.local), cache_kib)
        self.projector = Projector(self.db, terms=program == "node")

    @classmethod
    def create(
        cls, path: Path, program: str, local: Sequence[type[peewee.Model]] = (), cache_kib: int = 16384
    ) -> Store:
        """A new, empty store; Refused('store_exists')."""
        store = cls(path, program, local, cache_kib)
        store.db.create()
        with store.writing():
            store.db.stamp()
            store.db.peewee.create_tables([Log, *store.local])
            for sql in LOG_TABLES:
                store.db.run(sql)
            store._create_projected()
        return store

    @classmethod
    def open(
        cls,
        path: Path,
        program: str,
        local: Sequence[type[peewee.Model]] = (),
        progress: Progress | None = None,
        cache_kib: int = 16384,
    ) -> Store:
        store = cls(path, program, local, cache_kib)
        store.db.open()
        if store.setting("fingerprint") != store.fingerprint():
            store.rebuild(progress)
        return store

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        with self.db.reading():
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        with self.db.writing():
            yield

    # -- settings of this installation ---------------------------------------------------------------------

    def setting(self, key: str) -> str | None:
        value = self.db.scalar("SELECT value FROM local_setting WHERE key = ?", (key,))
        return None if value is None else str(value)

    def set(self, key: str, value: str) -> None:
        """Inside a writing transaction."""
        self.db.run("INSERT OR REPLACE INTO local_setting (key, value) VALUES (?, ?)", (key, value))

    # -- projected tables ----------------------------------------------------------------------------------

    def fingerprint(self) -> str:
        """Of everything that decides what the projected tables hold."""
        said = [f"fold {FOLD_VERSION} terms {self.projector.terms}", *FOLD_TABLES.values(), *self._indexes()]
        for kind in KINDS:
            fields = [
                f"{name}:{field.field_type}:{','.join(value for value, _ in field.choices)}:{field.index}"
                if field.field_type == "INTEGER"
                else f"{name}:{field.field_type}:{field.index}"
                for name, field in kind.fields.items()
            ]
            said.append(
                f"{kind.kind} {kind.groups} {sorted(kind.authors)} {kind.owned} {kind.numbered} {fields}"
            )
        return hashlib.sha256("\n".join(said).encode()).hexdigest()

    def _create_projected(self) -> None:
        for sql in FOLD_TABLES.values():
            self.db.run(sql)
        self.db.peewee.create_tables(KINDS)
        for sql in self._indexes():
            self.db.run(sql)
        self.set("fingerprint", self.fingerprint())

    def _indexes(self) -> Iterator[str]:
        """Indexes of bookkeeping columns."""
        for rows in self.projector.rows.values():  # who asks for conflicts must not read every row
            yield f'CREATE INDEX "{rows.table}_disputed" ON "{rows.table}" (id) WHERE _conflicts IS NOT NULL'
            if self.program == "hub":  # lists and counts of one market out of a province's
                yield f'CREATE INDEX "{rows.table}_owner" ON "{rows.table}" (_owner, id)'

    def rebuild(self, progress: Progress | None = None) -> None:
        """Drop the projected tables and fold them anew from the log, in one transaction."""
        with self.writing():
            for name, sql in FOLD_TABLES.items():
                self.db.run(f"DROP {'INDEX' if sql.startswith('CREATE INDEX') else 'TABLE'} IF EXISTS {name}")
            self.db.peewee.drop_tables(KINDS, safe=True)
            self._create_projected()
            from common.store.refold import refold_all  # reads through this store

            total = 2 * int(self.db.scalar("SELECT count(*) FROM entry"))
            for out in refold_all(self, lambda done: progress and progress(done, total)):
                self.projector.write(out, fresh=True)

    # -- reading -------------------------------------------------------------------------------------------

    def get(self, kind: str, id: str) -> Merged | None:
        """A record as it stands, or None. Raises Invalid('unknown_kind')."""
        rows = self.projector.rows[kind_of(kind).kind]
        try:
            key = id_bytes(id)
        except ValueError:
            return None
        row = self.db.run(rows.select + " WHERE id = ?", (key,)).fetchone()
        return rows.merged(row) if row else None

    def each(self, kind: str) -> Iterator[Merged]:
        """All records of a kind, by id."""
        rows = self.projector.rows[kind_of(kind).kind]
        for row in self.db.run(rows.select + " ORDER BY id"):
            yield rows.merged(row)

    def having(self, kind: str, field: str, value: Any, most: int = 50) -> list[Merged]:
        """Records whose (indexed) field has this value; all of them where `most` is -1."""
        known = kind_of(kind)
        rows = self.projector.rows[kind]
        try:
            column = known.fields[field].to_column(value)
        except ValueError:
            return []
        ids = self.db.run(rows.having[field], (column, most)).fetchall()
        if not ids:  # as mostly: and then a wide statement, which takes twice as long, is not asked
            return []
        sql = rows.select + " WHERE id IN (?) ORDER BY id"
        return [rows.merged(row) for row in self.db.rows_in(sql, [id for (id,) in ids])]

    def page(
        self,
        kind: str,
        *,
        newest: bool = True,
        before: str | None = None,
        most: int = 50,
        where: str = "",
        values: Sequence[Any] = (),
    ) -> list[Merged]:
        """Records in order of their ids (which grow with time), from `before` on: paging by key."""
        rows = self.projector.rows[kind_of(kind).kind]
        conditions, given = [where] if where else [], list(values)
        if before:
            conditions.append("id < ?" if newest else "id > ?")
            given.append(id_bytes(before))
        clause = " WHERE " + " AND ".join(conditions) if conditions else ""
        sql = f"{rows.select}{clause} ORDER BY id {'DESC' if newest else ''} LIMIT ?"
        return [rows.merged(row) for row in self.db.run(sql, (*given, most)).fetchall()]

    def count(self, kind: str) -> int:
        return int(self.db.scalar(f'SELECT count(*) FROM "{self.projector.rows[kind_of(kind).kind].table}"'))

    def set_aside(self, log: Log) -> int:
        """How many entries of a log do not count: refused, held, copied, unreadable."""
        first, end = log.id << PLACE_BITS, (log.id + 1) << PLACE_BITS
        return int(self.db.scalar("SELECT count(*) FROM aside WHERE place >= ? AND place < ?", (first, end)))

    def in_conflict(self) -> int:
        """How many records are in conflict."""
        tables = [rows.table for rows in self.projector.rows.values()]
        one = 'SELECT count(*) FROM "{}" WHERE _conflicts IS NOT NULL'
        return sum(int(self.db.scalar(one.format(table))) for table in tables)

    def search(self, text: str, kinds: Sequence[str], most: int = 50) -> list[Merged]:
        """Records with a search term that begins with `text`, or whose number or phone ends in it."""
        query = text.strip().replace(" ", "").lower()
        if not query:
            return []
        found: dict[RecordKey, None] = {}
        marks = ",".join("?" * len(kinds))
        for start in dict.fromkeys((query, "~" + query[::-1], "~" + query.upper()[::-1])):
            sql = f"""SELECT DISTINCT kind, record FROM term
                      WHERE term >= ? AND term < ? AND kind IN ({marks}) LIMIT ?"""
            for kind, record in self.db.run(sql, (start, start + "\U0010ffff", *kinds, most)):
                found[kind, record] = None
        merged = []
        for kind, record in list(found)[:most]:
            rows = self.projector.rows[kind]
            row = self.db.run(rows.select + " WHERE id = ?", (record,)).fetchone()
            if row:
                merged.append(rows.merged(row))
        return merged

    def refolded(self, ids: Sequence[bytes]) -> Refolded:
        """What these records fold to now, unwritten."""
        out = Refolded()
        self.projector.fold_ids(ids, out)
        return out
