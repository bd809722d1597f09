"""What the hub delivers: entries of its own log, verbatim, into the bulletin or a market's outbox.

`ROUTES` is the whole routing table: kind -> where its entries go. It has a version; what a log was given is
in the log itself, so changing the table changes only what comes after.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from common.errors import Invalid
from common.log import origins, relay
from common.log.payload import parse as parse_payload
from common.store import logs
from common.store.logs import Placed
from common.store.recorder import Batch, sign_head
from common.store.tables import Log
from hub.home import Home, Signed

ROUTING_VERSION = 1


def _to_all(home: Home, fields: Mapping[str, object]) -> str | None:
    return home.bulletin_origin


def _to_author(home: Home, fields: Mapping[str, object]) -> str | None:
    """The outbox of the market whose entry is judged."""
    code = origins.parse(str(fields.get("origin"))).code
    return origins.outbox(home.domain, code, 1) if code else None


ROUTES: dict[str, Callable[[Home, Mapping[str, object]], str | None]] = {
    "register": _to_all,
    "verdict": _to_author,
}


def close_and_deliver(home: Home, batch: Batch) -> list[Signed]:
    """Close a batch of the hub's own entries and hand them on, inside the same transaction.

    Returns the heads to publish after the commit.
    """
    start = batch.start
    signed = batch.close()
    if signed is None:
        return []
    log = batch.log
    logs.keep_note(home.store.db, log, log.size, signed[1])
    by_target: dict[str, list[tuple[bytes, Placed]]] = {}
    for index, (raw, payload) in enumerate(logs.read(home.store.db, log, start, log.size), start):
        body = payload if isinstance(payload, bytes) else None
        one = logs.unfold(log, logs.place_of(log, index), b"", raw, body, None)
        target = _target(home, one)
        if target:
            inner = one._replace(leaf=logs.leaf_at(home.store.db, log, index))
            by_target.setdefault(target, []).append((relay.encode(log.origin, index, raw), inner))
    return [signed, *(_deliver(home, target, leaves) for target, leaves in by_target.items())]


def _target(home: Home, one: Placed) -> str | None:
    """Where an entry goes. A later entry on a record goes where its fields, folded, say."""
    if one.entry is None or one.entry.kind not in ROUTES:
        return None
    merged = home.store.get(one.entry.kind, one.entry.record)
    fields = merged.fields if merged else {}
    if not fields and one.payload is not None:
        fields = parse_payload(one.payload)
    try:
        return ROUTES[one.entry.kind](home, fields)
    except Invalid:
        return None


def _deliver(home: Home, origin: str, leaves: Sequence[tuple[bytes, Placed]]) -> Signed:
    log = Log.get(Log.origin == origin)
    home.compare(log)
    logs.append_relayed(home.store.db, log, leaves)
    checkpoint, note = sign_head(log, home.key_of(origin))
    logs.keep_note(home.store.db, log, log.size, note)
    return checkpoint, note
