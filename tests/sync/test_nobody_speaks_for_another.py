"""What one market, or a hub gone wrong, may not do to another's records; what must hold before a note leaves.

F16 forged entries count for nothing; F17 a second open log is a person's decision; F20 the hub writes nothing
in a market's name.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from common.errors import Refused, Tampered
from common.keys import VerifierKey
from common.log import checkpoint as checkpoints
from common.log import push as pushes
from common.log import relay
from common.log.checkpoint import Checkpoint
from common.log.tree import leaf_hash
from common.store import logs
from hub.province import lookup, registry
from node.market import papers
from node.sync import round
from tests.province import Author, Market, Province, employer, person


def test_entries_pushed_on_another_record_hide_nothing_from_anybody(
    province: Province, tmp_path: Path
) -> None:
    """F16: were a set-aside entry a head, the hub would name it, and no node could fold what the hub said."""
    waiting = province.market(tmp_path, enrolled=False)
    waiting.enrol(province.invite(waiting.code, approve=False))
    bad = Author(province).enrol()
    with province.hub() as hub:
        [register] = registry.of_market(hub, waiting.code)
    for _ in range(4):
        assert bad.push(bad.entry("register", {"state": "closed"}, register.id)).status_code == 200
    with province.hub() as hub:
        assert len(registry.of_market(hub, waiting.code)[0].heads) == 1
        registry.approve(hub, waiting.code, "tests")
    other = province.market(tmp_path)
    other.settled()
    assert other.get("register", register.id).fields["state"] == "open"


def test_staff_of_another_market_cannot_be_named(province: Province, tmp_path: Path) -> None:
    """F16: a staff record tells names of its own market only, and odd values in it break no page."""
    market = province.market(tmp_path)
    market.put("staff", {"actor": f"{market.code}.t1", "name": "王秀兰", "role": "clerk", "active": True})
    market.settled()
    bad = Author(province).enrol()
    last = "ffffffff-ffff-7fff-bfff-ffffffffffff"
    forged = bad.entry("staff", {"actor": f"{market.code}.t1", "name": "冒名", "role": "clerk"}, last)
    odd = bad.entry("staff", {"actor": ["x"], "name": "z", "role": "clerk"})
    assert bad.push(forged, odd).status_code == 200
    with province.hub() as hub:
        assert lookup.who(hub)(f"{market.code}.t1")[0] == "王秀兰"


def test_an_entry_relayed_as_ours_does_not_count_unless_we_wrote_it(market: Market) -> None:
    """F20: with the hub's own keys nobody changes a market's records: what it wrote stands in its own log."""
    market.put("employer", employer())
    [job] = market.put("worker", person(1))
    market.settled()
    before = market.get("worker", job.id)
    with market.province.hub() as hub, market.bound() as home:
        author = Author(market.province, market.code)
        raw, body = author.entry("worker", {"phone": "13911111111"}, job.id, before.heads)
        vkey = VerifierKey.parse(home.store.setting("hub.outbox") or "")
        log = logs.get_log(vkey.name)
        leaf = relay.encode(home.origin, 77, raw)
        frontier = logs.frontier_of(log).extend([leaf_hash(leaf)])
        head = Checkpoint(vkey.name, frontier.size, frontier.root())
        note = checkpoints.sign(head, hub.key_of(vkey.name))
        round.take(home, vkey, pushes.encode(pushes.Push(vkey.name, log.size, note, [(leaf, body)])))
    assert market.get("worker", job.id).fields == before.fields
    assert "copied" in market.aside().values()


def test_a_paper_leaves_only_after_the_lock_knows_its_note(market: Market) -> None:
    """A put was cut off between its commit and its lock; a paper of it must not outrun the lock."""
    lock = market.home.lock.path
    behind = lock.read_bytes()
    [worker] = market.people(1)
    lock.write_bytes(behind)
    with market.bound() as home:
        assert not papers.proof_of(home, "worker", worker.id).confirmed
        locked = home.lock.newest()
    assert locked is not None and locked.size == market.log().size
    market.settled()


def test_a_restored_store_signs_nothing_and_hands_out_nothing(market: Market, tmp_path: Path) -> None:
    """F6: yesterday's file under today's lock."""
    market.people(1)
    market.settled()
    with market.bound() as home:
        home.store.db.run("PRAGMA wal_checkpoint(TRUNCATE)")
    old = shutil.copy(market.path / "store.db", tmp_path / "old.db")
    market.people(1)
    market.home.close()
    shutil.copy(old, market.path / "store.db")
    for left in ("store.db-wal", "store.db-shm"):
        (market.path / left).unlink(missing_ok=True)
    again = Market(market.province, market.wire, tmp_path, market.code, market.home.ambience)
    market.province.markets.append(again)
    with again.bound() as home:
        assert home.state() == "recovering"
        with pytest.raises(Tampered, match="recovering"):
            home.recorder.catch_up()
    with pytest.raises(Tampered, match="recovering"):
        again.people(1)
    again.home.close()
    market.province.markets.remove(again)
    (market.path / "store.db").unlink()  # broken on purpose: nothing to verify at the end


def test_a_second_open_log_of_a_market_waits_for_a_person(province: Province) -> None:
    """F17: a code approved in advance does not open another log beside one that is open."""
    first = Author(province).enrol()
    Author(province, first.code, n=2).enrol(approve=True)
    with province.hub() as hub:
        states = {
            one.fields["origin"][-1]: one.fields["state"] for one in registry.of_market(hub, first.code)
        }
    assert states == {"1": "open", "2": "pending"}


def test_pushes_that_wait_leave_threads_for_everybody_else(province: Province) -> None:
    """F30: as many wait as may, the next is told to come again."""
    with province.hub() as hub:
        for _ in range(hub.config.threads - 3):
            assert hub._places.acquire(blocking=False)
        with pytest.raises(Refused, match="busy"):
            hub.in_turn(lambda: None)
        hub._places.release()
        assert hub.in_turn(lambda: "taken") == "taken"
