"""Places by their six digits: provinces, cities and counties of today (2024), and codes long abolished.

divisions.csv has one line per code and name: code, name, level, parent, valid_from, valid_to, successor.

- `level`: province, city (prefectures too), county; `zone` for development zones that only statistics number;
  `permit` for 830000, which stands on residence permits alone.
- `valid_from` and `valid_to` are the first and the last year at whose end the code was listed. Empty
  valid_from: older than the lists (1980) or unknown. Empty valid_to: in force.
- `successor` is today's code of the same name in the same province, or one written down by hand. A hint:
  boundaries moved too, and many codes have none.
- A code used twice for different places has several lines, the newest first: `division` gives the newest.
  Numbers of people born before the 1990s begin with abolished codes, so these are read like the others.
"""

from functools import cache
from typing import NamedTuple

from common.data import read


class Division(NamedTuple):
    """One line of the list."""

    code: str
    name: str
    level: str
    parent: str
    valid_from: str
    valid_to: str
    successor: str

    @property
    def current(self) -> bool:
        return not self.valid_to


@cache
def _lines() -> dict[str, str]:
    """Code to its newest line. Lines are taken apart only when asked for: most are never needed."""
    lines: dict[str, str] = {}
    for line in read("divisions.csv").splitlines()[1:]:
        lines.setdefault(line[:6], line)
    return lines


def division(code: str) -> Division | None:
    """The place of a six-digit code, present or abolished; None if no list ever had it."""
    line = _lines().get(code)
    return Division(*line.split(",")) if line else None


def known(code: str) -> bool:
    """Whether any list ever had this code; the quick form of division(code) is not None."""
    return code in _lines()


def name_of(code: str) -> str:
    """'山东省临沂市兰山区' with every level above it, '' for an unknown code."""
    names: list[str] = []
    place = division(code)
    while place is not None:
        if place.name not in names and place.name not in ("县", "市辖区") and "直辖县级" not in place.name:
            names.append(place.name)
        place = division(place.parent) if place.parent else None
    return "".join(reversed(names))


def within(prefix: str, level: str) -> tuple[Division, ...]:
    """Places in force of one level whose code begins with `prefix` (37, 3713, 370000 and 371300 work too)."""
    prefix = prefix[:2] if prefix[2:] == "0000" else prefix[:4] if prefix[4:] == "00" else prefix
    found = (division(code) for code in _lines() if code.startswith(prefix))
    return tuple(sorted(place for place in found if place and place.level == level and place.current))


def counties(prefix: str) -> tuple[Division, ...]:
    """The counties, county-level cities and districts of a province or city, by code; no zones."""
    return within(prefix, "county")
