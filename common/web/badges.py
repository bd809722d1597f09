"""Badges with the product's fixed words: how far a record or a market has come, and the states of records.

Rules kept here:
- Colour never stands alone: a badge has a tone, that tone's icon, and a word.
- 已由省平台确认 is only said with the moment of a receipt; saved is never called sent, sent never confirmed.
- Three honest facts stay apart: all confirmed at T · N waiting, oldest since T · cannot reach, or needs you.
"""

from __future__ import annotations

from typing import Any

from common.web.filters import hour
from common.web.shapes import Badge

# state value -> tone, for every kind that has states; what is missing is shown as unknown
STATES: dict[str, str] = {
    **dict.fromkeys(("published", "filled", "in_force", "working", "settled", "active", "open"), "good"),
    **dict.fromkeys(("review", "worker_signed", "employer_signed", "done"), "waiting"),
    **dict.fromkeys(("pending", "invited", "paused", "held"), "waiting"),
    **dict.fromkeys(("taken_down", "no_show", "stopped", "disputed", "unpaid", "blocked"), "wrong"),
    **dict.fromkeys(("revoked", "refused"), "wrong"),
}
ICONS: dict[str, str] = {
    "draft": "pencil",
    "archived": "archive",
    "expired": "calendar-x",
    "withdrawn": "arrow-counterclockwise",
    "cancelled": "slash-circle",
    "dormant": "dash-circle",
    "merged": "intersect",
    "closed": "lock",
    "recovering": "arrow-repeat",
    "worker_signed": "vector-pen",
    "employer_signed": "vector-pen",
    "filled": "people",
    "settled": "cash-coin",
    "unpaid": "exclamation-octagon",
    "paused": "hourglass-split",
    "held": "hourglass-split",
}


def state_badge(field: Any, value: Any) -> Badge | None:
    """The badge of a state; `field` is the kind's state field (its `show` gives the word)."""
    if value is None:
        return None
    text = str(value)
    return Badge(STATES.get(text, "unknown"), field.show(value), ICONS.get(text, ""))


def confirmed_badge(ms: int, now: int) -> Badge:
    return Badge("good", f"已由省平台确认 {hour(ms, now)}", "cloud-check")


def saved_badge() -> Badge:
    return Badge("unknown", "已保存在本市场", "hdd")


def sync_badge(
    now: int,
    *,
    pending: int = 0,
    oldest: int | None = None,
    confirmed: int | None = None,
    sending: bool = False,
    reachable: bool = True,
    needs: str = "",
    recovering: bool = False,
    enrolled: bool = True,
    href: str = "",
) -> Badge:
    """The badge of the top bar. `needs`: what a person has to do, outranks all else. Moments in epoch ms."""
    waiting = f"待上报 {pending:,} 条" + (f"，最早 {hour(oldest, now)}" if oldest is not None else "")
    last = f"上次确认 {hour(confirmed, now)}" if confirmed is not None else "还没有得到过省平台确认"
    if needs:
        note = waiting if pending else ""
        return Badge("wrong", f"需要处理：{needs}", href=href, title=last, note=note)
    if recovering:
        return Badge("waiting", "正在核对数据，暂存草稿", "arrow-repeat", href, last)
    if not enrolled:
        return Badge("unknown", "已保存在本市场，未接入省平台", "hdd", href)
    if sending:
        return Badge("busy", "正在上报", href=href, title=waiting if pending else last)
    if not reachable:
        words, note = "暂时连不上省平台，本市场照常工作", f"待上报 {pending:,} 条" if pending else ""
        return Badge("waiting", words, "cloud-slash", href, f"{waiting}；{last}" if pending else last, note)
    if pending:
        return Badge("waiting", waiting, "cloud-arrow-up", href, last)
    if confirmed is None:
        return Badge("unknown", "已保存在本市场", "hdd", href, last)
    return Badge("good", f"已由省平台确认 {hour(confirmed, now)}", "cloud-check", href)
