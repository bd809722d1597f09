"""Records of any kind as pages show them, and badges with the fixed words."""

from __future__ import annotations

import pytest

from common.records import KINDS, kind_of
from common.web import browse
from common.web.badges import STATES, confirmed_badge, saved_badge, state_badge, sync_badge
from common.web.shapes import TONES
from tests.common.web.gallery_data import CONFLICTS, NOW, PERSON, STAFF

WORKER, JOB, CONTRACT = kind_of("worker"), kind_of("job"), kind_of("contract")
MINUTE = 60_000


def fact(name: str, fields: dict[str, object] = PERSON) -> browse.Fact:
    return next(fact for fact in browse.facts(WORKER, fields, conflicts=["phone"]) if fact.name == name)


def test_facts_are_known_masked_and_in_form_order() -> None:
    names = [fact.name for fact in browse.facts(WORKER, PERSON)]
    assert names[:4] == ["name", "id_type", "id_number", "phone"] and names[-1] == "blood_type"
    assert "birth" not in names
    assert fact("id_number").text == "370705********0018" and fact("id_number").grouped
    assert fact("phone").disputed and not fact("name").disputed
    assert fact("certificates").text == "电工 · T370705********0018 · 2028-06-30"
    assert fact("standing").badge is not None
    assert all("198503020018" not in fact.text for fact in browse.facts(WORKER, PERSON))


def test_what_nobody_understands_is_shown_raw() -> None:
    assert fact("blood_type").raw and fact("blood_type").text == "A"
    odd = PERSON | {"expected_pay": {"fen": 1}, "days": "always", "future": {"b": 1, "a": [2]}}
    assert fact("future", odd).text == '{"a":[2],"b":1}'
    assert fact("expected_pay", odd).text == '{"fen":1}'
    assert len(fact("future", odd | {"future": "x" * 9000}).text) == browse.RAW_MOST + 1


def test_references_are_named_or_shortened() -> None:
    fields = {"worker": "0192f7a0-8c1e-7b3a-9c55-3f1f0a2b4c5d"}
    (bare,) = browse.facts(CONTRACT, fields)
    assert bare.text == "…0a2b4c5d" and not bare.href
    (named,) = browse.facts(CONTRACT, fields, named=lambda kind, id: ("周胜春", f"/{kind}/{id[:8]}"))
    assert (named.text, named.href) == ("周胜春", "/worker/0192f7a0")


def test_full_numbers_are_offered_for_sensitive_fields_only() -> None:
    shown = browse.facts(WORKER, PERSON, full_href=lambda name: f"/full/{name}")
    assert {fact.name for fact in shown if fact.full_href} == {"id_number", "phone", "address"}


def test_cells_keep_their_columns() -> None:
    cells = browse.cells(JOB, {"title": "x", "start_date": "2026-12-01"}, JOB.columns)
    assert [cell.name for cell in cells] == list(JOB.columns)
    assert {cell.name: cell.text for cell in cells}["start_date"] == "12月1日 周二"
    assert browse.numeric(JOB.fields["pay"]) and not browse.numeric(JOB.fields["title"])


def test_disputes_name_base_sides_and_what_holds_now() -> None:
    phone, pay = browse.disputes(WORKER, PERSON, CONFLICTS, {"phone": "13700001111"}, STAFF.__getitem__)
    assert (phone.label, phone.base) == ("手机号", "137****1111")
    assert [(side.text, side.where, side.provisional) for side in phone.sides] == [
        ("138****0018", "兰山零工市场", True),
        ("159****0027", "奎文零工市场", False),
    ]
    assert pay.base == "" and [side.text for side in pay.sides] == ["￥260.00", "￥300.00"]


def test_a_record_retired_here_and_changed_there() -> None:
    values = [
        {"value": True, "actor": "37130201.s7", "time": NOW, "leaf": "YQ=="},
        {"value": None, "actor": "37070501.s2", "time": NOW, "leaf": "Yg=="},
    ]
    (dispute,) = browse.disputes(WORKER, PERSON, {"retired": values}, {}, STAFF.__getitem__)
    assert dispute.label == "停用" and [side.text for side in dispute.sides] == ["停用", "继续使用"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_every_state_has_a_badge_with_a_word(kind: type) -> None:
    for name in browse.BADGED:
        field = kind.fields.get(name)  # type: ignore[attr-defined]
        for value, label in field.choices if field is not None else ():
            badge = state_badge(field, value)
            assert badge is not None and badge.words == label and badge.drawing and badge.tone in TONES


def test_tones_are_known() -> None:
    assert set(STATES.values()) <= set(TONES)
    assert state_badge(JOB.fields["state"], None) is None
    assert state_badge(JOB.fields["state"], "from_the_future").tone == "unknown"  # type: ignore[union-attr]


def test_words_of_the_sync_badge() -> None:
    early = NOW - 113 * MINUTE
    done = {"confirmed": NOW - MINUTE}
    said = {
        "已由省平台确认 07:31": sync_badge(NOW, **done),
        "待上报 128 条，最早 05:39": sync_badge(NOW, pending=128, oldest=early, **done),
        "正在上报": sync_badge(NOW, pending=3, sending=True, **done),
        "暂时连不上省平台，本市场照常工作": sync_badge(NOW, pending=3, reachable=False, **done),
        "正在核对数据，暂存草稿": sync_badge(NOW, recovering=True, **done),
        "需要处理：省平台退回 2 条": sync_badge(NOW, needs="省平台退回 2 条", recovering=True, **done),
        "已保存在本市场，未接入省平台": sync_badge(NOW, pending=9, enrolled=False),
        "已保存在本市场": sync_badge(NOW),
    }
    for words, badge in said.items():
        assert badge.words == words and badge.drawing
    assert said["暂时连不上省平台，本市场照常工作"].note == "待上报 3 条"
    assert saved_badge().words == "已保存在本市场"
    assert confirmed_badge(NOW, NOW).words == "已由省平台确认 07:32"


def test_confirmed_is_never_said_without_a_receipt() -> None:
    for pending in (0, 5):
        badge = sync_badge(NOW, pending=pending, confirmed=None, oldest=NOW)
        assert "已由省平台确认" not in badge.words
