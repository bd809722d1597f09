"""Headers of every answer, and static files under their own hash."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from common.web.assets import STATIC, asset, icon
from common.web.headers import CSP, HEADERS


@pytest.mark.parametrize("path", ["/", "/login", "/public", "/nowhere", "/assets/theme.css", "/fail/zero"])
def test_every_answer_carries_the_headers(staff: FlaskClient, path: str) -> None:
    answer = staff.get(path, buffered=True)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    assert CSP.startswith("default-src 'self'; img-src 'self' data:; object-src 'none'")
    assert "unsafe" not in CSP and "http" not in CSP
    for rule in ("base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"):
        assert rule in CSP


@pytest.mark.parametrize("path", ["/", "/workers/0", "/login", "/nowhere", "/pulse", "/public"])
def test_pages_are_never_stored(staff: FlaskClient, path: str) -> None:
    assert staff.get(path, buffered=True).headers["Cache-Control"] == "no-store"


def test_files_are_cached_for_a_year_under_their_hash_only(client: FlaskClient, app: Flask) -> None:
    with app.test_request_context():
        address = asset("theme.css")
    digest = hashlib.sha256((STATIC / "theme.css").read_bytes()).hexdigest()[:10]
    assert address == f"/assets/theme.css?v={digest}"
    cached = client.get(address, buffered=True).headers["Cache-Control"]
    assert "immutable" in cached and "max-age=31536000" in cached and "no-cache" not in cached
    for other in ("/assets/theme.css", "/assets/theme.css?v=0000000000"):
        assert client.get(other, buffered=True).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/assets/../skeleton.py", "/assets/%2e%2e/skeleton.py", "/assets/nothing.css", "/assets/"]
)
def test_nothing_else_is_served(client: FlaskClient, path: str) -> None:
    assert client.get(path, buffered=True).status_code == 404


def test_an_unknown_file_is_our_mistake(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(FileNotFoundError):
        asset("nothing.css")


def test_a_programs_own_files_come_first(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "theme.css").write_text("/* mine */")
    app.root_path = str(tmp_path)
    with app.test_request_context():
        address = asset("theme.css")
    assert client.get(address, buffered=True).text == "/* mine */"


def test_icons_are_decorative_unless_they_are_named(app: Flask) -> None:
    with app.test_request_context():
        plain, named = icon("gear"), icon("gear", '设"置')
    assert 'aria-hidden="true"' in plain and "#gear" in plain
    assert 'role="img"' in named and "设&#34;置" in named


def test_what_css_names_is_there() -> None:
    for sheet in STATIC.glob("*.css"):
        for target in re.findall(r"url\(([^)]*)\)", sheet.read_text("utf-8")):
            assert target.strip("\"'").startswith("data:image/svg+xml,")
