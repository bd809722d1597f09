"""A gallery that is really served, and the Chromium that looks at it."""

from __future__ import annotations

import re
import threading
from typing import Any

from flask import Flask
from werkzeug.serving import make_server

from common.web.badges import sync_badge
from tests.common.web.gallery import Clock, make_gallery
from tests.common.web.gallery_data import NOW

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
VIEW = {"width": 1366, "height": 768}
STATUS = re.compile("the server responded with a status of|Response Status Error Code 401")


class Hall:
    """A gallery that is really served, and the knobs a test turns."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.pending = 128
        self.app: Flask = make_gallery(self.clock, badge=self.badge, pulse_seconds=1)
        self.server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def badge(self) -> Any:
        return sync_badge(NOW, pending=self.pending, oldest=NOW - 60_000, confirmed=NOW)

    @property
    def accounts(self) -> Any:
        return self.app.extensions["yizhan"].accounts

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
