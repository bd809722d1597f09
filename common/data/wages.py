"""Hourly minimum wages as dated data: a line per division prefix and first day.

The longest matching prefix with the latest `since` not after the day counts. A figure here only ever
warns; amounts change by decree, so a new one is a new line, never an edit of an old one.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files


@cache
def _table() -> tuple[tuple[str, str, int], ...]:
    text = files("common.data").joinpath("minimum_wage.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple((row["division"], row["since"], int(row["hourly_fen"])) for row in rows)


def hourly_minimum(division: str, day: str) -> int | None:
    """Fen an hour that must be paid in `division` (six digits) on `day`, or None where no figure is known."""
    known = [
        (len(prefix), since, fen)
        for prefix, since, fen in _table()
        if division.startswith(prefix) and since <= day
    ]
    return max(known)[2] if known else None
