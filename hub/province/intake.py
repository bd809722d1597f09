"""Accepting a push: bytes in, receipt out. One write transaction from the comparison to the receipt.

Integrity decides whether a push is taken, meaning only what is folded. Points where the process may die,
and what the world then looks like:
- before the commit: nothing happened; the node sends again;
- after the commit, before the lock moved: the receipt is stored but never left; the node sends again and
  gets the same receipt, and the lock moves then;
- after the lock moved, before the answer arrived: as above.
A fork is proof and evidence: two heads of one author that do not lie in one history. It is kept, told, and
never resolved here. A branch may begin behind our head and end beyond it (a clone that wrote more than its
original): its leaves then show the other root at our size, so it is refused as a fork as well.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from common.errors import Refused, Tampered, YizhanError
from common.keys import VerifierKey
from common.log import checkpoint as checkpoints
from common.log import push as pushes
from common.log import request, tree
from common.log.checkpoint import Checkpoint
from common.log.follower import Advanced, Head, advance, repeats
from common.log.push import Push
from common.store import logs
from common.store.tables import Log
from hub.home import Home, Signed
from hub.local import LocalContact, LocalEvidence, LocalMachine
from hub.province import registry
from hub.province.delivery import close_and_deliver
from hub.province.verdicts import judge

ORDINARY = ("behind", "ahead", "unknown_origin", "store_busy", "disk_full", "store_readonly")
SEEN_MS = 60_000


@dataclass(frozen=True, slots=True)
class Receipt:
    """What we hold of a market's log, and the newest receipt; note is None before the first."""

    market: str
    size: int
    note: bytes | None


def accept(home: Home, raw: bytes, machine: str, waiting: int | None = None) -> Receipt:
    """Take a push. Raises Invalid, Refused('unknown_origin'|'not_approved'|'revoked'|'closed'|'behind'|
    'ahead'), Tampered('fork'|'clone'|…|'recovering')."""
    return home.in_turn(lambda: _accept(home, raw, machine, waiting))


def _accept(home: Home, raw: bytes, machine: str, waiting: int | None) -> Receipt:
    push = pushes.parse(raw)
    try:
        with home.store.writing():
            receipt, signed = _take(home, push, machine, waiting)
    except YizhanError as error:
        _note_failure(home, push, machine, error)
        raise
    home.publish(signed)
    return receipt


def _take(home: Home, push: Push, machine: str, waiting: int | None) -> tuple[Receipt, list[Signed]]:
    registry.check_open(registry.register_of(home, push.origin))
    log = logs.get_log(push.origin)
    key = VerifierKey.parse(log.vkey)
    checkpoint, facts = _who(key, push, machine)
    home.compare(log)
    newest = bytes(log.receipt) if log.receipt else None
    if _known(home, log, push, checkpoint, key, facts):
        _contact(home, log, facts, checkpoint, waiting)
        covered = Checkpoint(log.origin, log.receipt_size, logs.root_at(home.store.db, log, log.receipt_size))
        return Receipt(log.market, log.receipt_size, newest), [(covered, newest)] if newest else []
    moved = advance(logs.head_of(log), push, key)
    _check_absent(push, moved)
    placed = logs.extend(home.store.db, log, push, moved)
    again = home.store.projector.apply(log, placed)
    signed: list[Signed] = []
    words = judge(home, log, placed, again)
    if words:
        batch = home.recorder.begin("intake")
        for word in words:
            batch.put("verdict", None, word)
        signed = close_and_deliver(home, batch)
    assert log.note is not None  # the author's lines alone: a stranger's could be a false one of our cosigner
    receipt = checkpoints.cosign(bytes(log.note), home.cosigner, home.ambience.now() // 1000)
    logs.keep_receipt(home.store.db, log, checkpoint.size, receipt)
    _contact(home, log, facts, checkpoint, waiting, receipted=True)
    return Receipt(log.market, checkpoint.size, receipt), [*signed, (checkpoint, receipt)]


def _who(key: VerifierKey, push: Push, machine: str) -> tuple[Checkpoint, request.Machine]:
    """The signed head and the machine that signs for pushing it; Invalid, Tampered. Notes are no secret,
    every paper carries one: it is the machine's line that shows who is speaking."""
    checkpoint = checkpoints.open(push.note, key)
    facts = request.parse_machine(machine)
    request.check_machine(facts, key, checkpoint.size)
    return checkpoint, facts


def _known(
    home: Home, log: Log, push: Push, checkpoint: Checkpoint, key: VerifierKey, facts: request.Machine
) -> bool:
    """Whether we hold all of this push already. Tampered('fork') if it tells another history than ours, or
    'clone' where another machine has pushed this log: both then hold its key, and a person must choose."""
    try:
        known = repeats(logs.head_of(log), checkpoint, logs.Hashes(home.store.db, log))
        if not known and push.old < log.size:
            _check_branch(home, log, push, key)
        return known
    except Tampered as error:
        other = LocalMachine.select().where(
            LocalMachine.origin == log.origin, LocalMachine.install != facts.install
        )
        newest = other.order_by(LocalMachine.last_contact.desc()).first()
        if error.code != "fork" or newest is None:
            raise
        what = (
            f"{log.origin} was written by {newest.host} ({newest.install}) and {facts.host} ({facts.install})"
        )
        raise Tampered("clone", f"{what}: {error.message}", **error.detail) from error


def _check_branch(home: Home, log: Log, push: Push, key: VerifierKey) -> None:
    """Tampered('fork') if this push, which begins behind our head and ends beyond it, passes our size with
    another root. If it passes with ours its author only missed a receipt; it is told our size as usual."""
    hashes = logs.Hashes(home.store.db, log)
    behind = tree.frontier_at(push.old, hashes)
    moved = advance(Head(log.origin, push.old, behind, behind.root()), push, key)
    root = behind.extend(moved.leaves[: log.size - push.old]).root()
    if root != bytes(log.root):
        what = f"two roots of {log.origin} at {log.size}: ours {bytes(log.root).hex()}, theirs {root.hex()}"
        raise Tampered("fork", what, origin=log.origin, size=log.size)


def _check_absent(push: Push, moved: Advanced) -> None:
    """An author withholds nothing from the hub, and erases only by its order."""
    for code, positions in (("payload_withheld", moved.withheld), ("payload_erased", moved.erased)):
        if positions:
            raise Tampered(
                code, f"{push.origin}: a payload is absent without an order", index=push.old + positions[0]
            )


def newest_receipt(home: Home, origin: str) -> Receipt:
    """What we hold of a log, for an answer that refuses a push."""
    with home.store.reading():
        log = Log.get_or_none(Log.origin == origin)
        if log is None:
            return Receipt("", 0, None)
        return Receipt(log.market, log.size, bytes(log.receipt) if log.receipt else None)


# -- bookkeeping of this machine --------------------------------------------------------------------------


def _contact(
    home: Home,
    log: Log,
    facts: request.Machine,
    checkpoint: Checkpoint,
    waiting: int | None,
    receipted: bool = False,
) -> None:
    now = home.ambience.now()
    values = {"last_contact": now, "waiting": waiting, "failures": 0, "last_error": None}
    if receipted:
        values["last_receipt"] = now
    LocalContact.update(values).where(LocalContact.market == log.market).execute()
    LocalMachine.replace(
        origin=log.origin,
        install=facts.install,
        host=facts.host,
        last_contact=now,
        size=checkpoint.size,
        root=checkpoint.root,
    ).execute()


def seen(home: Home, market: str, version: str, waiting: int | None = None) -> None:
    """A signed request of a market arrived: it is alive, whether or not it had anything to push. Written down
    once a minute at most, and never worth failing the request for."""
    now = home.ambience.now()
    fresh = """SELECT 1 FROM local_contact
        WHERE market = ? AND version = ? AND waiting IS ? AND last_contact BETWEEN ? AND ?"""
    if home.store.db.scalar(fresh, (market, version, waiting, now - SEEN_MS, now)):
        return
    facts = {"last_contact": now, "version": version, "waiting": waiting}
    with suppress(Refused), home.store.writing():
        LocalContact.update(facts).where(LocalContact.market == market).execute()


def _note_failure(home: Home, push: Push, machine: str, error: YizhanError) -> None:
    """Count a failed push; keep the evidence of what proves a fault. `behind` and `ahead` are ordinary."""
    if error.code in ORDINARY:
        return
    now = home.ambience.now()
    with home.store.writing():
        log = Log.get_or_none(Log.origin == push.origin)
        if log is None:
            return
        try:
            checkpoint, _ = _who(VerifierKey.parse(log.vkey), push, machine)
        except YizhanError:
            return  # anybody can send bytes that name a market; only its key makes them its own
        LocalContact.update(
            failures=LocalContact.failures + 1, last_error=error.code, last_error_at=now, last_contact=now
        ).where(LocalContact.market == log.market).execute()
        if isinstance(error, Tampered) and error.code != "recovering":
            _keep_evidence(home, log, push.note, checkpoint.size, f"{error.message} | {machine}", error.code)


def _keep_evidence(home: Home, log: Log, theirs: bytes, size: int, detail: str, code: str) -> None:
    """Their note beside the smallest of ours that covers its size, so that the two contradict each other."""
    known = LocalEvidence.select().where(LocalEvidence.origin == log.origin, LocalEvidence.theirs == theirs)
    if known.exists():
        return
    covering = logs.note_covering(home.store.db, log, size - 1)
    LocalEvidence.create(
        at=home.ambience.now(),
        market=log.market,
        origin=log.origin,
        code=code,
        ours=covering[1] if covering else log.receipt or log.note,
        theirs=theirs,
        detail=detail,
    )
