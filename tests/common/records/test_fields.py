"""Fields: what they take, what they refuse and why, and that values survive columns and pages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.data.trades import TRADES
from common.errors import Invalid
from common.records import KINDS
from common.records.contract import Contract
from common.records.employer import Employer
from common.records.fields import (
    Choice,
    Clock,
    Day,
    Degree,
    Fen,
    Moment,
    Notes,
    Number,
    Parts,
    Ref,
    Several,
    Text,
    Wire,
    YesNo,
    beijing,
    id_bytes,
    id_text,
    today,
)
from common.records.job import Job
from common.records.province import Link
from common.records.worker import Worker

ID = "0192f7a0-8c1e-7b3a-9c55-3f1f0a2b4c5d"


def code(act: Any, *given: Any) -> str:
    with pytest.raises(Invalid) as refused:
        act(*given)
    return refused.value.code


def named(field: Wire) -> Any:
    """A field as a class would bind it."""
    if not getattr(field, "name", None):
        field.name = "field"
        if isinstance(field, Several):
            field.item.name = "field"
    return field


# -- check -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (Text("", most=3), "四个汉字", "too_long"),
        (Text(""), "  ", "required"),
        (Text(""), "a\nb", "characters"),
        (Text(""), "a\x00", "characters"),
        (Text(""), "a\u0085", "characters"),
        (Text(""), "\ud800", "characters"),
        (Text("", lines=True), "a\rb", "characters"),
        (Text(""), 1, "not_text"),
        (Number("", least=1, most=5), 6, "out_of_range"),
        (Number("", least=1, most=5), 0, "out_of_range"),
        (Number(""), True, "not_a_number"),
        (Number(""), 1.0, "not_a_number"),
        (Number(""), 2**53, "out_of_range"),
        (Choice("", (("a", "甲"),)), "b", "not_a_choice"),
        (Choice("", (("a", "甲"),)), ["a"], "not_a_choice"),
        (YesNo(""), 1, "not_a_choice"),
        (Day(""), "2026-02-30", "day"),
        (Day(""), "2026-2-3", "day"),
        (Clock(""), "24:00", "clock"),
        (Ref("", "worker"), "1", "unknown_reference"),
        (Ref("", "worker"), ID.replace("-7b", "-4b"), "unknown_reference"),
        (Several("", Number("", most=3), most=2), [1, 2, 3], "too_long"),
        (Several("", Number("", most=3)), [1, 1], "repeated"),
        (Several("", Number("", most=3)), [4], "out_of_range"),
        (Several("", Number("")), "1", "list"),
        (Parts("", parts={"a": Text("")}), {}, "required"),
        (Parts("", parts={"a": Text("")}), {"a": "x", "b": 1}, "unknown_field"),
        (Parts("", parts={"a": Text("")}), {"a": 1}, "not_text"),
        (Parts("", parts={"a": Text("")}), [], "object"),
        (Notes(""), {"A": "x"}, "characters"),
        (Notes(""), {"a": ""}, "too_long"),
        (Notes(""), {"a": "x" * 201}, "too_long"),
        (Notes(""), {f"a{n}": "x" for n in range(21)}, "object"),
    ],
)
def test_what_is_refused(field: Wire, value: Any, expected: str) -> None:
    assert code(named(field).check, value) == expected


def test_errors_name_the_field_and_never_the_value() -> None:
    with pytest.raises(Invalid) as refused:
        Worker.check_patch({"phone": "1381234"})
    assert (refused.value.code, refused.value.field) == ("phone", "phone")
    assert "1381234" not in str(refused.value)
    with pytest.raises(Invalid) as refused:
        Worker.check_patch({"consent": {"version": "1", "time": "now", "method": "paper"}})
    assert refused.value.field == "consent"
    with pytest.raises(Invalid) as refused:
        Worker.check_patch({"certificates": [{"trade": "9999"}]})
    assert refused.value.field == "certificates"


def test_text_of_several_lines() -> None:
    assert named(Text("", lines=True)).parse(" 一\r\n二\n") == "一\n二"


# -- what people type ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (Fen(""), "260", 26000),
        (Fen(""), "２６０．５", 26050),
        (Fen(""), "¥1,260.05", 126005),
        (Number(""), "１２", 12),
        (Degree("", most=180), "118.356425", 118356425),
        (Degree("", most=180), "-0.5", -500000),
        (Day(""), "2026.3.2", "2026-03-02"),
        (Day(""), "2026年3月2日", "2026-03-02"),
        (Clock(""), "6：30", "06:30"),
        (Clock(""), "6.30", "06:30"),
        (Choice("", (("a", "甲"),)), "甲", "a"),
        (YesNo(""), "是", True),
        (Several("", Number("")), "1、2，3 4", [1, 2, 3, 4]),
        (Text(""), "  é ", "é"),
        (Text(""), "   ", None),
        (Worker.fields["phone"], "139 1234 5678", "13912345678"),
        (Worker.fields["id_number"], " 37282919850312123x", "37282919850312123X"),
        (Worker.fields["trades"], "管工，0109", ["0303", "0109"]),
        (Worker.fields["days"], "周一、3", [1, 3]),
        (
            Worker.fields["consent"],
            '{"version":"1","time":5,"method":"pad"}',
            {"version": "1", "time": 5, "method": "pad"},
        ),
    ],
)
def test_what_people_type(field: Wire, text: str, value: Any) -> None:
    assert named(field).parse(text) == value


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        (Fen(""), "260.505", "money"),
        (Fen(""), "-5", "money"),
        (Fen(""), "٣", "money"),
        (Number(""), "1e3", "not_a_number"),
        (Number(""), "٣", "not_a_number"),
        (Degree("", most=90), "91", "out_of_range"),
        (Degree("", most=90), "1.1234567", "not_a_number"),
        (Day(""), "32.1.2026", "day"),
        (Worker.fields["consent"], "{", "object"),
    ],
)
def test_what_people_type_wrongly(field: Wire, text: str, expected: str) -> None:
    assert code(named(field).parse, text) == expected


# -- what people read --------------------------------------------------------------------------------


def test_sensitive_values_are_masked_and_can_be_asked_for_in_full() -> None:
    fields = Worker.fields
    assert fields["id_number"].show("372829198503121233") == "372829********1233"
    assert fields["phone"].show("13912345678") == "139****5678"
    assert fields["address"].show("某村 12 号") == "＊＊＊＊"
    assert fields["address"].full("某村 12 号") == "某村 12 号"
    assert fields["address"].show(None) == ""
    every = [(kind.kind, name, field) for kind in KINDS for name, field in kind.fields.items()]
    sensitive = {(kind, name) for kind, name, field in every if field.sensitive}
    assert sensitive >= {("worker", "id_number"), ("worker", "phone"), ("employer", "id_number")}


def test_what_is_shown() -> None:
    assert Job.fields["pay"].full(126005) == "￥1,260.05"
    assert Job.fields["lon"].full(-500000) == "-0.500000"
    assert Worker.fields["days"].full([1, 7]) == "周一、周日"
    assert Worker.fields["trades"].full(["0303"]) == TRADES["0303"].name
    assert (
        Worker.fields["consent"].full({"version": "1", "time": 0, "method": "pad"})
        == "1 · 1970-01-01 08:00 · 手写板"
    )
    assert Contract.fields["state"].full("in_force") == "已生效"
    assert Moment("").full(10**15) == "9999-12-31 23:59"


# -- references, ids and days ----------------------------------------------------------------------


def test_which_fields_name_other_records() -> None:
    assert Contract.referring == ("employer", "worker", "job")
    assert Link.referring == ("records",)
    assert list(Link.fields["records"].references([ID])) == [("worker", ID)]
    assert Employer.referring == ()


def test_ids() -> None:
    assert id_text(id_bytes(ID)) == ID and len(id_bytes(ID)) == 16


@given(st.integers(-(2**60), 2**60))
def test_days_are_beijings_and_every_number_has_one(now: int) -> None:
    assert today(now) == beijing(now).date().isoformat()


def test_the_day_begins_at_midnight_in_beijing() -> None:
    midnight = 1_796_054_400_000
    assert (today(midnight - 1), today(midnight)) == ("2026-11-30", "2026-12-01")
