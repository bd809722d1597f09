"""Settings: a TOML file in the home, read into a frozen dataclass. An unknown option is an error."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

from common.errors import Invalid

T = TypeVar("T")


def load(path: Path, form: type[T]) -> T:
    """The settings in `path` (defaults where file or option are missing); Invalid names what is wrong."""
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        given = {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid("settings_malformed", f"{path}: {error}") from error
    known = {field.name: field.type for field in fields(form)}  # type: ignore[arg-type]
    for name, value in given.items():
        if name not in known:
            message = f"{path}: unknown option {name!r}, expected one of {', '.join(known)}"
            raise Invalid("settings_unknown", message)
        if type(value).__name__ != known[name]:
            raise Invalid("settings_malformed", f"{path}: {name} must be of type {known[name]}")
    return form(**given)
