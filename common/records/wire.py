"""What every field is, and the fields that hold one text or reference. The rules are in `fields`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import peewee

from common.errors import Invalid
from common.records import numbers
from common.records.values import canonical, id_bytes, id_text, is_record_id

Choices = Sequence[tuple[str, str]]
_control = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]").search
_control_in_lines = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]").search


class Wire(peewee.Field):
    """A field that travels. `name` is bound by peewee from the class attribute."""

    widget = "text"
    choices: Choices = ()
    ref: str | None = None
    plain: type | None = None  # values of this type stand in the column as they are
    decoded: Any = None  # the type that bulk decoding takes a value as; None: it leaves the field alone
    refers = False  # whether a value may name records that must be known here (`references`)

    def __init__(
        self,
        label: str,
        *,
        required: bool = False,
        sensitive: bool = False,
        help: str = "",
        index: bool = False,
    ) -> None:
        super().__init__(null=True, index=index, choices=type(self).choices)
        self.label = label
        self.required = required
        self.sensitive = sensitive
        self.help = help

    # -- what this program writes --------------------------------------------------------------------------

    def check(self, value: Any) -> Any:
        """The wire value of `value`; raises Invalid(code, field=name)."""
        raise NotImplementedError

    def parse(self, text: str) -> Any:
        """The wire value of what a person typed; None for nothing."""
        text = unicodedata.normalize("NFC", text).strip()
        return self.check(self._typed(text)) if text else None

    def _typed(self, text: str) -> Any:
        return text

    def references(self, value: Any) -> Iterator[tuple[str, str]]:
        """(kind, id) of the records that a checked value names and that must be known here."""
        return iter(())

    def invalid(self, code: str, message: str, **detail: Any) -> Invalid:
        return Invalid(code, f"{self.name}: {message}", field=self.name, **detail)

    # -- columns -------------------------------------------------------------------------------------------

    def to_column(self, value: Any) -> Any:
        """The column value; ValueError where this program does not understand the value."""
        raise NotImplementedError

    def known_column(self) -> Callable[[Any], Any]:
        """What makes the column of a value that is of the type `decoded`; KeyError or ValueError as above."""
        return self.to_column

    def from_column(self, value: Any) -> Any:
        return value

    def db_value(self, value: Any) -> Any:
        return None if value is None else self.to_column(value)

    def python_value(self, value: Any) -> Any:
        return None if value is None else self.from_column(value)

    # -- what people read ----------------------------------------------------------------------------------

    def full(self, value: Any) -> str:
        """The value in words, unmasked; '' for None. Never raises."""
        if value is None:
            return ""
        try:
            return self._words(value)
        except (TypeError, ValueError, KeyError, AttributeError):  # another program's value of another type
            return canonical(value)

    def _words(self, value: Any) -> str:
        return value if type(value) is str else canonical(value)

    def show(self, value: Any) -> str:
        """As `full`, masked where the field is sensitive."""
        return ("＊" * 4 if value else "") if self.sensitive else self.full(value)


class Text(Wire):
    """One line of text (or several, with `lines`), 1 to `most` characters, no control characters."""

    field_type = "TEXT"
    plain = str
    decoded = str

    def __init__(self, label: str, *, most: int = 200, lines: bool = False, **about: Any) -> None:
        super().__init__(label, **about)
        self.most = most
        self.lines = lines
        self.widget = "textarea" if lines else "text"
        self._wrong = _control_in_lines if lines else _control

    def check(self, value: Any) -> str:
        if type(value) is not str:
            raise self.invalid("not_text", "expected text")
        if not value.strip():
            raise self.invalid("required", "expected some text")
        if len(value) > self.most:
            raise self.invalid("too_long", f"expected at most {self.most} characters", most=self.most)
        if self._wrong(value):
            raise self.invalid("characters", "expected no control characters")
        return value

    def parse(self, text: str) -> Any:
        return super().parse(text.replace("\r\n", "\n"))

    def to_column(self, value: Any) -> str:
        if type(value) is not str:
            raise ValueError
        return value


class Checked(Text):
    """Text whose form another function knows: phones, codes, days, clocks."""

    def __init__(
        self,
        label: str,
        checker: Callable[[str], str],
        *,
        mask: Callable[[str], str] | None = None,
        **about: Any,
    ) -> None:
        super().__init__(label, **about)
        self.checker = checker
        self.mask = mask

    def check(self, value: Any) -> str:
        value = super().check(value)
        try:
            return self.checker(value)
        except Invalid as error:
            raise Invalid(error.code, error.message, field=self.name, **error.detail) from error

    def show(self, value: Any) -> str:
        if value and self.sensitive and self.mask:
            return self.mask(self.full(value))
        return super().show(value)


def Phone(label: str, **about: Any) -> Checked:
    return Checked(label, numbers.check_phone, mask=numbers.mask_phone, sensitive=True, most=20, **about)


class Day(Checked):
    """A calendar day `YYYY-MM-DD` without zone: the day in the hall."""

    def __init__(self, label: str, **about: Any) -> None:
        super().__init__(label, numbers.check_day, most=10, **about)
        self.widget = "date"

    def _typed(self, text: str) -> str:
        try:
            return numbers.parse_day(text)
        except Invalid as error:
            raise self.invalid(error.code, error.message) from error


class Clock(Checked):
    """A time of day `HH:MM`."""

    def __init__(self, label: str, **about: Any) -> None:
        super().__init__(label, numbers.check_clock, most=5, **about)
        self.widget = "time"

    def _typed(self, text: str) -> str:
        text = unicodedata.normalize("NFKC", text).replace(".", ":")
        return f"0{text}" if re.fullmatch("[0-9]:[0-9]{2}", text) else text


class Ref(Wire):
    """The id of another record, 16 bytes in the column. `ref`: its kind, None where it may be of any kind
    or need not be known here."""

    field_type = "BLOB"
    decoded = str
    widget = "ref"

    def __init__(self, label: str, ref: str | None, **about: Any) -> None:
        super().__init__(label, **about)
        self.ref = ref
        self.refers = ref is not None

    def check(self, value: Any) -> str:
        if type(value) is not str or not is_record_id(value):
            raise self.invalid("unknown_reference", "expected a record id")
        return value

    def references(self, value: Any) -> Iterator[tuple[str, str]]:
        if self.ref:
            yield self.ref, value

    def to_column(self, value: Any) -> bytes:
        if type(value) is not str or not is_record_id(value):
            raise ValueError
        return id_bytes(value)

    def from_column(self, value: Any) -> str:
        return id_text(value)
