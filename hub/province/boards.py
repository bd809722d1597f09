"""The board of markets: what a person should know of each, worst first, halls that never succeeded too.

Rules kept here:
- Troubles are facts that the hub has seen itself (evidence, failures, silence), named by codes; a page finds
  the words. The first of a market is its worst, and decides where it stands.
- Silence counts by this machine's clock, and only for markets that ought to report.
- Two machines count while both were heard of within a week: a replaced PC stops being one by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.errors import Tampered
from common.store.tables import Log
from hub.home import Home
from hub.local import LocalContact, LocalEvidence, LocalInvite, LocalMachine
from hub.province import registry
from hub.province.days import DAY_MS, since_midnight

SILENT_MS, LONG_SILENT_MS, MACHINES_MS = DAY_MS, 3 * DAY_MS, 7 * DAY_MS
# worst first: who is at the top is who a person should look at
ORDER = (
    "alarm", "recovering", "two_machines", "failing", "pending", "long_silent", "never", "silent",
    "code_over", "invited", "waiting", "paused", "fine", "closed", "revoked",
)  # fmt: skip
NEEDS = frozenset(ORDER[: ORDER.index("never") + 1]) | {"code_over"}
EXPECTED = ("not_approved", "paused")  # refusals that the market's own state explains
WRONG = frozenset(("alarm", "two_machines", "failing", "long_silent"))


@dataclass(frozen=True, slots=True)
class Trouble:
    """kind: one of ORDER; code: the error behind it, '' if none; at: since when, epoch ms."""

    kind: str
    code: str = ""
    at: int | None = None
    count: int = 0

    @property
    def tone(self) -> str:
        return "wrong" if self.kind in WRONG else "waiting"


@dataclass(frozen=True, slots=True)
class Standing:
    """One market's line. `today`: entries that came in since midnight."""

    code: str
    name: str
    origin: str | None
    state: str
    size: int
    today: int
    last_contact: int | None
    last_receipt: int | None
    waiting: int | None
    failures: int
    version: str | None
    troubles: tuple[Trouble, ...]

    @property
    def worst(self) -> str:
        return self.troubles[0].kind if self.troubles else _quiet(self.state)

    @property
    def needs_person(self) -> bool:
        return self.worst in NEEDS


@dataclass(frozen=True, slots=True)
class _Known:
    """What is asked for all markets at once."""

    contacts: Mapping[str, LocalContact]
    evidence: Mapping[str, Sequence[LocalEvidence]]
    invites: Mapping[str, LocalInvite]
    machines: Mapping[str, int]
    logs: Mapping[str, Log]


def board(home: Home) -> list[Standing]:
    """All markets, worst first."""
    with home.store.reading():
        known, now = _known(home), home.ambience.now()
        found = [_standing(home, row, known, now) for row in registry.markets(home)]
    return sorted(found, key=lambda one: (ORDER.index(one.worst), one.last_contact or 0, one.code))


def one(home: Home, code: str) -> Standing | None:
    return next((market for market in board(home) if market.code == code), None)


def totals(found: Sequence[Standing]) -> dict[str, Any]:
    """The summary. alarms: markets with unsettled evidence, or two machines on one log."""
    return {
        "markets": len(found),
        "states": Counter(market.state for market in found),
        "entries": sum(market.size for market in found),
        "today": sum(market.today for market in found),
        "alarms": sum(1 for market in found if market.worst in ("alarm", "two_machines")),
        "never": sum(1 for market in found if market.last_receipt is None),
    }


def to_do(home: Home) -> int:
    """How many markets wait for a word of the province, for the menu: pending ones and unsettled evidence."""
    with home.store.reading():
        pending = len(home.store.having("register", "state", "pending", 1000))
        evidence = LocalEvidence.select(LocalEvidence.market).where(~LocalEvidence.settled).distinct().count()
    return pending + int(evidence)


def newest_receipt(home: Home) -> int | None:
    """When any market last got a receipt, epoch ms."""
    with home.store.reading():
        last: int | None = home.store.db.scalar("SELECT max(last_receipt) FROM local_contact")
    return last


def may_sign(home: Home) -> bool:
    """Whether the hub's own log is as new as what was signed of it. Markets' are compared when they push."""
    with home.store.reading():
        try:
            home.compare(Log.get(Log.origin == home.hub_origin))
        except Tampered:
            return False
    return True


def _known(home: Home) -> _Known:
    evidence: dict[str, list[LocalEvidence]] = {}
    for row in LocalEvidence.select().where(~LocalEvidence.settled).order_by(LocalEvidence.id.desc()):
        evidence.setdefault(row.market, []).append(row)
    heard = home.ambience.now() - MACHINES_MS
    machines = Counter(
        row.origin
        for row in LocalMachine.select(LocalMachine.origin).where(LocalMachine.last_contact > heard)
    )
    return _Known(
        {row.market: row for row in LocalContact.select()},
        evidence,
        {row.market: row for row in LocalInvite.select().order_by(LocalInvite.id)},
        machines,
        {log.origin: log for log in Log.select().where(Log.role == "market")},
    )


def _standing(home: Home, row: Mapping[str, Any], known: _Known, now: int) -> Standing:
    contact = known.contacts.get(row["code"])
    log = known.logs.get(row["origin"] or "")
    last = row["last_receipt"]
    return Standing(
        code=row["code"],
        name=row["name"],
        origin=row["origin"],
        state=row["state"],
        size=row["size"],
        today=since_midnight(home, log, last, now) if log else 0,
        last_contact=row["last_contact"],
        last_receipt=last,
        waiting=row["waiting"],
        failures=row["failures"],
        version=contact.version if contact else None,
        troubles=_troubles(row, known, now),
    )


def _troubles(row: Mapping[str, Any], known: _Known, now: int) -> tuple[Trouble, ...]:
    found, state = [], row["state"]
    contact, invite = known.contacts.get(row["code"]), known.invites.get(row["code"])
    for code in dict.fromkeys(one.code for one in known.evidence.get(row["code"], ())):
        at = max(one.at for one in known.evidence[row["code"]] if one.code == code)
        again = contact.failures if contact and contact.last_error == code else 0
        found.append(Trouble("alarm", code, at, again))
    if known.machines.get(row["origin"] or "", 0) > 1:
        found.append(Trouble("two_machines", "", None, known.machines[row["origin"]]))
    told = (*EXPECTED, *(one.code for one in found))
    if contact and contact.last_error and contact.last_error not in told:
        found.append(Trouble("failing", contact.last_error, contact.last_error_at, contact.failures))
    if state == "invited" and invite:
        found.append(Trouble("code_over" if invite.expires < now else "invited", "", invite.expires))
    elif state in ("pending", "recovering", "paused"):
        found.append(Trouble(state))
    elif state == "open":
        found += _silence(row, now)
    return tuple(sorted(found, key=lambda one: ORDER.index(one.kind)))


def _silence(row: Mapping[str, Any], now: int) -> list[Trouble]:
    """What an open market's silence, or what it holds back, comes to."""
    heard = row["last_contact"]
    found = [Trouble("never")] if row["last_receipt"] is None else []
    if heard is not None and now - heard >= SILENT_MS:
        found.append(Trouble("long_silent" if now - heard >= LONG_SILENT_MS else "silent", "", heard))
    if row["waiting"]:
        found.append(Trouble("waiting", "", None, row["waiting"]))
    return found


def _quiet(state: str) -> str:
    return state if state in ("closed", "revoked", "paused", "pending", "recovering") else "fine"
