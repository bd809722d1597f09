"""What the figures are held against, each run in a process of its own.

    python -m measure.limits raw SOURCE TARGET SIZE…    the rows of a store, by plain executemany
    python -m measure.limits grown SOURCE COUNT TIMES   the same on top of a large store
    python -m measure.limits naive TARGET               a Flask route that takes JSON batches

The raw limit inserts exactly the rows that the hub's store holds (log, kept hashes, notes, typed rows), with
the same tables, indexes and pragmas, in the same batches: nothing is parsed, hashed or checked. The naive
route turns records as JSON into the same typed columns with the same indexes, and does nothing else.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from pathlib import Path

import msgspec

PRAGMAS = (
    "page_size=8192",
    "journal_mode=wal",
    "synchronous=full",
    "cache_size=-65536",
    "wal_autocheckpoint=20000",
    "temp_store=memory",
)
TABLES = ("entry", "worker", "hash", "note", "term")
KEYS = {"entry": "place", "hash": "key", "note": "key"}


def connect(path: str) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in PRAGMAS:
        db.execute(f"PRAGMA {pragma}")
    return db


def copy_tables(source: sqlite3.Connection, target: sqlite3.Connection, tables: tuple[str, ...]) -> None:
    """The tables with their indexes, empty."""
    marks = ",".join("?" * len(tables))
    sql = f"SELECT sql FROM sqlite_master WHERE tbl_name IN ({marks}) AND sql IS NOT NULL ORDER BY type DESC"
    for (statement,) in source.execute(sql, tables):
        target.execute(statement)


def insert_into(table: str, width: int) -> str:
    return f'INSERT OR REPLACE INTO "{table}" VALUES ({",".join("?" * width)})'


def raw(source_path: str, target_path: str, sizes: list[int], terms: bool = False) -> float:
    """Seconds that inserting everything takes, cut at `sizes` entries."""
    source, target = connect(source_path), connect(target_path)
    tables = TABLES if terms else TABLES[:-1]
    copy_tables(source, target, tables)
    sql = "SELECT id FROM log WHERE role IN ('market', 'own') ORDER BY size DESC"
    log = source.execute(sql).fetchone()[0]
    first, end = log << 32, (log + 1) << 32
    sql = "SELECT * FROM entry WHERE place >= ? AND place < ? ORDER BY place"
    entries = source.execute(sql, (first, end)).fetchall()
    workers = {row[0]: row for row in source.execute("SELECT * FROM worker")}
    found: dict[bytes, list[tuple[object, ...]]] = {}
    for row in source.execute("SELECT * FROM term ORDER BY term") if terms else ():
        found.setdefault(row[2], []).append(row)
    begun, start = time.perf_counter(), 0
    for size in sizes:
        piece, start = entries[start:size], size
        target.execute("BEGIN IMMEDIATE")
        target.executemany(insert_into("entry", len(piece[0])), piece)
        rows = [workers[row[2]] for row in piece if row[2] in workers]
        target.executemany(insert_into("worker", len(rows[0])), rows)
        if terms:
            wanted = sorted(term for row in rows for term in found.get(row[0], ()))
            target.executemany(insert_into("term", 3), wanted)
        target.execute("COMMIT")
    return time.perf_counter() - begun


def grown(path: str, count: int, times: int) -> list[float]:
    """Seconds that `count` more rows take on a copy of a store, `times` in a row. The rows are its last ones
    with new keys, so that every index is touched as new records touch it."""
    db = connect(path)
    log = db.execute("SELECT id FROM log WHERE role = 'market' ORDER BY size DESC").fetchone()[0]
    newest = db.execute("SELECT max(place) FROM entry WHERE place < ?", ((log + 1) << 32,)).fetchone()[0]
    sql = "SELECT * FROM entry WHERE place <= ? AND record IS NOT NULL ORDER BY place DESC LIMIT ?"
    entries = db.execute(sql, (newest, count)).fetchall()
    workers = [db.execute("SELECT * FROM worker WHERE id = ?", (row[2],)).fetchone() for row in entries]
    taken = []
    for turn in range(times):
        ids = [(int.from_bytes(row[2], "big") + turn + 1).to_bytes(16, "big") for row in entries]
        leaves = [bytes(255 - turn - byte & 255 for byte in row[1]) for row in entries]
        new = [
            (newest + turn * count + at + 1, leaf, record, *row[3:])
            for at, (row, leaf, record) in enumerate(zip(entries, leaves, ids, strict=True))
        ]
        rows = [(record, *row[1:]) for record, row in zip(ids, workers, strict=True)]
        begun = time.perf_counter()
        db.execute("BEGIN IMMEDIATE")
        db.executemany(insert_into("entry", len(new[0])), new)
        db.executemany(insert_into("worker", len(rows[0])), rows)
        db.execute("COMMIT")
        taken.append(time.perf_counter() - begun)
    return taken


def naive(target_path: str) -> None:
    """Serve POST /batch on a free port: JSON objects of columns -> one transaction."""
    import logging

    from flask import Flask, request
    from waitress.server import create_server

    from common.records.worker import Worker
    from common.store.rows import Rows
    from common.store.store import Store

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    model = Path(target_path + ".model")
    Store.create(model, "hub").close()
    db = sqlite3.connect(target_path, isolation_level=None, check_same_thread=False)
    for pragma in PRAGMAS[1:3]:  # WAL and FULL; thirty lines tune nothing else
        db.execute(f"PRAGMA {pragma}")
    source = sqlite3.connect(str(model))
    copy_tables(source, db, ("worker",))
    form = Rows(Worker)
    insert = insert_into("worker", form.width)
    app = Flask("naive")

    @app.post("/batch")
    def batch() -> dict[str, int]:
        rows = [
            form.row(bytes.fromhex(one["id"]), one["fields"], b"", one["owner"], 0, 0)
            for one in request.get_json()
        ]
        db.execute("BEGIN IMMEDIATE")
        db.executemany(insert, rows)
        db.execute("COMMIT")
        return {"taken": len(rows)}

    server = create_server(app, host="127.0.0.1", port=0, threads=1)
    print(server.effective_port, flush=True)
    server.run()


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "raw":
        print(raw(rest[0], rest[1], [int(size) for size in rest[2:]]))
    elif what == "raw-terms":
        print(raw(rest[0], rest[1], [int(size) for size in rest[2:]], terms=True))
    elif what == "grown":
        print(msgspec.json.encode(grown(rest[0], int(rest[1]), int(rest[2]))).decode())
    else:
        naive(rest[0])
