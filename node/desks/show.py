"""From a record and its history to the small values that the shared templates draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for

from common.web import browse, filters
from common.web.badges import state_badge
from common.web.forms import Form
from common.web.messages import words
from common.web.shapes import Badge, Change, Event, Fact, Provenance
from node.desks.here import DESKS, address, home, label, named, title_of
from node.market import actors, history, records, workers
from node.market.history import Step
from node.market.records import Merged

SILENT = ("reasons",)
ASIDE = {
    "refused": "省平台退回",
    "held": "省平台暂缓",
    "copied": "不在本市场日志中",
    "not_owner": "不是归属市场写的",
}
JOINED = (("pay", "pay_unit", "pay_timing"), ("start_date", "end_date"), ("hours_from", "hours_to"))
CONSEQUENCE = "决定后写入一条新记录，两处都改为所选内容；原来的两次修改仍留在历史里。"
REASONS = {"cancelled": "撤销", "decided": "处理不一致", "retired": "停用或恢复"}


def about(kind: str, id: str) -> dict[str, Any]:
    """All that `records/show.html` needs of one record."""
    hall = home()
    record = records.get(hall, kind, id)
    steps = history.steps(hall, kind, id)
    who = actors.who(hall)
    cls = records.kind_of(kind)
    base = history.base_of(steps, record.conflicts)
    writable = records.may_write(hall, record)
    return {
        "desk": DESKS.get(kind, ""),
        "kind": cls,
        "record": record,
        "fields": record.fields,
        "title": title_of(record),
        "number": record.fields.get("number", "") if cls.title_field != "number" else "",
        "state": _state(cls, record),
        "origin": provenance(kind, id, steps, who),
        "facts": _facts(cls, record),
        "disputes": browse.disputes(cls, record.fields, record.conflicts, base, who),
        "resolve_href": url_for("records.decide", kind=kind, id=id),
        "seal": Form.edit(cls, id, record.fields, record.heads, ()).seal,
        "consequence": CONSEQUENCE,
        "events": [_event(cls, step, who) for step in reversed(steps)],
        "writable": writable and not record.retired,
        "edit_href": edit_address(kind, id) if writable and not record.retired else "",
        "retire_href": url_for("records.retire", kind=kind, id=id) if writable else "",
    }


def _facts(cls: Any, record: Merged) -> list[Fact]:
    """Known facts but those of the title line; what a newer program wrote comes last, as it is."""
    above = {cls.title_field, "number", "state", "standing", "reasons"}
    found = browse.facts(
        cls,
        record.fields,
        conflicts=record.conflicts,
        named=named(),
        full_href=lambda name: url_for("records.full", kind=cls.kind, id=record.id, field=name),
    )
    kept = [fact for fact in found if fact.name not in above or fact.disputed]
    if cls.kind == "worker":
        return _person(record, kept)
    return _joined(record, kept) if cls.kind in ("job", "contract") else kept


def _joined(record: Merged, found: list[Fact]) -> list[Fact]:
    """Pay, days and hours are read as one each; while one of their fields is disputed they stay apart."""
    fields, disputed = record.fields, {fact.name for fact in found if fact.disputed}
    timing = label(record.kind, "pay_timing", fields.get("pay_timing"))
    texts = {
        "pay": (
            "工钱",
            " · ".join(filter(None, (filters.pay(fields.get("pay"), fields.get("pay_unit")), timing))),
        ),
        "start_date": (
            "日期",
            _span(filters.day(fields.get("start_date")), filters.day(fields.get("end_date")), " 至 "),
        ),
        "hours_from": ("时间", _span(fields.get("hours_from") or "", fields.get("hours_to") or "", "–")),
    }
    rows = []
    for fact in found:
        group = next((group for group in JOINED if fact.name in group), None)
        if group is None or disputed & set(group):
            rows.append(fact)
        elif fact.name == group[0]:
            rows.append(Fact(fact.name, *texts[fact.name]))
    return rows


def _span(start: str, end: str, between: str) -> str:
    return f"{start}{between}{end}" if end and end != start else start


def _person(record: Merged, found: list[Fact]) -> list[Fact]:
    """Birth date, sex and age as one fact after the number that tells them."""
    birth, sex, age = workers.person(home(), record.fields)
    if not birth:
        return found
    words = [
        filters.day(birth)[:-3],
        label("worker", "sex", sex) if sex else "",
        f"{age} 岁" if age is not None else "",
    ]
    told = Fact("birth", "出生", " · ".join(word for word in words if word))
    kept = [fact for fact in found if fact.disputed or fact.name not in ("birth", "sex")]
    at = next((place for place, fact in enumerate(kept) if fact.name == "id_number"), -1) + 1
    return [*kept[:at], told, *kept[at:]]


def edit_address(kind: str, id: str) -> str:
    if kind in ("worker", "contract"):
        return url_for(f"{kind}s.edit", id=id)
    return url_for("records.edit", kind=kind, id=id)


def _state(cls: Any, record: Merged) -> Badge | None:
    if record.retired:
        return Badge("unknown", "已停用", "archive")
    for name in browse.BADGED:
        if name in cls.fields and record.fields.get(name):
            return state_badge(cls.fields[name], record.fields[name])
    return None


def provenance(kind: str, id: str, steps: list[Step], who: actors.Who) -> Provenance | None:
    """谁 何时 在哪录入, from the newest entry that counts."""
    counted = [step for step in steps if not step.aside]
    if not counted:
        return None
    last = counted[-1]
    person, place = who(last.actor)
    return Provenance(
        who=person,
        time=last.time,
        where=place,
        confirmed=last.confirmed,
        state=Badge("good", "来自省平台", "cloud-check") if last.elsewhere else None,
        proof_href="" if last.elsewhere else url_for("records.proof", kind=kind, id=id),
        how="录入" if last.first else "修改",
    )


def _event(cls: Any, step: Step, who: actors.Who) -> Event:
    person, place = who(step.actor)
    told = named()
    order = {name: place for place, name in enumerate(cls.fields)}
    names = sorted(step.changes, key=lambda name: order.get(name, len(order)))
    changes = [_change(cls, name, step.changes[name], told) for name in names if name not in SILENT]
    return Event(
        who=person,
        where=place,
        time=step.time,
        changes=changes,
        title=_event_title(cls, step),
        reasons=[f"{_reason(code)}：{text}" for code, text in step.reasons.items()],
        index=None if step.elsewhere else step.index,
        leaf=step.leaf,
        confirmed=step.confirmed,
        badge=_event_badge(step),
    )


def _change(cls: Any, name: str, pair: tuple[Any, Any], told: Any) -> Change:
    wire = cls.fields.get(name)
    if wire is None:
        return Change(name, browse.raw(pair[0]) if pair[0] is not None else "", browse.raw(pair[1]))
    if wire.ref:
        names = [(told(wire.ref, value) or (f"…{str(value)[-8:]}", ""))[0] if value else "" for value in pair]
    else:
        names = [browse.show(wire, value) for value in pair]
    return Change(wire.label, *names)


def _event_title(cls: Any, step: Step) -> str:
    if step.retired is not None:
        return "停用" if step.retired else "恢复使用"
    if step.first:
        return "登记" if cls.kind in ("worker", "visit") else "建立"
    if "decided" in step.reasons:
        return "处理不一致"
    state = step.changes.get("state")
    return cls.fields["state"].show(state[1]) if state and "state" in cls.fields else "修改"


def _event_badge(step: Step) -> Badge | None:
    if step.aside:
        reason = step.aside.split(" ")[0]
        said = step.word[2] or words(step.word[1]) if step.word else ""
        text = ASIDE.get(reason, "已单独留存，不计入")
        return Badge("waiting" if reason == "held" else "wrong", f"{text}：{said}" if said else text)
    return Badge("good", "来自省平台", "cloud-check") if step.elsewhere else None


def _reason(code: str) -> str:
    return REASONS.get(code) or words(code).split("，")[0]


def cells(record: Merged, names: tuple[str, ...], told: Any) -> tuple[str, list[Any]]:
    """A row of a list: its address and its cells."""
    cls = records.kind_of(record.kind)
    return address(record.kind, record.id), browse.cells(cls, record.fields, names, told)


def chosen(form: Form, fields: Mapping[str, Any]) -> Form:
    """Let the reference fields of a form be searched, with the names of what they hold."""
    told = named()
    form.lookup = lambda kind: url_for("search.lookup", kind=kind)
    for name in form.names:
        wire, value = form.kind.fields[name], form.held.get(name)
        if wire.ref and isinstance(value, str) and value:
            known = told(wire.ref, value)
            form.ref_labels[name] = known[0] if known else ""
    return form
