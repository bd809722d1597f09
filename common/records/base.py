"""Record: the class every kind derives from.

One class per kind is wire schema, table, form, rule book and conflict rule at once:
- the `Wire` fields of the class are the kind's fields on the wire, in form order;
- the same fields are the columns of its projected table, beside a few bookkeeping columns whose names
  begin with `_` (no wire field can). Every column is recomputed from the log; nothing local stands here;
- `groups`, `authors`, `owned` steer the fold; `rules` says what a hall must mend, explain or know.

Findings are of three sorts: `block` refuses, `warn` asks for a reason and lands all the same, `note`
only tells. A finding names the fields that it is about: an edit that touches none of them hears nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import peewee

from common.errors import Invalid
from common.records.fields import Notes, Wire, id_bytes, id_text
from common.records.fold import Policy

Fields = Mapping[str, Any]


class RecordId(peewee.Field):
    """A UUIDv7, 16 bytes in the column, text in Python."""

    field_type = "BLOB"

    def db_value(self, value: Any) -> Any:
        return id_bytes(value) if isinstance(value, str) else value

    def python_value(self, value: Any) -> Any:
        return None if value is None else id_text(value)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found. severity: 'block', 'warn' or 'note'."""

    code: str
    severity: str
    fields: tuple[str, ...]
    message: str = ""


@dataclass(slots=True)
class Facts:
    """What rules may look at. `fields`: the record as it will be; `before`: as it was ({} if new).

    look(kind, id) -> its folded fields or None; same(kind, field, value) -> (id, fields) of records
    whose indexed field has that value. `today`: Beijing day of the act. `market`: the author's code or 'hub'.
    `owner`: who began the record (the author, of a new one; '' where nobody asks).
    """

    id: str
    fields: Fields
    before: Fields
    today: str
    market: str
    look: Callable[[str, str], Fields | None]
    same: Callable[[str, str, Any], list[tuple[str, Fields]]]
    owner: str = ""


class Record(peewee.Model):
    """Bookkeeping columns: heads (32-byte leaves, sorted, joined), conflicts and raw values as JSON or
    NULL, the owner's code, how many entries were folded, the times claimed by root and last entry."""

    kind: ClassVar[str]
    label: ClassVar[str]
    groups: ClassVar[tuple[tuple[str, ...], ...]] = ()
    authors: ClassVar[frozenset[str]] = frozenset(("market", "hub"))
    owned: ClassVar[bool] = False
    numbered: ClassVar[str | None] = None  # letter of the number series that the node gives
    title_field: ClassVar[str] = "name"
    columns: ClassVar[tuple[str, ...]] = ()  # fields shown in lists
    fields: ClassVar[dict[str, Wire]]
    required: ClassVar[tuple[str, ...]]
    indexed: ClassVar[tuple[str, ...]]
    referring: ClassVar[tuple[str, ...]]  # fields that name other records
    policy: ClassVar[Policy]
    _checks: ClassVar[dict[str, Callable[[Any], Any]]]

    id = RecordId(primary_key=True)
    meta_heads = peewee.BlobField(column_name="_heads", null=True)
    meta_conflicts = peewee.TextField(column_name="_conflicts", null=True)
    meta_extra = peewee.TextField(column_name="_extra", null=True)
    meta_owner = peewee.TextField(column_name="_owner", null=True)
    meta_retired = peewee.IntegerField(column_name="_retired", null=True)
    meta_entries = peewee.IntegerField(column_name="_entries", null=True)
    meta_created = peewee.IntegerField(column_name="_created", null=True)
    meta_changed = peewee.IntegerField(column_name="_changed", null=True)
    reasons = Notes("说明理由")

    @classmethod
    def prepare(cls) -> None:
        """Collect the wire fields once the class is bound. Called for each of KINDS."""
        wire = {name: field for name, field in cls._meta.fields.items() if isinstance(field, Wire)}
        wire["reasons"] = wire.pop("reasons")
        cls.fields = wire
        cls._checks = {name: field.check for name, field in wire.items()}
        cls.required = tuple(name for name, field in wire.items() if field.required)
        cls.indexed = tuple(name for name, field in wire.items() if field.index)
        cls.referring = tuple(name for name, field in wire.items() if field.refers)
        cls.policy = Policy(cls.groups, cls.authors, cls.owned)
        hidden = vars(Record).keys() & wire.keys() - {"reasons"}
        assert not hidden, f"{cls.kind}: a field may not be called like a part of this class: {hidden}"

    @classmethod
    def check_patch(cls, patch: Fields) -> dict[str, Any]:
        """Checked copy of a patch; null clears. Raises Invalid(code, field)."""
        checked: dict[str, Any] = {}
        checks = cls._checks
        for name, value in patch.items():
            check = checks.get(name)
            if check is not None:
                checked[name] = None if value is None else check(value)
            elif name == "retired" and type(value) is bool:
                checked[name] = value
            else:
                raise Invalid("unknown_field", f"{cls.kind} has no field {name[:40]!r}", field=name[:40])
        return checked

    @classmethod
    def complete(cls, patch: dict[str, Any], before: Fields) -> dict[str, Any]:
        """A patch sets a group whole: members that it leaves out keep their present values."""
        kept = {name: before[name] for name in cls.written(patch) if before.get(name) is not None}
        return {**kept, **patch}

    @classmethod
    def written(cls, patch: Fields) -> set[str]:
        """The fields that a patch sets: its own, and the other members of their groups."""
        groups = [group for group in cls.groups if not patch.keys().isdisjoint(group)]
        return set(patch).union(*groups)

    @classmethod
    def settle(cls, patch: dict[str, Any], whole: Fields) -> dict[str, Any]:
        """The patch after checks that span fields; `whole` is the record as it will be. Raises Invalid."""
        return patch

    @classmethod
    def check_required(cls, fields: Fields) -> None:
        """Raises Invalid('required') for the first field that is missing."""
        for name in cls.required:
            if fields.get(name) is None:
                raise Invalid("required", f"{cls.kind}: {name} is required", field=name)

    @classmethod
    def rules(cls, facts: Facts) -> Iterator[Finding]:
        """Findings about the record as it will be; each kind says its own."""
        return iter(())

    @classmethod
    def findings(cls, facts: Facts, patch: Fields) -> list[Finding]:
        """Findings that the patch gives occasion for."""
        found = []
        for finding in cls.rules(facts):
            if not facts.before or any(name in patch for name in finding.fields):
                found.append(finding)
        return found

    @classmethod
    def terms(cls, fields: Fields) -> Iterable[str]:
        """Search terms: a query finds the record if a term begins with it. Tails stand reversed after `~`."""
        return ()

    @classmethod
    def name_of(cls, fields: Fields) -> str:
        """What a record is called where it is mentioned; '' if it has no name yet."""
        return str(fields.get(cls.title_field) or "")
