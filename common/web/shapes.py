"""Small values that pages draw. Desks and roles fill them, templates read them, nothing here decides.

Rules kept here:
- Frozen, plain, no store objects: a template can reach nothing that was not put in for it.
- Moments are epoch ms and are turned into words by the filters, where the page is drawn.
- `tone` is one of good · waiting · wrong · unknown · busy; each has an icon and always stands by a word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")

TONES: dict[str, str] = {
    "good": "check-circle",
    "waiting": "clock",
    "wrong": "exclamation-triangle",
    "unknown": "question-circle",
    "busy": "arrow-repeat",
}


@dataclass(frozen=True, slots=True)
class Desk:
    """One line of the left rail. `endpoint`: its first page; `roles`: who sees it (None: all staff).

    The desk whose blueprint serves the page is marked; a template may say `{% set desk = "key" %}` instead.
    """

    key: str
    label: str
    icon: str
    endpoint: str
    roles: frozenset[str] | None = None
    foot: bool = False  # stands at the end, apart from the order of a day


@dataclass(frozen=True, slots=True)
class Badge:
    """A word with its tone. `icon` overrides the tone's; `href` makes it a link; `title` explains on hover;
    `note` is a second, quieter fact beside the first."""

    tone: str
    words: str
    icon: str = ""
    href: str = ""
    title: str = ""
    note: str = ""

    @property
    def drawing(self) -> str:
        return self.icon or TONES.get(self.tone, TONES["unknown"])


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a list by keyset: `next` and `prev` are cursors (None at an end), never page numbers."""

    rows: Sequence[Row]
    next: str | None = None
    prev: str | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """谁 何时 在哪录入 · 已由省平台确认 hh:mm · 凭证. `confirmed`: None until a receipt covers the entry."""

    who: str
    time: int
    where: str
    confirmed: int | None = None
    state: Badge | None = None  # instead of 已保存在本市场 while not confirmed
    proof_href: str = ""
    how: str = "录入"


@dataclass(frozen=True, slots=True)
class Change:
    """One field in one entry of the history; texts as shown (masked where sensitive)."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a record's history, newest first on the page."""

    who: str
    where: str
    time: int
    changes: Sequence[Change] = ()
    title: str = ""  # 登记, 修改, 停用, 处理不一致 …
    reasons: Sequence[str] = ()
    index: int | None = None
    leaf: str = ""
    confirmed: int | None = None
    badge: Badge | None = None  # set aside, held, waiting for …


@dataclass(frozen=True, slots=True)
class Side:
    """One written value in a conflict: its column on the page, who wrote it when, and the shown text."""

    key: str  # what the radio sends: the leaf
    text: str
    who: str
    where: str
    time: int
    same_as_base: bool = False
    provisional: bool = False  # the value in force until someone decides


@dataclass(frozen=True, slots=True)
class Dispute:
    """One field that two places changed apart: 原值 and what each of them wrote."""

    name: str
    label: str
    base: str
    sides: Sequence[Side]


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a record page. `full_href`: where the masked number is shown in full, for a reason."""

    name: str
    label: str
    text: str
    wide: bool = False
    grouped: bool = False
    masked: bool = False
    full_href: str = ""
    href: str = ""
    badge: Badge | None = None
    disputed: bool = False
    raw: bool = False  # written by a newer program: shown as it is


@dataclass(frozen=True)
class Site:
    """What every page of one program knows; made once by `make_app`, reached by `site()`."""

    program: str
    title: str
    subtitle: str
    home: str
    accounts: Any
    clock: Callable[[], int]
    rail: Sequence[Desk] = ()
    counts: Callable[[Any], Mapping[str, int]] | None = None
    badge: Callable[[], Badge | None] | None = None
    search: str | None = None
    search_hint: str = "姓名、首字母、证件或手机尾号、编号"
    password: str | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    idle_seconds: int = 600
    pulse_seconds: int = 20
    hotline: str = "12333"
