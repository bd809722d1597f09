"""What travels is frozen: fields and choices are only added, never removed, moved or re-meant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from common.log import canonical
from common.records import BY_NAME, KINDS
from common.store.store import FOLD_VERSION

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "kinds.json"


def shape(field: Any) -> Any:
    """What of a field may never change: its sort, and the values that it knows."""
    said: dict[str, Any] = {"column": field.field_type, "sort": type(field).__name__}
    if field.choices and type(field).__name__ == "Choice":
        said["choices"] = [value for value, _ in field.choices]
    if hasattr(field, "item"):
        said["item"] = shape(field.item)
    if hasattr(field, "parts"):
        said["parts"] = {name: shape(part) for name, part in field.parts.items()}
    return said


def wire_of(kind: Any) -> dict[str, Any]:
    return {
        "fields": {name: shape(field) for name, field in kind.fields.items()},
        "groups": [list(group) for group in kind.groups],
        "authors": sorted(kind.authors),
        "owned": kind.owned,
        "numbered": kind.numbered,
    }


def only_grew(old: Any, new: Any, where: str) -> None:
    """Wire fields and choices are only added, never removed, moved or given another meaning."""
    if isinstance(old, dict):
        for name, value in old.items():
            assert name in new, f"{where}: {name} is gone"
            only_grew(value, new[name], f"{where}.{name}")
    elif isinstance(old, list) and where.endswith("choices"):
        assert new[: len(old)] == old, f"{where}: choices only grow at the end"
    else:
        assert new == old, f"{where}: was {old}, is {new}"


def frozen() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(VECTORS.read_text("utf-8"))
    return read


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_wire_fields_are_frozen(kind: Any) -> None:
    """A new field or choice is added to tests/vectors/kinds.json; nothing there is ever changed."""
    only_grew(frozen()[kind.kind]["wire"], wire_of(kind), kind.kind)
    added = set(wire_of(kind)["fields"]) - set(frozen()[kind.kind]["wire"]["fields"])
    assert not added, f"add {sorted(added)} of {kind.kind} to the vectors"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_golden_records(kind: Any) -> None:
    """A full record of each kind: its bytes, its search terms, and that every check takes it."""
    golden = frozen()[kind.kind]
    assert canonical.encode({"set": golden["set"]}).decode() == golden["payload"]
    assert kind.check_patch(golden["set"]) == golden["set"]
    assert set(golden["set"]) == set(kind.fields), "the golden record has every field"
    assert sorted(set(kind.terms(golden["set"]))) == golden["terms"], (
        f"search terms changed: raise FOLD_VERSION (now {FOLD_VERSION}) and renew the vectors"
    )


def test_every_vector_is_of_a_kind() -> None:
    assert frozen().keys() == BY_NAME.keys()
