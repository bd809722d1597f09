"""What proves a record on paper and in a file (PROTOCOL.md §13): entry, way to a signed head, payload.

Rules kept here:
- A contract is proved by the entry that put it in force, because that entry repeats the printed terms; any
  other record by its newest entry of our own.
- The newest receipt is used where it covers the entry; before that the newest head that we signed
  ourselves, and the paper says 待省平台确认.
- Nothing is kept: the same proof can be made again at any time from entries, hashes and notes.
"""

from __future__ import annotations

import io
from typing import NamedTuple

import segno

from common.errors import Invalid, Refused
from common.log import paper, proof, tree
from common.log.payload import parse as parse_payload
from common.records import kind_of
from common.records.fields import id_bytes
from common.store import logs
from common.store.tables import Log
from node.home import Home


class Proof(NamedTuple):
    """file: the .tlog-proof; payload: None where it was erased; confirmed: the hub's receipt covers it."""

    file: bytes
    payload: bytes | None
    leaf: bytes
    index: int  # type: ignore[assignment]  # a tuple's own `index` is of no use here
    origin: str
    confirmed: bool


def proof_of(home: Home, kind: str, id: str) -> Proof:
    """Raises Invalid('unknown_kind'), Refused('not_found') where no entry of ours is about the record."""
    kind_of(kind)
    home.recorder.catch_up()  # the lock knows our own signature before a paper carries it away
    with home.store.reading():
        log = home.log
        one = _entry(home, log, kind, id)
        index = logs.index_of(one.place)
        confirmed = log.receipt is not None and index < log.receipt_size
        size, note = (log.receipt_size, log.receipt) if confirmed else (log.size, log.note)
        assert note is not None, "a log with entries has a signed head"
        hashes = tree.prove_inclusion(index, size, logs.Hashes(home.store.db, log))
        return Proof(
            proof.encode(one.raw, index, hashes, bytes(note)),
            one.payload,
            one.leaf,
            index,
            log.origin,
            confirmed,
        )


def _entry(home: Home, log: Log, kind: str, id: str) -> logs.Placed:
    try:
        record = id_bytes(id)
    except ValueError:
        record = b""
    sql = (
        "SELECT place, leaf, raw, payload, gone FROM entry WHERE record = ? AND place >= ? AND place < ? "
        "AND NOT EXISTS (SELECT 1 FROM aside WHERE aside.place = entry.place) ORDER BY place"
    )
    span = logs.place_of(log, 0), logs.place_of(log, log.size)
    found = [logs.unfold(log, *row) for row in home.store.db.run(sql, (record, *span))]
    found = [one for one in found if one.entry and one.entry.kind == kind]
    if not found:
        raise Refused("not_found", f"no entry of ours is about {kind} {id[:40]}")
    in_force = [one for one in found if kind == "contract" and _puts_in_force(one.payload)]
    return in_force[0] if in_force else found[-1]


def _puts_in_force(payload: bytes | None) -> bool:
    try:
        return payload is not None and parse_payload(payload).get("state") == "in_force"
    except Invalid:
        return False


def code_texts(made: Proof) -> tuple[str, str]:
    """The texts of the two QR codes; the second is '' where the payload is gone."""
    return paper.pack_proof(made.file), paper.pack_payload(made.payload) if made.payload is not None else ""


def svg(text: str) -> bytes:
    """A QR code as an SVG drawing without a size of its own; the page decides how large it is printed."""
    code = segno.make_qr(text, error="l", boost_error=False)
    out = io.BytesIO()
    code.save(
        out, kind="svg", border=2, xmldecl=False, omitsize=True, light="#fff", svgclass=None, lineclass=None
    )
    return out.getvalue()
