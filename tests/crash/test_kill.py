"""A program that writes is killed at any moment, again and again: what it had said was saved is there, the
store opens ready to go on, and `verify` finds nothing.

The child prints the leaf of each put once the commit has returned. The parent reads a chance number of lines,
spins for a chance moment (never a sleep) and kills. A kill lands anywhere: in a transaction, between commit
and lock, while the lock is written, while the store is opened.
"""

from __future__ import annotations

import os
import subprocess
import sys
from base64 import b64decode
from pathlib import Path
from random import Random

from common.store.recorder import compare_with_lock
from common.store.verify import verify
from tests.world import Market, World

KILLS = 30
CHILD = """
import sys
from base64 import b64encode
from pathlib import Path
from tests.world import Market, World, worker
market = Market(Path(sys.argv[1]), World(seed=int(sys.argv[2])), create=False)
market.recorder.catch_up()
print("ready", flush=True)
known = None
while True:
    with market.recorder.open("s1") as batch:
        puts = [batch.put("visit", None, {"service": "seek", "date": "2026-12-01"}) for _ in range(3)]
        known = known or batch.put("worker", None, worker(name="周" * (1 + int(sys.argv[2]) % 9))).id
        puts.append(batch.put("worker", known, {"address": f"某村 {puts[0].index} 号"}))
    for put in puts:
        print(b64encode(put.leaf).decode(), flush=True)
"""


def killed(folder: Path, turn: int, random: Random) -> list[str]:
    """Run a writer and kill it; the leaves it had said were saved."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), str(turn)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    assert child.stdout is not None and child.stdout.readline() == "ready\n"
    lines = [child.stdout.readline() for _ in range(random.randint(0, 12))]
    for _ in range(random.randint(0, 200_000)):
        pass
    child.kill()
    lines += child.stdout.readlines()  # what was on its way
    child.stdout.close()
    child.wait()
    return [line.strip() for line in lines if line.endswith("\n")]


def test_nothing_acknowledged_is_lost_however_often_the_writer_is_killed(tmp_path: Path) -> None:
    Market(tmp_path / "market", World()).close()
    random = Random(20261201)
    told: list[str] = []
    for turn in range(1, KILLS + 1):
        told += killed(tmp_path / "market", turn, random)
        market = Market(tmp_path / "market", World(), create=False)
        with market.store.reading():
            log = market.log
            compare_with_lock(market.store, log, market.lock)  # ready, not recovering
        report = verify(market.store, None, {market.origin: market.lock})
        assert report.problems == [], f"after kill {turn}"
        market.close()
    market = Market(tmp_path / "market", World(), create=False)
    here = {bytes(leaf) for (leaf,) in market.store.db.run("SELECT leaf FROM entry")}
    missing = [leaf for leaf in told if b64decode(leaf) not in here]
    assert missing == [] and len(told) > KILLS
    market.close()
