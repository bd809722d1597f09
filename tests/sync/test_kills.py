"""Processes that die at any moment: nothing signed and sent is lost, nothing is held up, nothing is twice.

F2 killed at any instruction; F5 a killed round never holds up the next. Real processes, SIGKILL, seeds.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from tests.faulty import STUCK
from tests.province import Market, Province, end, person, serving, start

pytestmark = pytest.mark.crash


def sync(market: Market, **options: object) -> subprocess.Popen[bytes]:
    return start("node", "sync", "--home", market.path, "--json", stdout=subprocess.PIPE, **options)


def test_a_killed_round_never_holds_up_the_next(market: Market) -> None:
    """F5: it held the lock and a push was under way; the system gives the lock up with the process."""
    market.people(5)
    market.wire.bend(STUCK)
    process = sync(market)
    market.wire.wait(1)
    process.kill()
    process.communicate(timeout=30)
    market.wire.release.set()
    market.wire.plan.clear()
    market.settled()
    assert market.held() == 5


@pytest.mark.parametrize("seed", range(4))
def test_rounds_killed_at_random_moments_lose_nothing(market: Market, seed: int) -> None:
    """F2: killed at some exchange or other, before or after the hub did it, again and again."""
    chance = random.Random(seed)
    written = 0
    for _ in range(3):
        market.put("worker", *[person(written + n) for n in range(40)])
        written += 40
        market.window(10)
        market.wire.bend()
        process = sync(market)
        market.wire.wait(chance.randint(1, 5))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
    market.wire.bend()
    market.settled()
    with market.province.hub() as hub:
        assert sum(one.owner == market.code for one in hub.store.each("worker")) == written


@pytest.mark.parametrize("seed", range(2))
def test_a_hub_killed_during_pushes_goes_on(own_province: Province, tmp_path: Path, seed: int) -> None:
    """F2: kill -9 while pushes come in, restart, and again. No receipt that a node holds is unknown to the
    hub afterwards, and it never takes itself for restored."""
    chance = random.Random(seed)
    markets = [own_province.market(tmp_path) for _ in range(2)]
    for turn in range(3):
        for market in markets:
            market.put("worker", *[person(200 * turn + n) for n in range(60)])
            market.window(15)
            market.wire.bend()
        running = [sync(market) for market in markets]
        markets[turn % 2].wire.wait(chance.randint(1, 4))
        own_province.end(signal.SIGKILL)
        states = [json.loads(process.communicate(timeout=60)[0])["state"] for process in running]
        assert set(states) <= {"ok", "offline"}
        own_province.serve()
    for market in markets:
        market.settled()
        assert market.held() == 180
    with own_province.hub() as hub:
        assert hub.state() == "ready"


def test_a_hub_that_died_between_commit_and_lock_is_no_restored_one(
    own_province: Province, tmp_path: Path
) -> None:
    """F2: the commit held the first receipt of this log, the lock was still to be moved; the receipt never
    left. The next push gets it, and only then the lock moves."""
    market = own_province.market(tmp_path)
    with own_province.hub() as hub:
        lock = hub.lock(market.origin)
        before = lock.path.read_bytes()
    market.people(3)
    market.sync()
    lock.path.write_bytes(before)
    market.set("sync.error", "")
    with market.bound() as home, home.store.writing():
        home.store.db.run("UPDATE log SET receipt = NULL, receipt_size = 0 WHERE role = 'own'")
        home.store.db.run(
            "UPDATE note SET note = (SELECT note FROM log WHERE role = 'own') WHERE key >> 32 = 1"
        )
    market.settled()
    newest = lock.newest()
    assert newest is not None and newest.size == 3


def test_a_serving_node_killed_while_it_reports(market: Market) -> None:
    """F2: `serve` with its loop is killed in the middle of a push; `sync` goes on where the receipts end."""
    market.people(20)
    market.wire.bend(STUCK)
    process, _ = serving("node", market.path)
    market.wire.wait(1)
    end(process, signal.SIGKILL)
    market.wire.release.set()
    market.wire.plan.clear()
    market.settled()


def test_a_serving_node_stops_cleanly_in_the_middle_of_a_round(market: Market) -> None:
    """SIGTERM: the round under way may end; exit 0."""
    market.people(2)
    market.wire.bend(STUCK)
    process, _ = serving("node", market.path)
    market.wire.wait(1)
    threading.Timer(0.2, market.wire.release.set).start()
    assert end(process) == 0
    market.settled()
