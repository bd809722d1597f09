"""Writing records of our own: what a batch sees, what a failed put leaves, numbers, conflicts, the lock."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import Invalid, Refused
from common.log import checkpoint as checkpoints
from common.records.numbers import check_number
from common.records.values import id_bytes
from common.store import batch as batches
from tests.world import MARKET, SECOND_ID, Market, contract, employer, job, worker

OTHER = "37130202"


# -- one batch -------------------------------------------------------------------------------------


def test_a_batch_sees_its_own_earlier_puts(market: Market) -> None:
    with market.recorder.open("s1") as batch:
        boss = batch.put("employer", None, employer())
        who = batch.put("worker", None, worker())
        again = batch.put("worker", None, worker(name="周胜"))
        posted = batch.put("job", None, job(boss.id))
        batch.put("worker", who.id, {"phone": "13800000001"})
        signed = batch.put("contract", None, contract(boss.id, who.id, job=posted.id))
        changed = batch.put("worker", who.id, {"id_number": SECOND_ID})
        third = batch.put("worker", None, worker(name="周春"))
    assert again.warnings == ["possible_same_person"]
    assert (changed.warnings, third.warnings) == (
        [],
        ["possible_same_person"],
    )  # of `again`, no more of `who`
    assert [one.index for one in (boss, who, again, posted, signed)] == [0, 1, 2, 3, 5]
    found = market.store.get("worker", who.id)
    assert found is not None and found.fields["phone"] == "13800000001" and found.entries == 3
    assert market.log.size == 8


def test_what_put_says_is_what_the_store_holds(market: Market) -> None:
    made = market.put("worker", worker(phone="139 1234 5678", trades=["0303"]))
    found = market.store.get("worker", made.id)
    assert found is not None
    assert (found.fields, found.heads, found.owner) == (made.fields, (made.leaf,), MARKET)
    assert found.created == found.changed == market.world.time


def test_the_head_is_signed_once_at_the_end_and_the_lock_follows(market: Market) -> None:
    with market.recorder.open("s1") as batch:
        for _ in range(3):
            batch.put("visit", None, {"service": "seek", "date": "2026-12-01"})
        assert market.lock.newest().size == 0  # type: ignore[union-attr]
    log, locked = market.log, market.lock.newest()
    assert locked is not None and (locked.size, locked.root) == (3, bytes(log.root))
    assert checkpoints.open(bytes(log.note or b""), market.key.verifier) == (
        market.origin,
        3,
        bytes(log.root),
    )
    assert locked.note == bytes(log.note or b"")


def test_an_exception_leaves_nothing_of_the_batch(market: Market) -> None:
    with pytest.raises(RuntimeError), market.recorder.open("s1") as batch:
        batch.put("worker", None, worker())
        raise RuntimeError
    assert (market.log.size, market.store.count("worker")) == (0, 0)
    assert market.lock.newest().size == 0  # type: ignore[union-attr]


def test_an_empty_batch_signs_nothing_and_tells_nobody(market: Market) -> None:
    told: list[int] = []
    market.recorder.after_commit = lambda: told.append(1)
    with market.recorder.open("s1"):
        pass
    assert told == [] and market.lock.newest().turn == 0  # type: ignore[union-attr]
    market.put("worker", worker())
    assert told == [1]


@pytest.mark.parametrize(
    ("kind", "patch", "code"),
    [
        ("worker", worker(id_number="372829198503121231"), "id_checksum"),
        ("worker", worker(shoe=1), "unknown_field"),
        ("contract", {"form": "service"}, "required"),
        ("employer", {"name": "x", "form": "company"}, "required"),
        ("job", job("0192f7a0-8c1e-7b3a-9c55-3f1f0a2b4c5d"), "unknown_reference"),
        ("nothing", {}, "unknown_kind"),
        ("job", job("x", number="37130201-J-20261201-0001-A"), "number_given"),
    ],
)
def test_nothing_is_left_of_a_failed_put(market: Market, kind: str, patch: dict[str, Any], code: str) -> None:
    with market.recorder.open("s1") as batch:
        batch.put("worker", None, worker(name="前"))
        with pytest.raises((Invalid, Refused)) as refused:
            batch.put(kind, None, patch)
        batch.put("worker", None, worker(name="后", id_number=SECOND_ID))
    assert refused.value.code == code
    assert (market.log.size, market.store.count("worker"), market.store.count("job")) == (2, 2, 0)


def test_ids_are_records_of_version_7_or_none(market: Market) -> None:
    for id in ("1", "0192f7a0-8c1e-4b3a-9c55-3f1f0a2b4c5d", "0192F7A0-8c1e-7b3a-9c55-3f1f0a2b4c5d", ""):
        with pytest.raises(Invalid) as refused:
            market.put("worker", worker(), id)
        assert refused.value.field == "id"
    given = "0192f7a0-8c1e-7b3a-9c55-3f1f0a2b4c5d"
    assert market.put("worker", worker(), given).id == given


def test_a_put_that_changes_nothing_writes_nothing(market: Market) -> None:
    first = market.put("worker", worker(days=[1, 2]))
    again = market.put("worker", {"name": "周胜春", "days": [1, 2], "phone": None}, first.id)
    assert (again.written, again.index, again.leaf, again.id) == (False, 0, first.leaf, first.id)
    with market.recorder.open("s1") as batch:
        other = batch.put("worker", None, worker(id_number=SECOND_ID))
        nothing = batch.put("worker", other.id, {"name": "周胜春", "retired": False})
    assert (nothing.written, nothing.index, nothing.leaf) == (False, 1, other.leaf)
    assert market.log.size == 2


def test_repeated_fields_are_written_though_they_stand(market: Market) -> None:
    first = market.put("worker", worker())
    again = market.put("worker", {"name": "周胜春"}, first.id, repeat=("name",))
    assert again.written and market.log.size == 2


def test_a_patch_sets_a_group_whole(market: Market) -> None:
    boss = market.put("employer", employer())
    posted = market.put("job", job(boss.id, pay_timing="same_day"))
    market.put("job", {"pay": 30000}, posted.id)
    with market.store.reading():
        body = market.store.db.scalar(
            "SELECT payload FROM entry WHERE leaf <> ? ORDER BY place DESC", (posted.leaf,)
        )
    assert b'{"set":{"pay":30000,"pay_timing":"same_day","pay_unit":"day"}}' in bytes(body)
    found = market.store.get("job", posted.id)
    assert found is not None and (found.fields["pay"], found.fields["pay_timing"]) == (30000, "same_day")


def test_reasons_are_kept_with_the_record(market: Market) -> None:
    market.put("worker", worker())
    twin = market.put("worker", worker(), reasons={"possible_same_person": "双胞胎，号码写错一个"})
    market.put("worker", {"phone": "13800000001"}, twin.id, reasons={"other": "x"})
    found = market.store.get("worker", twin.id)
    assert found is not None
    assert found.fields["reasons"] == {"possible_same_person": "双胞胎，号码写错一个", "other": "x"}


def test_retiring_and_taking_back(market: Market) -> None:
    made = market.put("worker", worker())
    assert market.put("worker", {"retired": True}, made.id).written
    assert not market.put("worker", {"retired": True}, made.id).written
    assert market.store.get("worker", made.id).retired  # type: ignore[union-attr]
    assert market.put("worker", {"retired": False}, made.id).written
    assert not market.store.get("worker", made.id).retired  # type: ignore[union-attr]


def test_long_batches_are_stored_piece_by_piece(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "FLUSH", 7)
    with market.recorder.open("s1") as batch:
        puts = [batch.put("visit", None, {"service": "seek", "date": "2026-12-01"}) for _ in range(20)]
        again = batch.put("visit", puts[0].id, {"window": "3"})
    assert [one.index for one in puts] == list(range(20)) and again.index == 20
    assert market.store.get("visit", puts[0].id).entries == 2  # type: ignore[union-attr]


# -- numbers ---------------------------------------------------------------------------------------


def serial(market: Market, patch: dict[str, Any]) -> int:
    return check_number(market.put("job", patch).fields["number"]).serial


def test_numbers_count_by_day_and_none_is_given_twice(market: Market) -> None:
    boss = market.put("employer", employer()).id
    with market.recorder.open("s1") as batch:
        numbers = [batch.put("job", None, job(boss)).fields["number"] for _ in range(2)]
        with pytest.raises(Refused):  # refused by a rule, after it had a place in the series
            batch.put("job", None, job(boss, start_date="2026-12-02", end_date="2026-12-01"))
        numbers.append(batch.put("job", None, job(boss)).fields["number"])
    assert [check_number(one).serial for one in numbers] == [1, 2, 3]
    assert numbers[0] == "37130201-J-20261201-0001-" + numbers[0][-1]
    assert serial(market, job(boss)) == 4
    market.world.time += 86_400_000
    assert serial(market, job(boss)) == 1
    market.world.time -= 86_400_000  # a wrong clock: the day's series goes on where it was
    assert serial(market, job(boss)) == 5


def test_numbers_come_from_entries_though_payloads_are_erased_or_the_tables_are_rebuilt(
    market: Market,
) -> None:
    boss = market.put("employer", employer()).id
    posted = [market.put("job", job(boss)) for _ in range(3)]
    with market.store.writing():
        market.store.db.run("UPDATE entry SET payload = NULL, gone = 1 WHERE leaf = ?", (posted[2].leaf,))
        market.store.projector.refold([("job", id_bytes(posted[2].id))])
    market.store.rebuild()
    assert serial(market, job(boss)) == 4


def test_a_batch_longer_than_a_piece_goes_on_counting(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "FLUSH", 3)
    boss = market.put("employer", employer()).id
    with market.recorder.open("s1") as batch:
        serials = [check_number(batch.put("job", None, job(boss)).fields["number"]).serial for _ in range(8)]
    assert serials == list(range(1, 9))
