"""Values survive columns and pages, whatever they are, and nothing typed or received trips a field."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.data.trades import TRADES
from common.errors import Invalid
from common.log import canonical
from common.records import KINDS
from common.records.fields import (
    Choice,
    Clock,
    Day,
    Degree,
    Fen,
    Notes,
    Number,
    Parts,
    Ref,
    Several,
    Wire,
    YesNo,
    same,
)

texts = st.text(st.characters(blacklist_categories=["Cc", "Cs"]), min_size=1, max_size=20).filter(str.strip)
days = st.dates().map(str).filter(lambda day: day >= "1800")
clocks = st.times().map(lambda time: time.strftime("%H:%M"))


def values(field: Wire) -> st.SearchStrategy[Any]:
    """Values that a field's check takes."""
    if isinstance(field, Several):
        most = min(field.most_items, 4)
        return st.lists(values(field.item), max_size=most, unique_by=repr)
    if isinstance(field, Parts):
        parts = {name: values(part) for name, part in field.parts.items()}
        optional = {name: part for name, part in parts.items() if name in field.optional}
        return st.fixed_dictionaries({n: p for n, p in parts.items() if n not in optional}, optional=optional)
    if isinstance(field, Notes):
        return st.dictionaries(st.sampled_from(("a", "b_1")), texts, max_size=2)
    if isinstance(field, Choice):
        return st.sampled_from([value for value, _ in field.choices])
    if isinstance(field, Number):
        return st.integers(field.least, min(field.most, 2**53 - 1))
    if isinstance(field, YesNo):
        return st.booleans()
    if isinstance(field, Ref):
        return st.uuids(version=4).map(lambda id: str(id)[:14] + "7" + str(id)[15:])
    if isinstance(field, Day):
        return days
    if isinstance(field, Clock):
        return clocks
    if type(field).__name__ == "Trade":
        return st.sampled_from(sorted(TRADES))
    return texts.map(lambda text: text[: getattr(field, "most", 20)]).filter(str.strip)


ALL = [(kind, field) for kind in KINDS for field in kind.fields.values()]


@pytest.mark.parametrize(("kind", "field"), ALL, ids=lambda one: getattr(one, "kind", None) or one.name)
def test_what_a_column_gives_back_is_what_it_took(kind: Any, field: Wire) -> None:
    @given(values(field))
    def round_trip(value: Any) -> None:
        column = field.to_column(value)
        assert type(column) in (str, int, bytes)
        assert same(field.from_column(column), value)
        assert isinstance(field.full(value), str) and isinstance(field.show(value), str)

    round_trip()


LISTS = ("trades", "days", "trade", "hardship")
TYPED = (Choice, Fen, Degree, Number, YesNo, Day, Clock)
PLAIN = [(kind, field) for kind, field in ALL if type(field) in TYPED or field.name in LISTS]


@pytest.mark.parametrize(("kind", "field"), PLAIN, ids=lambda one: getattr(one, "kind", None) or one.name)
def test_what_is_shown_can_be_typed_again(kind: Any, field: Wire) -> None:
    @given(values(field).filter(lambda value: value != []))
    def round_trip(value: Any) -> None:
        assert field.parse(field.full(value)) == field.check(value) == value

    round_trip()


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(anything)
def test_any_value_of_another_program_is_shown_and_refused_with_an_own_error_only(value: Any) -> None:
    for _, field in ALL:
        assert isinstance(field.full(value), str)
        assert isinstance(field.show(value), str)
        try:
            checked = field.check(value)
        except Invalid:
            pass
        else:
            assert canonical.decode(canonical.encode({"x": checked})) == {"x": checked}
        try:
            column = field.to_column(value)
        except ValueError:
            continue
        assert same(field.from_column(column), value)


@given(st.text(max_size=30))
def test_typing_anything_raises_nothing_but_its_own_error(text: str) -> None:
    for _, field in ALL:
        try:
            field.parse(text)
        except Invalid as error:
            assert error.field
