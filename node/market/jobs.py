"""Postings and who posts them: review, publishing, seats, verification of employers.

Rules kept here:
- draft → review (clerk) → published (reviewer or manager). Only a posting of a verified employer is
  published, and nobody reviews what he wrote himself.
- Whoever verifies an employer is not the one who wrote it down, and says by what he verified.
- Seats left = headcount less the contracts that bind or have been worked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from common.errors import Refused
from common.records.contract import STATES as CONTRACT_STATES
from common.records.contract import Contract
from common.records.fields import id_bytes, id_text
from common.records.job import STATES as JOB_STATES
from common.records.job import Job
from common.store.rows import Merged
from node.home import Home
from node.market import history, records

REVIEWERS = records.REVIEWERS
# act -> (from states, to state, who may, label)
ACTS: dict[str, tuple[tuple[str, ...], str, tuple[str, ...], str]] = {
    "submit": (("draft", "withdrawn"), "review", ("clerk", *REVIEWERS), "提交审核"),
    "publish": (("review",), "published", REVIEWERS, "审核通过并发布"),
    "return": (("review",), "draft", REVIEWERS, "退回修改"),
    "fill": (("published",), "filled", ("clerk", *REVIEWERS), "标为已招满"),
    "reopen": (("filled",), "published", REVIEWERS, "继续招人"),
    "withdraw": (("published", "filled", "review"), "withdrawn", ("clerk", *REVIEWERS), "撤回"),
}
UNTAKEN = ("draft", "cancelled", "no_show")  # contracts that take no seat


def acts(job: Merged, role: str) -> list[tuple[str, str]]:
    """(act, label) that this role may do with the posting now."""
    state = job.fields.get("state") or "draft"
    return [
        (act, label) for act, (sources, _, roles, label) in ACTS.items() if state in sources and role in roles
    ]


def act(
    home: Home, login: str, role: str, id: str, name: str, heads: Iterable[bytes] | None = None
) -> records.Saved:
    """Move a posting on. Raises Refused('state_change'|'not_allowed'|'own_entry'|'employer_unverified'|…)."""
    if name not in ACTS:
        raise Refused("state_change", f"no act {name[:20]!r}", state="")
    sources, target, roles, _ = ACTS[name]
    if role not in roles:
        raise Refused("not_allowed", f"{role} may not {name} a posting")
    with home.recorder.open(login) as batch:
        job = records.unchanged(home, "job", id, heads)
        state = job.fields.get("state") or "draft"
        if state not in sources:
            raise Refused("state_change", f"the posting is {state}", state=_label(state))
        if name == "publish":
            _publishable(home, job, login)
        return records.saved(records.put(batch, "job", id, {"state": target}))


def _publishable(home: Home, job: Merged, login: str) -> None:
    if f"{home.market}.{login}" in history.writers(home, "job", job.id):
        raise Refused("own_entry", "nobody reviews his own entry")
    employer = home.store.get("employer", job.fields["employer"])
    if employer is None or not employer.fields.get("verified"):
        raise Refused("employer_unverified", "the employer is not verified")


def change(
    home: Home,
    login: str,
    kind: str,
    id: str,
    patch: Mapping[str, Any],
    *,
    reasons: Mapping[str, str],
    heads: Iterable[bytes],
) -> records.Saved:
    """Edit a record of any kind. What a reviewer looked at and now reads otherwise is to be looked at again:
    a published posting goes back to review, a verified employer under another name or code is unverified."""
    patch, now = dict(patch), records.get(home, kind, id)
    if patch and kind == "job" and now.fields.get("state") in ("published", "filled"):
        patch["state"] = "review"
    if kind == "employer" and now.fields.get("verified") and patch.keys() & {"name", "code", "id_number"}:
        patch["verified"] = None
    return records.save(home, login, kind, id, patch, reasons=reasons, heads=heads)


def verify_employer(
    home: Home, login: str, name: str, id: str, how: str, heads: Iterable[bytes] | None = None
) -> records.Saved:
    """Write down that the employer's papers were seen."""
    with home.recorder.open(login) as batch:
        records.unchanged(home, "employer", id, heads)
        if f"{home.market}.{login}" in history.writers(home, "employer", id):
            raise Refused("own_entry", "nobody verifies his own entry")
        verified = {"by": name, "time": home.ambience.now(), "how": how}
        return records.saved(records.put(batch, "employer", id, {"verified": verified}))


def seats_taken(home: Home, jobs: Iterable[str]) -> dict[str, int]:
    """Contracts that take a seat, by posting; one query for all of them."""
    marks = [
        Contract.fields["state"].to_column(state) for state, _ in CONTRACT_STATES if state not in UNTAKEN
    ]
    sql = (
        f"SELECT job, count(*) FROM contract WHERE job IN (?) AND state IN ({','.join(map(str, marks))}) "
        "AND coalesce(_retired, 0) = 0 GROUP BY job"
    )
    with home.store.reading():
        return {
            id_text(job): count for job, count in home.store.db.rows_in(sql, [id_bytes(id) for id in jobs])
        }


def seats_left(home: Home, jobs: Iterable[Merged]) -> dict[str, int]:
    jobs = list(jobs)
    taken = seats_taken(home, [job.id for job in jobs])
    return {job.id: max(0, _count(job.fields) - taken.get(job.id, 0)) for job in jobs}


def _count(fields: dict[str, Any]) -> int:
    count = fields.get("headcount")
    return count if type(count) is int else 0


def listed(home: Home, text: str, state: str, after: str, before: str) -> records.Turned:
    """What a search finds, else a page of postings, of one state or all."""
    if text:
        return records.Turned(records.search(home, text, ("job",)))
    known = state in dict(JOB_STATES)
    return records.page(
        home,
        "job",
        after=after,
        before=before,
        where='"state" = ?' if known else "",
        values=[Job.fields["state"].to_column(state)] if known else [],
    )


def contracts_of(home: Home, job: str) -> list[Merged]:
    with home.store.reading():
        found = home.store.having("contract", "job", job, 200)
    return sorted(found, key=lambda one: one.id, reverse=True)


def of_employer(home: Home, employer: str) -> list[Merged]:
    with home.store.reading():
        return home.store.page("job", most=30, where='"employer" = ?', values=[id_bytes(employer)])


def open_jobs(home: Home, most: int = 50) -> list[Merged]:
    """Published postings, newest first."""
    with home.store.reading():
        found = home.store.having("job", "state", "published", most)
    return sorted(found, key=lambda one: one.id, reverse=True)


def _label(state: str) -> str:
    return dict(JOB_STATES).get(state, state)
