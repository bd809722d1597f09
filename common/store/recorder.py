"""The only write path of records of our own: check once, make the bytes once, sign the head at the end.

    with recorder.open("s7") as batch:
        put = batch.put("worker", None, {...})

Everything put in one batch lands together, in one transaction, under one signature. A later put of the
batch sees the earlier ones. Rules that look at other records are checked inside the same transaction.

Before anything is signed the store is compared with the lock (PROTOCOL.md §11): a store that is older than
what this machine has signed is *recovering*, and signs nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from common.errors import Invalid, Refused, Tampered
from common.keys import SigningKey
from common.log import checkpoint as checkpoints
from common.log import origins, payload, tree
from common.log.checkpoint import Checkpoint
from common.log.entry import MAX_AFTER, Entry, sorted_after
from common.log.entry import encode as encode_entry
from common.records import kind_of
from common.records.base import Facts, Finding, Record
from common.records.fields import Ref, same, today
from common.records.numbers import market_number
from common.store import logs
from common.store.lock import Lock
from common.store.store import Store
from common.store.tables import Log

WHOLE_BATCH = 2000  # entries folded at once in a long batch


@dataclass(frozen=True, slots=True)
class Ambience:
    """What the outside world gives: epoch ms, UUIDv7 texts, random bytes."""

    now: Callable[[], int]
    new_id: Callable[[], str]
    random: Callable[[int], bytes]


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


def compare_with_lock(store: Store, log: Log, lock: Lock) -> None:
    """Raise Tampered('recovering') unless the store holds all that was signed. O(log n)."""
    locked = lock.newest()
    if locked is None:
        raise Tampered("recovering", "the lock is missing", origin=log.origin)
    if locked.origin != log.origin:
        raise Tampered(
            "recovering", f"the lock is of {locked.origin}, the store of {log.origin}", origin=log.origin
        )
    if locked.size > log.size:
        raise Tampered(
            "recovering", f"the store ends at {log.size}, {locked.size} was signed", origin=log.origin
        )
    if logs.root_at(store.db, log, locked.size) != locked.root:
        raise Tampered("recovering", f"another root was signed at {locked.size}", origin=log.origin)


class Recorder:
    """Writes to our log `origin`. `after_commit` is told when entries became durable."""

    def __init__(
        self,
        store: Store,
        origin: str,
        key: SigningKey,
        lock: Lock,
        ambience: Ambience,
        after_commit: Callable[[], None] = lambda: None,
    ) -> None:
        self.store = store
        self.origin = origin
        self.key = key
        self.lock = lock
        self.ambience = ambience
        self.after_commit = after_commit
        parsed = origins.parse(origin)
        self.market = parsed.code or "hub"
        self.incarnation = parsed.n

    @contextmanager
    def open(self, staff: str) -> Iterator[Batch]:
        """A batch by one actor. An exception inside leaves nothing behind."""
        with self.store.writing():
            batch = self.begin(staff)
            yield batch
            signed = batch.close()
        if signed:
            self.publish(signed)

    def begin(self, staff: str) -> Batch:
        """A batch inside a writing transaction that the caller holds; `close` it, and `publish` after commit."""
        log = logs.get_log(self.origin)
        compare_with_lock(self.store, log, self.lock)
        return Batch(self, log, f"{self.market}.{staff}")

    def publish(self, signed: tuple[Checkpoint, bytes]) -> None:
        """After the commit: move the lock, then let the note go."""
        checkpoint, note = signed
        self.lock.advance(checkpoint.origin, checkpoint.size, checkpoint.root, note)
        self.after_commit()


class Batch:
    """Puts of one transaction."""

    def __init__(self, recorder: Recorder, log: Log, actor: str) -> None:
        self.recorder = recorder
        self.store = recorder.store
        self.log = log
        self.actor = actor
        self.made: list[tuple[bytes, bytes | None, bytes, Entry]] = []
        self.placed: list[logs.Placed] = []
        self._seen: dict[tuple[str, str], _Current] = {}
        self._values: dict[tuple[str, str, Any], list[str]] = {}
        self._serials: dict[tuple[str, str], int] = {}
        self.start = log.size

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
        cls = kind_of(kind)
        now = self.recorder.ambience.now()
        current = self._current(kind, id) if id else None
        if current and cls.owned and current.owner != self.recorder.market:
            raise Refused(
                "not_owner", f"{kind} {id} belongs to {current.owner}", field=None, owner=current.owner
            )
        record = id or self.recorder.ambience.new_id()
        change, whole = self._checked(cls, current, dict(patch), reasons or {}, now, repeat)
        if current and not change:
            return Put(record, *self._newest(current), written=False, fields=current.fields)
        findings = self._findings(cls, record, change, whole, current, now)
        if current and len(current.heads) > MAX_AFTER:
            current.heads = self._gather(kind, record, current.heads, now)
        retired = change.get("retired", current.retired if current else False) is True
        index, leaf = self._write(kind, record, current.heads if current else (), change, now)
        whole.pop("retired", None)
        unsettled = (current.conflicts if current else set()) - set(change)
        self._remember(cls, record, _Current(whole, (leaf,), unsettled, self.recorder.market, retired))
        return Put(record, index, leaf, tuple(findings), True, whole)

    def _checked(
        self,
        cls: type[Record],
        current: _Current | None,
        patch: dict[str, Any],
        reasons: Mapping[str, str],
        now: int,
        repeat: Collection[str],
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """(the change to write, the record as it will be)."""
        before = current.fields if current else {}
        if cls.numbered and patch.get("number") not in (None, before.get("number")):
            raise Refused("number_given", "numbers are given by the market", field="number")
        change = cls.check_patch(patch)
        if reasons:
            change["reasons"] = cls.fields["reasons"].check({**before.get("reasons", {}), **reasons})
        whole = _applied(before, change)
        change = cls.settle(change, whole)
        self._check_references(cls, change)
        whole = _applied(before, change)
        cls.check_required(whole)
        settled = current.conflicts if current else set()
        change = {
            name: value
            for name, value in change.items()
            if name in settled
            or name in repeat
            or (not same(value, before.get(name)) and not (value is None and name not in before))
        }
        if "retired" in change and change["retired"] == (current.retired if current else False):
            if "retired" not in settled:
                del change["retired"]
        if cls.numbered and not current:
            change["number"] = whole["number"] = self._number(cls, now)
        return cls.complete(change, before), whole

    def _check_references(self, cls: type[Record], change: Mapping[str, Any]) -> None:
        for name, value in change.items():
            wire = cls.fields.get(name)
            if (
                isinstance(wire, Ref)
                and value is not None
                and wire.ref
                and self._current(wire.ref, value) is None
            ):
                raise Invalid("unknown_reference", f"{name}: no {wire.ref} {value}", field=name)

    def _findings(
        self,
        cls: type[Record],
        record: str,
        change: Mapping[str, Any],
        whole: Mapping[str, Any],
        current: _Current | None,
        now: int,
    ) -> list[Finding]:
        facts = Facts(
            record,
            whole,
            current.fields if current else {},
            today(now),
            self.recorder.market,
            self._look,
            self._same,
        )
        findings = cls.findings(facts, change)
        for finding in findings:
            if finding.severity == "block":
                raise Refused(finding.code, finding.message, field=finding.fields[0])
        return findings

    def _write(
        self, kind: str, record: str, heads: Sequence[bytes], patch: dict[str, Any] | None, now: int
    ) -> tuple[int, bytes]:
        body = payload.encode(patch, self.recorder.ambience.random(32)) if patch is not None else None
        size, digest = (len(body), hashlib.sha256(body).digest()) if body is not None else (None, None)
        entry = Entry(kind, record, sorted_after(heads), now, self.actor, size, digest)
        raw = encode_entry(entry)
        leaf = tree.leaf_hash(raw)
        self.made.append((raw, body, leaf, entry))
        if len(self.made) >= WHOLE_BATCH:
            self._flush()
        return self.start + len(self.placed) + len(self.made) - 1, leaf

    def _gather(self, kind: str, record: str, heads: tuple[bytes, ...], now: int) -> tuple[bytes, ...]:
        """More heads than an entry may name: fold them by entries that say nothing."""
        rest = list(heads)
        while len(rest) > MAX_AFTER:
            _, leaf = self._write(kind, record, rest[:MAX_AFTER], None, now)
            rest = [*rest[MAX_AFTER:], leaf]
        return tuple(rest)

    def _number(self, cls: type[Record], now: int) -> str:
        """The next number of the day's series: one more than the records begun that day in our log."""
        assert cls.numbered is not None
        key = (cls.kind, today(now))
        if key not in self._serials:
            sql = "SELECT count FROM series WHERE kind = ? AND day = ?"
            begun = sum(
                1
                for one in self.made
                if one[3].kind == cls.kind and not one[3].after and today(one[3].time) == key[1]
            )
            self._serials[key] = (self.store.db.scalar(sql, key) or 0) + begun
        self._serials[key] += 1
        day = key[1].replace("-", "")
        return market_number(
            self.recorder.market, cls.numbered, self.recorder.incarnation, day, self._serials[key]
        )

    # -- what the batch sees -------------------------------------------------------------------------------

    def _current(self, kind: str, id: str) -> _Current | None:
        seen = self._seen.get((kind, id))
        if seen is not None:
            return seen
        found = self.store.get(kind, id)
        if found is None:
            return None
        return _Current(found.fields, found.heads, set(found.conflicts), found.owner, found.retired)

    def _look(self, kind: str, id: str) -> Mapping[str, Any] | None:
        current = self._current(kind, id)
        return current.fields if current else None

    def _same(self, kind: str, name: str, value: Any) -> list[tuple[str, Mapping[str, Any]]]:
        found = {one.id: one.fields for one in self.store.having(kind, name, value)}
        for id in self._values.get((kind, name, value), ()):
            fields = self._seen[kind, id].fields
            if fields.get(name) == value:
                found[id] = fields
        return list(found.items())

    def _remember(self, cls: type[Record], record: str, current: _Current) -> None:
        self._seen[cls.kind, record] = current
        for name, wire in cls.fields.items():
            value = current.fields.get(name) if wire.index else None
            if isinstance(value, str):
                ids = self._values.setdefault((cls.kind, name, value), [])
                if record not in ids:
                    ids.append(record)

    def _newest(self, current: _Current) -> tuple[int, bytes]:
        """(index, leaf) of the newest of our own entries among the heads, for a put that changed nothing."""
        leaf = current.heads[-1]
        for one in (*self.placed, *self._unplaced()):
            if one.leaf == leaf:
                return logs.index_of(one.place), leaf
        place = self.store.db.scalar("SELECT min(place) FROM entry WHERE leaf = ?", (leaf,))
        return logs.index_of(place), leaf

    def _unplaced(self) -> Iterator[logs.Placed]:
        first = logs.place_of(self.log, self.log.size)
        for i, (raw, body, leaf, entry) in enumerate(self.made):
            yield logs.Placed(first + i, leaf, raw, body, None, entry, None, self.log.market, 0)

    # -- closing -------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        placed = logs.append(self.store.db, self.log, self.made)
        self.store.projector.apply(self.log, placed)
        self.placed += [one._replace(raw=b"", payload=None) for one in placed]
        self.made = []
        self._serials.clear()

    def close(self) -> tuple[Checkpoint, bytes] | None:
        """Store and fold what is left and sign the head; None if nothing was written."""
        if self.made:
            self._flush()
        return sign_head(self.log, self.recorder.key) if self.placed else None


def sign_head(log: Log, key: SigningKey) -> tuple[Checkpoint, bytes]:
    """Sign the head of our log, in the transaction that moved it."""
    checkpoint = Checkpoint(log.origin, log.size, bytes(log.root))
    note = checkpoints.sign(checkpoint, key)
    Log.update(note=note).where(Log.id == log.id).execute()
    log.note = note
    return checkpoint, note


def _applied(before: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    whole = {**before, **change}
    return {name: value for name, value in whole.items() if value is not None}
