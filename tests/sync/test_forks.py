"""Two histories under one key: refused whoever comes second, proved by evidence, settled by a person.

F8 a copied home, keys and all, and both write; F16 a forged or re-ordered history. The first branch to arrive
stands, and what extends it is still taken.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from common.errors import Tampered
from common.log import checkpoint as checkpoints
from common.log.checkpoint import Checkpoint
from common.log.request import parse_machine
from common.store import logs
from hub.local import LocalEvidence, LocalMachine
from hub.province import registry
from node.sync import engine, round
from tests.province import Author, Market, Province, person


def clone(market: Market, folder: Path) -> Market:
    """The whole home, copied to another folder as to another PC."""
    target = folder / market.path.name
    with market.bound() as home:
        home.store.db.run("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(market.path, target)
    made = Market(market.province, market.wire, folder, market.code, market.home.ambience)
    market.province.markets.append(made)
    return made


def evidence(province: Province, origin: str) -> Sequence[LocalEvidence]:
    with province.hub():
        return list(LocalEvidence.select().where(LocalEvidence.origin == origin))


def problems(province: Province, code: str) -> list[str]:
    with province.hub() as hub:
        return next(row["problems"] for row in registry.markets(hub) if row["code"] == code)


@pytest.mark.parametrize("written", [1, 3, 6], ids=["fewer", "as many", "more"])
def test_a_clone_that_wrote_is_refused_with_both_machines_facts(
    market: Market, tmp_path: Path, written: int
) -> None:
    """F8: however much the second one wrote, it is refused, exit 4, and the evidence holds both sides."""
    market.people(2)
    market.settled()
    other = clone(market, tmp_path / "copy")
    market.put("worker", *[person(10 + n) for n in range(3)])
    market.settled()
    other.put("worker", *[person(20 + n) for n in range(written)])
    result = other.sync()
    assert (result["state"], engine.EXIT[result["state"]]) == ("clone", 4)
    assert market.home.install_id() != other.home.install_id(), "a copied home must not copy its identity"
    [kept] = evidence(market.province, market.origin)
    key, cosigner = market.home.key.verifier, market.home.cosigner()
    theirs, ours = checkpoints.open(kept.theirs, key), checkpoints.open_receipt(kept.ours, key, cosigner)[0]
    assert theirs.size == 2 + written and ours.root != theirs.root
    assert parse_machine(kept.detail.rpartition(" | ")[2]).install == other.home.install_id()
    with market.province.hub():
        known = [row.install for row in LocalMachine.select().where(LocalMachine.origin == market.origin)]
    assert known == [market.home.install_id()]
    assert problems(market.province, market.code)[0] == "clone"
    other.sync()
    assert len(evidence(market.province, market.origin)) == 1, "the same evidence is kept once"
    market.put("worker", person(30))
    market.settled()
    assert other.log().size == 2 + written, "nothing of the refused branch is dropped"


def test_a_clone_that_only_looks_on_is_told(market: Market, tmp_path: Path) -> None:
    """F8: it wrote nothing and so pushes nothing; that the hub is longer shows it."""
    market.people(1)
    market.settled()
    other = clone(market, tmp_path / "copy")
    market.put("worker", person(10))
    market.settled()
    assert other.sync()["state"] == "clone"
    market.settled()


def test_a_fork_by_one_machine_is_kept_with_both_notes(author: Author) -> None:
    """F16: the same author signs two histories. The first stands; the second is evidence."""
    one, two = author.entry("worker", person(1)), author.entry("worker", person(2))
    frame, head = author.frame(two)
    assert author.push(one).status_code == 200
    answer = author.post(frame, head.size)
    assert (answer.status_code, answer.json()["code"]) == (422, "fork")
    [kept] = evidence(author.province, author.origin)
    key = author.key.verifier
    roots = {checkpoints.open(note, key).root for note in (kept.ours, kept.theirs)}
    sizes = {checkpoints.open(note, key).size for note in (kept.ours, kept.theirs)}
    assert (kept.code, len(roots), sizes) == ("fork", 2, {1}), "two signed roots of one size prove it"
    assert author.push(author.entry("worker", person(3))).status_code == 200, "what extends the head is taken"


def test_a_longer_branch_from_behind_is_a_fork_too(author: Author) -> None:
    """F16: it begins where both still agreed and passes our size with another root."""
    items = [author.entry("worker", person(n)) for n in range(5)]
    longer, head = author.frame(*items[2:])
    author.push(*items[:2])
    answer = author.post(longer, head.size)
    assert (answer.status_code, answer.json()["code"]) == (422, "fork")
    assert len(evidence(author.province, author.origin)) == 1


def test_a_longer_push_of_the_same_history_is_told_where_we_stand(author: Author) -> None:
    """Its author missed a receipt: no fork, but 409 with our size and the receipt."""
    items = [author.entry("worker", person(n)) for n in range(5)]
    longer, head = author.frame(*items)
    author.push(*items[:2])
    answer = author.post(longer, head.size)
    said = answer.json()
    assert (answer.status_code, said["code"], said["detail"]["size"]) == (409, "behind", 2)
    with author.province.hub() as hub:
        cosigner = hub.cosigner.verifier
    receipt = said["detail"]["receipt"].encode()
    assert checkpoints.open_receipt(receipt, author.key.verifier, cosigner)[0].size == 2
    assert evidence(author.province, author.origin) == []


def test_a_push_that_begins_beyond_us_is_told_where_we_stand(author: Author) -> None:
    items = [author.entry("worker", person(n)) for n in range(3)]
    author.push(items[0])
    _, head = author.frame(*items[1:])
    frame, _ = author.frame(*items[1:], old=2)
    answer = author.post(frame, head.size)
    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]["size"]) == (409, "ahead", 1)


def test_the_repeat_of_any_older_push_gets_the_newest_receipt(author: Author) -> None:
    """F38: a stick or a late packet brings what we hold: harmless, and the same."""
    first, head = author.frame(author.entry("worker", person(1)))
    assert author.post(first, head.size).status_code == 200
    answer = author.post(first, head.size)
    assert (answer.status_code, answer.headers["Yizhan-Size"]) == (200, "1")


def test_a_paper_in_the_wrong_hands_blames_nobody(author: Author) -> None:
    """Notes are printed on papers. Without the machine's signature they are no word of the market."""
    author.push(author.entry("worker", person(1)))
    frame, head = author.frame(author.entry("worker", person(2)))
    answer = author.post(frame, head.size, Yizhan_Machine="someone-else b3RoZXI= " + "A" * 86 + "==")
    assert (answer.status_code, answer.json()["code"]) == (422, "machine_signature")
    assert evidence(author.province, author.origin) == [] and problems(author.province, author.code) == []


def test_a_receipt_of_another_history_stops_the_node(market: Market) -> None:
    """F16: the hub's own word is checked against our tree before it counts."""
    market.people(2)
    market.settled()
    with market.province.hub() as hub, market.bound() as home:
        false = Checkpoint(market.origin, 2, b"\x07" * 32)
        receipt = checkpoints.cosign(checkpoints.sign(false, home.key), hub.cosigner, 1)
        with pytest.raises(Tampered) as caught:
            round._checked(home, receipt, None)
        assert engine.outcome(caught.value) == "fork"


def test_the_hub_is_compared_with_what_it_receipted(market: Market) -> None:
    """F10, as far as the node goes: a hub that holds less than it receipted is no reason to go on."""
    market.people(2)
    market.settled()
    with market.bound() as home, pytest.raises(Tampered) as caught:
        round._compare(home, 1)
    assert caught.value.code == "hub_rewound"
    with market.province.hub() as hub, hub.store.reading():
        assert logs.get_log(market.origin).size == 2
