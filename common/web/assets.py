"""Static files under their own hash: cached for a year, never stale, found in the program first, then here.

Rules kept here:
- `asset("theme.css")` gives an address with `?v=` and the first ten characters of the file's SHA-256;
  only a request that names the right hash may be cached for long, so a changed file is a new address.
- A program's own `static/` folder comes before the shared one, as its templates do.
- A name that does not exist is an error of ours: the page that asks for it fails in the tests, not in a hall.
- Icons are drawn from the one vendored sprite, 20 px, beside words; an icon with no word needs a label.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, request, send_from_directory, url_for
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from common.web.access import public

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"
SPRITE = "vendor/bootstrap-icons.svg"
YEAR = 365 * 24 * 3600


def folders(app: Flask) -> tuple[Path, ...]:
    """Where static files are looked for, in this order."""
    return (Path(app.root_path) / "static", STATIC)


def asset(name: str) -> str:
    """The address of a static file, its hash in it. Raises FileNotFoundError for an unknown name."""
    return url_for("web.static_file", filename=name, v=version(name))


def version(name: str) -> str:
    for folder in folders(current_app):
        path = folder / name
        if path.is_file():
            return _hash(path, path.stat().st_mtime_ns)
    raise FileNotFoundError(f"no static file {name!r}")


@lru_cache(maxsize=256)
def _hash(path: Path, _modified: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def icon(name: str, label: str = "") -> Markup:
    """One drawing of the sprite; decorative unless `label` says what it stands for."""
    about = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    shape = Markup('<svg class="yz-icon" {} focusable="false"><use href="{}#{}"></use></svg>')
    return shape.format(about, asset(SPRITE), name)


def register(web: Blueprint) -> None:
    """Add the one route that serves both folders."""

    @web.get("/assets/<path:filename>")
    @public
    def static_file(filename: str) -> Response:
        for folder in folders(current_app):
            try:
                response = send_from_directory(folder, filename)
            except NotFound:
                continue
            if request.args.get("v") == version(filename):
                response.cache_control.max_age = YEAR
                response.cache_control.public = True
                response.cache_control.immutable = True
                response.cache_control.no_cache = None
            return response
        raise NotFound
