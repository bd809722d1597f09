"""The straight way from a payload's bytes to the columns of a new record, for the bulk of a large push.

The payload is decoded by a type made from the kind's fields, encoded again and compared: equal bytes prove
that it is in canonical form and holds only fields and values that this program knows, in half the time that
the general way takes. Whatever is otherwise in any way (an unknown field, a null, a newer choice, another
order) takes the general way, which alone decides what it means; both give the same row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from common.log import payload
from common.records.base import Record


class Straight:
    """Columns of one kind's payloads, in the order of `names` (sorted)."""

    def __init__(self, kind: type[Record], names: tuple[str, ...]) -> None:
        wires = [kind.fields[name] for name in names]
        fields = [(wire.name, wire.decoded, None) for wire in wires if wire.decoded is not None]
        patch = msgspec.defstruct("Patch", fields, forbid_unknown_fields=True, omit_defaults=True)
        whole = msgspec.defstruct("Whole", [("set", patch)], forbid_unknown_fields=True)
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(whole).decode
        self._encode = msgspec.json.Encoder().encode
        self._left_out = [at for at, wire in enumerate(wires) if wire.decoded is None]
        turned = [at for at, wire in enumerate(wires) if wire.decoded is not None and not wire.plain]
        self._turned = [(at, wires[at].known_column()) for at in turned]

    def columns(self, raw: bytes) -> list[Any] | None:
        """The wire columns, or None where the general way must look."""
        body = payload.body(raw)
        if b"\\u0000" in body:
            return None
        try:
            whole = self._decode(body)
            if self._encode(whole) != body:
                return None
            row = list(msgspec.structs.astuple(whole.set))
            for at in self._left_out:
                row.insert(at, None)
            for at, to_column in self._turned:
                if row[at] is not None:
                    row[at] = to_column(row[at])
        except (msgspec.MsgspecError, ValueError, KeyError):
            return None
        return row
