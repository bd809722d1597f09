"""The hub's numbers in the text format that Prometheus reads. Labels are market codes and states: nothing
personal, and nothing that a market can choose freely.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hub.home import Home
from hub.province import boards
from hub.province.boards import Standing

TYPE = "text/plain; version=0.0.4; charset=utf-8"
STATES = ("invited", "pending", "open", "paused", "recovering", "revoked", "closed")
Sample = tuple[dict[str, str], Any]


def text(home: Home) -> str:
    """All metrics as they are now."""
    found, now = boards.board(home), home.ambience.now()
    sums = boards.totals(found)
    lines: list[str] = []
    for name, kind, about, samples in (
        ("yizhan_markets", "gauge", "Markets by state", [({"state": s}, sums["states"][s]) for s in STATES]),
        ("yizhan_alarms", "gauge", "Markets with an open alarm", [({}, sums["alarms"])]),
        ("yizhan_entries", "gauge", "Entries held of each market's log", _each(found, lambda one: one.size)),
        ("yizhan_entries_today", "gauge", "Entries since midnight", _each(found, lambda one: one.today)),
        (
            "yizhan_last_contact_age_seconds",
            "gauge",
            "Since each market was last heard of",
            _each(found, lambda one: _age(one.last_contact, now)),
        ),
        (
            "yizhan_last_receipt_timestamp_seconds",
            "gauge",
            "When each market last got a receipt",
            _each(found, lambda one: one.last_receipt and one.last_receipt // 1000),
        ),
        (
            "yizhan_failures",
            "gauge",
            "Failures since the last success",
            _each(found, lambda one: one.failures),
        ),
    ):
        lines += [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]
        lines += [_line(name, labels, value) for labels, value in samples if value is not None]
    return "\n".join(lines) + "\n"


def _each(found: Iterable[Standing], value: Any) -> list[Sample]:
    return [({"market": one.code}, value(one)) for one in found if one.origin]


def _age(at: int | None, now: int) -> int | None:
    return None if at is None else max(0, (now - at) // 1000)


def _line(name: str, labels: dict[str, str], value: Any) -> str:
    inner = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{inner}}} {int(value)}" if inner else f"{name} {int(value)}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
