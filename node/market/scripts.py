"""Writing records from scripts: JSON lines in, one answer a line, each given only once it is durable.

Lines that are there at once go into one transaction; a caller that waits for each answer gets it. Good lines
land even if others are refused; with `strict` all land or none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from common.errors import Invalid, Refused, YizhanError
from common.log.encoding import b64
from common.records import HALL_KINDS, kind_of
from common.store.recorder import Batch
from node.home import Home

BATCH = 1000
MAX_LINE = 1 << 20
Line = tuple[int, bytes]


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    set: dict[str, Any]
    id: str | None = None
    reasons: dict[str, str] = {}


def put_lines(home: Home, kind: str, file: BinaryIO, strict: bool, actor: str) -> Iterator[dict[str, Any]]:
    """Answers {"id", "index", "leaf", "warnings"} or {"line", "code", "field", "message"}, in order.

    Raises what concerns all lines: an unknown kind, a recovering store.
    """
    if kind not in HALL_KINDS:
        kind_of(kind)
        raise Refused("not_for_scripts", f"{kind} is not written by scripts")
    if strict:
        yield from _all_or_none(home, kind, [line for lines in _batches(file) for line in lines], actor)
        return
    for lines in _batches(file):
        with home.recorder.open(actor) as batch:
            answers = [_answer(batch, kind, line) for line in lines]
        yield from answers


def _all_or_none(home: Home, kind: str, lines: list[Line], actor: str) -> Iterator[dict[str, Any]]:
    answers: list[dict[str, Any]] = []
    try:
        with home.recorder.open(actor) as batch:
            answers = [_answer(batch, kind, line) for line in lines]
            if any("message" in answer for answer in answers):
                raise _Undo
    except _Undo:
        answers = [answer for answer in answers if "message" in answer]
    yield from answers


class _Undo(Exception):
    """Leave the transaction without a trace."""


def _answer(batch: Batch, kind: str, line: Line) -> dict[str, Any]:
    number, text = line
    try:
        if len(text) > MAX_LINE:
            raise Invalid("too_long", f"a line has at most {MAX_LINE} bytes")
        try:
            asked = msgspec.json.decode(text, type=_Asked)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise Invalid("line_malformed", str(error)[:200]) from error
        put = batch.put(kind, asked.id, asked.set, asked.reasons)
    except YizhanError as error:
        if error.code in ("recovering", "store_busy", "disk_full"):
            raise
        return {"line": number, "code": error.code, "field": error.field, "message": error.message}
    return {"id": put.id, "index": put.index, "leaf": b64(put.leaf), "warnings": put.warnings}


def _batches(file: BinaryIO) -> Iterator[list[Line]]:
    """Lines as they come: what one read brings is one batch, at most BATCH lines; empty lines are skipped."""
    number, left = 0, b""
    read = getattr(file, "read1", file.read)
    while True:
        piece = read(1 << 18)
        *lines, left = (left + piece).split(b"\n")
        if not piece and left:
            lines, left = [left], b""
        left = left[: MAX_LINE + 1]  # of a line that is too long only so much is kept as shows it
        numbered = [(number + at, line) for at, line in enumerate(lines, 1)]
        number += len(lines)
        numbered = [line for line in numbered if line[1].strip()]
        for start in range(0, len(numbered), BATCH):
            yield numbered[start : start + BATCH]
        if not piece:
            return
