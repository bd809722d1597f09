"""The figures of scripts/bench.py, a method each. Every ratio's two sides are measured in turn in one run."""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
import time
from functools import cached_property
from pathlib import Path
from typing import Any

import requests

from common.store import logs
from common.store.ambience import REAL
from common.store.rows import Rows
from common.store.tables import Log
from hub.home import Home as Hub
from hub.province import registry
from measure import growth, servers
from measure.servers import SCRIPTS, command, memory_mb, serving
from node.home import Home as Node
from node.market import staff
from node.sync import enrolling, round
from sample import Sample

MARKET, DOMAIN, BATCH = "37130201", "bench.example", 1000


class Bench:
    """Figures as they come; notes say medians and spreads."""

    def __init__(self, folder: Path, records: int, grown: int, times: int) -> None:
        self.folder, self.records, self.grown, self.times = folder, records, grown, times
        self.figures: dict[str, float] = {}
        self.notes: list[str] = []

    def figure(self, name: str, values: list[float], digits: int = 3) -> None:
        self.figures[name] = round_to(statistics.median(values), digits)
        self.notes.append(f"{name}: median of {len(values)}, {min(values):.3f} to {max(values):.3f}")

    @cached_property
    def stocked(self) -> Path:
        """A node's home with `records` workers, not enrolled; copied by whoever needs one."""
        home = self.folder / "stocked"
        node = Node.create(home, MARKET, "测量零工市场", DOMAIN)
        fill(node, self.records, Sample(7, market=MARKET))
        node.close()
        return home

    def enrolled(self, name: str, address: str, hub_home: Path) -> Path:
        """A copy of the stocked home, enrolled with the hub at `address`. (Its lock goes along: same log.)"""
        home = self.folder / name
        shutil.copytree(self.stocked, home)
        enrol(home, address, hub_home)
        return home

    # -- the parts -----------------------------------------------------------------------------------------

    def push(self) -> None:
        """A store of new records to the hub's committed, folded, receipted store; raw and naive beside it."""
        to_raw, to_naive, hub_mb, node_mb, speeds = [], [], [], [], []
        for turn in range(self.times):
            ours, sizes, peaks = self._push_once(turn)
            hub_mb.append(peaks[0])
            node_mb.append(peaks[1])
            raw = self._raw(turn, sizes)
            naive = self._naive(turn)
            speeds.append(self.records / ours)
            to_raw.append(raw / ours)
            to_naive.append(naive / ours)
            self.notes.append(
                f"push {turn + 1}: {self.records / ours:,.0f}/s, raw {self.records / raw:,.0f}/s, "
                f"naive {self.records / naive:,.0f}/s"
            )
            shutil.rmtree(self.folder / f"hub-{turn}")
        self.figure("push_ratio_raw", to_raw)
        self.figure("push_ratio_naive", to_naive)
        self.figure("rss_hub_mb", hub_mb, 1)
        self.figure("rss_node_mb", node_mb, 1)
        self.figures["wire_bytes"] = self._wire_bytes()

    def _push_once(self, turn: int) -> tuple[float, list[int], tuple[float, float]]:
        hub_home = self.folder / f"hub-{turn}"
        Hub.create(hub_home, DOMAIN, "37", "测量", REAL).close()
        with serving("hub", hub_home) as (address, process):
            home = self.enrolled(f"node-{turn}", address, hub_home)
            result, node_mb = servers.run(*command("node", "sync", "--home", str(home), "--json"))
            assert result["state"] == "ok" and result["receipted"] == self.records, result
            peak = memory_mb(process.pid, "VmHWM")
        shutil.rmtree(home)
        hub = Hub(hub_home, REAL)
        log = Log.get(Log.role == "market")
        sql = "SELECT key FROM note WHERE key > ? AND key < ? ORDER BY key"
        rows = hub.store.db.run(sql, (log.id << 32, (log.id + 1) << 32))
        sizes = [logs.index_of(key) for (key,) in rows]
        hub.close()
        return result["seconds"], sizes, (peak, node_mb)

    def _raw(self, turn: int, sizes: list[int]) -> float:
        source, target = self.folder / f"hub-{turn}" / "store.db", self.folder / f"raw-{turn}.db"
        text = limit("raw", source, target, *sizes)
        remove(target)
        return float(text)

    def _naive(self, turn: int) -> float:
        """Seconds that thirty lines take: typed rows from the store, JSON batches of 500, a Flask route."""
        target = self.folder / f"naive-{turn}.db"
        words = [sys.executable, "-m", "measure.limits", "naive", str(target)]
        server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=SCRIPTS)
        assert server.stdout is not None
        address = f"http://127.0.0.1:{int(server.stdout.readline())}/batch"
        node = Node(self.stocked)
        form = Rows(node.store.projector.rows["worker"].kind)
        session = requests.Session()
        begun = time.perf_counter()
        rows = node.store.db.run(form.select)
        while batch := rows.fetchmany(500):
            sent = [{"id": row[0].hex(), "owner": row[4], "fields": form.fields(row)} for row in batch]
            session.post(address, json=sent).raise_for_status()
        taken = time.perf_counter() - begun
        node.close()
        server.terminate()
        server.wait()
        remove(target)
        return taken

    def _wire_bytes(self) -> float:
        node, start, sent = Node(self.stocked), 0, 0
        while chunk := round.prepare(node, start, 5000):
            start, sent = chunk.checkpoint.size, sent + len(chunk.body)
        node.close()
        return round_to(sent / start, 1)

    def put(self) -> None:
        """Own writes in batches of 1,000 beside executemany of the same rows (log, typed, search terms)."""
        count, ratios = min(20_000, self.records), []
        for turn in range(self.times):
            home = self.folder / f"put-{turn}"
            node = Node.create(home, MARKET, "测量零工市场", DOMAIN)
            ours = fill(node, count, Sample(turn, market=MARKET))
            node.store.db.run("PRAGMA wal_checkpoint(TRUNCATE)")
            node.close()
            target = self.folder / f"put-raw-{turn}.db"
            sizes = range(BATCH, count + 1, BATCH)
            raw = float(limit("raw-terms", home / "store.db", target, *sizes))
            self.notes.append(f"put {turn + 1}: {count / ours:,.0f}/s, raw {count / raw:,.0f}/s")
            ratios.append(raw / ours)
            shutil.rmtree(home)
            remove(target)
        self.figure("put_ratio", ratios)

    def verify(self) -> None:
        """The command, from its start to its answer."""
        speeds = []
        for _ in range(self.times):
            begun = time.perf_counter()
            report, _ = servers.run(*command("node", "verify", "--home", str(self.stocked), "--json"))
            assert report["ok"], report["problems"][:3]
            speeds.append(report["entries"] / (time.perf_counter() - begun))
        self.figure("verify_per_s", speeds, 0)

    def idle(self) -> None:
        """A round with nothing to do, counted on the wire (both directions, headers and all)."""
        hub_home, home = self.folder / "idle-hub", self.folder / "idle-node"
        Hub.create(hub_home, DOMAIN, "37", "测量", REAL).close()
        Node.create(home, MARKET, "测量零工市场", DOMAIN).close()
        with serving("hub", hub_home) as (address, _):
            proxy = servers.Counting(address)
            enrol(home, proxy.address, hub_home)
            node = Node(home)
            for _ in range(2):  # the first brings the nonce and what is new
                assert round.run(node)["state"] == "ok"
            proxy.requests = proxy.bytes = 0
            assert round.run(node)["state"] == "ok"
            self.figures["idle_requests"], self.figures["idle_bytes"] = proxy.requests, proxy.bytes
            proxy.close()
            node.close()

    def pages(self) -> None:
        """Searching and registering through the pages of a running node with all records in its store."""
        home = self.folder / "pages"
        shutil.copytree(self.stocked, home)
        login, password = first_manager(home)
        sample = Sample(99, market=MARKET)
        with serving("node", home, "--no-sync") as (address, process):
            clerk = Clerk(address, login, password)
            self.figures["rss_rest_mb"] = round_to(memory_mb(process.pid, "VmRSS"), 1)
            searches = [clerk.search(query(sample.worker(), turn)) for turn in range(200)]
            saves = [clerk.register(sample.worker()) for _ in range(200)]
        self.p95("search_p95_ms", searches)
        self.p95("register_p95_ms", saves)

    def p95(self, name: str, seconds: list[float]) -> None:
        ordered = sorted(1000 * one for one in seconds)
        self.figures[name] = round_to(ordered[int(len(ordered) * 0.95)], 1)
        self.notes.append(
            f"{name}: median {statistics.median(ordered):.1f}, worst {ordered[-1]:.1f} of {len(ordered)}"
        )

    def growth(self) -> None:
        growth.measure(self)


class Clerk:
    """A browser's part of a clerk, over real pages."""

    def __init__(self, address: str, login: str, password: str) -> None:
        self.address, self.session = address, requests.Session()
        page = self.session.get(f"{address}/login").text
        form = {"login": login, "password": password, **hidden(page)}
        answer = self.session.post(f"{address}/login", data=form)
        assert answer.ok and "/login" not in answer.url, f"login failed: {answer.status_code} {answer.url}"

    def search(self, text: str) -> float:
        begun = time.perf_counter()
        answer = self.session.get(f"{self.address}/workers", params={"q": text})
        taken = time.perf_counter() - begun
        assert answer.ok, answer.status_code
        return taken

    def register(self, person: dict[str, Any]) -> float:
        page = self.session.get(f"{self.address}/workers/new").text
        given = ("name", "id_type", "id_number", "phone")
        form: dict[str, Any] = {name: person[name] for name in given if name in person}
        form |= {"trades": person["trades"], "expected_pay": "260"}
        form |= {"consent_method": "paper", "consent": "yes", "then": "page", **hidden(page)}
        begun = time.perf_counter()
        answer = self.session.post(f"{self.address}/workers/new", data=form, allow_redirects=False)
        taken = time.perf_counter() - begun
        assert answer.status_code in (302, 303), f"registration answered {answer.status_code}"
        return taken


def hidden(page: str) -> dict[str, str]:
    """The hidden inputs of a page, its token among them."""
    inputs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    assert any(name == "csrf_token" for name, _ in inputs), "a form without a token"
    return dict(inputs)


def query(person: dict[str, Any], turn: int) -> str:
    """What a clerk types: part of a name, the tail of a number or phone."""
    number, phone = str(person.get("id_number", "1234")), str(person.get("phone", "5678"))
    return str((person["name"][:2], person["name"][:1], number[-4:], phone[-4:])[turn % 4])


def fill(node: Node, count: int, sample: Sample) -> float:
    """Put `count` workers in batches; seconds spent in putting."""
    taken = 0.0
    for _ in range(count // BATCH):
        people = [sample.worker() for _ in range(BATCH)]
        begun = time.perf_counter()
        with node.recorder.open("script") as batch:
            for person in people:
                batch.put("worker", None, person)
        taken += time.perf_counter() - begun
    return taken


def enrol(home: Path, address: str, hub_home: Path) -> None:
    hub = Hub(hub_home, REAL)
    code = registry.invite(hub, MARKET, "测量零工市场", "bench", approve=True)
    hub.close()
    node = Node(home)
    enrolling.enrol(node, address, code)
    node.close()


def first_manager(home: Path) -> tuple[str, str]:
    node = Node(home)
    first = staff.add(node, "bench", "manager", "测量", "manager")
    node.accounts.change_password("manager", first, "Bench-2026-pass")
    node.close()
    return "manager", "Bench-2026-pass"


def limit(*words: object) -> str:
    """A limit measured in a process of its own."""
    line = [sys.executable, "-m", "measure.limits", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, check=True, cwd=SCRIPTS).stdout.strip()


def remove(path: Path) -> None:
    for left in path.parent.glob(path.name + "*"):
        left.unlink()


def round_to(value: float, digits: int) -> float:
    return float(f"{value:.{digits}f}")
