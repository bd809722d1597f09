"""The history of a record: branches each show their own past, and what does not count says why."""

from __future__ import annotations

from node.market import history, records
from tests.node.homes import Hall, Province


def test_each_branch_shows_its_own_past(hall: Hall, province: Province) -> None:
    id = hall.worker("单雄信", expected_pay=20000)
    root = hall.get("worker", id).heads
    records.save(hall.home, "s1", "worker", id, {"expected_pay": 26000})
    records.save(hall.home, "s1", "worker", id, {"expected_pay": 27000})
    province.relay("worker", id, {"expected_pay": 30000, "radius_km": 5}, root)
    told = history.steps(hall.home, "worker", id)
    changes = {step.changes["expected_pay"] for step in told if "expected_pay" in step.changes}
    assert changes == {(None, 20000), (20000, 26000), (26000, 27000), (20000, 30000)}
    assert [step.first for step in told].count(True) == 1 and told[0].first
    foreign = next(step for step in told if step.elsewhere)
    assert foreign.actor == "37130202.s9" and foreign.confirmed is None
    record = hall.get("worker", id)
    assert history.base_of(told, record.conflicts) == {"expected_pay": 20000}


def test_the_base_of_a_conflict_is_what_both_began_with(hall: Hall, province: Province) -> None:
    id = hall.worker("单雄信", expected_pay=20000)
    root = hall.get("worker", id).heads
    records.save(hall.home, "s1", "worker", id, {"expected_pay": 26000})
    province.relay("worker", id, {"expected_pay": 30000}, root)
    record = hall.get("worker", id)
    assert history.base_of(history.steps(hall.home, "worker", id), record.conflicts) == {
        "expected_pay": 20000
    }


def test_an_entry_that_does_not_count_says_why(hall: Hall, province: Province) -> None:
    id = hall.worker("单雄信")
    records.save(hall.home, "s1", "worker", id, {"expected_pay": 99900})
    province.judge(hall.get("worker", id).heads[0], "refused", "pay_unlikely", "请核对")
    last = history.steps(hall.home, "worker", id)[-1]
    assert last.aside == "refused" and last.word == ("refused", "pay_unlikely", "请核对")


def test_confirmed_is_what_a_receipt_covers(hall: Hall, province: Province) -> None:
    id = hall.worker("单雄信")
    province.confirm(1_796_077_900)
    records.save(hall.home, "s1", "worker", id, {"radius_km": 9})
    assert [step.confirmed for step in history.steps(hall.home, "worker", id)] == [1_796_077_900_000, None]
    province.confirm(1_796_078_000)
    assert [step.confirmed for step in history.steps(hall.home, "worker", id)] == [
        1_796_077_900_000,
        1_796_078_000_000,
    ]
