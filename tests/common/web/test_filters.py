"""Filters: how values look. Each is a table of what comes in and what stands on the page."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from common.web import filters

NOW = 1_796_081_520_000  # 2026-12-01 07:32:00 in Beijing
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


@pytest.mark.parametrize(
    ("fen", "shown"),
    [
        (26000, "￥260.00"),
        (5, "￥0.05"),
        (0, "￥0.00"),
        (123456789, "￥1,234,567.89"),
        (-150, "-￥1.50"),
        (None, ""),
        ("x", "x"),
        (True, "True"),
    ],
)
def test_money(fen: Any, shown: str) -> None:
    assert filters.money(fen) == shown


def test_pay() -> None:
    assert filters.pay(26000, "day") == "￥260.00/天"
    assert filters.pay(3000, "hour") == "￥30.00/小时"
    assert filters.pay(3000, "light-year") == "￥30.00/light-year"
    assert filters.pay(3000) == "￥30.00"
    assert filters.pay(None, "day") == ""


@pytest.mark.parametrize(
    ("value", "long", "short"),
    [
        ("2026-12-01", "2026年12月1日 周二", "12月1日 周二"),
        ("2024-02-29", "2024年2月29日 周四", "2月29日 周四"),
        ("2026-02-30", "2026-02-30", "2026-02-30"),
        ("soon", "soon", "soon"),
        (None, "", ""),
    ],
)
def test_days(value: Any, long: str, short: str) -> None:
    assert filters.day(value) == long
    assert filters.short_day(value) == short


def test_moments_are_beijing_time() -> None:
    assert filters.moment(NOW) == "12-01 07:32"
    assert filters.moment(NOW, NOW) == "12-01 07:32"
    assert filters.moment(NOW - 365 * DAY, NOW) == "2025-12-01 07:32"
    assert filters.full_moment(NOW + 5000) == "2026年12月1日 周二 07:32:05"
    assert filters.hour(NOW, NOW + HOUR) == "07:32"
    assert filters.hour(NOW, NOW + DAY) == "12-01 07:32"
    midnight = NOW - 7 * HOUR - 32 * MINUTE
    assert filters.hour(midnight, NOW) == "00:00"
    assert filters.hour(midnight - 1, NOW) == "11-30 23:59"


@pytest.mark.parametrize("value", [None, "x", 10**20, -(10**20), True])
def test_what_is_no_moment_is_shown_as_it_is(value: Any) -> None:
    shown = "" if value is None else str(value)
    assert filters.moment(value) == filters.full_moment(value) == filters.since(value, NOW) == shown


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (0, "刚刚"),
        (59_999, "刚刚"),
        (-30_000, "刚刚"),
        (MINUTE, "1 分钟前"),
        (HOUR - 1, "59 分钟前"),
        (HOUR, "1 小时前"),
        (DAY, "1 天前"),
        (400 * DAY, "400 天前"),
        (-2 * HOUR, "12-01 09:32"),
    ],
)
def test_since(ago: int, shown: str) -> None:
    assert filters.since(NOW - ago, NOW) == shown


def test_ages_counts_and_sizes() -> None:
    assert [filters.age(n) for n in (0, 40, 300, 7200, 200_000, -1)] == [
        "0 秒",
        "40 秒",
        "5 分钟",
        "2 小时",
        "2 天",
        "",
    ]
    assert [filters.count(n) for n in (0, 4127, None)] == ["0", "4,127", ""]
    assert [filters.size(n) for n in (812, 3482, 5 << 20, 3 << 40)] == [
        "812 字节",
        "3.4 KB",
        "5.0 MB",
        "3.0 TB",
    ]


def test_masks() -> None:
    assert filters.masked_id("370705199003070018") == "370705********0018"
    assert filters.masked_phone("13805361234") == "138****1234"
    assert [filters.masked_name(name) for name in ("周胜春", "刘杰", "𬱖建国", "阿卜杜·热合曼", None)] == [
        "周*春",
        "刘*",
        "𬱖*国",
        "阿*曼",
        "",
    ]


def test_identity_numbers_inside_other_text() -> None:
    assert (
        filters.without_ids("电工 · T370705198503020018 · 2028-06-30")
        == "电工 · T370705********0018 · 2028-06-30"
    )
    assert (
        filters.without_ids("37070519850302001x和110105194912310021")
        == "370705********001x和110105********0021"
    )
    for plain in ("37130201-C-20261201-0017-K", "1796081520000", "3707051985030200188", "13805360018"):
        assert filters.without_ids(plain) == plain


def test_groups_are_for_reading_and_copy_whole() -> None:
    shown = filters.grouped("370705198503020018")
    assert shown == '<span class="yz-num"><span>370705</span><span>19850302</span><span>0018</span></span>'
    assert Markup(shown).striptags() == "370705198503020018"
    assert filters.grouped("138****0018").count("<span>") == 3
    assert filters.grouped("9f86d081884c7d65").count("<span>") == 4
    assert filters.grouped("37130201-C-20261201-0017-K") == "37130201-C-20261201-0017-K"
    assert filters.grouped("<b>") == "&lt;b&gt;"
    assert filters.grouped(None) == ""


@given(
    st.one_of(
        st.none(), st.integers(), st.text(max_size=30), st.booleans(), st.lists(st.integers(), max_size=2)
    )
)
def test_no_filter_ever_fails_a_page(value: Any) -> None:
    for name, filter in filters.FILTERS.items():
        if name == "without_ids":
            continue
        result = filter(value, NOW) if name in ("since", "moment", "hour") else filter(value)
        assert isinstance(result, str)
