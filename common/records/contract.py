"""Contract 合同: one worker's terms with one employer. Written by the market that created it.

What protects people cannot be overridden here: nobody under 16 on the day of work, nobody of 16 or 17
in a forbidden trade, no trade without the certificate that it needs, no second contract in force for
the same hours. All of it is judged by the day of work, never by today, and only while the work lies
ahead: a contract that turns out to be wrong is still stopped, settled and paid.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from common.data.trades import TRADES
from common.errors import Invalid
from common.records.base import Facts, Fields, Finding, Record
from common.records.fields import Checked, Choice, Clock, Day, Fen, Moment, Parts, Ref, Text
from common.records.job import (
    PAY_TIMINGS,
    PAY_UNITS,
    minute_of,
    number_terms,
    order_of_days,
    wage_floor,
    work_minutes,
)
from common.records.trade import Trade
from common.records.worker import age_of, name_terms

FORMS = (
    ("labour", "劳动合同"),
    ("part_time", "非全日制用工协议"),
    ("service", "劳务协议"),
    ("contracting", "承揽协议"),
    ("shared", "共享用工协议"),
)
STATES = (
    ("draft", "草稿"),
    ("worker_signed", "零工已签"),
    ("employer_signed", "用工方已签"),
    ("in_force", "已生效"),
    ("working", "在岗"),
    ("done", "完工待结算"),
    ("settled", "已结清"),
    ("archived", "已归档"),
    ("cancelled", "已撤销"),
    ("no_show", "缺勤"),
    ("stopped", "中止"),
    ("disputed", "争议"),
    ("unpaid", "逾期未付"),
)
BINDING = ("worker_signed", "employer_signed", "in_force", "working")
ASSIGNED = (
    None,
    "draft",
    *BINDING,
)  # what is over must still be settled and paid, whatever the rules say now


def _sha256(text: str) -> str:
    if len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise Invalid("characters", "expected 64 hexadecimal digits")
    return text


def _signature(label: str) -> Parts:
    methods = (("wet", "纸面签字"), ("pad", "手写板"), ("fingerprint", "指印"))
    return Parts(label, parts={"method": Choice("方式", methods), "time": Moment("时间")})


class Contract(Record):
    kind = "contract"
    label = "合同"
    owned = True
    numbered = "C"
    title_field = "number"
    groups = (("pay", "pay_unit", "pay_timing"), ("hours_from", "hours_to"), ("start_date", "end_date"))
    columns = ("number", "worker", "employer", "trade", "start_date", "pay", "state")

    number = Text("合同编号", most=40, index=True)
    form = Choice("合同种类", FORMS, required=True)
    employer = Ref("用工方", "employer", required=True)
    worker = Ref("零工", "worker", required=True, index=True)
    job = Ref("岗位", "job", index=True)
    trade = Trade("工种", required=True)
    content = Text("工作内容", most=1000, lines=True)
    place = Text("工作地点")
    start_date = Day("开始日期", required=True)
    end_date = Day("结束日期")
    hours_from = Clock("上工时间")
    hours_to = Clock("收工时间")
    pay = Fen("工钱（元）", required=True, least=1, most=1_000_000_00)
    pay_unit = Choice("计价单位", PAY_UNITS, required=True)
    pay_timing = Choice("结算方式", PAY_TIMINGS)
    insurance = Text("意外险")
    template = Text("文本版本", most=40)
    text_sha256 = Checked("文本摘要", _sha256, most=64)
    worker_name = Text("零工姓名（合同所载）", most=50)
    employer_name = Text("用工方名称（合同所载）", most=100)
    signed_worker = _signature("零工签字")
    signed_employer = _signature("用工方签字")
    crew = Text("班组", most=40)
    state = Choice("状态", STATES, index=True)

    @classmethod
    def rules(cls, facts: Facts) -> Iterator[Finding]:
        contract = facts.fields
        yield from order_of_days(contract)
        yield from wage_floor(contract, facts.market)
        worker = facts.look("worker", contract.get("worker") or "")
        if worker is not None and contract.get("state") in ASSIGNED:
            yield from _person(contract, worker)
            yield from _overlaps(facts)

    @classmethod
    def terms(cls, fields: Fields) -> Iterator[str]:
        yield from number_terms(fields.get("number"))
        yield from name_terms(fields.get("worker_name"))


def _person(contract: Fields, worker: Fields) -> Iterator[Finding]:
    """What the worker's age, papers and identity allow: age on the first day, papers until the last."""
    first = str(contract.get("start_date") or "")
    last = str(contract.get("end_date") or first)
    trade = TRADES.get(str(contract.get("trade")))
    who = ("worker", "start_date", "trade", "state")
    age = age_of(worker, first)
    if age is not None and age < 16:
        yield Finding("under_16", "block", who, "nobody under 16 on the day of work may be introduced")
    elif age is not None and age < 18 and trade and trade.minor_forbidden:
        yield Finding("minor_forbidden_trade", "block", who, "this trade is forbidden at 16 and 17")
    if trade and trade.certificate and not _certified(worker, trade.code, last):
        about = (*who, "end_date")
        yield Finding("certificate_missing", "block", about, "the trade needs a certificate valid that day")
    signed = contract.get("signed_worker") or contract.get("state") in BINDING
    if worker.get("id_type") == "none" and signed:
        about = (*who, "signed_worker")
        yield Finding("identity_missing", "block", about, "who showed no document cannot sign")


def _certified(worker: Fields, trade: str, day: str) -> bool:
    papers = worker.get("certificates")
    for paper in papers if isinstance(papers, list) else []:
        if isinstance(paper, dict) and paper.get("trade") == trade:
            expires: Any = paper.get("expires")
            if expires is None or str(expires) >= day:
                return True
    return False


def _overlaps(facts: Facts) -> Iterator[Finding]:
    """Other contracts that bind this worker: at the same hours they block, on the same day they warn."""
    mine = facts.fields
    others = [
        other
        for id, other in facts.same("contract", "worker", mine.get("worker"))
        if id != facts.id and other.get("state") in BINDING
    ]
    about = ("worker", "start_date", "end_date", "hours_from", "hours_to", "state")
    if any(_hours_meet(mine, other) for other in others):
        yield Finding("overlapping_contract", "block", about, "a contract binds this worker at these hours")
    elif any(_days_meet(mine, other, 0) for other in others):
        yield Finding("overlapping_days", "warn", about, "a contract binds this worker on the same day")


def _days_meet(one: Fields, other: Fields, later: int) -> bool:
    """Whether some day of `one`, and the day `later` days after it, are days of `other`."""
    mine, theirs = _days(one), _days(other)
    if mine is None or theirs is None:
        return False
    return mine[0] + later <= theirs[1] and theirs[0] <= mine[1] + later


def _days(fields: Fields) -> tuple[int, int] | None:
    """First and last day as numbers; None where they are not days."""
    first = fields.get("start_date")
    try:
        days = [date.fromisoformat(str(day)).toordinal() for day in (first, fields.get("end_date") or first)]
    except ValueError:
        return None
    return days[0], days[1]


def _hours_meet(one: Fields, other: Fields) -> bool:
    """Whether a shift of `one` meets a shift of `other`; shifts without hours are not known to.

    A shift that crosses midnight reaches into the next day, so neighbouring days are looked at too.
    """
    start, begin = minute_of(one.get("hours_from")), minute_of(other.get("hours_from"))
    if start is None or begin is None or not one.get("hours_to") or not other.get("hours_to"):
        return False
    return any(
        _days_meet(one, other, later)
        and start < begin + later * 1440 + work_minutes(other)
        and begin + later * 1440 < start + work_minutes(one)
        for later in (-1, 0, 1)
    )
