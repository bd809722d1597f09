"""Logging: structlog over the standard library's handlers, with a mask that nothing slips past.

Rules kept here:
- One set-up per process, called by `serve` and the command line; libraries' records (waitress, werkzeug)
  go through the same handlers and the same mask as our own.
- Identity numbers and telephone numbers are masked in every string of an event, the rendered traceback
  included: 370705********0018, 138****1234. They may hide in typed forms: with blanks, dashes, full-width.
- The console gets short lines in the colours of nobody; the file gets one JSON object a line, a file a day,
  kept for 190 days (the law asks for six months).
- Handlers never raise: a full disk or a broken console must not stop a hall.
"""

from __future__ import annotations

import logging
import logging.handlers
import re
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

KEEP_DAYS = 190
# 6 digits of a place, 8 of a birth date, 3, and the check character; blanks or dashes between the parts
_ID = re.compile(
    r"(?<![0-9A-Za-z])(\d{6})[ -]?((?:[1１][89８９]|[2２][0０])\d{6})[ -]?"
    r"(\d{3})[ -]?([\dXxＸｘ])(?![0-9A-Za-z])"
)
_MOBILE = re.compile(r"(?<![0-9A-Za-z])([1１][3-9３-９]\d)[ -]?(\d{4})[ -]?(\d{4})(?![0-9A-Za-z])")
_LANDLINE = re.compile(r"(?<![0-9A-Za-z-])(0\d{2,3})-(\d{3,4})(\d{4})(?![0-9A-Za-z])")


def mask(text: str) -> str:
    """`text` with the middle of every identity and telephone number starred out."""
    text = _ID.sub(lambda m: f"{m[1]}********{m[3]}{m[4]}", text)
    text = _MOBILE.sub(r"\1****\3", text)
    return _LANDLINE.sub(r"\1-****\3", text)


def mask_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: masks keys and values to any depth."""
    return {mask(str(key)): _masked(value) for key, value in event.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, bytes):
        return mask(value.decode("utf-8", "replace"))
    if isinstance(value, Mapping):
        return {mask(str(key)): _masked(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_masked(item) for item in value]
    if value is None or isinstance(value, (bool, float, logging.LogRecord)):
        return value
    if isinstance(value, int):
        return value if mask(str(value)) == str(value) else mask(str(value))
    return mask(str(value))


def set_up(*, level: str = "INFO", file: Path | None = None, stream: TextIO | None = None) -> None:
    """Send every log record of this process to `stream` (standard error) and, as JSON, to `file`."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    console = logging.StreamHandler(stream or sys.stderr)
    console.setFormatter(_formatter(shared, structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)))
    handlers: list[logging.Handler] = [console]
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        daily = logging.handlers.TimedRotatingFileHandler(
            file, when="midnight", backupCount=KEEP_DAYS, encoding="utf-8", delay=True
        )
        daily.setFormatter(_formatter(shared, structlog.processors.JSONRenderer(ensure_ascii=False)))
        handlers.append(daily)
    logging.raiseExceptions = False
    logging.basicConfig(level=level, handlers=handlers, force=True)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # its depth warnings are noise at dawn
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _formatter(shared: list[Processor], renderer: Processor) -> logging.Formatter:
    """The mask stands last before the renderer, so that it sees the message and the traceback as text."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, mask_event, renderer],
    )
