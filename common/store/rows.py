"""Between folded fields and the columns of a kind's projected table, both ways, quickly.

A value that this program does not understand, and every field that it does not know, goes into `_extra`
as it came; reading gives exactly what was folded: no defaults, nothing derived.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from common.records.base import Record
from common.records.values import canonical, id_text
from common.store.straight import Straight

_decode = msgspec.json.decode
META = ("id", "_heads", "_conflicts", "_extra", "_owner", "_retired", "_entries", "_created", "_changed")
Row = tuple[Any, ...]


class Rows:
    """The row form of one kind."""

    def __init__(self, kind: type[Record]) -> None:
        self.kind = kind
        self.table = kind._meta.table_name
        self.wire = tuple(sorted(kind.fields))
        self.columns = META + self.wire
        self.width = len(self.columns)
        self._slots = {
            name: (at, kind.fields[name].plain, kind.fields[name].to_column)
            for at, name in enumerate(self.wire, len(META))
        }
        self._readers = [
            (at, name, kind.fields[name].from_column) for at, name in enumerate(self.wire, len(META))
        ]
        names = ", ".join(f'"{name}"' for name in self.columns)
        self.insert = (
            f'INSERT OR REPLACE INTO "{self.table}" ({names}) VALUES ({", ".join("?" * self.width)})'
        )
        self.select = f'SELECT {names} FROM "{self.table}"'
        having = f'SELECT id FROM "{self.table}" WHERE "{{}}" = ? LIMIT ?'
        self.having = {name: having.format(name) for name in self.wire}
        self.straight = Straight(kind, self.wire)
        self.delete = f'DELETE FROM "{self.table}" WHERE id = ?'

    def row(
        self,
        record: bytes,
        fields: Mapping[str, Any],
        heads: bytes,
        owner: str,
        created: int,
        changed: int,
        entries: int = 1,
        retired: bool = False,
        conflicts: Mapping[str, Any] | None = None,
    ) -> Row:
        """The row of a folded record."""
        row: list[Any] = [None] * self.width
        extra: dict[str, Any] | None = None
        slots = self._slots
        for name, value in fields.items():
            if value is None:
                continue
            if name in slots:
                at, plain, to_column = slots[name]
                try:
                    row[at] = value if type(value) is plain else to_column(value)
                    continue
                except ValueError:
                    pass
            extra = extra if extra is not None else {}
            extra[name] = value
        row[:9] = (
            record,
            heads,
            canonical(conflicts) if conflicts else None,
            canonical(extra) if extra else None,
            owner,
            int(retired),
            entries,
            created,
            changed,
        )
        return tuple(row)

    def straight_row(self, record: bytes, payload: bytes, leaf: bytes, owner: str, time: int) -> Row | None:
        """The row of a record out of its only entry's payload; None where the general way must look."""
        columns = self.straight.columns(payload)
        if columns is None:
            return None
        return (record, leaf, None, None, owner, 0, 1, time, time, *columns)

    def fields(self, row: Sequence[Any]) -> dict[str, Any]:
        """The folded fields of a row."""
        fields = {name: read(row[at]) for at, name, read in self._readers if row[at] is not None}
        if row[3]:
            fields |= _decode(row[3])
        return fields

    def merged(self, row: Sequence[Any]) -> Merged:
        return Merged(
            kind=self.kind.kind,
            id=id_text(row[0]),
            fields=self.fields(row),
            heads=tuple(row[1][i : i + 32] for i in range(0, len(row[1]), 32)),
            conflicts=_decode(row[2]) if row[2] else {},
            owner=row[4],
            retired=bool(row[5]),
            entries=row[6],
            created=row[7],
            changed=row[8],
        )


class Merged(msgspec.Struct, frozen=True):
    """A record as it stands. conflicts: {field: [{"value", "actor", "time", "leaf"}]}; times in epoch ms."""

    kind: str
    id: str
    fields: dict[str, Any]
    heads: tuple[bytes, ...]
    conflicts: dict[str, list[dict[str, Any]]]
    owner: str
    retired: bool
    entries: int
    created: int
    changed: int

    def public(self) -> dict[str, Any]:
        """As `get` prints it."""
        return {"id": self.id, "fields": self.fields, "conflicts": self.conflicts, "retired": self.retired}
