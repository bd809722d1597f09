"""Accepting a push: bytes in, receipt out. One write transaction from the comparison to the receipt.

Integrity decides whether a push is taken, meaning only what is folded. Points where the process may die,
and what the world then looks like:
- before the commit: nothing happened; the node sends again;
- after the commit, before the lock moved: the receipt is stored but never left; the node sends again and
  gets the same receipt, and the lock moves then;
- after the lock moved, before the answer arrived: as above.
A fork is proof and evidence: two notes of one author for one size. It is kept, told, and never resolved here.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from common.errors import Refused, Tampered, YizhanError
from common.keys import VerifierKey
from common.log import checkpoint as checkpoints
from common.log import origins, request
from common.log import push as pushes
from common.log.checkpoint import Checkpoint
from common.log.follower import Advanced, advance, repeats
from common.log.push import Push
from common.store import logs
from common.store.tables import Log
from hub.home import Home, Signed
from hub.local import LocalContact, LocalEvidence, LocalMachine
from hub.province import registry
from hub.province.delivery import close_and_deliver
from hub.province.verdicts import judge

# One push at a time is parsed and folded: a second busy thread would cut the first one's bulk inserts to a
# hundredth of their speed (the interpreter's lock is given up at every row).
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class Receipt:
    """The newest receipt of a log and the size it covers; note is None before the first."""

    size: int
    note: bytes | None


def accept(home: Home, raw: bytes, machine: str) -> Receipt:
    """Take a push. Raises Invalid, Refused('unknown_origin'|'not_approved'|'revoked'|'closed'|'behind'|'ahead'),
    Tampered('fork'|…|'recovering')."""
    with _one_at_a_time:
        push = pushes.parse(raw)
        try:
            with home.store.writing():
                receipt, signed = _take(home, push, machine)
        except YizhanError as error:
            _note_failure(home, push, machine, error)
            raise
        home.publish(signed)
        return receipt


def _take(home: Home, push: Push, machine: str) -> tuple[Receipt, list[Signed]]:
    registry.check_open(home, push.origin)
    log = logs.get_log(push.origin)
    key = VerifierKey.parse(log.vkey)
    checkpoint = checkpoints.open(push.note, key)
    facts = request.parse_machine(machine)
    request.check_machine(facts, key, checkpoint.size)
    home.compare(log)
    newest = bytes(log.receipt) if log.receipt else None
    if repeats(logs.head_of(log), checkpoint, logs.Hashes(home.store.db, log)):
        _contact(home, log, facts, checkpoint)
        covered = Checkpoint(log.origin, log.receipt_size, logs.root_at(home.store.db, log, log.receipt_size))
        return Receipt(log.receipt_size, newest), [(covered, newest)] if newest else []
    moved = advance(logs.head_of(log), push, key)
    _check_absent(push, moved)
    placed = logs.extend(home.store.db, log, push, moved)
    home.store.projector.apply(log, placed)
    signed: list[Signed] = []
    words = judge(home, log, placed)
    if words:
        batch = home.recorder.begin("intake")
        for word in words:
            batch.put("verdict", None, word)
        signed = close_and_deliver(home, batch)
    receipt = checkpoints.cosign(push.note, home.cosigner, home.ambience.now() // 1000)
    logs.keep_receipt(home.store.db, log, checkpoint.size, receipt)
    _contact(home, log, facts, checkpoint, receipted=True)
    return Receipt(checkpoint.size, receipt), [*signed, (checkpoint, receipt)]


def _check_absent(push: Push, moved: Advanced) -> None:
    """An author withholds nothing from the hub, and erases only by its order."""
    for code, positions in (("payload_withheld", moved.withheld), ("payload_erased", moved.erased)):
        if positions:
            raise Tampered(code, f"{push.origin}: a payload is absent without an order", index=push.old + positions[0])


def newest_receipt(home: Home, origin: str) -> Receipt:
    """What we hold of a log, for an answer that refuses a push."""
    with home.store.reading():
        log = Log.get_or_none(Log.origin == origin)
        if log is None:
            return Receipt(0, None)
        return Receipt(log.size, bytes(log.receipt) if log.receipt else None)


# -- bookkeeping of this machine -------------------------------------------------------------------------------


def _contact(
    home: Home, log: Log, facts: request.Machine, checkpoint: Checkpoint, receipted: bool = False
) -> None:
    now = home.ambience.now()
    values = {LocalContact.last_contact: now, LocalContact.failures: 0, LocalContact.last_error: None}
    if receipted:
        values[LocalContact.last_receipt] = now
    LocalContact.update(values).where(LocalContact.market == log.market).execute()
    LocalMachine.replace(
        origin=log.origin,
        install=facts.install,
        host=facts.host,
        last_contact=now,
        size=checkpoint.size,
        root=checkpoint.root,
    ).execute()


def seen(home: Home, market: str, version: str | None = None) -> None:
    """A signed request of a market arrived: it is alive, whether or not it had anything to push."""
    with home.store.writing():
        LocalContact.update(last_contact=home.ambience.now(), version=version).where(
            LocalContact.market == market
        ).execute()


def _note_failure(home: Home, push: Push, machine: str, error: YizhanError) -> None:
    """Count a failed push; keep the evidence of what proves a fault. `behind` and `ahead` are ordinary."""
    if error.code in ("behind", "ahead", "unknown_origin", "store_busy", "disk_full"):
        return
    try:
        market = origins.parse(push.origin).code
    except YizhanError:
        return
    now = home.ambience.now()
    with home.store.writing():
        log = Log.get_or_none(Log.origin == push.origin)
        if log is None or not _signed_by(log, push):
            return  # anybody can send bytes that name a market; only its key makes them its own
        LocalContact.update(
            failures=LocalContact.failures + 1, last_error=error.code, last_error_at=now, last_contact=now
        ).where(LocalContact.market == market).execute()
        if isinstance(error, Tampered) and error.code != "recovering":
            _keep_evidence(log, push, machine, error, now)


def _signed_by(log: Log, push: Push) -> bool:
    try:
        checkpoints.open(push.note, VerifierKey.parse(log.vkey))
    except YizhanError:
        return False
    return True


def _keep_evidence(log: Log, push: Push, machine: str, error: YizhanError, now: int) -> None:
    known = LocalEvidence.select().where(LocalEvidence.origin == log.origin, LocalEvidence.theirs == push.note)
    if known.exists():
        return
    LocalEvidence.create(
        at=now,
        market=log.market,
        origin=log.origin,
        code=error.code,
        ours=log.receipt or log.note,
        theirs=push.note,
        detail=f"{error.message} | {machine[:600]}",
    )
