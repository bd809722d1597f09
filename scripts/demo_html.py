"""What a browser makes of a page, as far as a demonstration needs it: forms, links, words, the sync badge.

A form knows what it would send untouched: every control that the page draws, hidden ones included. Only a
control that is there can be filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

from demo_processes import Failed

Value = str | list[str]
VOID = ("input", "br", "img", "meta", "link", "hr")


@dataclass
class Form:
    """A form as drawn. items: (name, value) sent if untouched; names: all controls that there are."""

    action: str
    method: str
    items: list[tuple[str, str]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)  # (words, name, value)

    def filled(self, values: Mapping[str, Value], press: str = "") -> list[tuple[str, str]]:
        """What is sent with `values` in their places, by the button whose words hold `press`."""
        missing = [name for name in values if name not in self.names]
        pressed = [button for button in self.buttons if press in button[0]]
        if missing or (press and not pressed):
            wanted = ", ".join([*missing, *([] if pressed else [f"button {press}"])])
            raise Failed(
                f"the form {self.action or 'of this page'} has no {wanted}, only {sorted(self.names)}"
            )
        kept = [(name, value) for name, value in self.items if name not in values]
        for name, value in values.items():
            kept += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        return kept + [(name, value) for _, name, value in pressed[:1] if name]


class Reader(HTMLParser):
    """Attributes after `feed`: forms, links as (words, address), words (all text), badge (of the top bar)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.badge = ""
        self._form: Form | None = None
        self._select: tuple[str, list[str], list[str]] | None = None  # name, all values, selected ones
        self._open: tuple[str, str, list[str]] | None = None  # a, button or textarea; its name; its text
        self._badge = self._silent = 0  # depths
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in VOID and (self._badge or given.get("id") == "yz-sync"):
            self._badge += 1
        self._silent += tag in ("script", "style")
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "a" and given.get("href"):
            self._open = ("a", given["href"], [])
        elif tag == "option" and self._select:
            self._select[1].append(given.get("value", ""))
            if "selected" in given:
                self._select[2].append(given.get("value", ""))
        elif self._form is not None:
            self._control(self._form, tag, given)

    def _control(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text").lower()
        if tag == "button" and given.get("type", "submit") == "submit":
            form.buttons.append(("", name, given.get("value", "")))
            self._open = ("button", name, [])
        if not name or "disabled" in given or tag not in ("input", "select", "textarea"):
            return
        form.names.add(name)
        if tag == "select":
            self._select = (name, [], [])
        elif tag == "textarea":
            self._open = ("textarea", name, [])
        elif kind in ("checkbox", "radio"):
            if "checked" in given:
                form.items.append((name, given.get("value", "on")))
        elif kind not in ("submit", "button", "file", "image", "reset"):
            form.items.append((name, given.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[2].append(data)
        text = " ".join(data.split())
        if text and not self._silent:
            self.words.append(text)
            if self._badge:
                self.badge = f"{self.badge} {text}".strip()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and self._badge:
            self._badge -= 1
        self._silent -= tag in ("script", "style")
        if self._open and self._open[0] == tag:
            _, name, pieces = self._open
            self._open = None
            self._close(tag, name, "".join(pieces))
        elif tag == "select" and self._select and self._form:
            name, values, chosen = self._select
            self._form.items += [(name, value) for value in chosen or values[:1]]
            self._select = None
        elif tag == "form":
            self._form = None

    def _close(self, tag: str, name: str, text: str) -> None:
        words = " ".join(text.split())
        if tag == "a":
            self.links.append((words, name))
        elif self._form is not None and tag == "button":
            self._form.buttons[-1] = (words, *self._form.buttons[-1][1:])
        elif self._form is not None:
            self._form.items.append((name, text.removeprefix("\n")))
