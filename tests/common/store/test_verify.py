"""`verify` finds one changed byte anywhere: in every column of every row of every table that it vouches for,
and in the lock. The damage is done through plain sqlite3, behind the program's back."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from common.errors import Tampered
from common.keys import COSIGNATURE
from common.log import checkpoint as checkpoints
from common.log import origins
from common.store import logs
from common.store.lock import SLOT
from common.store.store import Store
from common.store.verify import verify
from tests.common.store.exchange import Author, Receiver, made, record_id
from tests.common.store.stores import COSIGNER, Damaged, hub, node
from tests.world import DOMAIN, MARKET, Market, fixed_key, worker

LOCAL = ("local_setting", "sqlite_sequence")
BUILDERS = {"node": node, "hub": hub}


@pytest.fixture(params=BUILDERS, scope="module")
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Damaged:
    """An undamaged store, its log written into the one file."""
    made = BUILDERS[request.param](tmp_path_factory.mktemp(request.param) / "home")
    with sqlite3.connect(made.path) as plain:
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        plain.execute("PRAGMA journal_mode=delete")
    plain.close()
    return made


@pytest.fixture
def broken(whole: Damaged, tmp_path: Path, verified: Any) -> Damaged:
    """A copy to damage."""
    shutil.copytree(whole.path.parent, tmp_path / "copy")
    path = tmp_path / "copy" / "store.db"
    verified.damaged(path)
    return Damaged(path, whole.program, path.parent / "lock" if whole.lock else None, whole.origin)


def test_the_whole_store_is_clean(whole: Damaged) -> None:
    report = whole.report()
    assert report.ok, report.problems
    assert report.entries > 5


def cells(plain: sqlite3.Connection) -> Iterator[tuple[str, int, str, Any]]:
    """(table, rowid or row number, column, value) of all that verify vouches for."""
    tables = [name for (name,) in plain.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in sorted(tables):
        if table in LOCAL or table.startswith("sqlite_"):
            continue
        columns = [row[1] for row in plain.execute(f'PRAGMA table_info("{table}")')]
        for number, row in enumerate(plain.execute(f'SELECT * FROM "{table}"').fetchall()):
            for column, value in zip(columns, row, strict=True):
                yield table, number, column, value


def changed(value: Any, random: Random) -> Any:
    """The value with one thing changed: one bit of one byte, one more, or something where was nothing."""
    if value is None:
        return random.choice((77, b"\x01", "77"))
    if isinstance(value, int):
        return value + random.choice((-1, 1))
    raw = bytearray(value.encode() if isinstance(value, str) else value)
    if not raw:
        return b"\x00" if isinstance(value, bytes) else "x"
    raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
    return bytes(raw)


def replace(plain: sqlite3.Connection, table: str, number: int, column: str, old: Any, new: Any) -> None:
    """Write `new` into one cell, as text where text stood (also such as is no UTF-8)."""
    columns = [row[1] for row in plain.execute(f'PRAGMA table_info("{table}")')]
    row = plain.execute(f'SELECT * FROM "{table}" LIMIT 1 OFFSET {number}').fetchone()
    where = " AND ".join(f'"{name}" IS ?' for name in columns)
    mark = "CAST(? AS TEXT)" if isinstance(old, str) else "?"
    done = plain.execute(f'UPDATE OR REPLACE "{table}" SET "{column}" = {mark} WHERE {where}', (new, *row))
    assert done.rowcount == 1, (table, number, column)


def test_one_changed_byte_in_any_column_of_any_row_is_found(whole: Damaged, broken: Damaged) -> None:
    """Every cell in turn, in one copy: damaged, looked at, and put back from the whole one.

    Of many rows alike (a few hundred visits and their bookkeeping) some are taken, by a printed seed.
    """
    random = Random(20261201)
    with sqlite3.connect(whole.path) as plain:
        everything = list(cells(plain))
    plain.close()
    rows_of: dict[str, int] = {}
    for table, number, _, _ in everything:
        rows_of[table] = max(rows_of.get(table, 0), number + 1)
    chosen = {
        table: set(range(count)) if count <= 9 else {0, count - 1, *random.sample(range(count), 3)}
        for table, count in rows_of.items()
    }
    missed = []
    for table, number, column, value in everything:
        if number in chosen[table]:
            shutil.copyfile(whole.path, broken.path)
            with sqlite3.connect(broken.path) as plain:
                replace(plain, table, number, column, value, changed(value, random))
            plain.close()
            if broken.report().ok:
                missed.append((table, number, column))
    assert missed == []
    promised = {"node": "worker contract waiting series term", "hub": "visit hash"}[whole.program].split()
    assert rows_of.keys() >= {"log", "entry", "note", "judgement", "aside", *promised}


def test_a_missing_or_added_row_is_found(whole: Damaged, broken: Damaged) -> None:
    with sqlite3.connect(whole.path) as plain:
        tables = {table for table, _, _, _ in cells(plain)}
    plain.close()
    for table in sorted(tables - {"note"}):  # a log is verified without its older notes: they are evidence
        shutil.copyfile(whole.path, broken.path)
        with sqlite3.connect(broken.path) as plain:
            made = "SELECT sql FROM sqlite_master WHERE name = ?"
            rowid = "WITHOUT ROWID" not in plain.execute(made, (table,)).fetchone()[0]
            last = f' WHERE rowid = (SELECT max(rowid) FROM "{table}")' if rowid else ""
            plain.execute(f'DELETE FROM "{table}"{last}')
        plain.close()
        assert not broken.report().ok, f"a row was taken out of {table}"


def test_the_entries_of_a_log_may_not_be_cut_off(whole: Damaged, broken: Damaged) -> None:
    with sqlite3.connect(broken.path) as plain:
        plain.execute("DELETE FROM entry WHERE place = (SELECT max(place) FROM entry)")
    plain.close()
    assert any("head" in problem["what"] for problem in broken.report().problems)


def test_problems_are_named(broken: Damaged) -> None:
    table, column = {"node": ("worker", "phone"), "hub": ("visit", "window")}[broken.program]
    with sqlite3.connect(broken.path) as plain:
        plain.execute(f"UPDATE {table} SET {column} = '13000000000'")
    plain.close()
    problem = broken.report().problems[0]
    assert (problem["table"], problem["what"]) == (table, f"differs from the log in {column}")
    assert len(problem["record"]) == 36


def test_values_of_another_type_are_problems_not_crashes(whole: Damaged, broken: Damaged) -> None:
    with sqlite3.connect(whole.path) as plain:
        everything = list(cells(plain))
    plain.close()
    log_tables = ("log", "entry", "hash", "note")
    for turn, (table, column) in enumerate(sorted({(table, column) for table, _, column, _ in everything})):
        values = (None, b"\xff\xfe", "no", 7)
        for value in values if table in log_tables else values[turn % 4 :][:1]:
            shutil.copyfile(whole.path, broken.path)
            with sqlite3.connect(broken.path) as plain:
                try:
                    count = plain.execute(f'UPDATE OR IGNORE "{table}" SET "{column}" = ?', (value,)).rowcount
                except sqlite3.IntegrityError:
                    count = 0
            plain.close()
            report = broken.report()  # must not raise
            assert report.ok in (True, False) and count >= 0


def test_one_changed_byte_anywhere_in_the_lock_is_found(whole: Damaged, broken: Damaged) -> None:
    if broken.lock is None:
        return  # this store is a receiver's: it has signed nothing
    raw = broken.lock.read_bytes()
    assert len(raw) == 2 * SLOT
    random = Random(7)
    for at in (*range(0, 700, 7), *range(SLOT, SLOT + 700, 7), SLOT - 1, 2 * SLOT - 1):
        damaged = bytearray(raw)
        damaged[at] ^= 1 << random.randrange(8)
        broken.lock.write_bytes(damaged)
        assert not broken.report().ok, f"byte {at} of the lock"
    broken.lock.write_bytes(raw)
    assert broken.report().ok
    broken.lock.unlink()
    assert broken.report().problems[0]["table"] == "lock"


def test_receipts_need_the_cosigners_key(whole: Damaged) -> None:
    stranger = fixed_key(origins.cosigner(DOMAIN, 2), COSIGNATURE).verifier
    for key in (None, stranger):
        report = Damaged(whole.path, whole.program, whole.lock, whole.origin, key).report()
        assert {problem["table"] for problem in report.problems} >= {"note", "log"}


def test_lines_of_strangers_in_a_pushed_note_are_not_kept(tmp_path: Path) -> None:
    """Nobody here could say whether a byte of them was changed; a note's identity is its text."""
    receiver, market = Receiver(tmp_path / "store.db", "hub"), Author(MARKET)
    market.add(*made("worker", record_id(1), (), {"name": "王芳"}, MARKET))
    push = market.push(0, 1)
    receiver.take(market, push._replace(note=checkpoints.cosign(push.note, COSIGNER, 1)))
    with receiver.store.reading():
        assert bytes(logs.get_log(market.origin).note or b"") == push.note
    receiver.store.close()


def test_verify_changes_nothing_and_needs_no_writer(market: Market) -> None:
    market.put("worker", worker())
    before = market.path.read_bytes()
    with market.store.writing():  # a running server is in the middle of something
        other = Store(market.path, "node")
        seen: list[tuple[int, int]] = []
        assert verify(other, None, {market.origin: market.lock}, lambda *counted: seen.append(counted)).ok
        other.close()
    assert market.path.read_bytes() == before
    assert seen[-1] == (2, 2)


def test_a_store_older_than_its_lock_is_told(market: Market, verified: Any) -> None:
    verified.damaged(market.path)
    market.put("worker", worker())
    with market.store.reading():
        log = logs.get_log(market.origin)
        market.lock.advance(log.origin, 5, b"\x01" * 32, bytes(log.note or b""))
    report = verify(market.store, None, {market.origin: market.lock})
    assert [problem["table"] for problem in report.problems] == ["lock"]
    with pytest.raises(Tampered):
        market.put("worker", {"phone": "13800000001"})
