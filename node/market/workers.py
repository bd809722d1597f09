"""Workers at the window: registering, finding, and noticing a person who is known already.

Rules kept here:
- Nobody is saved without consent: its text's version, the moment and the way are part of the record.
- The same identity number is asked about before a second record is made (a reason is needed then); a
  shared telephone or a like name is only shown.
- Searching reads the term index; a list reads rows by key. Neither ever reads all workers.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from common.errors import Invalid, Refused
from common.records import numbers
from common.records.fields import today
from common.records.worker import Worker, birth_of, identity_tells
from common.store.rows import Merged
from node.home import Home
from node.market import records

CONSENT = "2026-1"  # the notice on personal information that is shown at the window
CONSENTS = (("paper", "纸质签字"), ("pad", "手写板"), ("kiosk", "自助机"))
QUICK = ("name", "id_number", "phone", "trades", "expected_pay")
MORE = (
    "id_type", "skill_level", "birth", "sex", "certificates", "days", "hours_from", "hours_to", "radius_km",
    "division", "address", "education", "hardship",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """What a typed number says. trouble: code of what is wrong with it, '' while nothing is."""

    birth: str = ""
    sex: str = ""
    age: int | None = None
    trouble: str = ""
    notes: tuple[str, ...] = ()
    same: list[Merged] = field(default_factory=list)
    shared: list[Merged] = field(default_factory=list)


def consent(home: Home, method: str) -> dict[str, Any]:
    """The consent that was given now; Refused('consent_missing') without a way it was given in."""
    if not method:
        raise Refused("consent_missing", "no consent was given", field="consent")
    return {"version": CONSENT, "time": home.ambience.now(), "method": method}


def tell(home: Home, id_type: str, number: str, phone: str, but: str = "") -> Told:
    """What is known about what was typed so far. `but`: the record being edited."""
    day = today(home.ambience.now())
    phone_mates = _by_phone(home, phone, but)
    if not number.strip():
        return Told(shared=phone_mates)
    cleaned = numbers.clean_id(number)
    try:
        checked = numbers.check_id(id_type or "resident", number)
    except Invalid as error:
        return Told(trouble=error.code, same=_by_number(home, cleaned, but), shared=phone_mates)
    person = {"id_type": id_type or "resident", "id_number": checked}
    birth, sex = identity_tells(person)
    notes = (
        ["id_prefix_unknown"] if person["id_type"] == "resident" and not numbers.known_prefix(checked) else []
    )
    age = numbers.age_on(birth, day) if birth else None
    if age is not None and age < 16:
        notes.append("under_16_today")
    return Told(birth or "", sex or "", age, "", tuple(notes), _by_number(home, checked, but), phone_mates)


def _by_number(home: Home, number: str, but: str) -> list[Merged]:
    if len(number) < 5:
        return []
    with home.store.reading():
        return [one for one in home.store.having("worker", "id_number", number, 6) if one.id != but]


def _by_phone(home: Home, phone: str, but: str) -> list[Merged]:
    """Whoever has this telephone number; numbers are terms, so this reads no table whole."""
    try:
        cleaned = numbers.check_phone(phone) if phone.strip() else ""
    except Invalid:
        return []
    found = records.search(home, cleaned, ("worker",), 6) if cleaned else []
    return [one for one in found if one.fields.get("phone") == cleaned and one.id != but]


def person(home: Home, fields: Mapping[str, Any]) -> tuple[str, str, int | None]:
    """(birth date, sex, age today) out of the number, else as written; '' or None where not known."""
    birth, sex = birth_of(fields), identity_tells(fields)[1] or fields.get("sex")
    try:
        age = numbers.age_on(birth, today(home.ambience.now())) if birth else None
    except Invalid:
        return "", "", None
    return birth or "", str(sex or ""), age


def fits(fields: dict[str, Any], trade: str, standing: str) -> bool:
    trades, state = fields.get("trades"), fields.get("standing") or "active"
    return (not trade or (isinstance(trades, list) and trade in trades)) and standing in ("", state)


def listed(
    home: Home, text: str, trade: str = "", standing: str = "", after: str = "", before: str = ""
) -> records.Turned:
    """Up to 50 workers that a search finds (by name, any part, initials, or the tail of a number); without
    one a page of all, newest first. Both filtered."""
    if plain(text):
        found = records.search(home, plain(text), ("worker",), 200 if trade or standing else 50)
        return records.Turned([one for one in found if fits(one.fields, trade, standing)][:50])
    where: list[str] = []
    values: list[Any] = []
    if trade:  # trades stand in their column as JSON text
        where.append('"trades" LIKE ?')
        values.append(f'%"{trade}"%')
    if standing:
        where.append('("standing" = ? OR "standing" IS NULL)' if standing == "active" else '"standing" = ?')
        values.append(Worker.fields["standing"].to_column(standing) if _known(standing) else -1)
    return records.page(home, "worker", after=after, before=before, where=" AND ".join(where), values=values)


def _known(standing: str) -> bool:
    return standing in [value for value, _ in Worker.fields["standing"].choices]


def plain(text: str) -> str:
    """A query as it is meant: full-width forms folded, blanks out."""
    return "".join(unicodedata.normalize("NFKC", text).split())[:60]


def contracts_of(home: Home, worker: str) -> list[Merged]:
    with home.store.reading():
        found = home.store.having("contract", "worker", worker, 50)
    return sorted(found, key=lambda one: one.id, reverse=True)


def visits_of(home: Home, worker: str, most: int = 10) -> list[Merged]:
    with home.store.reading():
        found = home.store.having("visit", "worker", worker, 200)
    return sorted(
        found, key=lambda one: (str(one.fields.get("date")), str(one.fields.get("time"))), reverse=True
    )[:most]
