"""The trades that people ask for at a window: 96 of them, each with the words used for it at dawn.

trades.csv has one line per trade. The four-digit code is the key on the wire; the number in the national list
of occupations is only a mapping, `occupation_verified` says whether it was seen in the published draft. The
accident class (1 harmless to 6 hard to insure) is a rough default that an insurer's own table overrides.

A code is never removed or given another meaning; a trade out of use gets `active` 0 and is still readable.
"""

import csv
from typing import NamedTuple

from common.data import read

GROUPS = {
    "01": "建筑",
    "02": "装修",
    "03": "安装维修",
    "04": "搬运物流",
    "05": "保洁家政",
    "06": "餐饮住宿",
    "07": "工厂",
    "08": "农林牧渔",
    "09": "其他",
}
CERTIFICATES = {"特": "特种作业操作证", "设": "特种设备作业人员证", "健": "健康证", "驾": "驾驶证"}


class Trade(NamedTuple):
    """One trade; `certificate` is a key of CERTIFICATES or '', `initials` are of the name and each alias."""

    code: str
    name: str
    aliases: tuple[str, ...]
    pinyin: str
    initials: tuple[str, ...]
    accident_class: int
    certificate: str
    minor_forbidden: bool
    outdoor: bool
    occupation: str
    occupation_verified: bool
    active: bool

    @property
    def group(self) -> str:
        return GROUPS[self.code[:2]]


def _trade(row: dict[str, str]) -> Trade:
    return Trade(
        code=row["code"],
        name=row["name"],
        aliases=tuple(row["aliases"].split("|")) if row["aliases"] else (),
        pinyin=row["pinyin"],
        initials=tuple(row["initials"].split("|")),
        accident_class=int(row["class"]),
        certificate=row["certificate"],
        minor_forbidden=row["minor_forbidden"] == "1",
        outdoor=row["outdoor"] == "1",
        occupation=row["occupation"],
        occupation_verified=row["verified"] == "1",
        active=row["active"] == "1",
    )


TRADES: dict[str, Trade] = {
    row["code"]: _trade(row) for row in csv.DictReader(read("trades.csv").splitlines())
}


def _rank(trade: Trade, wanted: str) -> int | None:
    """How well a trade answers what was typed, 0 best; None if it does not."""
    words = (trade.name, *trade.aliases)
    if wanted == trade.code or wanted == trade.name:
        return 0
    if wanted in words:
        return 1
    if wanted == trade.initials[0] or wanted == trade.pinyin:
        return 2
    if wanted in trade.initials:
        return 3
    if trade.name.startswith(wanted) or trade.code.startswith(wanted):
        return 4
    if any(word.startswith(wanted) for word in words):
        return 5
    if any(wanted in word for word in words):
        return 6
    if len(wanted) > 1 and any(wanted in initials for initials in trade.initials):
        return 7
    return 8 if len(wanted) > 2 and trade.pinyin.startswith(wanted) else None


def find_trades(text: str) -> list[Trade]:
    """Active trades by code, name, alias, initials or pinyin, best first, then by code; all for no text."""
    wanted = "".join(text.split()).lower()
    active = [trade for trade in TRADES.values() if trade.active]
    if not wanted:
        return active
    ranked = [(rank, trade.code, trade) for trade in active if (rank := _rank(trade, wanted)) is not None]
    return [trade for _, _, trade in sorted(ranked)]
