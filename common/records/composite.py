"""Fields that hold several values, as canonical JSON in one column: lists, objects, tables, reasons.

The rules are in `fields`. A part or item is a field of its own, bound to the name of the whole: an error in
it is an error of the whole field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from common.errors import Invalid
from common.records.values import canonical
from common.records.wire import Wire

_is_code = re.compile("[a-z][a-z0-9_]{0,31}").fullmatch


class _Json(Wire):
    """A value of several parts. `shape`: list or dict."""

    field_type = "TEXT"
    shape: type

    def to_column(self, value: Any) -> str:
        if type(value) is not self.shape and type(value) is not self.decoded:
            raise ValueError
        return canonical(value)

    def known_column(self) -> Callable[[Any], Any]:
        return canonical

    def from_column(self, value: Any) -> Any:
        return msgspec.json.decode(value)

    def full(self, value: Any) -> str:
        """A value of another shape is shown as it came."""
        return super().full(value) if value is None or type(value) is self.shape else canonical(value)


class Several(_Json):
    """A list of values, each checked by `item`, without repeats."""

    shape = list
    widget = "tags"

    def __init__(self, label: str, item: Wire, *, most: int = 20, **about: Any) -> None:
        super().__init__(label, **about)
        self.item = item
        self.decoded = list[item.decoded]  # type: ignore[name-defined]
        self.most_items = most
        self.refers = item.refers
        if item.choices:
            self.widget = "checks"
            self.choices = item.choices

    def bind(self, model: Any, name: str, set_attribute: bool = True) -> None:
        super().bind(model, name, set_attribute)
        self.item.name = name

    def check(self, value: Any) -> list[Any]:
        checked = self._items(value)
        if len(set(checked)) < len(checked):
            raise self.invalid("repeated", "expected no repeats")
        return checked

    def _items(self, value: Any) -> list[Any]:
        if type(value) is not list:
            raise self.invalid("list", "expected a list")
        if len(value) > self.most_items:
            raise self.invalid("too_long", f"expected at most {self.most_items} items", most=self.most_items)
        return [self.item.check(item) for item in value]

    def _typed(self, text: str) -> list[Any]:
        parts = [part for part in re.split(r"[\s,，、;；|]+", text) if part]
        return [self.item._typed(part) for part in dict.fromkeys(parts)]

    def references(self, value: Any) -> Iterator[tuple[str, str]]:
        for item in value:
            yield from self.item.references(item)

    def _words(self, value: Any) -> str:
        return "、".join(self.item.full(item) for item in value)


class Parts(_Json):
    """An object with declared parts (all of them required unless named in `optional`)."""

    shape = dict
    widget = "json"

    def __init__(
        self, label: str, optional: Sequence[str] = (), *, parts: dict[str, Wire], **about: Any
    ) -> None:
        super().__init__(label, **about)
        self.parts = parts
        self.optional = frozenset(optional)
        ordered = [(name, parts[name].decoded, None) for name in sorted(parts)]
        self.decoded = msgspec.defstruct("Parts", ordered, forbid_unknown_fields=True, omit_defaults=True)
        self.refers = any(part.refers for part in parts.values())
        for name, part in parts.items():
            part.name = name

    def check(self, value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise self.invalid("object", "expected an object")
        if value.keys() != self.parts.keys():
            for name in value.keys() - self.parts.keys():
                raise self.invalid("unknown_field", f"unknown part {name[:40]!r}")
            for name in self.parts.keys() - value.keys() - self.optional:
                raise self.invalid("required", f"part {name} is missing")
        try:
            return {name: self.parts[name].check(part) for name, part in value.items()}
        except Invalid as error:
            message = f"{self.name}.{error.message}"
            raise Invalid(error.code, message, field=self.name, **error.detail) from error

    def _typed(self, text: str) -> Any:
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            raise self.invalid("object", "expected a JSON object") from error

    def references(self, value: Any) -> Iterator[tuple[str, str]]:
        for name, part in value.items():
            yield from self.parts[name].references(part)

    def _words(self, value: Any) -> str:
        return " · ".join(self.parts[name].full(part) for name, part in value.items() if name in self.parts)


class Table(Several):
    """A list of objects with the same parts, such as certificates."""

    def __init__(self, label: str, item: Parts, **about: Any) -> None:
        super().__init__(label, item, **about)
        self.widget = "json"

    def check(self, value: Any) -> list[Any]:
        return self._items(value)

    def _typed(self, text: str) -> Any:
        return self.item._typed(text)


class Notes(_Json):
    """Free texts by code: the reasons given for going on in spite of a warning."""

    shape = dict
    widget = "json"

    def check(self, value: Any) -> dict[str, str]:
        if type(value) is not dict or len(value) > 20:
            raise self.invalid("object", "expected at most 20 reasons by code")
        for code, text in value.items():
            if type(code) is not str or not _is_code(code):
                raise self.invalid("characters", "expected a code of lower-case letters")
            if type(text) is not str or not text.strip() or len(text) > 200:
                raise self.invalid("too_long", "expected a reason of 1 to 200 characters", most=200)
            if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
                raise self.invalid("characters", "expected no control characters")
        return value

    def _typed(self, text: str) -> Any:
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            raise self.invalid("object", "expected a JSON object") from error

    def _words(self, value: Any) -> str:
        return "；".join(str(text) for text in value.values())
