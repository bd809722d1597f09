"""Between wire values and what stands in the controls of a form, for every widget.

`texts(field, value)` is what a control is drawn with, `typed(field, form)` what the browser sent, in the
same shape, so that equal means unchanged; `parse(field, typed)` is the wire value (None for nothing).

    one text         text textarea number money date time select ref yesno
    list of texts    checks, tags
    parts            json with declared parts: {part: text}, or a list of them (a table); names `field.part`,
                     `field.0.part`; rows left empty do not count
    JSON text        json without declared parts

Rules kept here:
- Field objects do the parsing (`field.parse`, `field.check`); nothing here knows what is right.
- What a control cannot show (an unknown choice, a value of another type) is drawn as text, never dropped.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from common.errors import Invalid
from common.records.fields import BEIJING, Degree, Fen, Moment, Parts, Several, Table, Wire, YesNo

Texts = str | list[Any] | dict[str, str]
SPARE_ROWS = 2  # empty rows at the end of a table


def shape(field: Wire) -> str:
    """'text', 'list', 'parts' or 'table': how the texts of this field are nested."""
    if isinstance(field, Table):
        return "table"
    if isinstance(field, Parts):
        return "parts"
    if isinstance(field, Several) and field.widget == "checks":
        return "list"
    return "text"


def texts(field: Wire, value: Any) -> Texts:
    """What the control holds for `value`."""
    kind = shape(field)
    if kind == "table":
        rows = value if isinstance(value, list) else []
        return [_parts(_row(field), row) for row in rows]
    if kind == "parts":
        return _parts(field, value)
    if kind == "list":
        return [str(item) for item in value] if isinstance(value, list) else []
    return _text(field, value)


def empty(held: Texts) -> bool:
    """Whether nothing stands in the control."""
    if isinstance(held, dict):
        return not any(held.values())
    return not held


def typed(field: Wire, form: MultiDict[str, str]) -> Texts:
    """What the browser sent for this field."""
    kind = shape(field)
    if kind == "table":
        row = _row(field)
        rows = [_sent(row, form, f"{field.name}.{index}.") for index in _indexes(field.name, form)]
        return [texts for texts in rows if any(texts.values())]
    if kind == "parts":
        return _sent(field, form, f"{field.name}.")
    if kind == "list":
        return [item for item in form.getlist(field.name) if item]
    return _tidy(form.get(field.name, ""))


def parse(field: Wire, held: Texts) -> Any:
    """The wire value; None for nothing. Raises Invalid(code, field=name)."""
    if empty(held):
        return None
    if isinstance(held, str):
        return _moment(field, held) if isinstance(field, Moment) else field.parse(held)
    if isinstance(held, dict):
        return field.check(_parse_parts(field, held, field.name))
    if shape(field) == "table":
        return field.check([_parse_parts(_row(field), row, field.name) for row in held])
    return field.parse(",".join(held))


def _text(field: Wire, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(field, Fen) and type(value) is int:
        return f"{value // 100}" if value % 100 == 0 else f"{value // 100}.{value % 100:02d}"
    if isinstance(field, (Moment, Degree)) and type(value) is int:
        return field.full(value)
    if isinstance(field, YesNo) and type(value) is bool:
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(item, (str, int)) for item in value):
        return "、".join(str(item) for item in value)
    if isinstance(value, (dict, list, bool)):
        return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)
    return _tidy(str(value))


def _parts(field: Wire, value: Any) -> dict[str, str]:
    given = value if isinstance(value, dict) else {}
    return {name: _text(part, given.get(name)) for name, part in parts_of(field).items()}


def _sent(field: Wire, form: MultiDict[str, str], prefix: str) -> dict[str, str]:
    return {name: _tidy(form.get(prefix + name, "")) for name in parts_of(field)}


def _parse_parts(field: Wire, held: dict[str, str], name: str) -> dict[str, Any]:
    """Values of the parts that hold something; a wrong part is an error of the whole field."""
    values: dict[str, Any] = {}
    for part_name, part in parts_of(field).items():
        try:
            value = parse(part, held.get(part_name, ""))
        except Invalid as error:
            raise Invalid(error.code, error.message, field=name, part=part_name, **error.detail) from error
        if value is not None:
            values[part_name] = value
    return values


def parts_of(field: Wire) -> dict[str, Wire]:
    """The declared parts of a field that has some."""
    return field.parts if isinstance(field, Parts) else {}


def _row(table: Wire) -> Wire:
    row: Wire = table.item  # type: ignore[attr-defined]
    return row


def _indexes(name: str, form: MultiDict[str, str]) -> list[int]:
    pattern = re.compile(rf"{re.escape(name)}\.([0-9]{{1,3}})\.\w+")
    return sorted({int(match[1]) for match in map(pattern.fullmatch, form) if match})


def _moment(field: Wire, text: str) -> Any:
    """`2026-12-01 06:30`, Beijing time, as epoch ms; plain digits are taken as epoch ms already."""
    if text.isdigit():
        return field.parse(text)
    match = re.fullmatch(r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?[ T]+(\d{1,2})[:：.](\d{2})", text)
    try:
        if match is None:
            raise ValueError
        when = datetime(*(int(part) for part in match.groups()), tzinfo=BEIJING)  # type: ignore[arg-type, misc]
    except ValueError as error:
        raise Invalid("moment", "expected YYYY-MM-DD HH:MM", field=field.name) from error
    return field.check(int(when.timestamp() * 1000))


def _tidy(text: str) -> str:
    """As browsers send it, with plain newlines and without blanks around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
