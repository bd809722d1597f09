"""What the hub says of single entries: stored and receipted all the same, told to their author, folded.

F16 a valid signature over what is out of scope; F25 refusals come back with a reason; F28 unknown things are
kept raw. One bad entry never stops a county.
"""

from __future__ import annotations

from typing import Any

import pytest

from common.log import push as pushes
from common.log.encoding import b64
from common.log.entry import parse
from common.log.payload import digest
from common.log.tree import leaf_hash
from common.records import kind_of
from common.store import logs
from node.market import status
from node.sync import round
from tests.province import Author, Market, Province, contract, employer, person


def leaf(item: pushes.Item) -> bytes:
    return leaf_hash(item[0])


def record_of(item: pushes.Item) -> str:
    return parse(item[0]).record


def forced(market: Market, kind: str, fields: dict[str, Any], id: str | None = None) -> str:
    """Write what our own program would refuse: the rules of the hall are not asked."""
    cls = kind_of(kind)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cls, "findings", classmethod(lambda cls, facts, change: []))
        return market.put(kind, fields, id=id)[0].id


def test_a_verdict_comes_back_and_is_folded_at_its_author(market: Market) -> None:
    """F25: refused at the hub, receipted all the same, shown as refused here, mended by a later entry."""
    [worker] = market.people(1)
    market.settled()
    forced(market, "worker", {"standing": "blocked"}, worker.id)
    assert market.get("worker", worker.id).fields["standing"] == "blocked"
    result = market.sync()
    assert (result["state"], result["set_aside"], result["pulled"]) == ("ok", 1, 1)
    assert "standing" not in market.get("worker", worker.id).fields
    assert list(market.aside().values()) == ["refused"]
    with market.bound() as home:
        assert status.facts(home)["refused"] == 1
        [verdict] = home.store.each("verdict")
    assert verdict.fields["code"] == "standing_by_hub" and verdict.fields["record"] == worker.id
    with market.province.hub() as hub:
        assert "standing" not in hub.store.get("worker", worker.id).fields
    market.put("worker", {"phone": "13800000001"}, id=worker.id)
    market.settled()
    assert market.get("worker", worker.id).fields["phone"] == "13800000001", "the record goes on"


@pytest.mark.parametrize("standing", ["blocked", "merged"])
def test_only_the_hub_blocks_a_worker(author: Author, standing: str) -> None:
    """F16."""
    author.push(author.entry("worker", person(1, standing=standing)), author.entry("worker", person(2)))
    assert [(one["code"], one["decision"], one["index"]) for one in author.verdicts()] == [
        ("standing_by_hub", "refused", 0)
    ]


def test_a_second_root_of_one_record_is_refused(province: Province) -> None:
    """F16, F23: the first market to arrive owns the record; every later root is set aside."""
    one, two = Author(province).enrol(), Author(province).enrol()
    first = one.entry("employer", employer())
    record = record_of(first)
    one.push(first)
    two.push(*[two.entry("employer", employer(n, phone="13800000009"), record) for n in range(2)])
    assert [verdict["code"] for verdict in two.verdicts()] == ["second_root"] * 2
    assert one.verdicts() == []
    with province.hub() as hub:
        merged = hub.store.get("employer", record)
    assert merged is not None and merged.owner == one.code and "phone" not in merged.fields


def test_an_employer_is_verified_by_who_registered_it(province: Province) -> None:
    """F16: also where the entry arrives before the one that it builds on."""
    one, two = Author(province).enrol(), Author(province).enrol()
    first = one.entry("employer", employer())
    record = record_of(first)
    seal = {"verified": {"by": "x", "time": 1_790_000_000_000, "how": "licence"}}
    two.push(two.entry("employer", seal, record, [leaf(first)]))
    one.push(first, one.entry("employer", seal, record, [leaf(first)]))
    assert [verdict["code"] for verdict in two.verdicts()] == ["verified_by_other"]
    assert one.verdicts() == []


def test_nobody_under_sixteen_has_a_contract(author: Author) -> None:
    """Whatever the hall's program let through: the hub looks at the day of work; cancelling is allowed."""
    young = author.entry("worker", person(1, born="20120601"))
    grown = author.entry("worker", person(2, born="20101201"))
    firm = author.entry("employer", employer())
    ids = [record_of(item) for item in (young, grown, firm)]
    first = author.entry("contract", contract(ids[2], ids[0]))
    record = record_of(first)
    second = author.entry("contract", contract(ids[2], ids[1]))
    cancelled = author.entry("contract", {"state": "cancelled"}, record, [leaf(first)])
    author.push(young, grown, firm, first, second)
    author.push(cancelled)
    assert [(one["code"], one["index"]) for one in author.verdicts()] == [("under_16", 3)]


def test_too_many_heads_are_held(author: Author) -> None:
    """A record that one market splits 65 times is held for a person; its other records go on."""
    root = author.entry("worker", person(1))
    record = record_of(root)
    heads = [author.entry("worker", {"phone": f"138{n:08d}"}, record, [leaf(root)]) for n in range(66)]
    author.push(root, *heads[:60])
    assert author.verdicts() == []
    author.push(*heads[60:], author.entry("worker", person(2)))
    told = author.verdicts()
    assert {one["decision"] for one in told} == {"held"} and {one["code"] for one in told} == {
        "too_many_heads"
    }
    assert len(told) == 6


def test_a_flood_of_entries_on_one_record_is_held(author: Author) -> None:
    """More than 1,000 entries a day by one market on one record; the claimed time may be any number."""
    time = 2**53 - 1
    items = [author.entry("worker", person(1), time=time)]
    record = record_of(items[0])
    for n in range(1001):
        items.append(author.entry("worker", {"phone": f"138{n:08d}"}, record, [leaf(items[-1])], time=time))
    author.push(*items[:900])
    assert author.verdicts() == []
    author.push(*items[900:])
    assert {one["code"] for one in author.verdicts()} == {"too_many_entries"}


def test_what_cannot_be_read_is_kept_raw_and_the_rest_goes_on(author: Author) -> None:
    """F16, F28: unreadable leaves, entries of a later version, payloads that are not canonical, kinds nobody
    knows: all receipted, set aside with a reason, and the next record is folded."""
    later = b"yizhan/entry/v2\nnew things\npayload -\n"
    newer_body = b"whatever this is"
    newer = b"yizhan/entry/v9\npayload %d " % len(newer_body) + b64(digest(newer_body)).encode() + b"\n"
    loose = author.entry("worker", b"yizhan/payload/v1\n" + b"A" * 43 + b'=\n{ "set":{}}')
    unknown = author.entry("horoscope", {"sign": "ram"})
    good = author.entry("worker", person(1))
    items = [(b"", None), (b"\xff" * 65535, None), (later, None), (newer, newer_body), loose, unknown, good]
    assert author.push(*items).status_code == 200
    with author.province.hub() as hub, hub.store.reading():
        log = logs.get_log(author.origin)
        assert logs.read(hub.store.db, log, 0, 7) == items
        rows = hub.store.db.run("SELECT place, reason FROM aside ORDER BY place").fetchall()
        aside = {place & 0xFFFFFFFF: why for place, why in rows if place >> 32 == log.id}
        assert set(aside) == {0, 1, 2, 3, 4} and aside[4] == "json_not_canonical"
        assert [one.owner for one in hub.store.each("worker") if one.owner == author.code] == [author.code]
    assert author.pulled(author.origin).items == items, "and given back as it came"  # type: ignore[union-attr]


def test_writing_anothers_record_or_in_anothers_name(province: Province) -> None:
    """F16: an owned record, a copied entry, a kind that is the hub's: set aside, each with its reason."""
    one, two = Author(province).enrol(), Author(province).enrol()
    person_here, firm = one.entry("worker", person(1)), one.entry("employer", employer())
    ids = [record_of(item) for item in (person_here, firm)]
    job = one.entry("contract", contract(ids[1], ids[0]))
    record = record_of(job)
    one.push(person_here, firm, job)
    theirs = two.entry("contract", {"pay": 1}, record, [leaf(job)])
    false = two.entry("worker", {"name": "别人"}, ids[0], [leaf(person_here)], actor=f"{one.code}.t1")
    word = two.entry("verdict", {"leaf": "x", "decision": "refused"})
    misplaced = two.entry("worker", {"name": "错"}, None, [leaf(firm)])
    assert two.push(theirs, false, word, misplaced, job, two.entry("worker", person(9))).status_code == 200
    with province.hub() as hub, hub.store.reading():
        log = logs.get_log(two.origin)
        rows = hub.store.db.run("SELECT place, reason FROM aside ORDER BY place").fetchall()
        aside = {place & 0xFFFFFFFF: why for place, why in rows if place >> 32 == log.id}
        assert aside == {0: "not_owner", 1: "copied", 2: "not_author", 3: "misplaced", 4: "copied"}
        merged = hub.store.get("contract", record)
        assert merged is not None and merged.fields["pay"] == 26000, "the leaf that was copied is unharmed"


HOSTILE = [
    {"standing": ["blocked"]},
    {"standing": "blocked", "name": {"deep": {"deeper": [1, [2]]}}},
    {"birth": "99-99-99", "id_number": "x" * 200, "id_type": ["resident"]},
    {"trades": "0303", "consent": 5, "days": {"a": None}},
    {"retired": "yes"},
    {"retired": True, "unknown_field_of_later": [True, None]},
]


@pytest.mark.parametrize("fields", HOSTILE)
def test_no_meaning_stops_a_push(author: Author, fields: dict[str, object]) -> None:
    """F16, F28: whatever a payload says, canonical as it is, the push is taken and judged without a fault."""
    worker = author.entry("worker", person(1) | fields)
    firm = author.entry("employer", employer() | {"verified": fields})
    ids = [record_of(item) for item in (worker, firm)]
    paper = author.entry("contract", contract(ids[1], ids[0]) | {"start_date": fields, "state": [fields]})
    more = author.entry("contract", {"worker": fields, "start_date": "2026-12-01"})
    answer = author.push(worker, firm, paper, more, author.entry("job", fields))
    assert answer.status_code == 200, answer.text
    author.verdicts()


def test_thousands_of_refusals_are_delivered(author: Author) -> None:
    """A push full of refusals makes an outbox that its author can still pull in one piece."""
    items = [author.entry("worker", person(n, standing="blocked")) for n in range(500)]
    assert author.push(*items).status_code == 200
    assert len(author.verdicts()) == 500


def test_a_refused_entry_does_not_hold_up_the_round(market: Market) -> None:
    """The county goes on: what was written after it is receipted in the same round."""
    forced(market, "worker", person(1, standing="blocked"))
    market.people(3)
    with market.bound() as home:
        assert round.run(home)["receipted"] == 4
