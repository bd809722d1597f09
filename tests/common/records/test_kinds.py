"""Each kind's rules, each seen once: what blocks, what asks for a reason, what is only said. Asked of `put`,
in a real store, because that is where a rule counts."""

from __future__ import annotations

from typing import Any

import pytest

from common.data.wages import hourly_minimum
from common.errors import Invalid
from common.records import BY_NAME, HALL_KINDS, KINDS, kind_of, numbers
from common.records.base import Facts
from common.records.worker import Worker
from tests.common.records.rules import codes, person_born, refused
from tests.world import ADULT_ID, SECOND_ID, Market, employer, job, worker

FLOOR = hourly_minimum("371326", "2026-12-02") or 0  # fen an hour


# -- worker ----------------------------------------------------------------------------------------


def test_a_worker_that_is_well_is_told_nothing(market: Market) -> None:
    assert codes(market, "worker", worker()) == {}


@pytest.mark.parametrize("field", ["name", "id_type", "id_number", "consent"])
def test_a_worker_cannot_be_saved_without(market: Market, field: str) -> None:
    assert refused(market, "worker", worker(**{field: None})) == ("required", field)


@pytest.mark.parametrize(
    ("id_type", "number", "outcome"),
    [
        ("resident", ADULT_ID[:-1] + "4", "id_checksum"),
        ("resident", "372829198513121235", "id_birth_date"),
        ("resident", "37282919850312123", "id_length"),
        ("hmt_permit", ADULT_ID, "id_prefix"),
        ("none", ADULT_ID, "id_type"),
        ("passport", "E1", "id_length"),
    ],
)
def test_numbers_that_cannot_be(market: Market, id_type: str, number: str, outcome: str) -> None:
    assert refused(market, "worker", worker(id_type=id_type, id_number=number)) == (outcome, "id_number")


def test_who_shows_no_document_is_saved_without_a_number(market: Market) -> None:
    made = market.put("worker", worker(id_type="none", id_number=None))
    assert "id_number" not in made.fields


def test_a_changed_type_of_document_is_checked_against_the_number_that_stands(market: Market) -> None:
    made = market.put("worker", worker())
    assert refused(market, "worker", {"id_type": "hmt_permit"}, made.id) == ("id_prefix", "id_number")
    assert market.put("worker", {"id_type": "none", "id_number": None}, made.id).written


@pytest.mark.parametrize(("field", "value"), [("birth", "1985-03-13"), ("sex", "female")])
def test_birth_and_sex_may_not_differ_from_the_number(market: Market, field: str, value: str) -> None:
    assert refused(market, "worker", worker(**{field: value})) == (f"{field}_differs", field)
    assert market.put("worker", worker(birth="1985-03-12", sex="male")).written


def test_a_birth_date_written_before_the_number_was_gives_way_to_it(market: Market) -> None:
    made = market.put("worker", worker(id_type="passport", id_number="E12345678", birth="1990-01-01"))
    now = market.put("worker", {"id_type": "resident", "id_number": ADULT_ID}, made.id)
    assert "birth" not in now.fields


def test_a_number_that_is_known_here_warns_once_per_edit_of_it(market: Market) -> None:
    first = market.put("worker", worker())
    assert codes(market, "worker", worker(name="周春")) == {"possible_same_person": "warn"}
    assert codes(market, "worker", {"phone": "13800000001"}, first.id) == {}
    assert codes(market, "worker", {"id_number": SECOND_ID}, first.id) == {}


def test_an_unknown_prefix_and_a_child_are_notes(market: Market) -> None:
    first = "9999991985031212" + "3"
    assert codes(market, "worker", worker(id_number=first + numbers.id_check_digit(first))) == {
        "id_prefix_unknown": "note"
    }
    assert codes(market, "worker", worker(id_number=person_born("2012-01-01"))) == {"under_16_today": "note"}


def test_only_the_province_blocks_and_merges(market: Market) -> None:
    made = market.put("worker", worker())
    assert codes(market, "worker", {"standing": "dormant"}, made.id) == {}
    for standing in ("blocked", "merged"):
        assert codes(market, "worker", {"standing": standing}, made.id) == {"hub_only": "block"}


# -- employer --------------------------------------------------------------------------------------


def test_an_employer_needs_a_code_or_an_id_number(market: Market) -> None:
    assert refused(market, "employer", {"name": "某家", "form": "household"}) == ("required", "code")
    assert codes(market, "employer", {"name": "某家", "form": "household", "id_number": ADULT_ID}) == {}
    made = market.put("employer", employer())
    assert refused(market, "employer", {"code": None}, made.id) == ("required", "code")


def test_a_company_code_with_a_wrong_check_digit_warns(market: Market) -> None:
    assert codes(market, "employer", employer(code="91371302MA3C0A5X0H")) == {"uscc_checksum": "warn"}
    assert refused(market, "employer", employer(code="91371302MA3C0A5X0")) == ("uscc_length", "code")


def test_a_company_code_that_is_known_here_warns(market: Market) -> None:
    market.put("employer", employer())
    assert codes(market, "employer", employer(name="又一个")) == {"possible_same_employer": "warn"}


def test_an_employer_is_verified_by_who_registered_it(market: Market) -> None:
    stamp = {"by": "s1", "time": 1, "how": "site"}
    made = market.put("employer", employer())
    assert codes(market, "employer", {"verified": stamp}, made.id) == {}
    facts = Facts(
        made.id, {**made.fields, "verified": stamp}, made.fields, "2026-12-01", "37130201", lambda *_: None,
        lambda *_: [], owner="37130202",
    )  # fmt: skip
    found = BY_NAME["employer"].findings(facts, {"verified": stamp})
    assert [(one.code, one.severity) for one in found] == [("hub_only", "block")]


# -- job -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "field", ["employer", "title", "trade", "headcount", "start_date", "pay", "pay_unit"]
)
def test_a_job_cannot_be_saved_without(market: Market, boss: str, field: str) -> None:
    assert refused(market, "job", {**job(boss), field: None}) == ("required", field)


@pytest.mark.parametrize(
    ("patch", "found"),
    [
        ({}, {}),
        ({"content": "交押金 100 元"}, {"fee_words": "warn"}),
        ({"content": "交押金 100 元", "state": "published"}, {"fee_words": "block"}),
        ({"conditions": "限女性，本地人优先"}, {"limit_words": "warn"}),
        ({"content": "电话 13912345678"}, {"phone_in_text": "warn"}),
        ({"end_date": "2026-12-01"}, {"end_before_start": "block"}),
        ({"pay": FLOOR - 1, "pay_unit": "hour"}, {"below_minimum_wage": "warn"}),
        ({"pay": FLOOR, "pay_unit": "hour"}, {}),
        ({"pay": 10 * FLOOR - 1, "hours_from": "07:00", "hours_to": "17:00"}, {"below_minimum_wage": "warn"}),
        ({"pay": 8 * FLOOR - 1}, {"below_minimum_wage": "warn"}),  # eight hours where none are said
        ({"pay": 8 * FLOOR}, {}),
        ({"pay": 8 * FLOOR - 1, "hours_from": "22:00", "hours_to": "06:00"}, {"below_minimum_wage": "warn"}),
        ({"pay": 8 * FLOOR, "hours_from": "22:00", "hours_to": "06:00"}, {}),
        ({"pay": 100, "pay_unit": "piece"}, {}),
        ({"pay": 1000, "pay_unit": "hour", "start_date": "2001-01-01"}, {}),  # no figure is known
    ],
)
def test_what_a_posting_is_told(
    market: Market, boss: str, patch: dict[str, Any], found: dict[str, str]
) -> None:
    assert FLOOR > 1000
    assert codes(market, "job", job(boss, division="371326", **patch)) == found


def test_publishing_a_text_that_asks_for_a_fee_is_blocked_when_it_is_published(
    market: Market, boss: str
) -> None:
    made = market.put("job", job(boss, content="收报名费"))
    assert codes(market, "job", {"state": "published"}, made.id) == {"fee_words": "block"}
    assert codes(market, "job", {"headcount": 4}, made.id) == {}


# -- visit, and all kinds --------------------------------------------------------------------------


def test_a_visit_may_be_anonymous(market: Market) -> None:
    assert codes(market, "visit", {"service": "seek", "date": "2026-12-01", "time": "06:30"}) == {}


def test_halls_write_their_kinds_and_the_hub_its_own() -> None:
    assert all("market" in BY_NAME[name].authors for name in HALL_KINDS)
    assert {kind.kind for kind in KINDS if kind.authors == {"hub"}} >= {"register", "verdict", "link"}
    with pytest.raises(Invalid):
        kind_of("gadget")


def test_terms_find_people(market: Market) -> None:
    made = market.put("worker", worker(phone="13912345678"))
    for query in ("周胜春", "胜春", "春", "zsc", "1233", "5678", ADULT_ID, "周 胜", "ZSC"):
        assert [one.id for one in market.store.search(query, ("worker",))] == [made.id], query
    assert market.store.search("李", ("worker",)) == [] == market.store.search("  ", ("worker",))
    market.put("worker", {"name": "王芳"}, made.id)
    assert market.store.search("周胜春", ("worker",)) == []
    assert Worker.name_of({"name": "王芳"}) == "王芳"
    assert BY_NAME["job"].name_of({"title": "搬运"}) == "搬运"
    assert BY_NAME["contract"].name_of({}) == ""
