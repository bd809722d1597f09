"""今日: what the hall did today, how far it has come with the province, and what waits for somebody."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from common.web import filters
from node.desks import uplink
from node.desks.here import address, home, label, login, named, role, title_of
from node.market import jobs, refusals, today, visits

desk = Blueprint("today", __name__)


@desk.get("/")
def root() -> ResponseReturnValue:
    return redirect(url_for("today.page"))


@desk.get("/today")
def page() -> ResponseReturnValue:
    hall = home()
    link = uplink.look(hall)
    return render_template(
        "today.html",
        day=today.count(hall),
        link=link,
        needs=uplink.needs(link),
        todo=todo(),
        services=visits.SERVICES,
        new=[(one, address("worker", one.id)) for one in today.newest_workers(hall)],
    )


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that waits for a person."""

    tone: str
    what: str
    name: str
    note: str
    href: str
    act: str


def todo() -> list[Task]:
    """What waits, the most pressing first."""
    hall, told = home(), named()
    refused = url_for("sync.page") + "#refused"
    tasks = [
        Task("wrong", uplink.verdict(one), one.title or one.kind, uplink.why(one), refused, "看原因")
        for one in refusals.listed(hall)
    ]
    for one in today.in_conflict(hall):
        href, note = address(one.kind, one.id) + "#yz-conflict", f"{len(one.conflicts)} 项待决定"
        tasks.append(Task("wrong", "两处修改不一致", title_of(one), note, href, "去决定"))
    for one in today.to_review(hall) if role() in jobs.REVIEWERS else ():
        note = (told("employer", one.fields.get("employer", "")) or ("", ""))[0]
        tasks.append(Task("waiting", "岗位待审核", title_of(one), note, address("job", one.id), "去审核"))
    for one in today.unsigned(hall):
        name = (told("worker", one.fields.get("worker", "")) or ("", ""))[0]
        state, start = label("contract", "state", one.fields.get("state")), one.fields.get("start_date")
        tone = "wrong" if str(start) <= today.count_day(hall) else "waiting"
        note = f"{state}，{filters.short_day(start)}上工"
        tasks.append(Task(tone, "合同未签", name, note, address("contract", one.id), "去签字"))
    return tasks


@desk.post("/visits")
def check_in() -> ResponseReturnValue:
    """Count one person-time, of a known worker or of nobody in particular."""
    worker = request.form.get("worker") or None
    done = visits.check_in(
        home(), login(), worker, request.form.get("service", "seek"), request.form.get("window", "")
    )
    word = label("visit", "service", request.form.get("service", "seek"))
    if done.written:
        flash(f"已记一次到访：{word}", "good")
    else:
        flash("十分钟内已经记过这一次到访，没有重复记", "waiting")
    return redirect(address("worker", worker) if worker else url_for("today.page"))
