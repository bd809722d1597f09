"""Random histories of one record, for whoever must show that order, batches and paths make no difference.

A history is a list of `Event`, parents before children: branches, merges, writes of the same field side by
side, entries by strangers and by the hub, retirement, entries that are set aside. `histories()` is a
hypothesis strategy, so a failing one is shrunk to the smallest that still fails; `random_history` is the same
by plain chance, for thousands in a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from hypothesis import strategies as st

AUTHORS = ("37130201", "37130202", "hub")


@dataclass(frozen=True)
class Event:
    """One entry. parents: numbers of earlier events; patch: None where there is no payload."""

    number: int
    author: str
    parents: tuple[int, ...]
    patch: dict[str, Any] | None
    aside: str | None = None


def patches(fields: dict[str, tuple[Any, ...]]) -> st.SearchStrategy[dict[str, Any] | None]:
    """Patches that set some of `fields`, to one of few values each, so that conflicts are common."""
    one = {name: st.sampled_from(values) for name, values in fields.items()}
    return st.one_of(
        st.none(), st.fixed_dictionaries({}, optional=one), st.fixed_dictionaries({}, optional=one)
    )


@st.composite
def histories(
    draw: st.DrawFn, fields: dict[str, tuple[Any, ...]], most: int = 9, reasons: tuple[str, ...] = ()
) -> list[Event]:
    """Up to `most` events. `reasons`: what some of them are set aside for."""
    events: list[Event] = []
    for number in range(draw(st.integers(1, most))):
        parents = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set()
        if number and not parents and draw(st.integers(0, 3)):
            parents = {draw(st.integers(0, number - 1))}  # a second root is possible, and rare
        aside = draw(st.sampled_from(("", "", "", "", *reasons))) if reasons else ""
        author = draw(st.sampled_from((*AUTHORS, AUTHORS[0], AUTHORS[0])))
        events.append(Event(number, author, tuple(sorted(parents)), draw(patches(fields)), aside or None))
    return events


def random_history(
    random: Random, fields: dict[str, tuple[Any, ...]], most: int = 12, reasons: tuple[str, ...] = ()
) -> list[Event]:
    """As `histories` gives them, by chance alone."""
    events: list[Event] = []
    for number in range(random.randint(1, most)):
        parents = set(random.sample(range(number), random.randint(0, min(3, number))))
        if number and not parents and random.random() < 0.8:
            parents = {random.randrange(number)}
        names = [name for name in fields if random.random() < 0.4]
        patch = {name: random.choice(fields[name]) for name in names} if random.random() < 0.9 else None
        aside = random.choice(reasons) if reasons and random.random() < 0.15 else None
        author = random.choice((*AUTHORS, AUTHORS[0], AUTHORS[0]))
        events.append(Event(number, author, tuple(sorted(parents)), patch, aside))
    return events
