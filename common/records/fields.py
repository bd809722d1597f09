"""Fields of records: one object is wire schema, column, form control and check at once.

Rules kept here:
- `check` is strict and guards what this program writes; it returns the value that goes on the wire.
- `to_column` is lenient about meaning and strict about type: it guards what other programs wrote.
  A value that it does not understand (a newer choice, another type) raises ValueError and is kept
  raw beside the row; it is never a ground for refusing an entry.
- `parse` takes what a person typed (full-width digits, spaces) and ends in the same `check`.
- `show` is what a page prints, masked where the field is sensitive; `full` is unmasked. Both are total: a
  value that another program wrote and this one does not understand is shown as it came.
- Columns carry no NOT NULL, UNIQUE or foreign key: replicated facts may be late, doubled or wrong.

`wire` and `figures` have the fields of one value, `composite` those of several; import them from here.
"""

from __future__ import annotations

from common.records.composite import Notes, Parts, Several, Table
from common.records.figures import Choice, Degree, Fen, Moment, Number, YesNo
from common.records.values import BEIJING, beijing, id_bytes, id_text, is_record_id, same, today
from common.records.wire import (
    Checked,
    Choices,
    Clock,
    Day,
    Phone,
    Ref,
    Text,
    Wire,
)

__all__ = [
    "BEIJING",
    "Checked",
    "Choice",
    "Choices",
    "Clock",
    "Day",
    "Degree",
    "Fen",
    "Moment",
    "Notes",
    "Number",
    "Parts",
    "Phone",
    "Ref",
    "Several",
    "Table",
    "Text",
    "Wire",
    "YesNo",
    "beijing",
    "id_bytes",
    "id_text",
    "is_record_id",
    "same",
    "today",
]
