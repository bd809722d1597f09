"""A hall that is really served, and the windows of its staff: shared by the browser tests of the node."""

from __future__ import annotations

import re
import threading
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page
from waitress.server import create_server
from waitress.wasyncore import close_all

from node.app import create_app
from tests.node.homes import COMPILED, PASSWORD, Hall, Province

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--no-first-run",
]  # fmt: skip
VIEW = {"width": 1366, "height": 768}
EXPECTED = re.compile("the server responded with a status of")


class Served:
    """A hall that waitress serves from threads of its own, as `serve` does."""

    def __init__(self, folder: Path) -> None:
        self.hall = Hall.open(folder / "home")
        self.province = Province(self.hall)
        app = create_app(self.hall.home, lambda: self.hall.calls.append("now"))
        app.jinja_env.bytecode_cache = COMPILED
        self.server = create_server(app, host="127.0.0.1", port=0, threads=4)
        self.address = f"http://127.0.0.1:{self.server.effective_port}"
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.task_dispatcher.shutdown()
        close_all(self.server._map)  # browsers keep their connections; the loop ends with the last of them
        self.thread.join(10)
        self.hall.home.close()


class Windows:
    """Browser windows of the hall's staff; remembers what went wrong in any of them."""

    def __init__(self, browser: Browser, served: Served) -> None:
        self.browser, self.served = browser, served
        self.faults: list[str] = []
        self.contexts: list[BrowserContext] = []

    def open(self, login: str) -> Page:
        """A window of its own in which this person has logged in. Nothing but the hall can be reached."""
        self.served.hall.account(login)
        context = self.browser.new_context(viewport=VIEW, locale="zh-CN", base_url=self.served.address)
        context.set_default_timeout(10_000)
        context.route(lambda url: not url.startswith(self.served.address), self._stray)
        page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._console)
        page.goto("/login")
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        page.wait_for_url("**/today")
        self.contexts.append(context)
        return page

    def _stray(self, route) -> None:  # type: ignore[no-untyped-def]
        self.faults.append(f"asked for {route.request.url}")
        route.abort()

    def _console(self, message) -> None:  # type: ignore[no-untyped-def]
        if message.type in ("error", "warning") and not EXPECTED.search(message.text):
            self.faults.append(message.text)
