"""How far our own entries have come: which receipt covers an entry, and when the province gave it.

Rules kept here:
- 已由省平台确认 is derived from the receipted size and the time in that receipt, both signed by the hub.
- A receipt's signatures are checked when it is stored; here its time is read, with both keys, once per note.
"""

from __future__ import annotations

from functools import lru_cache

from common.errors import YizhanError
from common.keys import VerifierKey
from common.log import checkpoint as checkpoints
from common.store import logs
from common.store.tables import Log
from node.home import Home


@lru_cache(maxsize=512)
def _opened(note: bytes, vkey: str, cosigner: str) -> tuple[int, int] | None:
    """(size, epoch ms) of a receipt; None for a note without the hub's line."""
    try:
        checkpoint, seconds = checkpoints.open_receipt(
            note, VerifierKey.parse(vkey), VerifierKey.parse(cosigner)
        )
    except YizhanError:
        return None
    return checkpoint.size, seconds * 1000


def newest(home: Home, log: Log) -> tuple[int, int] | None:
    """(size, epoch ms) of the newest receipt; None while there is none."""
    cosigner = home.store.setting("hub.cosigner")
    return _opened(bytes(log.receipt), log.vkey, cosigner) if log.receipt and cosigner else None


def confirmed_at(home: Home, log: Log, index: int) -> int | None:
    """When the province confirmed entry `index` of our log, epoch ms; None while it did not."""
    cosigner = home.store.setting("hub.cosigner")
    if index >= log.receipt_size or not cosigner:
        return None
    covering = logs.note_covering(home.store.db, log, index)
    found = _opened(covering[1], log.vkey, cosigner) if covering and covering[0] <= log.receipt_size else None
    if found is None and log.receipt:  # a note of our own may stand before the receipt that covers it
        found = _opened(bytes(log.receipt), log.vkey, cosigner)
    return found[1] if found else None
