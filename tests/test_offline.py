"""A hall without network sees whole pages: nothing that is served refers to anything outside this machine.

Our own templates, style sheets, scripts and drawings hold no external address at all. The files of others
stand in common/web/static/vendor, each listed in VENDOR.json with package, version, licence and sha256, and
load nothing either. Every icon a page asks for is one the reduced sprite holds.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
VENDOR = TOP / "common" / "web" / "static" / "vendor"
SERVED = (".html", ".css", ".js", ".svg", ".txt", ".xml", ".json")
# Names, not addresses: XML namespaces are never fetched; the rest is this machine, or a reserved example.
HARMLESS = re.compile(
    r"https?://(?:www\.w3\.org/(?:2000/svg|1999/xlink|1999/xhtml|1998/Math/MathML|XML/1998/namespace)"
    r"|127\.0\.0\.1|localhost|\[::1\]|[a-z0-9.-]+\.example\b)"
)
# Any address with a scheme; and the schemeless //host where markup or css would fetch it.
ADDRESS = re.compile(
    r"(?:https?|wss?|ftp)://[^\s\"'<>)]+"
    r"|(?:src|href|action|poster|srcset|data|content)\s*=\s*[\"']\s*//[^\"']+"
    r"|(?:url\(|@import)\s*[\"']?\s*//[^\"')]+",
    re.IGNORECASE,
)
LOADED_BY_CSS = re.compile(r"url\(\s*[\"']?([^\"')]+)|@import\s+[\"']([^\"']+)", re.IGNORECASE)
ICON = re.compile(r"""\bicon(?:\(\s*|\s*[=:]\s*)["']([a-z0-9-]+)["']""")


def served() -> list[Path]:
    """Every file of ours that a browser may get, templates included, vendored ones not."""
    found = []
    for package in ("common", "node", "hub"):
        for part in ("static", "templates"):
            for folder in (TOP / package).rglob(part):
                found += [path for path in folder.rglob("*") if path.is_file() and VENDOR not in path.parents]
    return sorted(set(found))


def addresses(text: str) -> list[str]:
    """External addresses in a text."""
    return [match.group(0) for match in ADDRESS.finditer(HARMLESS.sub("", text))]


def listing() -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads((VENDOR / "VENDOR.json").read_text("utf-8"))["files"]
    return rows


def test_pages_are_there_to_be_looked_at() -> None:
    assert [path for path in served() if path.suffix == ".html"], (
        "no template found: is this test looking right?"
    )


def test_nothing_of_ours_refers_to_the_outside() -> None:
    for path in served():
        assert path.suffix in (*SERVED, ".png", ".ico"), f"{path}: a kind of file this test cannot read"
        if path.suffix in SERVED:
            assert addresses(path.read_text("utf-8")) == [], path


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.jsdelivr.net/npm/x.js"></script>',
        "<link rel=stylesheet href='//fonts.example.net/a.css'>",
        "@import '//a.example.com/b.css';",
        "body { background: url(//a.example.com/b.png) }",
        'fetch("http://tracker.test/")',
    ],
)
def test_the_reader_sees_an_outside_address(text: str) -> None:
    assert addresses(text)


def test_the_reader_knows_names_and_this_machine() -> None:
    assert addresses('<svg xmlns="http://www.w3.org/2000/svg">') == []
    assert addresses("省平台地址，如 https://hub.lg.example/ 或 http://127.0.0.1:8600/") == []
    assert addresses("let a = 1 // a remark\n<a href='/workers/1'>") == []


def test_vendored_files_are_exactly_those_listed() -> None:
    stored = {path.name for path in VENDOR.iterdir()} - {"VENDOR.json"}
    assert stored == {row["file"] for row in listing()}


@pytest.mark.parametrize("row", listing(), ids=lambda row: row["file"])
def test_a_vendored_file_is_what_its_listing_says(row: dict[str, str]) -> None:
    assert set(row) >= {"file", "package", "version", "licence", "source", "sha256"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", row["version"])
    assert hashlib.sha256((VENDOR / row["file"]).read_bytes()).hexdigest() == row["sha256"]
    licences = {one["package"] for one in listing() if "LICEN" in one["source"].upper()}
    assert row["package"] in licences, "its licence text is not stored beside it"


def test_vendored_styles_load_nothing() -> None:
    for path in VENDOR.glob("*.css"):
        for match in LOADED_BY_CSS.finditer(path.read_text("utf-8")):
            assert (match.group(1) or match.group(2)).startswith(("data:", "#")), match.group(0)


def test_every_icon_a_page_asks_for_is_in_the_sprite() -> None:
    sprite = (VENDOR / "bootstrap-icons.svg").read_text("utf-8")
    held = set(re.findall(r'<symbol\b[^>]*\bid="([^"]+)"', sprite))
    asked: dict[str, Path] = {}
    sources = [path for package in ("common", "node", "hub") for path in (TOP / package).rglob("*.py")]
    for path in [*served(), *sources]:
        if path.suffix in (".html", ".js", ".py"):
            asked |= dict.fromkeys(ICON.findall(path.read_text("utf-8")), path)
    missing = {name: str(path) for name, path in asked.items() if name not in held}
    assert not missing, "add them to ICONS in scripts/vendor.py and run it"


def test_every_icon_of_a_state_is_in_the_sprite() -> None:
    from common.web import badges, shapes

    sprite = (VENDOR / "bootstrap-icons.svg").read_text("utf-8")
    for name in {*badges.ICONS.values(), *shapes.TONES.values()}:
        assert f'id="{name}"' in sprite, name
