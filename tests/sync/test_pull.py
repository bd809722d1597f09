"""Following the hub's logs: signed requests, the same follower as the hub's own, and hardly a byte when idle.

F1 a pull resumes; F16 forged, replayed, foreign; F20 a hub that shows another history; F26 a PC from 1970.
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from common.log import follower, origins, payload, push, request, tree
from common.log.encoding import b64
from common.store import logs
from common.store.ambience import REAL
from common.store.tables import PLACE_BITS
from hub.province import registry
from hub.province.delivery import close_and_deliver
from tests.faulty import CUTS, GARBLED, LOST_AFTER, PASS, REPEATED
from tests.province import DOMAIN, Author, Market, Province, person

BULLETIN = origins.bulletin(DOMAIN, 1)


def test_an_idle_round_takes_two_requests_and_less_than_two_kilobytes(market: Market) -> None:
    """Counted on the wire, heads and all, in the round after one that had something to do."""
    market.people(3)
    market.settled()
    for _ in range(2):
        market.wire.bend()
        result = market.sync()
        assert (result["state"], result["pushed"], result["pulled"]) == ("ok", 0, 0)
        assert [one.status for one in market.wire.exchanges] == [204, 204]
        assert market.wire.bytes <= 2048, market.wire.bytes


def test_a_round_that_pushed_needs_no_extra_request_either(market: Market) -> None:
    """The nonce for the pulls comes with the receipt."""
    market.settled()
    market.people(1)
    market.wire.bend()
    market.settled()
    assert [one.status for one in market.wire.exchanges] == [200, 204, 204]


@pytest.mark.parametrize("fault", [*CUTS, GARBLED, REPEATED])
@pytest.mark.parametrize("at", [0, 1])
def test_a_pull_resumes_after_every_cut(province: Province, tmp_path: Path, fault: str, at: int) -> None:
    """F1: a chunk counts when it is stored; what was lost on the way is asked for again."""
    market = province.market(tmp_path)
    market.set("hub.nonce", "")  # the first request is answered 401 and brings a nonce
    market.wire.bend(PASS, *[PASS] * at, fault)
    first = market.sync()
    assert first["state"] in ("offline", "ok", "fork")
    market.wire.bend()
    market.settled()
    with province.hub() as hub, hub.store.reading():
        size = logs.get_log(BULLETIN).size
    assert market.log(BULLETIN).size == size
    with market.bound() as home:
        registered = home.store.having("register", "origin", market.origin)
    assert [one.fields["state"] for one in registered] == ["open"]


def test_a_lost_answer_costs_a_nonce_and_no_more(market: Market) -> None:
    """The nonce was used up by the request whose answer was lost: 401 brings another, one retry."""
    market.settled()
    market.wire.bend(LOST_AFTER)
    assert market.sync()["state"] == "offline"
    market.wire.bend()
    market.settled()
    assert [one.status for one in market.wire.exchanges] == [401, 204, 204]


def test_a_nonce_is_good_for_one_request(author: Author) -> None:
    """F16: a replayed request is answered with 401 and another nonce, which only the signer can use."""
    author.push(author.entry("worker", person(1)))
    nonce = author.nonce
    assert author.pull(BULLETIN).status_code == 200
    author.nonce = nonce
    again = author.pull(BULLETIN)
    assert (again.status_code, again.json()["code"]) == (401, "nonce")
    assert author.pull(BULLETIN).status_code == 200, "the fresh one works"


def test_a_nonce_of_one_market_is_none_of_another(province: Province) -> None:
    one, two = Author(province).enrol(), Author(province).enrol()
    one.push(one.entry("worker", person(1)))
    two.nonce = one.nonce
    assert two.pull(BULLETIN).json()["code"] == "nonce"


def test_only_the_registered_key_may_ask(author: Author) -> None:
    """F16: another key, another path, another size under the same signature: refused, without a nonce."""
    author.push(author.entry("worker", person(1)))
    stranger = Author(author.province, author.code)
    stranger.nonce = author.nonce
    answer = stranger.pull(BULLETIN)
    assert (answer.status_code, answer.json()["code"]) == (401, "request_signature")
    assert "Yizhan-Nonce" not in answer.headers
    target = f"/v1/logs/{BULLETIN}?old=0&root={b64(tree.EMPTY)}"
    header = request.sign_request(author.key, "GET", target, author.nonce, payload.digest(b""))
    moved = target.replace("old=0", "old=1")
    answer = requests.get(author.province.url + moved, headers={"Yizhan-Request": header}, timeout=30)
    assert answer.json()["code"] == "request_signature"


def test_a_market_reads_its_own_logs_and_no_others(province: Province) -> None:
    """F16: bulletin, own outbox and own log; not the hub's log, not another market's."""
    one, two = Author(province).enrol(), Author(province).enrol()
    item = one.entry("worker", person(1))
    one.push(item)
    assert two.push(two.entry("worker", person(2))).status_code == 200
    outbox = origins.outbox(DOMAIN, one.code, 1)
    for origin in (one.origin, outbox, origins.hub_log(DOMAIN, 1)):
        answer = two.pull(origin)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_yours"), origin
        two.pull(BULLETIN)  # brings the next nonce
    assert one.pull(outbox).status_code == 204
    own = one.pulled(one.origin)
    assert own is not None and own.items == [item], "a market may take its own log back"
    moved = follower.advance(follower.Head(one.origin), own, one.key.verifier)
    assert moved.head.size == 1


def test_a_log_that_is_none_is_told_in_json(author: Author) -> None:
    author.push(author.entry("worker", person(1)))
    for origin, code in (
        (f"{DOMAIN}/market/{author.code}/log/9", "unknown_log"),
        ("no/such", "origin_malformed"),
    ):
        answer = author.pull(origin)
        assert answer.json()["code"] == code
        author.pull(BULLETIN)


def test_asking_with_another_history_or_beyond_the_end(author: Author) -> None:
    """F20: a node whose bulletin has another root is told so; one that holds more is told our size."""
    author.push(author.entry("worker", person(1)))
    answer = author.pull(BULLETIN, 1, b"\x05" * 32)
    assert (answer.status_code, answer.json()["code"]) == (422, "history")
    author.pull(BULLETIN)
    answer = author.pull(BULLETIN, 10**9, b"\x05" * 32)
    assert (answer.status_code, answer.json()["code"]) == (409, "ahead")


@pytest.mark.parametrize("state", ["pending", "paused", "revoked", "closed"])
def test_who_is_not_open_reads_nothing(author: Author, state: str) -> None:
    """A node is trusted with nothing until it was approved, and with nothing afterwards."""
    author.push(author.entry("worker", person(1)))
    with author.province.hub() as hub:
        known = registry.by_origin(hub, author.origin)
        assert known is not None
        with hub.recorder.open("tests") as batch:
            batch.put("register", known.id, {"state": state})
    answer = author.pull(BULLETIN)
    expected = "not_approved" if state == "pending" else state
    assert (answer.status_code, answer.json()["code"]) == (403, expected)
    assert author.push(author.entry("worker", person(2))).json()["code"] == expected


def test_a_paused_or_revoked_node_says_so_even_with_nothing_to_push(market: Market) -> None:
    """F17, F41: what the register says comes through in a round that had nothing to send."""
    market.people(1)
    market.settled()
    for state, told, code in (("paused", "not_approved", 4), ("revoked", "revoked", 4)):
        with market.province.hub() as hub:
            known = registry.by_origin(hub, market.origin)
            assert known is not None
            with hub.recorder.open("tests") as batch:
                batch.put("register", known.id, {"state": state})
        assert market.sync()["state"] == told and code == 4


def test_a_hub_that_changed_an_entry_is_stopped(own_province: Province, tmp_path: Path) -> None:
    """F20: one byte of a relayed entry is another at the hub; root and signature no longer fit, and the node
    takes nothing and needs a person."""
    market = own_province.market(tmp_path)
    own_province.end()
    connection = sqlite3.connect(own_province.path / "store.db")
    [(place, raw)] = connection.execute(
        "SELECT place, raw FROM entry JOIN log ON place >> ? = log.id WHERE role = 'bulletin'", (PLACE_BITS,)
    ).fetchall()
    changed = raw.replace(b"kind register", b"kind registes")
    with connection:
        connection.execute("UPDATE entry SET raw = ? WHERE place = ?", (changed, place))
    own_province.serve()
    result = market.sync()
    assert (result["state"], result["error"]) == ("fork", "root_mismatch")
    assert market.log(BULLETIN).size == 0
    with connection:
        connection.execute("UPDATE entry SET raw = ? WHERE place = ?", (raw, place))
    connection.close()
    market.settled()


def test_a_hub_that_was_put_back_is_noticed(market: Market) -> None:
    """F10: the node holds more of the bulletin than the hub: somebody restored it."""
    market.settled()
    with market.bound() as home, home.store.writing():
        log = logs.get_log(BULLETIN)
        home.store.db.run("UPDATE log SET size = size + 1 WHERE id = ?", (log.id,))
    result = market.sync()
    assert (result["state"], result["error"]) == ("fork", "hub_rewound")
    with market.bound() as home, home.store.writing():
        home.store.db.run("UPDATE log SET size = size - 1 WHERE id = ?", (log.id,))
    market.settled()


def test_a_pc_from_1970_still_syncs(province: Province, tmp_path: Path) -> None:
    """F26: no time is compared anywhere; the difference is measured and shown."""
    market = province.market(tmp_path, ambience=replace(REAL, now=lambda: 1000))
    market.people(2)
    market.settled()


def test_a_long_bulletin_comes_in_chunks(own_province: Province, tmp_path: Path) -> None:
    """F4: more than a push holds arrives in several, each ending at a signed size."""
    market = own_province.market(tmp_path)
    market.settled()
    with own_province.hub() as hub:
        for _ in range(3):
            with hub.store.writing():
                batch = hub.recorder.begin("tests")
                for n in range(4000):
                    fields = {"market": "37999999", "name": f"远市场{n}", "origin": f"o{n}", "vkey": "k"}
                    batch.put("register", None, fields | {"state": "pending"})
                signed = close_and_deliver(hub, batch)
            hub.publish(signed)
    market.wire.bend()
    result = market.sync()
    assert (result["state"], result["pulled"]) == ("ok", 12000)
    frames = [one for one in market.wire.exchanges if one.status == 200]
    assert len(frames) == 2, "8,192 entries are the most, and notes stand at 4,000s"
    assert push.MAX_ENTRIES == 8192
