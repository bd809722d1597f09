"""Pinyin initials of names, so that zsc finds 周胜春: every spelling a clerk might try, at most eight.

initials.txt holds all characters that have a known reading, grouped by the letters their readings begin with:
a line `zc 朝长重…` lists characters read with z or with c, the likelier first. Letters after a `+` come from
readings that no common word has (胜 is `s+xq`).

- The first character may be a surname, and surnames keep old readings: all its letters count. Of the others
  only the living readings count. Where the likeliest reading of a surname differs from that of the word
  (单 is Shan, not Dan), or two characters form one surname, the lists below say so. Only common surnames that
  nobody reads in another way drop what dictionaries remember (王 was once Yu, too).
- A run of Latin letters gives its first letter, digits stand for themselves, everything else is passed over.
- The file stays one string and is searched (a character costs some microseconds, once): a dict of its 42,000
  characters would take 6 MB in every process.
"""

import unicodedata
from functools import cache, lru_cache

from common.data import read

MOST = 8
# Letters of surnames where the word itself is mostly read otherwise; letters of other readings follow by
# themselves. Surnames such as 曾 朴 盖 任 need no line: their letter comes first already.
_SURNAMES = {
    "单": "s", "解": "x", "查": "z", "仇": "q", "区": "o", "翟": "z", "覃": "qt", "乐": "yl", "种": "c",
    "折": "s", "召": "s", "繁": "p", "秘": "b", "句": "g", "祭": "z", "褚": "c", "贾": "j", "阚": "k",
    "郇": "x", "乜": "n", "佴": "n", "藏": "z",
}  # fmt: skip
_PLAIN_SURNAMES = frozenset(
    "王吴朱冯于董邓许沈彭蔡丁叶余潘杜夏汪方石姚郝汤施陶温芦俞焦邢齐庄祝涂谷祁舒詹童甄游裴屈位霍隋甘景包司宁阮柴冉房"
)
_COMPOUND_SURNAMES = {
    "尉迟": "yc", "万俟": "mq", "单于": "cy", "澹台": "tt", "长孙": "zs", "宰父": "zf", "鲜于": "xy",
    "令狐": "lh",
}  # fmt: skip


@cache
def _table() -> str:
    return "\n" + read("initials.txt")


@lru_cache(maxsize=8192)
def letters(character: str) -> tuple[str, str]:
    """(letters of living readings, letters of the others), likeliest first; ('', '') if it has none."""
    table = _table()
    at = table.find(character) if character > "\x7f" else -1
    if at < 0:
        return "", ""
    start = table.rindex("\n", 0, at) + 1
    living, _, rare = table[start : table.index(" ", start)].partition("+")
    return living, rare


def _choices(name: str) -> list[str]:
    """For each character that counts, its possible letters."""
    plain = unicodedata.normalize("NFKC", name).strip().lower()
    choices: list[str] = []
    compound = _COMPOUND_SURNAMES.get(plain[:2], "")
    before = ""
    for place, character in enumerate(plain):
        living, rare = letters(character)
        if living:
            found = living
            if place < len(compound):
                found = compound[place] + living + (rare if place == 0 else "")
            elif place == 0 and character in _PLAIN_SURNAMES:
                found = living[0]
            elif place == 0:
                found = _SURNAMES.get(character, "") + living + rare
            choices.append("".join(dict.fromkeys(found)) if len(found) > 1 else found)
            before = ""
        elif not unicodedata.combining(character):
            base = unicodedata.normalize("NFD", character)[0]
            if base.isascii() and (base.isdigit() or (base.isalpha() and not before.isalpha())):
                choices.append(base)
            before = base if base.isascii() else ""
    return choices


def initials(name: str) -> tuple[str, ...]:
    """The spellings of a name by initials, likeliest first: ('zsc',), for 解 ('x…', 'j…')."""
    spellings: list[tuple[int, str]] = [(0, "")]
    for choice in _choices(name):
        ranked = tuple(enumerate(choice))
        longer = [(cost + rank, text + letter) for cost, text in spellings for rank, letter in ranked]
        # the eight cheapest of a longer name always continue some of the eight cheapest of the shorter one
        if len(choice) > 1:
            longer = sorted(longer, key=lambda spelling: spelling[0])[:MOST]
        spellings = longer
    return tuple(text for _, text in spellings if text)
