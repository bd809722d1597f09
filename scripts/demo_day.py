"""One hall's day, played from its sample: what goes through pages, what through `put`, in order of the clock.

The article's story goes through the pages entirely: a clerk registers, posts and draws up, a reviewer
verifies and publishes (nobody reviews what he wrote himself), both sign, the paper is fetched. Of the
morning, every registration and every edit at the window, one posting in ten and one contract in ten go
through the pages; the rest, and whoever was known before that day, are lines of `put`, as another program
would send them.

Time is simulated in slices of ten minutes: within a slice things happen in the order in which they need each
other. The article's dates are moved to the present day, so that today's pages show them.
"""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from demo_pages import Person
from demo_processes import Failed
from demo_sites import STAFF, Hall
from sample import Action, Sample, article_day, morning

Fields = dict[str, Any]
NOON = "12:00"
HOURS = 12  # of the day; what the sample does in the evening is not played
SEATS = 5  # of the posting that stays open for tomorrow
SLICE = 10  # minutes
NUMBER = re.compile(r"\d{8}-C\d*-\d{8}-\d{4}-[0-9A-Z]")
ORDER = ("employer", "worker", "job", "visit", "contract")
TENTH = 10
BEIJING = datetime.timezone(datetime.timedelta(hours=8))


def today() -> str:
    """The day in the halls."""
    return datetime.datetime.now(BEIJING).date().isoformat()


class HallDay:
    """The actions of one hall, and how far they are played."""

    def __init__(self, hall: Hall, visits: int, seed: int) -> None:
        self.hall, self.day = hall, today()
        sample = Sample(seed, hall.code, self.day)
        whole = morning(visits, sample)
        midnight = sample.dawn - 4 * 3_600_000
        self.known = [one for one in whole if one.time < midnight]
        self.by_page = self._choose([one for one in whole if one.time >= midnight])
        article = article_day()
        self.story = [moved(one, article.day, self.day) for one in article.actions if one.market == hall.code]
        self.by_page |= {one.ref for one in self.story}
        of_today = [one for one in whole if midnight <= one.time < midnight + HOURS * 3_600_000]
        self.left = sorted([*of_today, *self.story], key=lambda one: one.clock)
        self.papers: list[str] = []  # of the article's contracts: name and number
        self.clerk: Person
        self.reviewer: Person

    def _choose(self, of_today: list[Action]) -> set[str]:
        """Refs whose actions of the day go through pages."""
        known = {one.ref for one in self.known}
        chosen = {one.ref for one in of_today if one.kind == "worker"}
        for kind in ("job", "contract"):
            refs = dict.fromkeys(one.ref for one in of_today if one.kind == kind and one.ref not in known)
            chosen |= set(list(refs)[::TENTH])
        return chosen

    # -- playing -------------------------------------------------------------------------------------------

    def open(self, password: str) -> None:
        """Before the doors open: staff log in and set their passwords, scripts bring what was known."""
        people = [Person(self.hall.address, login, self.hall.firsts[login]) for login in STAFF]
        for person in people:
            person.set_password(password)
        self.clerk, self.reviewer = people
        self.hall.open_writers()
        for kind in ORDER:
            self._put(kind, [one for one in self.known if one.kind == kind])

    def play(self, until: str) -> None:
        """Everything up to this time of the clock."""
        due = [one for one in self.left if one.clock < until]
        self.left = self.left[len(due) :]
        for piece in slices(due):
            for end in (False, True):  # a posting is filled after the contracts of its slice
                for kind in ORDER:
                    of_kind = [one for one in piece if one.kind == kind and filled(one) is end]
                    self._put(kind, [one for one in of_kind if one.ref not in self.by_page])
                    for one in of_kind:
                        if one.ref in self.by_page:
                            self._page(one)

    def close(self) -> None:
        """The last of the morning; one posting for tomorrow stays open for whoever comes to look."""
        self.play(NOON)
        offer = next(one for one in self.story if one.kind == "job")
        days = {name: later(offer.set[name]) for name in ("start_date", "end_date")}
        fields = {**offer.resolved(self.hall.ids), **days, "headcount": SEATS}
        posting = self.clerk.add("job", fields)
        self.clerk.move(posting, "submit")
        self.reviewer.move(posting, "publish")
        self.hall.close_writers()

    def counted(self) -> Counter[str]:
        """What went through pages."""
        return self.clerk.count + self.reviewer.count

    def _put(self, kind: str, actions: list[Action]) -> None:
        """Through `put`; what changes a record goes after the answer to the line that made it."""
        waiting: dict[str, Fields] = {}
        for one in actions:
            if one.ref in waiting:
                self.hall.put(kind, waiting)
                waiting = {}
            waiting[one.ref] = one.resolved(self.hall.ids)
        self.hall.put(kind, waiting)

    # -- through the pages ---------------------------------------------------------------------------------

    def _page(self, one: Action) -> None:
        ids, first = self.hall.ids, one.ref not in self.hall.ids
        fields = one.resolved(ids)
        if one.kind == "worker":
            if first:
                ids[one.ref] = self.clerk.register(fields)
            else:
                self.clerk.edit(ids[one.ref], fields)
        elif one.kind == "visit":
            self.clerk.check_in(fields["worker"], fields)
        elif one.kind == "employer":
            ids[one.ref] = self.clerk.add("employer", fields)
            how = {"how": fields["verified"]["how"]}
            self.reviewer.press("employer", ids[one.ref], f"/jobs/employers/{ids[one.ref]}/verify", how)
        elif one.kind == "job":
            self._posting(one, fields, first)
        elif first:
            ids[one.ref] = self.clerk.draw_up(fields["job"], fields["worker"])
        elif fields.get("state") == "in_force":
            self._sign(one, fields)

    def _posting(self, one: Action, fields: Fields, first: bool) -> None:
        ids = self.hall.ids
        if first:
            ids[one.ref] = self.clerk.add("job", fields)
            self.clerk.move(ids[one.ref], "submit")
        elif fields["state"] == "published":
            self.reviewer.move(ids[one.ref], "publish")
        else:
            self.clerk.move(ids[one.ref], "fill")

    def _sign(self, one: Action, fields: Fields) -> None:
        """Both sign, and the paper that follows must carry its number."""
        paper = self.clerk.sign(self.hall.ids[one.ref], fields)
        number = NUMBER.search(paper.text.replace(" ", ""))
        if number is None or not number[0].startswith(self.hall.code):
            raise Failed(f"{paper.path} shows no number of a contract: {paper.text[:200]}")
        if one in self.story:
            name = next(two.set["name"] for two in self.story if two.kind == "worker")
            self.papers.append(f"{name} {number[0]}")


def later(day: str) -> str:
    """The day after."""
    return (datetime.date.fromisoformat(day) + datetime.timedelta(1)).isoformat()


def filled(one: Action) -> bool:
    """Is it the end of a posting?"""
    return one.kind == "job" and one.set.get("state") == "filled"


def slices(actions: list[Action]) -> Iterator[list[Action]]:
    """Actions in order of the clock, cut every SLICE minutes."""
    found: dict[int, list[Action]] = {}
    for one in actions:
        found.setdefault((int(one.clock[:2]) * 60 + int(one.clock[3:])) // SLICE, []).append(one)
    yield from found.values()


def moved(one: Action, old: str, new: str) -> Action:
    """An action of the reported day as one of the day `new`: every date in it moves by as many days."""
    by = datetime.date.fromisoformat(new) - datetime.date.fromisoformat(old)

    def shift(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: shift(part, key) for key, part in value.items()}
        if isinstance(value, list):
            return [shift(part) for part in value]
        if name.endswith("_date") or name in ("date", "expires"):
            return (datetime.date.fromisoformat(value) + by).isoformat()
        return value + int(by.total_seconds() * 1000) if name == "time" and isinstance(value, int) else value

    return one._replace(set=shift(one.set), time=one.time + int(by.total_seconds() * 1000))
