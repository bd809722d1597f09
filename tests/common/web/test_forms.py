"""Forms: from fields to controls and back, as a patch of what a person changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from common.errors import Invalid, Refused
from common.records import KINDS, kind_of
from common.web import inputs
from common.web.forms import Form
from tests.common.web.gallery_data import LEAF, PERSON

WORKER, JOB, CONTRACT = kind_of("worker"), kind_of("job"), kind_of("contract")
NAMES = [
    "name",
    "id_type",
    "id_number",
    "phone",
    "trades",
    "expected_pay",
    "days",
    "hours_from",
    "certificates",
]
OTHER = bytes(32)


@pytest.fixture(autouse=True)
def context(app: Flask) -> Iterator[None]:
    with app.test_request_context():
        yield


def sent(form: Form, **typed: Any) -> MultiDict[str, str]:
    """What a browser would send for `form` after somebody typed `typed`."""
    out: MultiDict[str, str] = MultiDict({"_drawn": form.seal})
    for name in form.names:
        held = typed.pop(name, form.held[name])
        if isinstance(held, dict):
            out.update({f"{name}.{part}": text for part, text in held.items()})
        elif isinstance(held, list) and any(isinstance(row, dict) for row in held):
            for place, row in enumerate(held):
                out.update({f"{name}.{place}.{part}": text for part, text in row.items()})
        elif isinstance(held, list):
            out.update({name: held})
        else:
            out[name] = held
    for name, text in typed.items():
        out.update({name: text})
    return out


def edited(**typed: Any) -> Form:
    form = Form.edit(WORKER, "id-1", PERSON, [LEAF], NAMES)
    return Form.read(WORKER, sent(form, **typed), NAMES, id="id-1")


def test_a_new_record_takes_all_that_is_there() -> None:
    form = Form.blank(WORKER, NAMES, {"id_type": "resident", "days": [1, 2]})
    back = Form.read(
        WORKER,
        sent(form, name=" 周胜春 ", id_number="370705198503020018", expected_pay="260.5", trades=["0303"]),
        NAMES,
    )
    assert back.ok and back.id is None
    assert back.patch == {
        "name": "周胜春",
        "id_type": "resident",
        "id_number": "370705198503020018",
        "trades": ["0303"],
        "expected_pay": 26050,
        "days": [1, 2],
    }


def test_nothing_changed_is_an_empty_patch() -> None:
    form = edited()
    assert form.ok and form.patch == {} and form.id == "id-1" and form.heads == (LEAF,)


def test_only_what_changed_is_in_the_patch() -> None:
    assert edited(name="周盛春").patch == {"name": "周盛春"}
    assert edited(expected_pay="").patch == {"expected_pay": None}
    assert edited(trades=["0303"]).patch == {"trades": ["0303"]}
    assert edited(days=[]).patch == {"days": None}
    assert edited(certificates=[]).patch == {"certificates": None}
    assert edited(hours_from="7:30").patch == {"hours_from": "07:30"}


def test_a_table_is_read_row_by_row_and_empty_rows_do_not_count() -> None:
    rows = [
        {"trade": "0301", "number": "T2", "expires": "2028.6.30"},
        {"trade": "", "number": "", "expires": ""},
    ]
    assert edited(certificates=rows).patch == {
        "certificates": [{"trade": "0301", "number": "T2", "expires": "2028-06-30"}]
    }


def test_a_part_that_is_missing_is_an_error_of_its_field() -> None:
    form = edited(certificates=[{"trade": "", "number": "T2", "expires": ""}])
    assert [(problem.name, problem.code) for problem in form.problems] == [("certificates", "required")]


def test_a_sensitive_value_is_never_drawn_and_empty_means_unchanged() -> None:
    form = Form.edit(WORKER, "id-1", PERSON, [LEAF], NAMES)
    assert form.held["id_number"] == "" and form.control("id_number").stored == "370705********0018"
    shown = {name: held for name, held in form.held.items() if name != "certificates"}
    assert PERSON["id_number"] not in f"{shown} {form.drawn.unshown}"
    assert edited(phone="13900000000").patch == {"phone": "13900000000"}
    assert edited(_clear="phone").patch == {"phone": None}


def test_errors_stand_beside_their_fields_and_keep_what_was_typed() -> None:
    form = edited(phone="1380536", expected_pay="abc", name="")
    assert not form.ok and form.status == 422
    assert {(problem.name, problem.number) for problem in form.problems} == {
        ("phone", "Y-1221"),
        ("expected_pay", "Y-1008"),
        ("name", "Y-1001"),
    }
    assert form.held["phone"] == "1380536" and form.held["expected_pay"] == "abc"
    assert [problem.words for problem in form.control("phone").problems] == [
        "电话号码不对，请填 11 位手机号，或带区号的座机"
    ]


def test_a_refusal_of_the_recorder_is_put_beside_its_field_or_on_top() -> None:
    form = edited()
    form.fail(Invalid("id_checksum", field="id_number"))
    form.fail(Refused("recovering"))
    form.fail(Invalid("required", field="consent"))
    assert [(problem.name, problem.label) for problem in form.problems] == [
        ("id_number", "证件号码"),
        ("", ""),
        ("", ""),
    ]


def test_warnings_ask_for_reasons_once() -> None:
    class Finding:
        def __init__(self, code: str, severity: str) -> None:
            self.code, self.severity = code, severity

    form = edited()
    assert form.warn([Finding("possible_same_person", "warn"), Finding("id_prefix_unknown", "note")])
    assert len(form.warnings) == len(form.notes) == 1 and form.status == 422
    given = edited(**{"_reason.possible_same_person": " 同名不同人 ", "_reason.other": "  "})
    assert given.reasons == {"possible_same_person": "同名不同人"}
    assert not given.warn([Finding("possible_same_person", "warn")])


@pytest.mark.parametrize("seal", ["", "x", "x.y", None])
def test_a_broken_seal_loses_nothing_and_saves_nothing_wrong(seal: str | None) -> None:
    data = sent(Form.edit(WORKER, "id-1", PERSON, [LEAF], NAMES), name="周盛春")
    if seal is None:
        data.pop("_drawn")
    else:
        data["_drawn"] = seal
    form = Form.read(WORKER, data, NAMES, id="id-1")
    assert [problem.code for problem in form.problems] == ["form_expired"]
    assert form.held["name"] == "周盛春" and form.id == "id-1" and form.heads == ()
    form.merge(PERSON, [OTHER])
    assert form.heads == (OTHER,) and form.theirs == {"name": "周胜春"}
    again = Form.read(WORKER, sent(form), NAMES, id="id-1")
    assert again.ok and again.patch == {"name": "周盛春"}


def test_a_form_of_one_record_does_not_save_another() -> None:
    data = sent(Form.edit(WORKER, "id-1", PERSON, [LEAF], NAMES))
    assert not Form.read(WORKER, data, NAMES, id="id-2").ok
    assert not Form.read(WORKER, data, NAMES).ok


def test_the_second_of_two_people_loses_nothing_and_undoes_nothing() -> None:
    mine = edited(name="周盛春", expected_pay="280")
    now = PERSON | {"expected_pay": 30000, "trades": ["0303"], "phone": "13900000000"}
    mine.merge(now, [OTHER], who="孙立", when="09:31")
    assert [problem.words for problem in mine.problems] == [
        "孙立 在 09:31 改过这条记录，请看一眼改了什么，再决定保存"
    ]
    assert mine.held["name"] == "周盛春" and mine.held["expected_pay"] == "280"
    assert mine.held["trades"] == ["0303"]
    assert mine.theirs == {"expected_pay": "￥300.00"}
    again = Form.read(WORKER, sent(mine), NAMES, id="id-1")
    assert again.heads == (OTHER,) and again.patch == {"name": "周盛春", "expected_pay": 28000}


def test_a_sensitive_value_that_both_changed_is_shown_masked() -> None:
    mine = edited(phone="13700000000")
    mine.merge(PERSON | {"phone": "13900000000"}, [OTHER])
    assert mine.theirs == {"phone": "139****0000"} and mine.held["phone"] == "13700000000"


def test_line_ends_of_a_browser_are_no_change() -> None:
    fields = {"content": "一\n二", "title": "x"}
    form = Form.edit(JOB, "j", fields, [LEAF], ["title", "content"])
    back = Form.read(JOB, sent(form, content="一\r\n二\r\n"), ["title", "content"], id="j")
    assert back.patch == {}


def test_moments_yes_and_no_degrees() -> None:
    names = ["meals", "lon", "number"]
    form = Form.edit(JOB, "j", {"meals": True, "lon": 118_356_425}, [LEAF], names)
    assert form.held["meals"] == "yes" and form.held["lon"] == "118.356425"
    back = Form.read(JOB, sent(form, meals="no", lon="118.4"), names, id="j")
    assert back.patch == {"meals": False, "lon": 118_400_000}


def test_a_moment_is_typed_in_beijing_time() -> None:
    part = WORKER.fields["consent"].parts["time"]  # type: ignore[attr-defined]
    assert inputs.parse(part, "2026-12-01 07:32") == 1_796_081_520_000
    assert inputs.parse(part, "2026年12月1日 7:32") == 1_796_081_520_000
    assert inputs.parse(part, "1796081520000") == 1_796_081_520_000
    with pytest.raises(Invalid) as caught:
        inputs.parse(part, "2026-13-01 07:32")
    assert caught.value.code == "moment"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_every_field_of_every_kind_can_be_drawn_and_read_back(kind: Any) -> None:
    form = Form.blank(kind)
    assert "reasons" not in form.names
    back = Form.read(kind, sent(form))
    assert back.patch == {}
    assert {problem.code for problem in back.problems} <= {"required"}
    for name in form.names:
        assert form.control(name).widget


def test_a_choice_of_a_newer_program_is_shown_not_dropped() -> None:
    form = Form.edit(JOB, "j", {"pay_unit": "light_year"}, [LEAF], ["pay_unit"])
    assert form.control("pay_unit").widget == "text"
    assert Form.read(JOB, sent(form), ["pay_unit"], id="j").patch == {}


def test_references_carry_a_name_and_a_place_to_look() -> None:
    form = Form.edit(CONTRACT, "c", {"worker": "id-1"}, [LEAF], ["worker"])
    form.ref_labels["worker"] = "周胜春"
    form.lookup = lambda kind: f"/lookup/{kind}"
    control = form.control("worker")
    assert (control.held, control.ref_label, control.lookup) == ("id-1", "周胜春", "/lookup/worker")
