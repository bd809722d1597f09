"""What one entry says, for those who tell a record's history or judge it: never an error, nothing where there
is nothing to read."""

from __future__ import annotations

from typing import Any

from common.errors import Invalid
from common.log.payload import parse as parse_payload


def patch_in(payload: bytes | None) -> dict[str, Any]:
    """The patch of a payload; empty where it is absent or cannot be read."""
    try:
        return parse_payload(payload) if payload is not None else {}
    except Invalid:
        return {}


def new_reasons(now: Any, before: Any) -> dict[str, str]:
    """Reasons by code that `now` holds and `before` did not."""
    now = now if isinstance(now, dict) else {}
    before = before if isinstance(before, dict) else {}
    return {code: str(text) for code, text in now.items() if before.get(code) != text}
