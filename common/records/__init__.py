"""What records mean: one file per kind (fields, form, checks, search terms), and the fold.

`KINDS` is the one list. A new kind is one class and one name here; storing, folding, pushing, verifying,
browsing and exporting follow. Nothing here runs a query.
"""

from __future__ import annotations

from common.errors import Invalid
from common.records.base import Record
from common.records.contract import Contract
from common.records.employer import Employer
from common.records.job import Job
from common.records.province import Link, Register, Verdict
from common.records.staff import Staff
from common.records.visit import Visit
from common.records.worker import Worker

KINDS: tuple[type[Record], ...] = (Worker, Employer, Job, Contract, Visit, Staff, Register, Verdict, Link)
for _kind in KINDS:
    _kind.prepare()
BY_NAME: dict[str, type[Record]] = {kind.kind: kind for kind in KINDS}
# what a hall's staff and scripts may write; the rest has a mechanism of its own
HALL_KINDS = ("worker", "employer", "job", "contract", "visit")


def kind_of(name: str) -> type[Record]:
    """The class of a kind; raises Invalid('unknown_kind')."""
    if name not in BY_NAME:
        raise Invalid("unknown_kind", f"unknown kind {name[:40]!r}")
    return BY_NAME[name]


__all__ = ["BY_NAME", "HALL_KINDS", "KINDS", "Record", "kind_of"]
