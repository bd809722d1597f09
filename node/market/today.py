"""The day in numbers: what the hall did today and what waits. Every count is asked through an index."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from common.records import HALL_KINDS
from common.records import kind_of as any_kind
from common.records.contract import Contract
from common.records.fields import BEIJING
from common.records.fields import today as day_of
from common.records.job import Job
from common.store.rows import Merged
from node.home import Home
from node.market import contracts, jobs, records


@dataclass(frozen=True, slots=True)
class Day:
    """Counts of one Beijing day and of what is open now."""

    day: str
    visits: int
    workers: int
    jobs: int
    seats: int
    in_force: int
    unsigned: int
    review: int
    conflicts: int


def count(home: Home) -> Day:
    """The counts of today."""
    now = home.ambience.now()
    day = day_of(now)
    with home.store.reading():
        db = home.store.db
        published = home.store.having("job", "state", "published", 500)
        states = dict(db.run("SELECT state, count(*) FROM contract WHERE state IS NOT NULL GROUP BY state"))
        place = Contract.fields["state"].to_column
        review = db.scalar(
            "SELECT count(*) FROM job WHERE state = ?", (Job.fields["state"].to_column("review"),)
        )
        visits = db.scalar("SELECT count(*) FROM visit WHERE date = ?", (day,))
        fresh = db.scalar(
            "SELECT count(*) FROM worker WHERE id >= ? AND _created >= ? AND _owner = ?",
            (*_since(day), home.market),
        )
        return Day(
            day=day,
            visits=int(visits),
            workers=int(fresh),
            jobs=len(published),
            seats=sum(jobs.seats_left(home, published).values()),
            in_force=sum(states.get(place(state), 0) for state in ("in_force", "working")),
            unsigned=sum(states.get(place(state), 0) for state in contracts.UNSIGNED),
            review=int(review),
            conflicts=home.store.in_conflict(),
        )


def count_day(home: Home) -> str:
    """The present Beijing day."""
    return day_of(home.ambience.now())


def _since(day: str) -> tuple[bytes, int]:
    """The least id and the moment of a Beijing day. Ids begin with their moment, so this reads only new rows;
    an hour of grace is left for clocks that differ between id and entry."""
    start = int(datetime.combine(date.fromisoformat(day), datetime.min.time(), BEIJING).timestamp() * 1000)
    return (start - 3_600_000).to_bytes(6, "big") + bytes(10), start


def in_conflict(home: Home, most: int = 30) -> list[Merged]:
    """The records themselves, newest first."""
    with home.store.reading():
        found = [
            one
            for kind in HALL_KINDS
            for one in home.store.page(kind, most=most, where="_conflicts IS NOT NULL")
        ]
    return sorted(found, key=lambda one: one.changed, reverse=True)[:most]


def unsigned(home: Home, most: int = 20) -> list[Merged]:
    """Contracts that wait for a signature, the earliest day of work first."""
    with home.store.reading():
        found = [
            one for state in contracts.UNSIGNED for one in home.store.having("contract", "state", state, most)
        ]
    return sorted(found, key=lambda one: (str(one.fields.get("start_date")), one.id))[:most]


def to_review(home: Home, most: int = 20) -> list[Merged]:
    with home.store.reading():
        return sorted(home.store.having("job", "state", "review", most), key=lambda one: one.id)


def title_of(record: Merged) -> str:
    return any_kind(record.kind).name_of(record.fields)


def newest_workers(home: Home, most: int = 5) -> list[Merged]:
    return records.page(home, "worker").rows[:most]
