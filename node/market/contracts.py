"""From a job and a worker to a contract in force, step by step.

    draft ──worker signs──> worker_signed ──employer signs──> employer_signed ──> in_force
      └────────────┴──────────────┴── cancelled (with a reason), as long as it is not in force

Rules kept here:
- Terms change only in the draft; who changes them after a signature cancels and draws up a new one.
- The entry that puts a contract in force repeats what is printed (PROTOCOL §13) in at most 1 KiB, and is
  judged like any write: whoever else hired this worker meanwhile stops it here.
- Only a published posting with a seat left gives a contract; who is frozen gets none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from common.errors import Invalid, Refused
from common.log.payload import parse as parse_payload
from common.records.contract import STATES, Contract
from common.records.fields import today
from common.store.recorder import Batch
from common.store.rows import Merged
from node.home import Home
from node.market import jobs, records, terms

TERMS = (
    "form", "employer", "worker", "job", "trade", "content", "place", "start_date", "end_date", "hours_from",
    "hours_to", "pay", "pay_unit", "pay_timing", "insurance", "crew",
)  # fmt: skip
FROM_JOB = (
    "employer", "trade", "content", "place", "start_date", "end_date", "hours_from", "hours_to", "pay",
    "pay_unit", "pay_timing",
)  # fmt: skip
PRINTED = (
    "number", "form", "worker_name", "employer_name", "trade", "start_date", "end_date", "hours_from",
    "hours_to", "pay", "pay_unit", "pay_timing", "template", "text_sha256", "state",
)  # fmt: skip
UNSIGNED = ("draft", "worker_signed", "employer_signed")
SIGNING = (("worker", "draft", "worker_signed"), ("employer", "worker_signed", "employer_signed"))
INSURED_BY = {
    "employer": "由用工方购买意外险",
    "worker": "由零工自行购买意外险",
    "market": "由零工市场统一投保意外险",
}
METHODS = (("wet", "纸面签字"), ("pad", "手写板"), ("fingerprint", "指印"))


def puts_in_force(payload: bytes | None) -> bool:
    """Whether this payload is the one that the paper prints: nothing else of a record goes into a code."""
    try:
        return payload is not None and parse_payload(payload).get("state") == "in_force"
    except Invalid:
        return False


def prefilled(home: Home, job: Merged | None, worker: str | None) -> dict[str, Any]:
    """The terms a new contract begins with: those of the posting, from today on at the earliest."""
    terms_now: dict[str, Any] = {"form": "service", "worker": worker}
    if job is None:
        return terms_now | {"start_date": today(home.ambience.now())}
    terms_now |= {name: job.fields.get(name) for name in FROM_JOB} | {"job": job.id}
    now, end = today(home.ambience.now()), job.fields.get("end_date")
    if str(terms_now["start_date"]) < now and (end is None or now <= str(end)):
        terms_now["start_date"] = now
    terms_now["insurance"] = INSURED_BY.get(str(job.fields.get("insurance_by")))
    return terms_now


def draw_up(home: Home, login: str, patch: Mapping[str, Any], reasons: Mapping[str, str]) -> records.Saved:
    """A new draft. Raises Refused('job_closed'|'seats_full'|'standing_blocked'|…), Warned."""
    with home.recorder.open(login) as batch:
        _seat(home, patch.get("job"))
        worker = home.store.get("worker", str(patch.get("worker") or ""))
        if worker and worker.fields.get("standing") == "blocked":
            raise Refused("standing_blocked", "the worker's registration is frozen", field="worker")
        return records.saved(records.put(batch, "contract", None, {**patch, "state": "draft"}, reasons))


def _seat(home: Home, job_id: Any) -> None:
    job = home.store.get("job", str(job_id)) if job_id else None
    if job is None:
        return
    if job.fields.get("state") != "published":
        raise Refused("job_closed", "the posting is not published", field="job")
    if not jobs.seats_left(home, [job])[job.id]:
        raise Refused("seats_full", "no seat is left", field="job", headcount=job.fields.get("headcount"))


def change(
    home: Home,
    login: str,
    id: str,
    patch: Mapping[str, Any],
    reasons: Mapping[str, str],
    heads: Iterable[bytes],
) -> records.Saved:
    """Change the terms of a draft; Refused('already_signed')."""
    with home.recorder.open(login) as batch:
        now = records.unchanged(home, "contract", id, heads)
        if state_of(now) != "draft":
            raise Refused("already_signed", "terms change only before the first signature")
        return records.saved(records.put(batch, "contract", id, patch, reasons))


def go_on(
    home: Home,
    login: str,
    id: str,
    methods: Mapping[str, str],
    reasons: Mapping[str, str],
    heads: Iterable[bytes] | None = None,
) -> records.Saved:
    """Write down signatures: {'worker': how} first, then {'employer': how}, or both at once. As soon as both
    have signed the contract is in force. Raises Refused('state_change'|'not_signed'|…), Warned."""
    with home.recorder.open(login) as batch:
        now = records.unchanged(home, "contract", id, heads)
        state, fields, done = state_of(now), dict(now.fields), None
        for who, source, target in SIGNING:
            if who in methods:
                _expect(state, source)
                signed = {"method": methods[who], "time": home.ambience.now()}
                done = records.put(batch, "contract", id, {f"signed_{who}": signed, "state": target}, reasons)
                state, fields = target, done.fields
        if state == "employer_signed":
            done = _put_in_force(home, batch, id, fields, reasons)
        if done is None:
            raise Refused("not_signed", "nobody signed")
        return records.saved(done)


def _put_in_force(
    home: Home, batch: Batch, id: str, fields: Mapping[str, Any], reasons: Mapping[str, str]
) -> Any:
    """The entry that papers show."""
    worker = home.store.get("worker", fields["worker"])
    employer = home.store.get("employer", fields["employer"])
    if worker is None or employer is None:
        raise Refused("unknown_reference", "a party of the contract is not here", field="worker")
    names = {"worker_name": str(worker.fields["name"]), "employer_name": str(employer.fields["name"])}
    text = {"template": terms.template_of(fields)}
    told = {**fields, **text, "state": "in_force"}
    text["text_sha256"] = terms.digest(told, names["worker_name"], names["employer_name"])
    printed = {name: told[name] for name in PRINTED if told.get(name) is not None} | names | text
    return records.put(batch, "contract", id, printed, reasons, repeat=tuple(printed))


def cancel(home: Home, login: str, id: str, why: str) -> records.Saved:
    """End a contract that is not in force yet."""
    if not why.strip():
        raise Refused("reason_needed", "say why", field="reason")
    with home.recorder.open(login) as batch:
        now = records.unchanged(home, "contract", id, None)
        _expect(state_of(now), *UNSIGNED)
        return records.saved(
            records.put(batch, "contract", id, {"state": "cancelled"}, {"cancelled": why.strip()[:200]})
        )


def state_of(contract: Merged) -> str:
    return str(contract.fields.get("state") or "draft")


def _expect(state: str, *allowed: str) -> None:
    if state not in allowed:
        raise Refused("state_change", f"the contract is {state}", state=dict(STATES).get(state, state))


def names_of(home: Home, contract: Merged) -> tuple[str, str]:
    """(worker, employer) as the paper says: those that came into force, before that the present ones."""
    fields = contract.fields
    worker = fields.get("worker_name") or records.title(home, "worker", str(fields.get("worker") or ""))
    employer = fields.get("employer_name") or records.title(
        home, "employer", str(fields.get("employer") or "")
    )
    return str(worker), str(employer)


def parties(home: Home, contract: Merged) -> tuple[dict[str, str], dict[str, str]]:
    """(worker, employer) as their table on the paper says: words by label, whole numbers."""
    with home.store.reading():
        worker = home.store.get("worker", str(contract.fields.get("worker") or ""))
        employer = home.store.get("employer", str(contract.fields.get("employer") or ""))
    names = names_of(home, contract)
    person = worker.fields if worker else {}
    firm = employer.fields if employer else {}
    told = (
        {
            "姓名": names[0],
            "证件号码": person.get("id_number"),
            "联系电话": person.get("phone"),
            "住址": person.get("address"),
        },
        {
            "名称": names[1],
            "信用代码": firm.get("code"),
            "经办身份证": None if firm.get("code") else firm.get("id_number"),
            "联系人": firm.get("contact"),
            "联系电话": firm.get("phone"),
            "地址": firm.get("address"),
        },
    )
    return tuple({label: str(text) for label, text in one.items() if text} for one in told)  # type: ignore[return-value]


def listed(home: Home, tab: str, after: str, before: str) -> records.Turned:
    """A page of contracts: all of them, or those of one tab."""
    states = {"unsigned": UNSIGNED, "in_force": ("in_force", "working"), "cancelled": ("cancelled",)}.get(
        tab, ()
    )
    places = [Contract.fields["state"].to_column(state) for state in states]
    where = f"state IN ({','.join('?' * len(places))})" if places else ""
    return records.page(home, "contract", after=after, before=before, where=where, values=places)
