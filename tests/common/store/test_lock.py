"""The lock: a store that is not what was signed last signs nothing, an ordinary power cut stops nobody, and
several programs write at once without loss."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from common.errors import Invalid, Refused, Tampered
from common.log import tree
from common.store.lock import SLOT
from common.store.store import Store
from tests.world import Market, World, fixed_key


def reopened(market: Market) -> Market:
    market.close()
    return Market(market.folder, market.world, create=False)


def refuses_to_sign(market: Market) -> str:
    with pytest.raises(Tampered) as refused:
        market.put("visit", {"service": "seek", "date": "2026-12-01"})
    assert refused.value.code == "recovering"
    return refused.value.message


def visit(market: Market) -> None:
    market.put("visit", {"service": "seek", "date": "2026-12-01"})


def copy(market: Market, to: Path) -> None:
    """The database alone, as backups and copied folders bring it."""
    with market.store.reading():
        pass
    market.store.db.run("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(market.path, to)


def put_back(market: Market, older: Path) -> Market:
    market.close()
    for file in market.folder.glob("store.db*"):
        file.unlink()
    shutil.copyfile(older, market.path)
    return Market(market.folder, market.world, create=False)


def test_a_store_older_than_its_lock_refuses_to_sign(market: Market, tmp_path: Path, verified: Any) -> None:
    verified.damaged(market.path)
    visit(market)
    copy(market, tmp_path / "older.db")
    visit(market)
    market = put_back(market, tmp_path / "older.db")
    assert "2 was signed" in refuses_to_sign(market)
    market.close()


def test_another_history_of_the_same_length_refuses_to_sign(
    market: Market, tmp_path: Path, verified: Any
) -> None:
    verified.damaged(market.path)
    copy(market, tmp_path / "older.db")
    visit(market)
    locked = market.lock.newest()
    clone = Market(tmp_path / "clone", World(seed=9))
    visit(clone)
    copy(clone, tmp_path / "other.db")
    clone.close()
    market = put_back(market, tmp_path / "other.db")
    assert "another root was signed at 1" in refuses_to_sign(market)
    assert market.lock.newest() == locked
    market.close()


def test_a_missing_lock_refuses_to_sign(market: Market, verified: Any) -> None:
    market.lock.path.unlink()
    assert "missing" in refuses_to_sign(market)


def test_a_lock_of_another_log_refuses_to_sign(market: Market, verified: Any) -> None:
    verified.damaged(market.path)
    market.lock.path.unlink()
    other = fixed_key("lg.example/market/37130202/log/1")
    market.lock.advance(other.verifier.name, 0, tree.EMPTY, b"")
    assert "lock is of" in refuses_to_sign(market)


def test_a_torn_slot_means_that_its_note_never_left(market: Market) -> None:
    """The commit was through, the power went while the lock was written: work goes on, and mends it."""
    visit(market)
    visit(market)
    turn = market.lock.newest().turn  # type: ignore[union-attr]
    raw = bytearray(market.lock.path.read_bytes())
    at = turn % 2 * SLOT + 100
    raw[at : at + 200] = bytes(200)
    market.lock.path.write_bytes(raw)
    assert market.lock.newest().size == 1  # type: ignore[union-attr]
    visit(market)
    assert market.lock.newest().size == 3 and market.lock.slots()[1] == 0  # type: ignore[union-attr]


def test_a_lock_left_behind_the_store_catches_up(market: Market) -> None:
    visit(market)
    behind = market.lock.path.read_bytes()
    visit(market)
    market.lock.path.write_bytes(behind)
    market.recorder.catch_up()
    assert market.lock.newest().size == 2  # type: ignore[union-attr]


def test_the_lock_never_moves_back(market: Market) -> None:
    visit(market)
    before = market.lock.path.read_bytes()
    market.lock.advance(market.origin, 0, tree.EMPTY, b"")
    assert market.lock.path.read_bytes() == before


def test_a_closed_log_is_not_written(market: Market, verified: Any) -> None:
    with market.store.writing():
        market.store.db.run("UPDATE log SET closed = size")
    with pytest.raises(Refused) as refused:
        visit(market)
    assert refused.value.code == "closed"


# -- two programs at once --------------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
from tests.world import Market, World
market = Market(Path(sys.argv[1]), World(seed=int(sys.argv[2])), create=False)
for number in range(25):
    done = market.put("visit", {"service": "seek", "date": "2026-12-01", "window": f"{sys.argv[2]}-{number}"})
    print(done.index, flush=True)
"""


def test_two_processes_writing_at_once_interleave_without_loss(market: Market) -> None:
    command = [sys.executable, "-c", WRITER, str(market.folder)]
    run = {"stdout": subprocess.PIPE, "text": True, "env": {**os.environ, "PYTHONPATH": os.getcwd()}}
    writers = [subprocess.Popen([*command, str(seed)], **run) for seed in (1, 2, 3)]  # type: ignore[call-overload]
    printed = [writer.communicate(timeout=60)[0] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    indexes = sorted(int(line) for text in printed for line in text.split())
    assert indexes == list(range(75)) and market.log.size == 75
    windows = {one.fields["window"] for one in market.store.each("visit")}
    assert windows == {f"{seed}-{number}" for seed in (1, 2, 3) for number in range(25)}
    assert market.lock.newest().size == 75  # type: ignore[union-attr]


def test_a_store_is_one_programs_and_is_never_made_by_opening(tmp_path: Path, market: Market) -> None:
    for path, program, code in (
        (tmp_path / "none.db", "node", "no_store"),
        (market.path, "hub", "not_a_store"),
        (tmp_path / "junk.db", "node", "not_a_store"),
        (tmp_path / "empty.db", "node", "not_a_store"),
    ):
        (tmp_path / "junk.db").write_bytes(b"no database at all" * 100)
        (tmp_path / "empty.db").touch()
        with pytest.raises((Refused, Invalid)) as refused:
            Store.open(path, program)
        assert refused.value.code == code
        (tmp_path / "junk.db").unlink()
        for file in tmp_path.glob("empty.db*"):
            file.unlink()
    assert not (tmp_path / "none.db").exists()
    with pytest.raises(Refused):
        Store.create(market.path, "node")
