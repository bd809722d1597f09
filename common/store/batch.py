"""The puts of one transaction: checked, made into bytes, appended and folded. `Recorder.open` gives one.

Rules kept here:
- A later put of the batch sees the earlier ones, those not yet stored too; rules that look at other records
  are asked inside the same transaction.
- Whatever may refuse a put is asked before anything of it is made: nothing is left of a put that raised.
- A number is one more than the records of its kind begun that day in our log, counted from entries: a put
  that was refused uses none up, and none is given twice, even when payloads were erased.
- An entry names the record's heads; more than it may name are first gathered by entries that say nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from common.errors import Invalid, Refused
from common.log import payload, tree
from common.log.checkpoint import Checkpoint
from common.log.entry import MAX_AFTER, Entry, sorted_after
from common.log.entry import encode as encode_entry
from common.records import kind_of
from common.records.base import Facts, Finding, Record
from common.records.numbers import market_number
from common.records.values import is_record_id, same, today
from common.store import logs
from common.store.folder import NUMBERED
from common.store.tables import PLACE_BITS, Log

if TYPE_CHECKING:
    from common.store.recorder import Recorder

FLUSH = 2000  # entries stored and folded at once in a long batch: memory stays flat


@dataclass(frozen=True, slots=True)
class Put:
    """What became of one put. index: place in our log; written: False if nothing had changed."""

    id: str
    index: int
    leaf: bytes
    findings: tuple[Finding, ...] = ()
    written: bool = True
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def warnings(self) -> list[str]:
        return [finding.code for finding in self.findings if finding.severity == "warn"]


@dataclass(slots=True)
class _Current:
    """A record as the batch sees it."""

    fields: dict[str, Any]
    heads: tuple[bytes, ...]
    conflicts: set[str]
    owner: str
    retired: bool


class Batch:
    """Puts of one transaction. start: size of the log before it."""

    def __init__(self, recorder: Recorder, log: Log, actor: str) -> None:
        self.recorder = recorder
        self.store = recorder.store
        self.log = log
        self.actor = actor
        self.start = log.size
        self._made: list[tuple[bytes, bytes | None, bytes, Entry]] = []  # not yet stored
        self._patches: dict[bytes, dict[str, Any]] = {}  # what those say, by leaf
        self._seen: dict[tuple[str, str], _Current] = {}  # records as those entries leave them
        self._having: dict[tuple[str, str, Any], list[str]] = {}  # and their ids by indexed value
        self._begun: dict[tuple[str, str], int] = {}  # and numbered records among them, by kind and day

    # -- putting -------------------------------------------------------------------------------------------

    def put(
        self,
        kind: str,
        id: str | None,
        patch: Mapping[str, Any],
        reasons: Mapping[str, str] | None = None,
        repeat: Collection[str] = (),
    ) -> Put:
        """Write a patch on a record (`id` None or unknown: a new one).

        Raises Invalid (a field is wrong), Refused (a blocking rule, not the owner). `reasons` by warning code
        are kept with the record; `repeat` names fields that are written even where they do not change (the
        entry that a paper shows holds its terms itself). Nothing is left of a put that raised.
        """
        cls, now = kind_of(kind), self.recorder.ambience.now()
        if id is not None and not is_record_id(id):
            raise Invalid("unknown_reference", "a record id is a UUID of version 7", field="id")
        current = self._current(kind, id) if id else None
        record = id or self.recorder.ambience.new_id()
        change = self._change(cls, current, patch, reasons or {}, repeat)
        if current and not change:
            return Put(record, *self._newest(current), written=False, fields=current.fields)
        if current:
            self._check_owner(cls, current, change)
        self._check_references(cls, change)
        whole = _applied(current.fields, change) if current else dict(change)
        findings = self._findings(cls, record, change, whole, current, now)
        if current:
            change = cls.complete(change, current.fields)
        if cls.numbered and not current:
            change["number"] = whole["number"] = self._number(cls.kind, cls.numbered, now)
        body = payload.encode(change, self.recorder.ambience.random(32))
        heads = self._gathered(kind, record, current.heads, now) if current else ()
        index, leaf = self._write(kind, record, heads, body, now, change)
        whole.pop("retired", None)
        self._remember(cls, record, _after(cls, current, change, whole, leaf, self.recorder.market))
        return Put(record, index, leaf, tuple(findings), True, whole)

    def _change(
        self,
        cls: type[Record],
        current: _Current | None,
        patch: Mapping[str, Any],
        reasons: Mapping[str, str],
        repeat: Collection[str],
    ) -> dict[str, Any]:
        """What there is to write: the checked patch without what stands already. A field in conflict is
        written even if its provisional value stays: that decides the conflict."""
        before = current.fields if current else {}
        if cls.numbered and patch.get("number") not in (None, before.get("number")):
            raise Refused("number_given", "numbers are given by the market", field="number")
        change = cls.check_patch(patch)
        if reasons:
            change["reasons"] = cls.fields["reasons"].check({**before.get("reasons", {}), **reasons})
        if current is None:
            if change.get("retired") is False:
                del change["retired"]
            change = _applied({}, cls.settle(change, _applied({}, change)))
            cls.check_required(change)
            return change
        change = cls.settle(change, _applied(before, change))
        cls.check_required(_applied(before, change))
        before = {**before, "retired": current.retired}
        return {
            name: value
            for name, value in change.items()
            if name in current.conflicts or name in repeat or not same(value, before.get(name))
        }

    def _check_owner(self, cls: type[Record], current: _Current, change: Mapping[str, Any]) -> None:
        """Of a record that another owns, the hub may write exactly what is in conflict, others nothing."""
        if not cls.owned or current.owner == self.recorder.market:
            return
        if self.recorder.market == "hub" and all(
            current.conflicts & cls.written({name: value}) for name, value in change.items()
        ):
            return
        raise Refused("not_owner", f"this {cls.kind} belongs to {current.owner}", owner=current.owner)

    def _check_references(self, cls: type[Record], change: Mapping[str, Any]) -> None:
        for name in cls.referring:
            if change.get(name) is not None:
                for kind, id in cls.fields[name].references(change[name]):
                    if self._current(kind, id) is None:
                        raise Invalid("unknown_reference", f"{name}: no {kind} {id}", field=name)

    def _findings(
        self,
        cls: type[Record],
        record: str,
        change: Mapping[str, Any],
        whole: Mapping[str, Any],
        current: _Current | None,
        now: int,
    ) -> list[Finding]:
        """What the rules say; Refused for the first that blocks."""
        market = self.recorder.market
        before, owner = (current.fields, current.owner) if current else ({}, market)
        facts = Facts(record, whole, before, today(now), market, self._look, self._same, owner)
        findings = cls.findings(facts, change)
        for finding in findings:
            if finding.severity == "block":
                raise Refused(finding.code, finding.message, field=finding.fields[0])
        return findings

    def _number(self, kind: str, letter: str, now: int) -> str:
        day = today(now)
        stored = self.store.db.scalar("SELECT count FROM series WHERE kind = ? AND day = ?", (kind, day))
        serial = (stored or 0) + self._begun.get((kind, day), 0) + 1
        incarnation = self.recorder.incarnation
        return market_number(self.recorder.market, letter, incarnation, day.replace("-", ""), serial)

    # -- making entries ------------------------------------------------------------------------------------

    def _gathered(self, kind: str, record: str, heads: Sequence[bytes], now: int) -> Sequence[bytes]:
        """Heads that one entry can name: more of them are folded by entries that say nothing."""
        while len(heads) > MAX_AFTER:
            _, leaf = self._write(kind, record, heads[:MAX_AFTER], None, now)
            heads = [*heads[MAX_AFTER:], leaf]
        return heads

    def _write(
        self,
        kind: str,
        record: str,
        heads: Sequence[bytes],
        body: bytes | None,
        now: int,
        patch: dict[str, Any] | None = None,
    ) -> tuple[int, bytes]:
        """(index, leaf) of a new entry; `body` is the payload of `patch`."""
        size, digest = (len(body), hashlib.sha256(body).digest()) if body is not None else (None, None)
        entry = Entry(kind, record, sorted_after(heads), now, self.actor, size, digest)
        raw = encode_entry(entry)
        index, leaf = self.log.size + len(self._made), tree.leaf_hash(raw)
        self._made.append((raw, body, leaf, entry))
        if patch is not None:
            self._patches[leaf] = patch
        if not heads and kind in NUMBERED:
            key = (kind, today(now))
            self._begun[key] = self._begun.get(key, 0) + 1
        if len(self._made) >= FLUSH:
            self._flush()
        return index, leaf

    def _flush(self) -> None:
        """Store and fold what was made; from here on the store itself shows it."""
        if self._made:
            placed = logs.append(self.store.db, self.log, self._made)
            self.store.projector.apply(self.log, placed, self._patches)
        for kept in (self._made, self._patches, self._seen, self._having, self._begun):
            kept.clear()

    def close(self) -> tuple[Checkpoint, bytes] | None:
        """Store and fold what is left and sign the head; None if nothing was written."""
        self._flush()
        return logs.sign_head(self.log, self.recorder.key) if self.log.size > self.start else None

    # -- what the batch sees -------------------------------------------------------------------------------

    def _current(self, kind: str, id: str) -> _Current | None:
        if (kind, id) in self._seen:
            return self._seen[kind, id]
        found = self.store.get(kind, id)
        if found is None:
            return None
        return _Current(found.fields, found.heads, set(found.conflicts), found.owner, found.retired)

    def _look(self, kind: str, id: str) -> Mapping[str, Any] | None:
        current = self._current(kind, id)
        return current.fields if current else None

    def _same(self, kind: str, name: str, value: Any) -> list[tuple[str, Mapping[str, Any]]]:
        stored, made = self.store.having(kind, name, value, most=-1), self._having.get((kind, name, value))
        if not stored and not made:
            return []
        found = {one.id: one.fields for one in stored}
        for id in [*found, *(made or ())]:
            if (kind, id) in self._seen:
                found[id] = self._seen[kind, id].fields
        return [(id, fields) for id, fields in found.items() if fields.get(name) == value]

    def _remember(self, cls: type[Record], record: str, current: _Current) -> None:
        self._seen[cls.kind, record] = current
        for name in cls.indexed:
            value = current.fields.get(name)
            if isinstance(value, str):
                self._having.setdefault((cls.kind, name, value), []).append(record)

    def _newest(self, current: _Current) -> tuple[int, bytes]:
        """(index, leaf) for a put that changed nothing: of the newest of the record's heads in our own log,
        or of one in another log where none is ours."""
        self._flush()
        rows = self.store.db.rows_in("SELECT place, leaf FROM entry WHERE leaf IN (?)", current.heads)
        place, leaf = max(rows, key=lambda row: (row[0] >> PLACE_BITS == self.log.id, row[0]))
        return logs.index_of(place), leaf


def _after(
    cls: type[Record],
    current: _Current | None,
    change: Mapping[str, Any],
    whole: dict[str, Any],
    leaf: bytes,
    author: str,
) -> _Current:
    """The record once the change is written: it saw every head, so what it wrote is settled."""
    if current is None:
        return _Current(whole, (leaf,), set(), author, change.get("retired") is True)
    retired = change.get("retired", current.retired) is True
    return _Current(whole, (leaf,), current.conflicts - cls.written(change), current.owner, retired)


def _applied(before: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """The fields once `change` is written."""
    whole = {**before, **change}
    if None not in whole.values():
        return whole
    return {name: value for name, value in whole.items() if value is not None}
