"""Fields that hold one number or one of a few values: amounts, money, moments, choices. The rules are in
`fields`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from common.records.values import MAX_SAFE, beijing
from common.records.wire import Choices, Wire


class Number(Wire):
    """A whole number between `least` and `most`."""

    field_type = "INTEGER"
    plain = int
    decoded = Annotated[int, msgspec.Meta(ge=-MAX_SAFE, le=MAX_SAFE)]
    widget = "number"

    def __init__(self, label: str, *, least: int = 0, most: int = 2**53 - 1, **about: Any) -> None:
        super().__init__(label, **about)
        self.least = least
        self.most = most

    def check(self, value: Any) -> int:
        if type(value) is not int:
            raise self.invalid("not_a_number", "expected a whole number")
        if not self.least <= value <= self.most:
            raise self.invalid(
                "out_of_range", f"expected {self.least} to {self.most}", least=self.least, most=self.most
            )
        return value

    def _typed(self, text: str) -> int:
        text = unicodedata.normalize("NFKC", text)
        if not re.fullmatch("-?[0-9]{1,16}", text):
            raise self.invalid("not_a_number", "expected a whole number")
        return int(text)

    def to_column(self, value: Any) -> int:
        if type(value) is not int:
            raise ValueError
        return value


class Fen(Number):
    """Money in fen. A person types yuan."""

    widget = "money"

    def _typed(self, text: str) -> int:
        text = unicodedata.normalize("NFKC", text).replace(",", "").replace("¥", "").strip()
        match = re.fullmatch(r"([0-9]{1,12})(?:\.([0-9]{1,2}))?", text)
        if not match:
            raise self.invalid("money", "expected an amount in yuan such as 260 or 260.50")
        return int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0"))

    def _words(self, value: Any) -> str:
        return f"{'-' if value < 0 else ''}￥{abs(value) // 100:,}.{abs(value) % 100:02d}"


class Degree(Number):
    """A coordinate in 1e-6 degree. A person types degrees with up to six decimals."""

    def __init__(self, label: str, *, most: int, **about: Any) -> None:
        super().__init__(label, least=-most * 1_000_000, most=most * 1_000_000, **about)

    def _typed(self, text: str) -> int:
        match = re.fullmatch(r"(-?)([0-9]{1,3})(?:\.([0-9]{1,6}))?", unicodedata.normalize("NFKC", text))
        if not match:
            raise self.invalid("not_a_number", "expected degrees such as 118.356425")
        size = int(match[2]) * 1_000_000 + int((match[3] or "0").ljust(6, "0"))
        return -size if match[1] else size

    def _words(self, value: Any) -> str:
        return f"{'-' if value < 0 else ''}{abs(value) // 1_000_000}.{abs(value) % 1_000_000:06d}"


class Moment(Number):
    """A moment, epoch ms."""

    def _words(self, value: Any) -> str:
        return beijing(value).strftime("%Y-%m-%d %H:%M")


class Choice(Wire):
    """One of a fixed list. The column holds the place in the list, so the list may only grow at its end."""

    field_type = "INTEGER"
    decoded = str
    widget = "select"

    def __init__(self, label: str, choices: Choices, **about: Any) -> None:
        super().__init__(label, **about)
        self.choices = tuple(choices)
        self._place = {value: place for place, (value, _) in enumerate(self.choices, 1)}
        self._value = {place: value for value, place in self._place.items()}
        self._label = dict(self.choices)
        self._said = {label: value for value, label in self.choices}

    def check(self, value: Any) -> str:
        if type(value) is not str or value not in self._place:
            raise self.invalid("not_a_choice", f"expected one of {', '.join(self._place)}")
        return value

    def _typed(self, text: str) -> str:
        return self._said.get(text, text)

    def known_column(self) -> Callable[[Any], Any]:
        return self._place.__getitem__

    def to_column(self, value: Any) -> int:
        if type(value) is not str or value not in self._place:
            raise ValueError
        return self._place[value]

    def from_column(self, value: Any) -> str:
        return self._value[value]

    def _words(self, value: Any) -> str:
        return self._label.get(value) or super()._words(value)


class YesNo(Wire):
    field_type = "INTEGER"
    decoded = bool
    widget = "yesno"
    choices = (("yes", "是"), ("no", "否"))

    def check(self, value: Any) -> bool:
        if type(value) is not bool:
            raise self.invalid("not_a_choice", "expected true or false")
        return value

    def _typed(self, text: str) -> Any:
        return {"yes": True, "no": False, "是": True, "否": False}.get(text, text)

    def to_column(self, value: Any) -> int:
        if type(value) is not bool:
            raise ValueError
        return int(value)

    def from_column(self, value: Any) -> bool:
        return bool(value)

    def _words(self, value: Any) -> str:
        return ("是" if value else "否") if type(value) is bool else super()._words(value)
