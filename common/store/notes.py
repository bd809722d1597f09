"""What was signed of a log: its newest note, its newest receipt, and every one that was kept.

Rules kept here:
- Notes and receipts are never pruned: a note by its size, replaced only by a receipt of the same size.
- Of a note that we follow only the lines are kept that can be checked here; its identity is its text.
"""

from __future__ import annotations

from common.keys import SigningKey, VerifierKey
from common.log import checkpoint as checkpoints
from common.log import note as notes
from common.log.checkpoint import Checkpoint
from common.store.database import Database
from common.store.places import index_of, place_of
from common.store.tables import PLACE_BITS, Log


def sign_head(log: Log, key: SigningKey) -> tuple[Checkpoint, bytes]:
    """Sign the head of a log of ours, in the transaction that moved it."""
    checkpoint = Checkpoint(log.origin, log.size, bytes(log.root))
    note = checkpoints.sign(checkpoint, key)
    Log.update(note=note).where(Log.id == log.id).execute()
    log.note = note
    return checkpoint, note


def keep_note(db: Database, log: Log, size: int, note: bytes) -> None:
    """Keep a note by its size for good; a later one of the same size (a receipt) replaces it."""
    db.run("INSERT OR REPLACE INTO note (key, note) VALUES (?, ?)", (place_of(log, size), note))


def keep_receipt(db: Database, log: Log, size: int, receipt: bytes) -> bool:
    """Keep a receipt; True if it is the newest. An older one that comes late changes nothing."""
    if size <= log.receipt_size and log.receipt is not None:
        return False
    keep_note(db, log, size, receipt)
    Log.update(receipt=receipt, receipt_size=size).where(Log.id == log.id).execute()
    log.receipt, log.receipt_size = receipt, size
    return True


def note_covering(db: Database, log: Log, index: int) -> tuple[int, bytes] | None:
    """(size, note) of the smallest kept note above `index`."""
    row = db.run(
        "SELECT key, note FROM note WHERE key > ? AND key < ? ORDER BY key LIMIT 1",
        (place_of(log, index), (log.id + 1) << PLACE_BITS),
    ).fetchone()
    return (index_of(row[0]), bytes(row[1])) if row else None


def last_note(db: Database, log: Log, above: int, most: int) -> tuple[int, bytes] | None:
    """(size, note) of the largest kept note with above < size <= most."""
    row = db.run(
        "SELECT key, note FROM note WHERE key > ? AND key <= ? ORDER BY key DESC LIMIT 1",
        (place_of(log, above), place_of(log, most)),
    ).fetchone()
    return (index_of(row[0]), bytes(row[1])) if row else None


def open_receipt_of(log: Log, receipt: bytes, cosigner: VerifierKey) -> tuple[int, bytes, int]:
    """(size, root, seconds) of a receipt of `log`; raises Tampered."""
    checkpoint, seconds = checkpoints.open_receipt(receipt, VerifierKey.parse(log.vkey), cosigner)
    return checkpoint.size, checkpoint.root, seconds


def authored(raw: bytes, key: VerifierKey) -> bytes:
    """The note with its author's lines alone. A note's identity is (origin, size, root); lines of strangers,
    which nobody here could check, are not kept, so that every byte that is kept can be verified."""
    parsed = notes.parse(raw)
    own = [line for line in parsed.signatures if (line.name, line.keyid) == (key.name, key.keyid)]
    if len(own) == len(parsed.signatures):
        return raw
    return parsed.text + b"\n" + b"".join(notes.line(key, line.signature) for line in own)
