"""One market in full: its logs, receipts, machines, evidence, verdicts on its entries, and what it wrote.

Rules kept here:
- Receipts are shown as they verify, with both keys; one that did not would be a problem for `verify`.
- Evidence shows both notes and both machines. The other machine's line is the one that came with the push.
- Lists are short: the newest few of each; records have pages of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from common.errors import YizhanError
from common.keys import VerifierKey
from common.log import checkpoint as checkpoints
from common.log import enrolment, origins, request
from common.log.checkpoint import Checkpoint
from common.records import HALL_KINDS, kind_of
from common.store import logs
from common.store.rows import Merged
from common.store.tables import Log
from hub.home import Home
from hub.local import LocalEvidence, LocalInvite, LocalMachine
from hub.province import boards, registry
from hub.province.boards import Standing
from hub.province.days import since_midnight

RECEIPTS, VERDICTS, NEWEST, EVIDENCE = 6, 8, 8, 20


@dataclass(frozen=True, slots=True)
class Receipt:
    """size and root it covers; at: when the hub gave it, epoch ms (None: it does not verify)."""

    size: int
    root: str
    at: int | None


@dataclass(frozen=True, slots=True)
class LogFacts:
    """One incarnation of a market's log, with the register's word on it."""

    register: Merged
    origin: str
    n: int
    vkey: str
    size: int
    root: str
    today: int
    receipts: Sequence[Receipt]
    machines: Sequence[LocalMachine]


@dataclass(frozen=True, slots=True)
class Party:
    """One side of evidence: its note as bytes, what it claims, and the machine that brought it."""

    note: str
    size: int | None
    root: str
    host: str
    install: str
    at: int | None


@dataclass(frozen=True, slots=True)
class Evidence:
    id: int
    code: str
    at: int
    origin: str
    settled: bool
    why: str
    ours: Party
    theirs: Party


@dataclass(frozen=True, slots=True)
class Dossier:
    standing: Standing
    logs: Sequence[LogFacts]
    words: str
    applicant: str  # the machine that asked to enrol, by its own word
    invite: LocalInvite | None
    evidence: Sequence[Evidence]
    verdicts: Sequence[Merged]
    counts: Sequence[tuple[str, str, int]]  # kind, label, how many
    newest: Sequence[Merged]


def open_dossier(home: Home, code: str) -> Dossier | None:
    """All of it; None for a market nobody ever invited."""
    standing = boards.one(home, code)
    if standing is None:
        return None
    with home.store.reading():
        told = [_log(home, one) for one in registry.of_market(home, code)]
        return Dossier(
            standing=standing,
            logs=sorted(told, key=lambda one: -one.n),
            words=registry.fingerprint_words(home, code),
            applicant=_applicant(code),
            invite=LocalInvite.select()
            .where(LocalInvite.market == code)
            .order_by(LocalInvite.id.desc())
            .first(),
            evidence=_evidence(home, code),
            verdicts=_verdicts(home, [one.origin for one in told]),
            counts=_counts(home, code),
            newest=newest(home, code),
        )


# -- logs and receipts ---------------------------------------------------------------------------------------


def _log(home: Home, register: Merged) -> LogFacts:
    fields = register.fields
    log = Log.get_or_none(Log.origin == fields["origin"])
    given = receipts(home, log) if log else []
    machines = LocalMachine.select().where(LocalMachine.origin == fields["origin"])
    last = given[0].at if given else None
    return LogFacts(
        register=register,
        origin=fields["origin"],
        n=origins.parse(fields["origin"]).n,
        vkey=str(fields.get("vkey") or ""),
        size=log.size if log else 0,
        root=bytes(log.root).hex() if log else "",
        today=since_midnight(home, log, last, home.ambience.now()) if log else 0,
        receipts=given,
        machines=list(machines.order_by(LocalMachine.last_contact.desc())),
    )


def receipts(home: Home, log: Log, most: int = RECEIPTS) -> list[Receipt]:
    """The newest receipts of a market's log."""
    found: list[Receipt] = []
    at = int(log.receipt_size)
    while len(found) < most and (row := logs.last_note(home.store.db, log, -1, at)):
        found.append(receipt_of(home, log, *row))
        at = row[0] - 1
    return found


def receipt_of(home: Home, log: Log, size: int, note: bytes) -> Receipt:
    try:
        checkpoint, seconds = checkpoints.open_receipt(
            note, VerifierKey.parse(log.vkey), home.cosigner.verifier
        )
    except YizhanError:
        claimed = _peek(note)
        return Receipt(size, claimed.root.hex() if claimed else "", None)
    return Receipt(size, checkpoint.root.hex(), seconds * 1000)


def _applicant(code: str) -> str:
    rows = LocalInvite.select().where(LocalInvite.market == code, LocalInvite.answer.is_null(False))
    row = rows.order_by(LocalInvite.id.desc()).first()
    return enrolment.parse_request(bytes(row.request)).host if row else ""


# -- evidence ------------------------------------------------------------------------------------------------


def note_of(home: Home, market: str, id: int, side: str) -> bytes | None:
    """One of the two notes of evidence, as it came."""
    with home.store.reading():
        row = LocalEvidence.get_or_none(LocalEvidence.id == id, LocalEvidence.market == market)
        note = getattr(row, side) if row and side in ("ours", "theirs") else None
    return bytes(note) if note else None


def _evidence(home: Home, code: str) -> list[Evidence]:
    rows = LocalEvidence.select().where(LocalEvidence.market == code)
    return [
        _told(row) for row in rows.order_by(LocalEvidence.settled, LocalEvidence.id.desc()).limit(EVIDENCE)
    ]


def _told(row: LocalEvidence) -> Evidence:
    why, _, header = row.detail.rpartition(" | ")
    try:
        machine = request.parse_machine(header)
        host, install = machine.host, machine.install
    except YizhanError:
        host, install = "", ""
    known = LocalMachine.select().where(LocalMachine.origin == row.origin, LocalMachine.install != install)
    other = known.order_by(LocalMachine.last_contact.desc()).first()
    return Evidence(
        id=row.id,
        code=row.code,
        at=row.at,
        origin=row.origin,
        settled=row.settled,
        why=why,
        ours=_party(
            row.ours,
            other.host if other else "",
            other.install if other else "",
            other and other.last_contact,
        ),
        theirs=_party(row.theirs, host, install, row.at),
    )


def _party(note: bytes | None, host: str, install: str, at: int | None) -> Party:
    raw = bytes(note or b"")
    claimed = _peek(raw)
    return Party(
        raw.decode("utf-8", "replace"),
        claimed.size if claimed else None,
        claimed.root.hex() if claimed else "",
        host,
        install,
        at,
    )


def _peek(note: bytes) -> Checkpoint | None:
    try:
        return checkpoints.peek(note)
    except YizhanError:
        return None


# -- what it wrote, and what was said of it ------------------------------------------------------------------


def _verdicts(home: Home, known: Sequence[str]) -> list[Merged]:
    if not known:
        return []
    marks = ",".join("?" * len(known))
    return home.store.page("verdict", most=VERDICTS, where=f'"origin" IN ({marks})', values=list(known))


def _counts(home: Home, code: str) -> list[tuple[str, str, int]]:
    """Records of each kind that this market owns."""
    found: list[tuple[str, str, int]] = []
    for kind in (*HALL_KINDS, "staff"):
        table = home.store.projector.rows[kind].table
        count = home.store.db.scalar(f'SELECT count(*) FROM "{table}" WHERE _owner = ?', (code,))
        found.append((kind, kind_of(kind).label, int(count)))
    return found


def newest(home: Home, code: str, most: int = NEWEST) -> list[Merged]:
    """The records that this market opened last, of all kinds a hall writes."""
    found: list[Merged] = []
    for kind in HALL_KINDS:
        found += home.store.page(kind, most=most, where="_owner = ?", values=[code])
    return sorted(found, key=lambda one: one.id, reverse=True)[:most]


def by_code(home: Home) -> dict[str, str]:
    """Market code -> name, of all that are in the register."""
    with home.store.reading():
        return {
            str(one.fields.get("market")): str(one.fields.get("name")) for one in home.store.each("register")
        }
