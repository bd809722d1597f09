"""Growth: 1,000 more entries on a small log and on a large one, end to end, beside the raw limit's growth;
and a node's start with a log of twice the large size."""

from __future__ import annotations

import hashlib
import shutil
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import requests

from common.log import payload, tree
from common.log.entry import Entry
from common.log.entry import encode as encode_entry
from common.store import logs
from common.store.ambience import REAL
from common.store.recorder import sign_head
from hub.home import Home as Hub
from measure.servers import serving
from node.home import Home as Node
from node.sync import round
from sample import Sample

if TYPE_CHECKING:
    from measure.parts import Bench

STEP, TURNS, SMALL = 1000, 5, 10_000


def measure(bench: Bench) -> None:
    from measure.parts import DOMAIN, MARKET, enrol, limit, round_to

    hub_home, home = bench.folder / "growth-hub", bench.folder / "growth-node"
    Hub.create(hub_home, DOMAIN, "37", "测量", REAL).close()
    Node.create(home, MARKET, "测量零工市场", DOMAIN).close()
    sample = Sample(11, market=MARKET)
    times: dict[int, tuple[float, float]] = {}
    with serving("hub", hub_home) as (address, _):
        enrol(home, address, hub_home)
        node = Node(home)
        for size in (SMALL, bench.grown):
            grow(node, size - node.log.size, sample)
            assert round.run(node)["state"] == "ok"
            ours = [push_step(node, sample) for _ in range(TURNS)]
            copy = bench.folder / "growth-copy.db"
            backup(hub_home / "store.db", copy)
            raw = msgspec.json.decode(limit("grown", copy, STEP, TURNS))
            copy.unlink()
            times[size] = statistics.median(ours), statistics.median(raw)
            bench.notes.append(
                f"growth at {size:,}: {STEP:,} more in {1000 * times[size][0]:.0f} ms "
                f"({1000 * min(ours):.0f} to {1000 * max(ours):.0f}), raw {1000 * times[size][1]:.0f} ms"
            )
        grow(node, 2 * bench.grown - node.log.size, sample)
        node.close()
    small, large = times[SMALL], times[bench.grown]
    bench.figures["growth_ratio"] = round_to((large[0] / small[0]) / (large[1] / small[1]), 3)
    starts = [start(home) for _ in range(bench.times)]
    bench.figure("start_s", starts)
    shutil.rmtree(home)


def grow(node: Node, count: int, sample: Sample) -> None:
    """New workers as `put` would write them, without its checks: this only has to be there."""
    while count > 0:
        step = min(5000, count)
        with node.store.writing():
            log = node.log
            made = [_made(sample) for _ in range(step)]
            node.store.projector.apply(log, logs.append(node.store.db, log, made))
            checkpoint, note = sign_head(log, node.key)
        node.lock.advance(checkpoint.origin, checkpoint.size, checkpoint.root, note)
        count -= step


def _made(sample: Sample) -> tuple[bytes, bytes, bytes, Entry]:
    body = payload.encode(sample.worker(), REAL.random(32))
    digest = hashlib.sha256(body).digest()
    entry = Entry("worker", REAL.new_id(), (), REAL.now(), "37130201.script", len(body), digest)
    raw = encode_entry(entry)
    return raw, body, tree.leaf_hash(raw), entry


def push_step(node: Node, sample: Sample) -> float:
    """Seconds of a round that pushes STEP new entries."""
    grow(node, STEP, sample)
    begun = time.perf_counter()
    result = round.run(node)
    taken = time.perf_counter() - begun
    assert result["state"] == "ok" and result["pushed"] == STEP, result
    return taken


def backup(source: Path, target: Path) -> None:
    import sqlite3

    with sqlite3.connect(source) as one, sqlite3.connect(target) as other:
        one.backup(other)


def start(home: Path) -> float:
    """Seconds from the start of the process to its first page."""
    begun = time.perf_counter()
    with serving("node", home, "--no-sync") as (address, _):
        assert requests.get(f"{address}/login").ok
        return time.perf_counter() - begun
