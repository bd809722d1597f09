"""A contract's rules: what protects people blocks, and is judged by the day of work."""

from __future__ import annotations

from typing import Any

import pytest

from common.data.trades import TRADES
from common.records import BY_NAME
from common.records.base import Facts
from tests.common.records.rules import codes, person_born, refused
from tests.world import Market, contract, worker


@pytest.mark.parametrize("field", ["form", "employer", "worker", "trade", "start_date", "pay", "pay_unit"])
def test_a_contract_cannot_be_saved_without(market: Market, boss: str, field: str) -> None:
    who = market.put("worker", worker()).id
    assert refused(market, "contract", {**contract(boss, who), field: None}) == ("required", field)


@pytest.mark.parametrize(
    ("born", "start", "trade", "found"),
    [
        ("2010-12-02", "2026-12-02", "0505", {}),  # sixteen on the day of work
        ("2010-12-03", "2026-12-02", "0505", {"under_16": "block"}),
        ("2010-12-03", "2026-12-03", "0505", {}),  # today does not matter
        ("2009-01-01", "2026-12-02", "0109", {"minor_forbidden_trade": "block"}),
        ("2008-12-02", "2026-12-02", "0109", {}),
        ("2008-02-29", "2026-02-28", "0109", {"minor_forbidden_trade": "block"}),  # eighteen on 1 March
        ("2008-02-29", "2026-03-01", "0109", {}),
    ],
)
def test_ages_are_those_of_the_day_of_work(
    market: Market, boss: str, born: str, start: str, trade: str, found: dict[str, str]
) -> None:
    assert TRADES["0109"].minor_forbidden and not TRADES["0505"].minor_forbidden
    who = market.put("worker", worker(id_number=person_born(born))).id
    assert codes(market, "contract", contract(boss, who, start_date=start, trade=trade)) == found


def test_a_trade_that_needs_a_certificate(market: Market, boss: str) -> None:
    assert TRADES["0301"].certificate
    who = market.put("worker", worker()).id
    terms = contract(boss, who, trade="0301", end_date="2026-12-05")
    assert codes(market, "contract", terms) == {"certificate_missing": "block"}
    for paper, found in (
        ({"trade": "0301", "expires": "2026-12-04"}, {"certificate_missing": "block"}),
        ({"trade": "0302"}, {"certificate_missing": "block"}),
        ({"trade": "0301", "expires": "2026-12-05"}, {}),
    ):
        market.put("worker", {"certificates": [paper]}, who)
        assert codes(market, "contract", terms) == found


def test_who_showed_no_document_cannot_sign(market: Market, boss: str) -> None:
    who = market.put("worker", worker(id_type="none", id_number=None)).id
    draft = market.put("contract", contract(boss, who))
    for patch in ({"state": "worker_signed"}, {"signed_worker": {"method": "wet", "time": 1}}):
        assert codes(market, "contract", patch, draft.id) == {"identity_missing": "block"}


NIGHT, EARLY, DAY = ("22:00", "06:00"), ("05:00", "09:00"), ("09:00", "17:00")


@pytest.mark.parametrize(
    ("day", "hours", "found"),
    [
        ("2026-12-02", DAY, {"overlapping_contract": "block"}),
        ("2026-12-02", ("16:59", "20:00"), {"overlapping_contract": "block"}),
        ("2026-12-02", ("17:00", "20:00"), {"overlapping_days": "warn"}),
        ("2026-12-02", (None, None), {"overlapping_days": "warn"}),
        ("2026-12-03", DAY, {}),
        (
            "2026-12-01",
            ("20:00", "09:30"),
            {"overlapping_contract": "block"},
        ),  # reaches into the next morning
        ("2026-12-01", NIGHT, {}),
        ("2026-12-02", NIGHT, {"overlapping_days": "warn"}),
    ],
)
def test_a_second_contract_of_one_worker(
    market: Market, boss: str, day: str, hours: tuple[Any, Any], found: dict[str, str]
) -> None:
    who = market.put("worker", worker()).id
    market.put("contract", contract(boss, who, hours_from=DAY[0], hours_to=DAY[1], state="in_force"))
    terms = contract(boss, who, start_date=day, hours_from=hours[0], hours_to=hours[1])
    assert codes(market, "contract", terms) == found


def test_of_two_night_shifts_the_second_morning_counts(market: Market, boss: str) -> None:
    who = market.put("worker", worker()).id
    nights = {"hours_from": NIGHT[0], "hours_to": NIGHT[1], "end_date": "2026-12-03"}
    market.put("contract", contract(boss, who, state="in_force", **nights))
    for day, found in (
        ("2026-12-02", {"overlapping_days": "warn"}),
        ("2026-12-04", {"overlapping_contract": "block"}),
        ("2026-12-05", {}),
    ):
        terms = contract(boss, who, start_date=day, hours_from=EARLY[0], hours_to=EARLY[1])
        assert codes(market, "contract", terms) == found


def test_of_many_contracts_the_one_that_meets_is_found(market: Market, boss: str) -> None:
    who = market.put("worker", worker()).id
    with market.recorder.open("s1") as batch:
        for day in range(1, 29):
            for start, end in (("07:00", "09:00"), ("10:00", "12:00"), ("13:00", "15:00")):
                date = f"2027-01-{day:02}"
                terms = contract(boss, who, start_date=date, hours_from=start, hours_to=end, state="in_force")
                batch.put("contract", None, terms)
    terms = contract(boss, who, start_date="2027-01-28", hours_from="14:00", hours_to="18:00")
    assert codes(market, "contract", terms) == {"overlapping_contract": "block"}


def test_two_drafts_may_stand_side_by_side_but_only_one_comes_into_force(market: Market, boss: str) -> None:
    who = market.put("worker", worker()).id
    hours = {"hours_from": DAY[0], "hours_to": DAY[1]}
    first, second = (market.put("contract", contract(boss, who, **hours)) for _ in range(2))
    assert (first.findings, second.findings) == ((), ())
    assert codes(market, "contract", {"state": "in_force"}, first.id) == {}
    assert codes(market, "contract", {"state": "worker_signed"}, second.id) == {
        "overlapping_contract": "block"
    }
    assert codes(market, "contract", {"state": "cancelled"}, second.id) == {}


def test_a_contract_that_turns_out_to_be_wrong_is_still_stopped_and_paid(market: Market, boss: str) -> None:
    who = market.put("worker", worker()).id
    made = market.put("contract", contract(boss, who, state="in_force"))
    market.put("worker", {"id_number": person_born("2015-01-01")}, who)
    assert codes(market, "contract", {"state": "working"}, made.id) == {"under_16": "block"}
    for state in ("stopped", "disputed", "unpaid", "settled"):
        assert codes(market, "contract", {"state": state}, made.id) == {}


def test_what_another_program_wrote_about_a_worker_stops_no_contract() -> None:
    odd = {"birth": "soon", "id_number": 7, "id_type": ["x"], "certificates": {"trade": "0303"}, "days": 1}
    terms = contract("x", "y", hours_from="ab:cd", hours_to=5)
    other = {"state": "in_force", "start_date": 5, "hours_from": None}
    facts = Facts("z", terms, {}, "2026-12-01", "37130201", lambda *_: odd, lambda *_: [("o", other)])
    assert BY_NAME["contract"].findings(facts, terms) == []
    facts = Facts("z", odd, {}, "2026-12-01", "37130201", lambda *_: None, lambda *_: [])
    assert BY_NAME["worker"].findings(facts, odd) == []
    facts = Facts("z", {"code": "?"}, {}, "2026-12-01", "37130201", lambda *_: None, lambda *_: [])
    assert [one.code for one in BY_NAME["employer"].findings(facts, {"code": "?"})] == ["uscc_checksum"]
