"""A record of any kind as pages show it: facts, cells of a list, and what two places changed apart.

Rules kept here:
- Everything comes from the record class: labels, order, masks, columns. A new kind needs nothing here.
- What a newer program wrote (unknown fields, values that are not understood) is shown raw and marked so.
- Empty fields are left out of facts: a page says what is known.
- References become links where the caller can name them; else the bare id stands there, shortened.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from common.records import Record
from common.records.fields import Moment, Ref, Text, Wire
from common.web import filters
from common.web.badges import state_badge
from common.web.shapes import Dispute, Fact, Side

Kind = type[Record]
Fields = Mapping[str, Any]
Named = Callable[[str, str], tuple[str, str] | None]  # (kind, id) -> (words, address), or None
Who = Callable[[str], tuple[str, str]]  # actor -> (name, market's name)
BADGED = ("state", "standing")
NUMBERS = ("id_number", "phone", "code", "text_sha256")
RAW_MOST = 400


def show(wire: Wire, value: Any) -> str:
    """One value in words: days and moments as the pages write them, the rest as the field says."""
    if value is None:
        return ""
    try:
        if wire.widget == "date":
            return filters.day(value)
        if isinstance(wire, Moment):
            return filters.moment(value) if type(value) is not int else filters.full_moment(value)
        return filters.without_ids(wire.show(value))
    except (TypeError, ValueError, AttributeError, KeyError):
        return raw(value)


def raw(value: Any) -> str:
    """A value that nobody here understands, shortened."""
    text = (
        value
        if isinstance(value, str)
        else json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    )
    return text if len(text) <= RAW_MOST else f"{text[:RAW_MOST]}…"


def facts(
    kind: Kind,
    fields: Fields,
    *,
    conflicts: Iterable[str] = (),
    names: Sequence[str] | None = None,
    named: Named | None = None,
    full_href: Callable[[str], str] | None = None,
) -> list[Fact]:
    """The known facts of a record, in form order. `full_href(field)`: where a masked value is unmasked."""
    disputed = set(conflicts)
    found = [
        _fact(kind.fields[name], name, fields[name], name in disputed, named, full_href)
        for name in (names if names is not None else kind.fields)
        if fields.get(name) is not None
    ]
    if names is None:
        unknown = sorted(set(fields) - set(kind.fields))
        found += [Fact(name, name, raw(fields[name]), wide=True, raw=True) for name in unknown]
    return found


def _fact(
    wire: Wire,
    name: str,
    value: Any,
    disputed: bool,
    named: Named | None,
    full_href: Callable[[str], str] | None,
) -> Fact:
    text, href = show(wire, value), ""
    if isinstance(wire, Ref) and isinstance(value, str):
        told = named(wire.ref or "", value) if named else None
        text, href = told if told else (f"…{value[-8:]}", "")
    long = isinstance(wire, Text) and wire.lines
    return Fact(
        name=name,
        label=wire.label,
        text=text,
        wide=long or len(text) > 40,
        grouped=name in NUMBERS,
        masked=wire.sensitive,
        full_href=full_href(name) if wire.sensitive and full_href else "",
        href=href,
        badge=state_badge(wire, value) if name in BADGED else None,
        disputed=disputed,
    )


def cells(kind: Kind, fields: Fields, names: Sequence[str], named: Named | None = None) -> list[Fact]:
    """One row of a list, a fact for each column, empty ones included. Days are short there."""
    row = []
    for name in names:
        wire, value = kind.fields[name], fields.get(name)
        if value is None:
            row.append(Fact(name, wire.label, ""))
        elif wire.widget == "date":
            row.append(Fact(name, wire.label, filters.short_day(value)))
        else:
            row.append(_fact(wire, name, value, False, named, None))
    return row


def numeric(wire: Wire) -> bool:
    """Whether a column stands to the right."""
    return wire.widget in ("number", "money") and not isinstance(wire, Moment)


def disputes(
    kind: Kind,
    fields: Fields,
    conflicts: Mapping[str, Sequence[Mapping[str, Any]]],
    base: Fields,
    who: Who,
) -> list[Dispute]:
    """The fields in conflict. `base`: what stood there before the two went apart; `fields`: in force now."""
    found = []
    for name, values in conflicts.items():
        wire = kind.fields.get(name)
        sides = []
        for value in values:
            person, place = who(str(value["actor"]))
            sides.append(
                Side(
                    key=str(value["leaf"]),
                    text=_side_text(wire, name, value["value"]),
                    who=person,
                    where=place,
                    time=int(value["time"]),
                    same_as_base=value["value"] == base.get(name),
                    provisional=value["value"] == fields.get(name),
                )
            )
        label = wire.label if wire else {"retired": "停用"}.get(name, name)
        found.append(Dispute(name, label, _side_text(wire, name, base.get(name)), tuple(sides)))
    return found


def _side_text(wire: Wire | None, name: str, value: Any) -> str:
    if name == "retired":
        return "停用" if value else "继续使用"
    if value is None:
        return ""
    return show(wire, value) if wire else raw(value)
