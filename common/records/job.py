"""Job 用工岗位: a posting with a number of seats. Written by the market that created it.

What a posting may not say follows the rules for recruiting: no fees or deposits, no limits of sex or
origin without a reason, nobody under 16. Whether it may be published is also a matter of the desk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from common.data.wages import hourly_minimum
from common.records.base import Facts, Fields, Finding, Record
from common.records.fields import (
    Choice,
    Clock,
    Day,
    Degree,
    Fen,
    Number,
    Ref,
    Several,
    Text,
    YesNo,
)
from common.records.trade import Trade
from common.records.worker import Division, name_terms

PAY_UNITS = (
    ("hour", "小时"),
    ("day", "天"),
    ("piece", "件"),
    ("month", "月"),
    ("job", "次"),
    ("mu", "亩"),
    ("ton", "吨"),
    ("m2", "平方米"),
    ("trip", "趟"),
)
PAY_TIMINGS = (
    ("same_day", "日结"),
    ("next_day", "次日结"),
    ("weekly", "周结"),
    ("on_completion", "完工结"),
    ("monthly", "月结"),
)
STATES = (
    ("draft", "草稿"),
    ("review", "待审核"),
    ("published", "已发布"),
    ("filled", "已招满"),
    ("expired", "已过期"),
    ("withdrawn", "已撤回"),
    ("taken_down", "已下架"),
    ("archived", "已归档"),
)
PUBLIC = ("published", "filled")
FEE_WORDS = re.compile("押金|保证金|报名费|体检费|服装费|培训费|中介费|介绍费|会员费")
LIMIT_WORDS = re.compile(
    "限男|限女|只招男|只招女|男性优先|女性优先|男士优先|女士优先|[未已]婚|本地人优先|限本地|不要外地|不招外地|限汉族"
)
_CLOCK = re.compile("([01][0-9]|2[0-3]):([0-5][0-9])").fullmatch
PHONE_IN_TEXT = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")


class Job(Record):
    kind = "job"
    label = "用工岗位"
    owned = True
    numbered = "J"
    title_field = "title"
    groups = (
        ("pay", "pay_unit", "pay_timing"),
        ("lon", "lat", "crs"),
        ("hours_from", "hours_to"),
        ("start_date", "end_date"),
    )
    columns = ("title", "number", "employer", "trade", "headcount", "pay", "start_date", "state")

    number = Text("岗位编号", most=40)
    employer = Ref("用工方", "employer", required=True)
    title = Text("岗位名称", required=True, most=60)
    trade = Trade("工种", required=True)
    headcount = Number("名额", required=True, least=1, most=10_000)
    start_date = Day("开始日期", required=True)
    end_date = Day("结束日期")
    hours_from = Clock("上工时间")
    hours_to = Clock("收工时间")
    pay = Fen("工钱（元）", required=True, least=1, most=1_000_000_00)
    pay_unit = Choice("计价单位", PAY_UNITS, required=True)
    pay_timing = Choice("结算方式", PAY_TIMINGS)
    content = Text("工作内容", most=1000, lines=True)
    conditions = Text("工作条件", most=1000, lines=True)
    place = Text("上工地点")
    division = Division()
    lon = Degree("经度", most=180)
    lat = Degree("纬度", most=90)
    crs = Choice("坐标系", (("wgs84", "WGS-84"), ("gcj02", "GCJ-02")))
    meals = YesNo("管饭")
    lodging = YesNo("管住")
    insurance_by = Choice(
        "意外险由谁买", (("employer", "用工方"), ("worker", "零工"), ("market", "市场"), ("none", "不买"))
    )
    certificates_needed = Several("所需证书工种", Trade(""))
    min_age = Number("最低年龄", least=16, most=100)
    max_age = Number("最高年龄", least=16, most=120)
    reach = Choice("发布范围", (("county", "本县区"), ("city", "全市"), ("province", "全省")))
    state = Choice("状态", STATES, index=True)

    @classmethod
    def rules(cls, facts: Facts) -> Iterator[Finding]:
        job = facts.fields
        texts = ("title", "content", "conditions")
        said = " ".join(str(job.get(name) or "") for name in texts)
        if FEE_WORDS.search(said):
            severity = "block" if job.get("state") in PUBLIC else "warn"
            yield Finding("fee_words", severity, (*texts, "state"), "a posting may ask for no fee or deposit")
        if LIMIT_WORDS.search(said):
            yield Finding(
                "limit_words", "warn", texts, "a limit of sex, origin or family needs a legal reason"
            )
        if PHONE_IN_TEXT.search(said):
            yield Finding(
                "phone_in_text", "warn", texts, "people ask at the window, no phone stands in a posting"
            )
        yield from order_of_days(job)
        yield from wage_floor(job, facts.market)

    @classmethod
    def terms(cls, fields: Fields) -> Iterator[str]:
        yield from name_terms(fields.get("title"))
        yield from number_terms(fields.get("number"))


def order_of_days(fields: Fields) -> Iterator[Finding]:
    start, end = fields.get("start_date"), fields.get("end_date")
    if isinstance(start, str) and isinstance(end, str) and end < start:
        yield Finding(
            "end_before_start", "block", ("start_date", "end_date"), "the last day lies before the first"
        )


def wage_floor(fields: Fields, market: str) -> Iterator[Finding]:
    """Hourly pay, or day pay over its hours (8 where not said), against the dated minimum."""
    pay, unit, day = fields.get("pay"), fields.get("pay_unit"), fields.get("start_date")
    if not isinstance(pay, int) or unit not in ("hour", "day") or not isinstance(day, str):
        return
    floor = hourly_minimum(str(fields.get("division") or market)[:6], day)
    minutes = 60 if unit == "hour" else work_minutes(fields)
    if floor is not None and pay * 60 < floor * minutes:
        yield Finding(
            "below_minimum_wage",
            "warn",
            ("pay", "pay_unit", "hours_from", "hours_to", "start_date"),
            "pay is below the minimum wage",
        )


def work_minutes(fields: Fields) -> int:
    """Length of a shift; one that ends before it begins crosses midnight; 8 hours where not said."""
    start, end = minute_of(fields.get("hours_from")), minute_of(fields.get("hours_to"))
    return 480 if start is None or end is None else (end - start) % 1440 or 1440


def minute_of(clock: object) -> int | None:
    """Minutes since midnight of `HH:MM`; None for anything else."""
    match = _CLOCK(clock) if isinstance(clock, str) else None
    return int(match[1]) * 60 + int(match[2]) if match else None


def number_terms(number: object) -> Iterator[str]:
    """A printed number is found from its front, by its day and serial, or by its serial alone."""
    if isinstance(number, str):
        lower = number.lower()
        parts = lower.split("-")
        yield lower
        if len(parts) == 5:
            yield "-".join(parts[2:])
            yield "-".join(parts[3:])
