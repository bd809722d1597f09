"""Templates and styles: nothing inline, nothing newer than Chrome 80, colours that can be read."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from common.web.assets import HERE, STATIC

TEMPLATES = sorted((HERE / "templates").rglob("*.html"))
PAGES = [
    "/login", "/", "/parts", "/workers/", "/workers/?q=none", "/workers/new", "/workers/0", "/workers/1",
    "/workers/0/edit", "/contracts/", "/contracts/print", "/rights/", "/nowhere", "/fail/tampered",
]  # fmt: skip
THEME = (STATIC / "theme.css").read_text("utf-8")
TOKENS = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", THEME))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_script_or_style(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "inline script"
    assert not re.search(r"<style\b|\sstyle=", text), "inline style"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text), "inline handler"
    assert not re.search(r"javascript:|hx-on|hx-vals=.js", text)
    assert not re.search(r"(src|href)=[\"'](https?:)?//", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_template_says_what_it_needs(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith("{#") or path.name.startswith("fragment_")


@pytest.mark.parametrize("address", PAGES)
def test_no_page_holds_script_or_style(staff: FlaskClient, address: str) -> None:
    client = staff.application.test_client() if address == "/login" else staff
    page = client.get(address).text
    assert '<html lang="zh-CN">' in page
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style\b|\sstyle=|\son[a-z]+=", page)
    assert "None" not in re.sub(r"<[^>]+>", "", page)
    assert page.count("<h1") <= 1


@pytest.mark.parametrize("address", PAGES)
def test_every_form_that_changes_something_carries_a_token(staff: FlaskClient, address: str) -> None:
    for form in re.findall(r'<form\b[^>]*method="post".*?</form>', staff.get(address).text, re.DOTALL):
        assert form.count('name="csrf_token"') == 1


@pytest.mark.parametrize("address", PAGES)
def test_ids_are_unique_and_labels_lead_somewhere(staff: FlaskClient, address: str) -> None:
    page = staff.get(address).text
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert sorted(ids) == sorted(set(ids))
    for name in re.findall(r'<label for="([^"]+)"', page):
        assert name in ids
    for names in re.findall(r'aria-describedby="([^"]+)"', page):
        assert set(names.split()) <= set(ids)


@pytest.mark.parametrize("sheet", ["theme.css", "print.css"])
def test_styles_ask_for_nothing_newer_than_chrome_80(sheet: str) -> None:
    css = re.sub(r"/\*.*?\*/", "", (STATIC / sheet).read_text("utf-8"), flags=re.DOTALL)
    newer = (
        r":has\(|:is\(|:where\(|:focus-visible|color-mix|oklch|\binset\s*:|aspect-ratio|accent-color"
        r"|@layer|@container|@supports|\bdvh\b|text-wrap|scrollbar-gutter"
    )
    assert not re.search(newer, css)
    for rule in re.findall(r"\{[^{}]*\}", css):
        if re.search(r"(?<!grid-)\bgap\s*:", rule):
            pytest.fail(f"gap without grid- is unknown to old flex boxes: {rule}")
        if "animation" in rule or ("transition" in rule and "transition: none" not in rule):
            assert "120ms" in rule
    assert not re.search(r"letter-spacing: [^0]", css)


@pytest.mark.parametrize("script", ["yizhan.js", "pickers.js"])
def test_scripts_ask_for_nothing_newer_than_chrome_80(script: str) -> None:
    text = re.sub(r"/\*.*?\*/", "", (STATIC / script).read_text("utf-8"), flags=re.DOTALL)
    assert not re.search(r"\beval\b|new Function|document\.write|=>|\blet\b|\bconst\b|\?\.|\?\?|`", text)
    assert '"use strict"' in text


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


READ_ON = {
    ("ink", "soft", "primary", "primary-dark", "wrong", "good", "unknown", "waiting-ink"): (
        "surface",
        "ground",
    ),
    ("ink", "waiting-ink"): ("waiting-tint", "good-tint", "wrong-tint", "primary-tint", "accent-tint"),
    ("wrong",): ("wrong-tint",),
    ("primary", "primary-dark"): ("primary-tint",),
}


@pytest.mark.parametrize(
    ("text", "ground"), [pair for texts, grounds in READ_ON.items() for pair in product(texts, grounds)]
)
def test_text_can_be_read(text: str, ground: str) -> None:
    assert contrast(TOKENS[text], TOKENS[ground]) >= 4.5


@pytest.mark.parametrize("ground", ["primary", "primary-dark", "accent-dark", "wrong"])
def test_white_text_can_be_read(ground: str) -> None:
    assert contrast("#ffffff", TOKENS[ground]) >= 4.5


def test_edges_of_controls_can_be_seen() -> None:
    assert contrast(TOKENS["edge"], TOKENS["surface"]) >= 3
    assert contrast(TOKENS["accent"], TOKENS["surface"]) >= 3


def test_the_tokens_of_the_look_are_kept() -> None:
    look = {
        "ink": "#1c2733", "soft": "#5b6875", "line": "#dfe4ea", "ground": "#f6f7f9", "surface": "#ffffff",
        "primary": "#0f5e5a", "primary-dark": "#0b4a47", "primary-tint": "#e5f1f0", "accent": "#c8641b",
        "good": "#1f7a44", "waiting": "#9a6a00", "wrong": "#b3261e", "unknown": "#5b6875",
    }  # fmt: skip
    assert {name: TOKENS[name] for name in look} == look
