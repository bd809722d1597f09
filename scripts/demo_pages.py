"""People of a hall at their browsers: they log in, open pages, fill in forms and press buttons.

Everything goes over HTTP as from a real browser: cookies, CSRF tokens and hidden fields come from the page
that was drawn, and what a page does not offer cannot be done. An answer that is not a page of success is a
Failed with the sentence that the page shows.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from common.records import kind_of
from common.web.inputs import Texts, texts
from demo_html import Form, Reader, Value
from demo_processes import Failed

Fields = Mapping[str, Any]
SENTENCE = re.compile(r"[^。；]{2,90}Y-\d{4}")


class Page:
    """An answer, read. Attributes: url, path, reader."""

    def __init__(self, answer: requests.Response) -> None:
        self.url = answer.url
        self.path = urlsplit(answer.url).path
        self.reader = Reader(answer.text)
        self.text = " ".join(self.reader.words)
        if answer.status_code >= 400:
            told = SENTENCE.search(self.text) or re.search(".{0,300}", self.text)
            raise Failed(f"{self.path} answered {answer.status_code}: {told[0] if told else ''}")

    def form(self, path: str) -> Form:
        """The form that is sent to `path`."""
        for form in self.reader.forms:
            if urlsplit(urljoin(self.url, form.action)).path == path:
                return form
        found = [form.action for form in self.reader.forms]
        raise Failed(f"{self.path} has no form for {path}, only {found}; it says: {self.text[:300]}")

    @property
    def badge(self) -> str:
        return self.reader.badge


class Person:
    """Somebody with an account, logged in. `count` counts forms sent, by what they were for."""

    def __init__(self, address: str, login: str, password: str) -> None:
        self.address, self.login, self.password = address, login, password
        self.session = requests.Session()
        self.session.trust_env = False  # a proxy of the environment has no business on this machine
        self.session.headers["Accept"] = "text/html"
        self.count: Counter[str] = Counter()
        page = self.send(self.open("/login"), "/login", {"login": login, "password": password})
        if page.path == "/login":
            raise Failed(f"{login} cannot log in at {address}: {page.text[:200]}")

    def open(self, path: str) -> Page:
        return Page(self.session.get(self.address + path, timeout=30))

    def send(self, page: Page, path: str, values: Mapping[str, Value] | None = None, press: str = "") -> Page:
        """Fill in the form for `path` on `page` and press its button."""
        data = page.form(path).filled(values or {}, press)
        return Page(self.session.post(self.address + path, data=data, timeout=30))

    def set_password(self, new: str) -> None:
        """Change the first password, as the pages ask for before anything else."""
        given = {"password_old": self.password, "password_new": new, "password_again": new}
        path = "/settings/password"
        self.send(self.open(path), path, given)
        self.password = new

    # -- what is done at a window --------------------------------------------------------------------------

    def register(self, fields: Fields) -> str:
        """登记: a worker with his consent; returns the record's id."""
        typed = as_typed("worker", fields, but=("consent", "standing"))
        agreed: dict[str, Value] = {"consent": "yes", "consent_method": fields["consent"]["method"]}
        page = self.open("/workers/new")
        done = self.send(page, "/workers/new", typed | agreed)
        self.count["registrations"] += 1
        return record_of(done, "/workers/")

    def edit(self, id: str, fields: Fields) -> None:
        path = f"/workers/{id}/edit"
        self.send(self.open(path), path, as_typed("worker", fields))
        self.count["edits"] += 1

    def check_in(self, worker: str, fields: Fields) -> None:
        given: dict[str, Value] = {"service": fields["service"]}
        self.send(self.open(f"/workers/{worker}"), "/visits", given)
        self.count["visits"] += 1

    def add(self, kind: str, fields: Fields) -> str:
        """A new employer or posting; returns its id."""
        path = f"/records/{kind}/new"
        typed = as_typed(kind, fields, but=("verified", "state"))
        done = self.send(self.open(path), path, typed)
        self.count["postings" if kind == "job" else f"{kind}s"] += 1
        return record_of(done, f"/records/{kind}/")

    def press(self, kind: str, id: str, path: str, values: Mapping[str, Value] | None = None) -> Page:
        """One of the buttons on a record's page."""
        self.count["reviews and other acts"] += 1
        return self.send(self.open(f"/records/{kind}/{id}"), path, values)

    def move(self, job: str, act: str) -> Page:
        return self.press("job", job, f"/jobs/{job}/{act}")

    def draw_up(self, job: str, worker: str) -> str:
        """A contract from a posting and a worker, as the page proposes it; returns its id."""
        page = self.open(f"/contracts/new?job={job}&worker={worker}")
        done = self.send(page, "/contracts/new")
        self.count["contracts"] += 1
        return record_of(done, "/contracts/")

    def sign(self, contract: str, fields: Fields) -> Page:
        """Both sign; the answer is the paper of a contract in force."""
        given: dict[str, Value] = {}
        for who in ("worker", "employer"):
            given |= {who: "yes", f"{who}_method": fields.get(f"signed_{who}", {}).get("method", "wet")}
        paper = self.send(self.open(f"/contracts/{contract}"), f"/contracts/{contract}/sign", given)
        self.count["signatures"] += 2
        if paper.path != f"/contracts/{contract}/print":
            raise Failed(f"the contract is not in force: {paper.text[:300]}")
        return paper

    def look(self, words: str, seconds: float = 20) -> str:
        """Wait until the badge of the day's page says `words`; returns what it says."""
        until = time.monotonic() + seconds
        while words not in (badge := self.open("/today").badge):
            if time.monotonic() > until:
                raise Failed(f"{self.address}/today says {badge!r}, expected {words!r}")
            time.sleep(0.2)
        return badge


def as_typed(kind: str, fields: Fields, but: tuple[str, ...] = ()) -> dict[str, Value]:
    """Wire fields as they stand in the controls of a form."""
    typed: dict[str, Value] = {}
    for name, value in fields.items():
        if name not in but:
            _spread(typed, name, texts(kind_of(kind).fields[name], value))
    return typed


def _spread(typed: dict[str, Value], name: str, held: Texts) -> None:
    """A table's rows and a group's parts have controls of their own: name.0.part, name.part."""
    if isinstance(held, str):
        typed[name] = held
    elif isinstance(held, dict):
        typed.update({f"{name}.{part}": text for part, text in held.items()})
    elif held and isinstance(held[0], dict):
        for row, parts in enumerate(held):
            _spread(typed, f"{name}.{row}", parts)
    else:
        typed[name] = [str(one) for one in held]


def record_of(page: Page, folder: str) -> str:
    """The id of the record whose page this is."""
    id = page.path.removeprefix(folder).split("/")[0]
    if not page.path.startswith(folder) or len(id) != 36:
        told = SENTENCE.findall(page.text)
        raise Failed(f"{page.path}: nothing was saved; the page says {told or page.text[:300]}")
    return id
