"""Logs: nothing that names a person passes, wherever it hides."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from common.web import logs

ID, PHONE = "370705199003070018", "13805361234"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Logging as it was before."""
    root = logging.getLogger()
    handlers, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:], logging.raiseExceptions = handlers, raising
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (ID, "370705********0018"),
        ("37070519900307001x", "370705********001x"),
        ("id=370705 19900307 0018;", "id=370705********0018;"),
        ("３７０７０５１９９００３０７００１８", "３７０７０５********００１８"),
        (PHONE, "138****1234"),
        ("138 0536 1234", "138****1234"),
        ("0536-8012345", "0536-****2345"),
        ("1796081520000", "1796081520000"),
        ("37130201-C-20261201-0017-K", "37130201-C-20261201-0017-K"),
        ("0192f7a0-8c1e-7b3a-9c55-3f1f0a2b4c5d", "0192f7a0-8c1e-7b3a-9c55-3f1f0a2b4c5d"),
        ("", ""),
    ],
)
def test_masks(text: str, masked: str) -> None:
    assert logs.mask(text) == masked


def test_events_are_masked_to_any_depth() -> None:
    event: dict[str, Any] = {
        "event": f"saved {ID}",
        ID: 1,
        "n": int(ID),
        "ms": 1_796_081_520_000,
        "deep": [{"phone": PHONE}, (PHONE,), ID.encode()],
        "none": None,
    }
    masked = logs.mask_event(None, "info", event)
    assert ID not in str(masked) and PHONE not in str(masked)
    assert masked["ms"] == 1_796_081_520_000 and masked["none"] is None


def test_console_and_file_are_masked_traceback_included(tmp_path: Path) -> None:
    stream = io.StringIO()
    logs.set_up(stream=stream, file=tmp_path / "logs" / "node.log")
    try:
        raise ValueError(f"bad number {ID}")
    except ValueError:
        structlog.get_logger("ours").exception("failed", phone=PHONE)
    logging.getLogger("theirs").warning("call %s back", PHONE)
    written = (tmp_path / "logs" / "node.log").read_text("utf-8")
    for text in (stream.getvalue(), written):
        assert ID not in text and PHONE not in text
        assert "370705********0018" in text and "138****1234" in text and "ValueError" in text
    first, second = (json.loads(line) for line in written.splitlines())
    assert (
        first["event"] == "failed"
        and first["level"] == "error"
        and second["event"] == "call 138****1234 back"
    )


def test_a_broken_console_stops_nobody() -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError("gone")

    logs.set_up(stream=Broken())
    structlog.get_logger("ours").info("still alive")
