"""What a demonstration leaves behind: the table, the line of JSON, and `demo.json` beside the homes.

`demo.json` holds what the next run with the same folder needs and cannot ask anybody for: the hub's port, by
which the halls know it, and the passwords of these made-up accounts. It is readable by its owner only.
"""

from __future__ import annotations

import json
import os
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

from demo_play import AWAY_FROM, AWAY_TO, Demonstration, Result
from demo_sites import STAFF

NOTES = "demo.json"
ROLES = {"clerk": "窗口人员", "reviewer": "审核员"}


def keep(demo: Demonstration) -> None:
    """Write the notes."""
    said: dict[str, Any] = {"hub": {"port": demo.hub.port, "password": demo.hub_password}}
    said["password"] = demo.password
    said["halls"] = {hall.code: {"port": hall.port, "password": hall.first_password} for hall in demo.halls}
    path = demo.data / NOTES
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(said, file, indent=1)


def recall(demo: Demonstration) -> None:
    """Read the notes of an earlier run into `demo`."""
    said = json.loads((demo.data / NOTES).read_text("utf-8"))
    demo.hub.port, demo.hub_password, demo.password = (
        said["hub"]["port"],
        said["hub"]["password"],
        said["password"],
    )
    for hall in demo.halls:
        notes = said["halls"][hall.code]
        hall.port, hall.first_password = notes["port"], notes["password"]


def story(result: Result) -> list[tuple[str, str]]:
    """What was played, and what went through what; nothing where it was played in an earlier run."""
    if not result.pages:
        return []
    papers = [("", f"{paper} signed, in force, printed") for paper in result.papers]
    return [
        ("the article's day", papers[0][1]),
        *papers[1:],
        ("through the pages", counts(result.pages)),
        ("through `put`", f"lines of {counts(result.lines)}"),
        (
            "without province",
            f"{AWAY_FROM} to {AWAY_TO}, {result.away_minutes} minutes on the halls' clock: "
            f"{result.away_entries:,} changes signed",
        ),
    ]


def counts(what: Counter[str]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in what.most_common())


def table(demo: Demonstration, result: Result) -> str:
    """What happened, what was checked, and where to log in."""
    facts = [
        *story(result),
        (
            "in the end",
            f"{result.entries:,} entries in three halls, {result.receipted:,} confirmed by the province",
        ),
        (
            "verified",
            f"{result.verified:,} entries recomputed from their bytes on both sides, nothing differs",
        ),
    ]
    if result.records:
        facts.append(("compared", f"{result.records:,} records, the same in halls and province"))
    return "\n".join(["", *aligned(facts), "", *aligned(accounts(demo)), ""])


def accounts(demo: Demonstration) -> list[tuple[str, ...]]:
    """Addresses and logins, a row for each account; an address stands once."""
    rows: list[tuple[str, ...]] = [("", "address", "login", "password", "")]
    rows.append((demo.hub.name, demo.hub.address, "admin", demo.hub_password, "first password"))
    for hall in demo.halls:
        rows.append((hall.name, hall.address, "admin", hall.first_password, "first password, 市场负责人"))
        for login, (name, role) in STAFF.items():
            rows.append(("", "", login, demo.password, f"{name}, {ROLES[role]}"))
    return rows


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines, every column as wide as its widest cell."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(padded, row, widths)).rstrip() for row in rows]


def width(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def padded(text: str, wide: int) -> str:
    return text + " " * (wide - width(text))


def summary(result: Result, seconds: float) -> str:
    """The last line with --json."""
    return json.dumps(
        {
            "ok": True,
            "markets": 3,
            "entries": result.entries,
            "receipted": result.receipted,
            "offline_minutes_simulated": result.away_minutes,
            "seconds": round(seconds, 1),
        }
    )
