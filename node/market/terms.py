"""The text of a contract: numbered terms by form, filled in from the contract's own fields, and its digest.

Rules kept here:
- Texts are files with a version, `service-1.txt`; a text that papers carry is never changed, a new wording
  is a new version. The contract names the version it was made with.
- What is digested is exactly what is read: title, number and terms as UTF-8, lines ended by a newline. It
  depends on nothing but the contract's fields, so that it can be computed again in ten years.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from common.data.trades import TRADES
from common.records.contract import FORMS
from common.records.job import PAY_TIMINGS, PAY_UNITS

TEXTS = Path(__file__).resolve().parent.parent / "templates" / "contracts" / "texts"
VERSION = 1


def template_of(fields: Mapping[str, Any]) -> str:
    """The text that a contract is made with: the one it names, else the newest of its form."""
    return str(fields.get("template") or f"{fields.get('form') or 'service'}-{VERSION}")


@cache
def _text(template: str) -> tuple[str, ...]:
    known = {path.stem: path for path in TEXTS.glob("*.txt")}
    path = known.get(template) or known[f"service-{VERSION}"]
    return tuple(line for line in path.read_text("utf-8").splitlines() if line)


def title(fields: Mapping[str, Any]) -> str:
    return _text(template_of(fields))[0]


def clauses(fields: Mapping[str, Any], worker: str, employer: str) -> list[str]:
    """The terms in order, without their numbers."""
    values = _values(fields, worker, employer)
    return [line.format_map(values) for line in _text(template_of(fields))[1:]]


def digest(fields: Mapping[str, Any], worker: str, employer: str) -> str:
    """SHA-256 of the text, hexadecimal."""
    lines = [title(fields), str(fields.get("number") or "")]
    lines += [f"{number}. {line}" for number, line in enumerate(clauses(fields, worker, employer), 1)]
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def _values(fields: Mapping[str, Any], worker: str, employer: str) -> dict[str, str]:
    trade = TRADES.get(str(fields.get("trade")))
    return {
        "worker": worker,
        "employer": employer,
        "trade": trade.name if trade else str(fields.get("trade") or ""),
        "content": _line(fields.get("content")) or "按现场安排",
        "place": _line(fields.get("place")) or "由用工方上工前书面告知",
        "period": period(fields),
        "hours": hours(fields) or "由双方按日约定",
        "pay": pay(fields),
        "timing": dict(PAY_TIMINGS).get(str(fields.get("pay_timing")), "由双方另行约定结算时间"),
        "insurance": _line(fields.get("insurance")) or "本协议未约定商业保险",
    }


def _line(value: Any) -> str:
    """Free text on one line and without its own full stop, so that it stands inside a sentence."""
    return " ".join(str(value or "").split()).rstrip("。；;. ")


def period(fields: Mapping[str, Any]) -> str:
    start, end = _day(fields.get("start_date")), _day(fields.get("end_date"))
    if not end or end == start:
        return f"{start}当日" if end else f"{start}起"
    return f"{start}至{end}"


def _day(value: Any) -> str:
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        return str(value or "")
    return f"{day.year}年{day.month}月{day.day}日"


def hours(fields: Mapping[str, Any]) -> str:
    start, end = fields.get("hours_from"), fields.get("hours_to")
    return f"{start} 至 {end}" if start and end else f"{start} 起" if start else ""


def pay(fields: Mapping[str, Any]) -> str:
    fen, unit = fields.get("pay"), dict(PAY_UNITS).get(str(fields.get("pay_unit")), "")
    return f"人民币 {fen // 100:,}.{fen % 100:02d} 元/{unit}" if type(fen) is int else ""


def form_name(fields: Mapping[str, Any]) -> str:
    return dict(FORMS).get(str(fields.get("form")), "合同")
