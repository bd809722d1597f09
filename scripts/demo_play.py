"""The plot: a province and three halls, a morning, and in the middle of it no province.

Each step is also a check; whatever is not as the pages and documents promise is a Failed. Points of the day:
- before the doors open: homes are made, halls enrol with a one-time code, both sides show the same six words;
- 04:00 to AWAY_FROM with the province; the first contract of the article is confirmed;
- AWAY_FROM to AWAY_TO without it: its process is ended. Halls sign contracts and print them, `sync` ends with
  75, and every page says in the product's words that the province cannot be reached;
- it is back on the same port, one `sync` each, pages say so; the morning goes on;
- every store verifies itself from its bytes, and both sides give the same records, byte by byte.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from demo_day import HallDay
from demo_processes import Failed, Processes
from demo_sites import COMPARED, MARKETS, Hall, Hub, compare, new_password

AWAY_FROM, AWAY_TO = "06:10", "08:20"
AWAY_MINUTES = 130
VISITS = {"37130201": 571}  # one medium hall; the others are small
SMALL = 57
AWAY_WORDS, CONFIRMED_WORDS = "暂时连不上省平台，本市场照常工作", "已由省平台确认"
STORIES = {"37130201": "zhou", "37078501": "liu", "37070501": "fitting"}
T = TypeVar("T")


@dataclass
class Result:
    """What came of it. entries, receipted: of the halls' own logs, all of them together."""

    entries: int = 0
    receipted: int = 0
    verified: int = 0
    records: int = 0
    away_minutes: int = 0
    away_entries: int = 0
    pages: Counter[str] = field(default_factory=Counter)
    lines: Counter[str] = field(default_factory=Counter)
    papers: list[str] = field(default_factory=list)  # the article's contracts, printed


class Demonstration:
    """Hub and halls of one data folder."""

    def __init__(self, processes: Processes, data: Path) -> None:
        self.hub = Hub(processes, data)
        self.halls = [Hall(processes, data, code) for code in MARKETS]
        self.data = data
        self.password = ""  # of the halls' staff, once they changed their first ones
        self.hub_password = ""
        self.begun = time.monotonic()
        self._said = threading.Lock()

    def say(self, line: str) -> None:
        with self._said:
            print(f"{time.monotonic() - self.begun:5.1f} s  {line}", file=sys.stderr, flush=True)

    def each(self, what: Callable[[Hall], T]) -> list[T]:
        """The same in all halls at once; the first Failed ends it."""
        with ThreadPoolExecutor(len(self.halls)) as several:
            return list(several.map(what, self.halls))

    # -- before the doors open -----------------------------------------------------------------------------

    def make(self) -> None:
        self.say("making a province and three halls")
        with ThreadPoolExecutor(4) as several:
            made = several.submit(self.hub.init)
            several.map(lambda hall: hall.init(), self.halls)
            self.hub_password = made.result()
        self.hub.serve()
        self.each(lambda hall: hall.serve())
        for hall, words in zip(self.halls, self.each(lambda hall: hall.enrol(self.hub)), strict=True):
            self.say(f"{hall.name} is let in; both sides show the words {words}")

    def serve(self) -> None:
        """Start what is there already."""
        self.say("starting the province and three halls")
        self.hub.serve()
        self.each(lambda hall: hall.serve())

    # -- the morning ---------------------------------------------------------------------------------------

    def play(self) -> Result:
        result = Result(away_minutes=AWAY_MINUTES)
        self.password = new_password()
        seeds = {code: 571 + n for n, code in enumerate(MARKETS)}
        days = {hall: HallDay(hall, VISITS.get(hall.code, SMALL), seeds[hall.code]) for hall in self.halls}
        self.say(
            "03:50  staff set their passwords; who was known before today arrives from the old registers"
        )
        self.each(lambda hall: days[hall].open(self.password))
        self.say("04:00  the doors open")
        self.each(lambda hall: days[hall].play(AWAY_FROM))
        self.each(lambda hall: hall.sync())
        self._proof(days, "37130201", confirmed=True)
        self._take_away(days)
        before = sum(self.each(lambda hall: int(hall.ask("status")["size"])))
        self.each(lambda hall: days[hall].play(AWAY_TO))
        self._still_away(days, before, result)
        self._bring_back(days)
        self.each(lambda hall: days[hall].close())
        self.say("10:00  the halls empty; one posting for tomorrow stays open in each")
        for day in days.values():
            result.pages += day.counted()
            result.lines += day.hall.written
            result.papers += day.papers
        self.check(result)
        self.compare(result)
        self.each(lambda hall: self._proof(days, hall.code, confirmed=True))
        return result

    def _take_away(self, days: dict[Hall, HallDay]) -> None:
        self.hub.stop()
        self.say(f"{AWAY_FROM}  the province is gone: its process has ended")
        self.each(lambda hall: hall.sync("offline"))
        self.each(lambda hall: days[hall].clerk.look(AWAY_WORDS))
        self.say(f"{AWAY_FROM}  every hall's page says: {AWAY_WORDS}")

    def _still_away(self, days: dict[Hall, HallDay], before: int, result: Result) -> None:
        """Work went on, nothing of it claims to be confirmed, and the badge tells how much waits."""
        result.away_entries = sum(self.each(lambda hall: int(hall.ask("status")["size"]))) - before
        for hall, day in days.items():
            said = day.clerk.look("待上报")
            if AWAY_WORDS not in said or CONFIRMED_WORDS in said:
                raise Failed(f"{hall.name} says {said!r} while the province is away")
        self._proof(days, "37078501", confirmed=False)
        self.say(f"{AWAY_TO}  {result.away_entries} changes signed meanwhile; 高密 says: {said}")

    def _bring_back(self, days: dict[Hall, HallDay]) -> None:
        self.hub.serve()
        self.say(f"{AWAY_TO}  the province is back on port {self.hub.port}")
        pushed = self.each(lambda hall: hall.sync()["size"])
        said = self.each(lambda hall: days[hall].clerk.look(CONFIRMED_WORDS))
        self.say(f"{AWAY_TO}  {sum(pushed)} entries are there; the pages say: {said[0]}")

    def _proof(self, days: dict[Hall, HallDay], code: str, confirmed: bool) -> None:
        """The proof of the hall's contract in the article, and what the contract's page says of it."""
        hall, day = next(pair for pair in days.items() if pair[0].code == code)
        id = hall.ids[f"{STORIES[code]}-contract"]
        page = day.clerk.open(f"/contracts/{id}").text
        if (CONFIRMED_WORDS in page.split("历史")[0]) is not confirmed:
            raise Failed(f"{hall.name}: the page of contract {id} is wrong about being confirmed")
        if confirmed:
            (self.data / "proofs").mkdir(exist_ok=True)
            hall.run(
                "receipt", "contract", id, "-o", str(self.data / "proofs" / f"{code}-contract.tlog-proof")
            )

    # -- the end -------------------------------------------------------------------------------------------

    def check(self, result: Result) -> None:
        """One more round, then everything is recomputed from its bytes. Fills in the counts of `result`."""
        self.each(lambda hall: hall.sync())
        self.say("both sides verify themselves from their bytes")
        with ThreadPoolExecutor(2) as several:
            result.verified = sum(several.map(lambda site: site.verify(), (self.hub, *self.halls)))
        known = self.hub.markets()
        for hall, status in zip(self.halls, self.each(lambda hall: hall.ask("status")), strict=True):
            result.entries += status["size"]
            result.receipted += status["receipted"]
            held = known[hall.code]["size"]
            if not status["size"] == status["receipted"] == held or known[hall.code]["problems"]:
                raise Failed(f"{hall.name}: {status}, and the province says {known[hall.code]}")
            if status["refused"] or status["conflicts"]:
                raise Failed(f"{hall.name}: {status['refused']} refused, {status['conflicts']} in conflict")

    def compare(self, result: Result) -> None:
        """Both sides give the same records, byte by byte."""
        self.say("halls and province are compared record by record")
        with ThreadPoolExecutor(2) as several:
            same = several.map(lambda kind: compare(self.hub, self.halls, kind), COMPARED)
            result.records = sum(same)
