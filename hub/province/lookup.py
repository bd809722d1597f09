"""Finding records: one by kind and id or printed number, or lists in order of their ids, by keyset.

A list costs the same wherever it is: it goes on from the last id, and a market's records have an index.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from common.errors import Invalid, Refused
from common.records import KINDS, Record, kind_of
from common.records.fields import Ref, is_record_id
from common.store.rows import Merged
from hub.home import Home
from hub.province.dossier import by_code

PAGE = 50
Who = Callable[[str], tuple[str, str]]


class Rows(NamedTuple):
    """One page, newest first, and the ids to go on from (None at an end)."""

    rows: list[Merged]
    next: str | None
    prev: str | None


def kinds() -> list[tuple[str, str]]:
    """(name, label) of all kinds."""
    return [(kind.kind, kind.label) for kind in KINDS]


def page(
    home: Home,
    kind: str,
    *,
    market: str = "",
    disputed: bool = False,
    after: str = "",
    before: str = "",
    most: int = PAGE,
) -> Rows:
    """Records of a kind after (older than) or before (newer than) an id. Raises Invalid('unknown_kind')."""
    conditions, values = [], []
    if market:
        conditions.append("_owner = ?")
        values.append(market)
    if disputed:
        conditions.append("_conflicts IS NOT NULL")
    cursor = next((one for one in (after, before) if is_record_id(one)), None)
    backward = cursor is not None and cursor == before and not after
    with home.store.reading():
        found = home.store.page(
            kind,
            newest=not backward,
            before=cursor,
            most=most + 1,
            where=" AND ".join(conditions),
            values=values,
        )
    more, rows = len(found) > most, found[:most]
    if backward:
        rows.reverse()
        return Rows(rows, rows[-1].id if rows else None, rows[0].id if more else None)
    return Rows(rows, rows[-1].id if more else None, rows[0].id if cursor and rows else None)


def find(home: Home, kind: str, text: str) -> list[Merged]:
    """Records of a kind with this id, or whose indexed field has exactly this value (number, code, phone)."""
    text = text.strip()
    with home.store.reading():
        if is_record_id(text.lower()):
            one = home.store.get(kind, text.lower())
            return [one] if one else []
        found: dict[str, Merged] = {}
        for name, field in kind_of(kind).fields.items():
            if field.index and not isinstance(field, Ref):
                try:
                    value = field.parse(text)
                except Invalid:
                    continue
                found |= {one.id: one for one in home.store.having(kind, name, value, PAGE)}
        return list(found.values())


def find_any(home: Home, text: str) -> tuple[str, list[Merged]]:
    """The first kind that has records with this id or number, and those; (`worker`, []) if none has."""
    for kind in KINDS:
        found = find(home, kind.kind, text)
        if found:
            return kind.kind, found
    return KINDS[0].kind, []


def get(home: Home, kind: str, id: str) -> Merged:
    """Raises Invalid('unknown_kind'), Refused('not_found')."""
    kind_of(kind)
    with home.store.reading():
        one = home.store.get(kind, id)
    if one is None:
        raise Refused("not_found", f"no {kind} {id[:40]}")
    return one


def kind(name: str) -> type[Record]:
    """The class of a kind. Raises Invalid('unknown_kind')."""
    return kind_of(name)


def sensitive(name: str) -> bool:
    """Whether records of this kind hold what is shown masked; of an unknown kind nobody knows."""
    try:
        return any(field.sensitive for field in kind_of(name).fields.values())
    except Invalid:
        return True


def named(home: Home) -> Callable[[str, str], str | None]:
    """(kind, id) -> the record's title, or None; each asked for once."""
    seen: dict[tuple[str, str], str | None] = {}

    def tell(kind: str, id: str) -> str | None:
        if (kind, id) not in seen:
            with home.store.reading():
                one = home.store.get(kind, id)
            seen[kind, id] = title(one) if one else None
        return seen[kind, id]

    return tell


def title(one: Merged) -> str:
    """What a record is called: its own title, or its kind's name with the tail of its id."""
    known = kind_of(one.kind)
    return known.name_of(one.fields) or f"{known.label} …{one.id[-8:]}"


def who(home: Home) -> Who:
    """actor -> (person's name, market's name): operators by account, halls' staff by their staff records."""
    with home.store.reading():
        markets = by_code(home)
        people: dict[Any, Any] = {}
        for one in home.store.each("staff"):
            actor = one.fields.get("actor")
            if isinstance(actor, str) and actor.partition(".")[0] == one.owner:  # nobody names others' staff
                people[actor] = one.fields.get("name")
        people |= {f"hub.{one.login}": one.name for one in home.accounts.listed()}

    def tell(actor: str) -> tuple[str, str]:
        author, _, person = actor.partition(".")
        fixed = {"script": "批量命令", "intake": "自动核对"}
        name = str(people.get(actor) or fixed.get(person) or person)
        return name, "省平台" if author == "hub" else str(markets.get(author) or f"市场 {author}")

    return tell
