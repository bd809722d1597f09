"""How values look on a page: money, days, moments, masks, groups, ages. Pure functions, also Jinja filters.

Rules kept here:
- Money arrives in fen, moments in epoch ms, days as `YYYY-MM-DD`; nothing here asks what time it is:
  ages take `now`, and the skeleton binds its clock for the templates.
- Halls know one zone, Beijing time (UTC+8, no summer time), whatever the PC believes.
- What is not understood is shown as it is (None as nothing): a page never fails over a value.
- Grouping for reading is done with spans and margins, never with blanks: what is copied is whole.
- Public pages get `masked_name`; staff pages get masked numbers unless a reason was logged.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from markupsafe import Markup, escape

from common.records.fields import BEIJING
from common.records.job import PAY_UNITS
from common.records.numbers import mask_id, mask_name, mask_phone

WEEKDAYS = "一二三四五六日"
UNITS = dict(PAY_UNITS)
_ID_INSIDE = re.compile(r"(?<!\d)(\d{6})(?:18|19|20)\d{6}(\d{3}[\dXx])(?!\d)")
MINUTE, HOUR, DAY = 60, 3600, 86400


def money(fen: Any) -> str:
    """26000 -> ￥260.00; amounts of a thousand yuan and more are grouped."""
    if type(fen) is not int:
        return "" if fen is None else str(fen)
    return f"{'-' if fen < 0 else ''}￥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def pay(fen: Any, unit: Any = None) -> str:
    """26000, 'day' -> ￥260.00/天."""
    return money(fen) if fen is None or not unit else f"{money(fen)}/{UNITS.get(unit, unit)}"


def day(value: Any) -> str:
    """'2026-12-01' -> 2026年12月1日 周二."""
    found = _date(value)
    if found is None:
        return "" if value is None else str(value)
    return f"{found.year}年{found.month}月{found.day}日 周{WEEKDAYS[found.weekday()]}"


def short_day(value: Any) -> str:
    """'2026-12-01' -> 12月1日 周二: where the year is plain from the page."""
    return day(value).partition("年")[2] if _date(value) else day(value)


def moment(ms: Any, now: int | None = None) -> str:
    """Epoch ms -> 12-01 06:30; with `now` in another year, 2025-12-01 06:30."""
    when = _beijing(ms)
    if when is None:
        return "" if ms is None else str(ms)
    this = _beijing(now)
    return when.strftime("%m-%d %H:%M" if this is None or this.year == when.year else "%Y-%m-%d %H:%M")


def full_moment(ms: Any) -> str:
    """Epoch ms -> 2026年12月1日 周二 06:30:05."""
    when = _beijing(ms)
    return moment(ms) if when is None else f"{day(when.date().isoformat())} {when:%H:%M:%S}"


def hour(ms: Any, now: int | None = None) -> str:
    """Epoch ms -> 06:30 where it lies on the day of `now`, else with its date."""
    when, this = _beijing(ms), _beijing(now)
    if when is None or (this is not None and this.date() != when.date()):
        return moment(ms, now)
    return when.strftime("%H:%M")


def since(ms: Any, now: int) -> str:
    """How long ago: 刚刚, 5 分钟前, 3 小时前, 2 天前; a moment to come is shown as such."""
    if _beijing(ms) is None:
        return moment(ms)
    seconds = (now - ms) // 1000
    if seconds < -MINUTE:
        return moment(ms, now)
    if seconds < MINUTE:
        return "刚刚"
    return f"{age(seconds)}前"


def age(seconds: Any) -> str:
    """A length of time in its greatest unit: 40 秒, 5 分钟, 3 小时, 2 天."""
    if type(seconds) not in (int, float) or seconds < 0:
        return ""
    for size, name in ((DAY, "天"), (HOUR, "小时"), (MINUTE, "分钟"), (1, "秒")):
        if seconds >= size:
            return f"{int(seconds // size)} {name}"
    return "0 秒"


def count(value: Any) -> str:
    """12345 -> 12,345."""
    return f"{value:,}" if type(value) is int else str("" if value is None else value)


def size(octets: Any) -> str:
    """Bytes for people: 812 字节, 3.4 KB, 1.2 GB."""
    if type(octets) is not int:
        return "" if octets is None else str(octets)
    value, units = float(octets), ["KB", "MB", "GB", "TB"]
    if value < 1024:
        return f"{octets} 字节"
    while value >= 1024 and units:
        value, unit = value / 1024, units.pop(0)
    return f"{value:.1f} {unit}"


def masked_id(number: Any) -> str:
    """370705199003070018 -> 370705********0018."""
    return mask_id(number) if isinstance(number, str) else ""


def masked_phone(number: Any) -> str:
    """13805361234 -> 138****1234."""
    return mask_phone(number) if isinstance(number, str) else ""


def masked_name(name: Any) -> str:
    """周胜春 -> 周*春, 刘杰 -> 刘*: for screens and pages without login."""
    return mask_name(name) if isinstance(name, str) else ""


def without_ids(text: str) -> str:
    """Stars over identity numbers inside other text: some certificates bear their holder's number."""
    return _ID_INSIDE.sub(r"\1********\2", text)


def grouped(value: Any) -> Markup:
    """A long number in groups for reading; copying it gives the whole number without gaps."""
    text = "" if value is None else str(value)
    parts = [text[start:end] for start, end in _groups(text)]
    if len(parts) < 2:
        return escape(text)
    spans = Markup("").join(Markup("<span>{}</span>").format(part) for part in parts)
    return Markup('<span class="yz-num">{}</span>').format(spans)


def _groups(text: str) -> list[tuple[int, int]]:
    """Where to cut: identity numbers 6-8-4, mobile numbers 3-4-4, hashes and other codes by four."""
    if re.fullmatch(r"\d{6}[\d*]{8}[\d*]{3}[\dX*]", text):
        cuts = [6, 14]
    elif re.fullmatch(r"1[\d*]{10}", text):
        cuts = [3, 7]
    elif re.fullmatch(r"[0-9A-Za-z]{12,}", text):
        cuts = list(range(4, len(text), 4))
    else:
        cuts = []
    return list(zip([0, *cuts], [*cuts, len(text)], strict=True))


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None


def _beijing(ms: Any) -> datetime | None:
    """None for what is no moment between the years 1 and 9999."""
    if type(ms) is not int:
        return None
    try:
        return datetime.fromtimestamp(ms / 1000, UTC).astimezone(BEIJING)
    except (OverflowError, OSError, ValueError):
        return None


FILTERS: dict[str, Callable[..., Any]] = {
    filter.__name__: filter
    for filter in (
        money, pay, day, short_day, moment, full_moment, hour, since, age, count, size,
        masked_id, masked_phone, masked_name, without_ids, grouped,
    )
}  # fmt: skip
