"""Pushing over a wire that bends: what is durable stays, what was lost is sent again, nothing counts twice.

F1 resume at the last durable chunk; F3 the hub did it and the answer was lost; F31 limits and 413; F38 the
same range twice; F40 nothing is called confirmed without a receipt.
"""

from __future__ import annotations

import gzip
import json
import threading
from pathlib import Path

import pytest

from common.keys import VerifierKey
from common.log import checkpoint as checkpoints
from common.log import push as pushes
from common.store import logs
from common.store.tables import PLACE_BITS
from node.market import status
from node.sync import engine, round
from tests.faulty import CUTS, GARBLED, LOST_AFTER, PASS, REPEATED, STUCK, Fault, says
from tests.province import Market, Province, person, start


def pushed(market: Market) -> list[pushes.Push]:
    """The pushes that went out on the market's wire."""
    sent = [one for one in market.wire.exchanges if one.line.startswith("POST /v1/push")]
    return [pushes.parse(gzip.decompress(one.body)) for one in sent]


def refusal(code: str, status: int, detail: dict[str, object] | None = None, **headers: str) -> Fault:
    return says(status, json.dumps({"code": code, "message": "", "detail": detail or {}}).encode(), **headers)


@pytest.mark.parametrize("fault", [*CUTS, GARBLED])
@pytest.mark.parametrize("chunk", [0, 1, 2])
def test_a_push_resumes_after_every_cut(market: Market, fault: str, chunk: int) -> None:
    """F1: whatever was lost, the next round begins where the receipts end, and nothing is there twice."""
    people = market.people(30)
    market.window(6)
    market.wire.bend(*[PASS] * chunk, fault)
    result = market.sync()
    assert result["state"] in (("offline", "fork") if fault == GARBLED else ("offline",))
    reached = market.log().receipt_size
    assert (reached > 0) == (chunk > 0) and reached < 30
    market.wire.bend()
    again = market.sync()
    assert (again["state"], again["receipted"]) == ("ok", 30)
    assert min(push.old for push in pushed(market)) == reached, "what has a receipt is never sent again"
    market.settled()
    with market.province.hub() as hub:
        found = {one.id for one in hub.store.each("worker") if one.owner == market.code}
        places = hub.store.db.scalar(
            "SELECT count(*) FROM entry JOIN log ON place >> 32 = log.id WHERE origin = ?",
            (market.origin,),
        )
    assert found == {put.id for put in people} and places == 30


def test_a_lost_answer_brings_the_same_receipt(market: Market) -> None:
    """F3: the hub had committed; asked again it gives the receipt of then, time and all."""
    market.people(3)
    market.wire.bend(LOST_AFTER)
    assert market.sync()["state"] == "offline"
    assert market.log().receipt is None, "F40: no receipt, no confirmation"
    with market.province.hub() as hub, hub.store.reading():
        given = bytes(logs.get_log(market.origin).receipt)
    market.wire.bend()
    assert market.sync()["state"] == "ok"
    assert bytes(market.log().receipt) == given


def test_entries_written_after_a_lost_answer_follow_it(market: Market) -> None:
    """F3: then the hub stands between our receipt and our head; its receipt is checked and taken."""
    market.people(3)
    market.wire.bend(LOST_AFTER)
    market.sync()
    market.put("worker", person(100), person(101))
    market.wire.bend()
    assert market.sync()["receipted"] == 5
    assert [push.old for push in pushed(market)] == [0, 3], "the first push is refused as begun too early"


def test_repeated_pushes_are_harmless(market: Market) -> None:
    """F38: the hub gets each push twice; one effect, one receipt."""
    market.people(4)
    market.wire.bend(REPEATED)
    assert (market.sync()["state"], market.held()) == ("ok", 4)
    market.settled()


def test_an_older_receipt_that_comes_late_is_ignored(market: Market) -> None:
    """F37: receipts only move forward."""
    market.people(2)
    market.sync()
    older = bytes(market.log().receipt)
    market.put("worker", person(50))
    market.sync()
    with market.bound() as home:
        round._keep(home, round._checked(home, older, None))
    assert market.log().receipt_size == 3


def test_a_round_halves_what_is_too_large(market: Market) -> None:
    """F31: 413 halves the push until it fits."""
    market.people(20)
    too_large = refusal("push_too_large", 413)

    def small_only(request: bytes) -> bytes:
        if not request.startswith(b"POST"):
            return market.wire.ask(request)
        push = pushes.parse(gzip.decompress(request.partition(b"\r\n\r\n")[2]))
        if len(push.items) > 5:
            return too_large(request)
        return market.wire.ask(request)

    market.wire.bend(*[small_only] * 12)
    result = market.sync()
    assert (result["state"], result["receipted"]) == ("ok", 20)
    assert [len(push.items) for push in pushed(market)][:3] == [20, 10, 5]
    assert len(pushed(market)) <= 10


def test_a_single_entry_that_is_too_large_ends_the_round(market: Market) -> None:
    """F31: no endless halving where the hub refuses everything."""
    market.people(3)
    market.wire.bend(*[refusal("push_too_large", 413)] * 9)
    result = market.sync()
    assert (result["state"], result["error"]) == ("offline", "push_too_large")
    assert len(market.wire.exchanges) == 2  # 3 entries, then 1


@pytest.mark.parametrize("code", [429, 503])
def test_retry_after_is_respected(market: Market, code: int) -> None:
    """The hub's word on when to come again reaches the loop, which never comes earlier."""
    market.people(1)
    market.wire.bend(refusal("busy", code, Retry_After="77"))
    result = market.sync()
    assert (result["state"], result["retry_after"]) == ("offline", 77)
    assert engine.wait_ms(1, 300_000, 0.0, result["retry_after"]) >= 77_000
    market.settled()


@pytest.mark.parametrize(
    "answer",
    [
        says(200, b"<html>please log in</html>", "text/html"),
        says(302, b"", Location="http://portal.example/"),
        says(500, b"Traceback (most recent call last)", "text/plain"),
        says(502, b"[" * 90_000),
        says(400, b'{"code":"\\u0000<b>","message":5}'),
        says(409, b'{"code":"behind","detail":{"size":"many"}}'),
        says(200, b"\x1f\x8b\x08 not gzip at all", Content_Encoding="gzip"),
        says(503, b'{"code":"recovering","message":"","detail":{}}'),
        lambda request: b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 99999\r\n\r\nshort",
        lambda request: b"\x00\x01\x02 no http at all\r\n\r\n",
    ],
)
def test_what_is_no_hub_costs_nothing(market: Market, answer: Fault) -> None:
    """A login page of some hotel, a broken proxy, a hub that is itself recovering: away, nothing lost."""
    market.people(2)
    market.wire.bend(answer)
    assert market.sync()["state"] == "offline"
    market.wire.bend()
    market.settled()


def test_a_hub_that_goes_round_in_circles_is_left(market: Market) -> None:
    """The same refusal without progress ends the round at once; it does not knock for a minute."""
    market.people(2)
    market.sync()
    market.put("worker", person(9))
    receipt = bytes(market.log().receipt).decode()
    market.wire.bend(*[refusal("behind", 409, {"size": 2, "receipt": receipt})] * 5)
    result = market.sync()
    assert (result["state"], result["error"]) == ("offline", "no_progress")
    assert len(market.wire.exchanges) == 1


def test_a_hub_whose_store_is_older_than_its_signatures_takes_nothing(market: Market) -> None:
    """The lock of a log that the hub cosigned is ahead of its store: it signs nothing, and the node waits."""
    market.people(1)
    market.settled()
    market.put("worker", person(7))
    with market.province.hub() as hub:
        lock = hub.lock(market.origin)
        kept = lock.path.read_bytes()
        newest = lock.newest()
        assert newest is not None
        lock.advance(market.origin, 10, b"\x01" * 32, newest.note)
        assert hub.state() == "recovering"
        result = market.sync()
        assert (result["state"], result["error"], result["retry_after"]) == ("offline", "recovering", 30)
        lock.path.write_bytes(kept)
    market.settled()


def test_a_restored_node_signs_nothing_and_says_so(market: Market) -> None:
    """F6, as far as it goes here: a store behind its lock is recovering, exit 4, and sends nothing."""
    market.people(2)
    market.settled()
    lock = market.home.lock
    kept = lock.path.read_bytes()
    lock.advance(market.origin, 9, b"\x02" * 32, b"")
    market.wire.bend()
    assert market.sync()["state"] == "recovering" and market.wire.exchanges == []
    lock.path.write_bytes(kept)
    market.settled()


def test_a_note_leaves_only_after_the_lock_knows_it(market: Market) -> None:
    """A `put` was killed between commit and lock; the next round catches the lock up before it sends."""
    market.people(1)
    with market.bound() as home:
        before = home.lock.path.read_bytes()
    market.put("worker", person(5))
    with market.bound() as home:
        home.lock.path.write_bytes(before)
        seen: list[int] = []

        def look(request: bytes) -> bytes:
            newest = home.lock.newest()
            seen.append(newest.size if newest else -1)
            return market.wire.ask(request)

        market.wire.bend(look)
    assert market.sync()["state"] == "ok"
    assert seen == [2]


def test_a_line_that_breaks_is_given_smaller_pushes(market: Market) -> None:
    """F1: on a line that never lives long enough for a large push, the next round tries a smaller one."""
    market.people(300)
    market.window(400)
    for size in (300, 200, 100):
        market.wire.bend(CUTS[2])
        assert market.sync()["state"] == "offline"
        assert [len(push.items) for push in pushed(market)] == [size]
    market.wire.bend()
    assert market.sync()["receipted"] == 300


def test_status_tells_three_facts_apart(market: Market) -> None:
    """F40: confirmed, waiting since when, and what is wrong are three things."""
    with market.bound() as home:
        market.people(2)
        facts = status.facts(home)
        assert (facts["receipted"], facts["pending"]) == (0, 2) and facts["oldest_pending"]
        market.wire.bend(CUTS[0])
        market.sync()
        facts = status.facts(home)
        assert (facts["pending"], facts["last_error"], facts["last_sync"]) == (2, "unreachable", None)
        market.sync()
        facts = status.facts(home)
        assert (facts["receipted"], facts["pending"], facts["oldest_pending"]) == (2, 0, None)
        assert facts["last_error"] is None and facts["last_sync"]
        assert abs(facts["clock_skew_s"]) <= 2


def test_every_chunk_keeps_a_receipt_that_others_can_check(market: Market) -> None:
    """Notes are never pruned: each receipt opens under the log's key and the cosigner's."""
    market.people(25)
    market.window(10)
    market.sync()
    with market.bound() as home, home.store.reading():
        notes = "SELECT key, note FROM note WHERE key >> ? = ?"
        rows = home.store.db.run(notes, (PLACE_BITS, home.log.id)).fetchall()
        key, cosigner = home.key.verifier, home.cosigner()
        assert isinstance(cosigner, VerifierKey) and len(rows) == 3
        for place, note in rows:
            checkpoint, _ = checkpoints.open_receipt(note, key, cosigner)
            assert checkpoint.size == place & 0xFFFFFFFF


def test_five_markets_push_at_once_and_all_are_receipted(province: Province, tmp_path: Path) -> None:
    """F30, a little of it: real processes side by side, nobody starves."""
    markets = [province.market(tmp_path) for _ in range(5)]
    for market in markets:
        market.people(200)
    running = [start("node", "sync", "--home", market.path, "--json", stdout=-1) for market in markets]
    said = [process.communicate(timeout=60)[0] for process in running]
    assert [json.loads(line)["receipted"] for line in said] == [200] * 5
    assert [process.returncode for process in running] == [0] * 5


def test_two_rounds_at_once_run_one_after_the_other(market: Market) -> None:
    """F5: the second says in_progress at once and exits 0; the first goes on undisturbed."""
    market.people(3)
    market.wire.bend(STUCK)
    first = start("node", "sync", "--home", market.path, "--json", stdout=-1)
    market.wire.wait(1)
    second = start("node", "sync", "--home", market.path, "--json", stdout=-1)
    said = json.loads(second.communicate(timeout=30)[0])
    assert (said["state"], said["pushed"], second.returncode) == ("in_progress", 0, 0)
    with market.bound():
        assert market.sync()["state"] == "in_progress"
    market.wire.release.set()
    said = json.loads(first.communicate(timeout=30)[0])
    assert (said["state"], said["receipted"], first.returncode) == ("ok", 3, 0)


def test_a_round_in_another_thread_counts_as_well(market: Market) -> None:
    """F5: the loop in `serve` and a click are threads of one process."""
    market.people(1)
    market.wire.bend(STUCK)
    with market.bound():
        results: list[str] = []
        thread = threading.Thread(target=lambda: results.append(market.sync()["state"]))
        thread.start()
        market.wire.wait(1)
        results.append(market.sync()["state"])
        market.wire.release.set()
        thread.join(30)
    assert results == ["in_progress", "ok"]
