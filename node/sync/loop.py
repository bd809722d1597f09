"""The loop inside `serve`: a round when something was written, and by time otherwise.

It wakes on a commit of this process, on a click, and when its time is over; commits of other processes (a
script's `put`) are seen by the time. It never ends because of an error, and it ends at once when told to.
"""

from __future__ import annotations

import random
import threading

import structlog

from node.home import Home
from node.sync import engine, round

log = structlog.get_logger(__name__)
QUIET = ("ok", "in_progress", "not_enrolled")  # a market without a hub has not failed
AGAIN_MS = 3000
GATHER_SECONDS = 1.0  # several forms saved in a row go up together


class Loop:
    """A thread of rounds over `home`."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)
        home.after_commit.append(self.wake)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Something was written: begin a round soon, unless the hub is away, for then retries go by time."""
        if not self._failing:
            self._wake.set()

    def now(self) -> None:
        """A person asked for a round."""
        self._wake.set()

    def stop(self) -> None:
        """End after the present round, waiting for it a while; killing it would do no harm either."""
        self._stop.set()
        self._wake.set()
        self._thread.join(20)

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            self._wake.clear()
            retry_after: int | None = None
            usual = self.home.config.sync_seconds * 1000
            try:
                result = round.run(self.home)
                if result["state"] == "in_progress":
                    usual = AGAIN_MS  # that round may have pushed before what woke us was written
                failures = 0 if result["state"] in QUIET else failures + 1
                retry_after = result.get("retry_after")
                if failures:
                    log.warning(
                        "sync_failed", state=result["state"], code=result.get("error"), failures=failures
                    )
            except Exception as error:  # a bug or a full disk must not end the loop
                failures += 1
                log.error("sync_broke", error=type(error).__name__, failures=failures, exc_info=True)
            self._rest(failures, usual, retry_after)
        self.home.store.close()

    def _rest(self, failures: int, usual: int, retry_after: int | None) -> None:
        self._failing = failures > 0
        wait = engine.wait_ms(failures, usual, random.random(), retry_after) / 1000
        if self._wake.wait(wait) and not self._stop.is_set():
            self._stop.wait(GATHER_SECONDS)
