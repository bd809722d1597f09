"""One way for every form to save: what is refused is put into the form, nothing typed is lost.

saved = attempt(form, lambda: records.save(…))
if saved: redirect      else: draw the form again, with form.status
"""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, request

from common.errors import YizhanError
from common.web.filters import moment
from common.web.forms import Form
from common.web.messages import sentence
from node.desks.here import actor, home
from node.market import actors, history, records, refusals


def attempt(form: Form, write: Callable[[], records.Saved]) -> records.Saved | None:
    """Run `write` where the form is whole; None where it must be drawn again, and then it says why."""
    if not form.ok:
        if form.id and any(problem.code == "form_expired" for problem in form.problems):
            _merge(form)
        return None
    try:
        done = write()
    except records.Warned as warned:
        form.warn(warned.findings)
        return None
    except YizhanError as error:
        if error.code == "record_changed":
            _merge(form)
        else:
            form.fail(error)
        return None
    for code in done.notes:
        flash(sentence(code), "waiting")
    return done


def _merge(form: Form) -> None:
    """Somebody else was faster: draw on from what he wrote, with his changes beside what was typed."""
    assert form.id is not None
    hall, kind = home(), form.kind.kind
    record = records.get(hall, kind, form.id)
    steps = [step for step in history.steps(hall, kind, form.id) if not step.aside]
    who, when = "", ""
    if steps:
        who = actors.who(hall)(steps[-1].actor)[0]
        when = moment(steps[-1].time, hall.ambience.now())
    form.merge(record.fields, record.heads, who=who, when=when)


def told(done: records.Saved, words: str) -> None:
    """Say what became of a save."""
    if done.written:
        flash(f"{words}，已保存在本市场", "good")
    else:
        flash(sentence("nothing_changed"), "waiting")


def resubmitted() -> None:
    """A new record made out of a refused one takes that one off the list."""
    leaf = request.args.get("again", "")
    if leaf:
        refusals.settle(home(), actor(), leaf, "修改后已重新登记")
