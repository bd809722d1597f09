"""What a put is told by the rules of its kind, in short."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import Invalid, Refused
from common.records import numbers
from tests.world import Market


def person_born(day: str, sex: int = 1) -> str:
    first = "371302" + day.replace("-", "") + f"00{sex}"
    return first + numbers.id_check_digit(first)


def codes(market: Market, kind: str, patch: dict[str, Any], id: str | None = None) -> dict[str, str]:
    """{code: severity} of what a put finds; a block is the one that refused."""
    try:
        return {finding.code: finding.severity for finding in market.put(kind, patch, id).findings}
    except Refused as refused:
        return {refused.code: "block"}


def refused(
    market: Market, kind: str, patch: dict[str, Any], id: str | None = None
) -> tuple[str, str | None]:
    with pytest.raises((Invalid, Refused)) as error:
        market.put(kind, patch, id)
    return error.value.code, error.value.field
