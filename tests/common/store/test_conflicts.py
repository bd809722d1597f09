"""Writing to a record that others write to as well: heads are named, conflicts end, owners kept to."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from common.errors import Refused
from common.log.entry import MAX_AFTER
from common.store import logs
from common.store.lock import Lock
from common.store.recorder import Recorder
from tests.common.store.exchange import Author, Receiver, made
from tests.world import Market, World, employer, job, worker

OTHER = "37130202"


def relayed(market: Market, *authors: Author) -> None:
    """Bring entries of others into a market's store, by its outbox."""
    receiver = Receiver.__new__(Receiver)
    receiver.store, receiver.program, receiver.relayed = market.store, "node", Receiver.outbox()
    with market.store.db.bound():
        receiver.deliver(list(authors), Random(1))


def beside(market: Market, kind: str, id: str, leaf: bytes, *patches: dict[str, Any]) -> list[bytes]:
    """Entries of another market after `leaf`, side by side."""
    other = Author(OTHER)
    leaves = [
        other.add(*made(kind, id, (leaf,), patch, OTHER, 1_796_000_000_000 + number))
        for number, patch in enumerate(patches)
    ]
    relayed(market, other)
    return leaves


def test_an_entry_names_all_heads_and_settles_what_it_writes(market: Market) -> None:
    first = market.put("worker", worker(phone="13800000001"))
    market.put("worker", {"phone": "13800000002"}, first.id)
    beside(
        market,
        "worker",
        first.id,
        first.leaf,
        {"phone": "13800000003", "address": "某村"},
        {"address": "别村"},
    )
    torn = market.store.get("worker", first.id)
    assert torn is not None and torn.conflicts.keys() == {"phone", "address"}
    with market.recorder.open("s1") as batch:
        batch.put("worker", first.id, {"phone": torn.fields["phone"]})  # the provisional value, decided
        seen = batch.put("worker", first.id, {"skill_level": "none"})
    whole = market.store.get("worker", first.id)
    assert whole is not None and whole.conflicts.keys() == {"address"} and whole.heads == (seen.leaf,)
    market.put("worker", {"address": whole.fields["address"]}, first.id)
    assert market.store.get("worker", first.id).conflicts == {}  # type: ignore[union-attr]


def test_a_group_in_conflict_is_settled_by_one_of_its_fields(market: Market) -> None:
    first = market.put("worker", worker(hours_from="06:00", hours_to="18:00"))
    market.put("worker", {"address": "某村"}, first.id)
    market.put("worker", {"hours_to": None}, first.id)
    beside(market, "worker", first.id, first.leaf, {"hours_from": "05:00", "hours_to": "18:00"})
    assert market.store.get("worker", first.id).conflicts.keys() == {"hours_from", "hours_to"}  # type: ignore[union-attr]
    with market.recorder.open("s1") as batch:
        batch.put("worker", first.id, {"hours_from": "07:00"})
        assert not batch.put("worker", first.id, {"hours_from": "07:00", "hours_to": None}).written
    assert market.store.get("worker", first.id).conflicts == {}  # type: ignore[union-attr]


def test_more_heads_than_an_entry_may_name_are_gathered(market: Market) -> None:
    first = market.put("worker", worker())
    beside(market, "worker", first.id, first.leaf, *({"address": f"某村 {n}"} for n in range(40)))
    assert len(market.store.get("worker", first.id).heads) == 40  # type: ignore[union-attr]
    last = market.put("worker", {"address": "某村"}, first.id)
    found = market.store.get("worker", first.id)
    assert found is not None and (found.heads, found.conflicts) == ((last.leaf,), {})
    assert last.index == market.log.size - 1 == 1 + (40 - MAX_AFTER + MAX_AFTER - 2) // (MAX_AFTER - 1)


def test_only_the_owner_writes_an_owned_record(market: Market) -> None:
    theirs, boss = Author(OTHER), market.put("employer", employer())
    patch = job(boss.id, number="37130202-J-20261201-0001-X")
    id = "0192f7a0-8c1e-7b3a-9c55-3f1f0a2b4c5d"
    theirs.add(*made("job", id, (), patch, OTHER))
    relayed(market, theirs)
    with pytest.raises(Refused) as refused:
        market.put("job", {"headcount": 5}, id)
    assert (refused.value.code, refused.value.detail) == ("not_owner", {"owner": OTHER})


def test_the_hub_may_write_exactly_the_field_in_conflict(tmp_path: Path, world: World) -> None:
    receiver, theirs = Receiver(tmp_path / "store.db", "hub"), Author(OTHER)
    id = "0192f7a0-8c1e-7b3a-9c55-3f1f0a2b4c5d"
    root = theirs.add(*made("visit", id, (), {"service": "seek", "date": "2026-12-01"}, OTHER))
    for window in ("1", "2"):
        theirs.add(*made("visit", id, (root,), {"window": window}, OTHER, 5 + int(window)))
    receiver.take(theirs, theirs.push(0, 3))
    own = Author("hub")
    with receiver.store.writing():
        checkpoint, note = logs.sign_head(logs.open_log(own.origin, "own", own.key.verifier), own.key)
    lock = Lock(tmp_path / "lock")
    lock.advance(*checkpoint, note)
    recorder = Recorder(receiver.store, own.origin, own.key, lock, world.ambience)
    with recorder.open("p1") as batch:
        with pytest.raises(Refused):
            batch.put("visit", id, {"service": "hire"})
        with pytest.raises(Refused):
            batch.put("visit", id, {"window": "2", "service": "hire"})
        assert batch.put("visit", id, {"window": "2"}).written
    found = receiver.store.get("visit", id)
    assert found is not None and (found.conflicts, found.fields["window"], found.owner) == ({}, "2", OTHER)
    receiver.store.close()
