"""Serving: one waitress process with threads, one line when it accepts, a clean end on SIGTERM.

Rules kept here:
- The ready line is printed once, flushed, after the socket listens; port 0 becomes the real port.
  Scripts wait for that line, so nothing else of ours is ever printed to standard output.
- SIGTERM, SIGINT (and SIGBREAK on Windows) end the same way: no new connections, running requests get a
  few seconds, then `on_stop` runs in reverse order (sync loop, then store), exit code 0.
- An `on_stop` that fails is logged and does not keep the others from running.
- waitress speaks no TLS and trusts no forwarding header unless `trusted_proxy` names the proxy.
"""

from __future__ import annotations

import gc
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

log = logging.getLogger(__name__)
SLACK = 32 << 20  # what waitress takes beyond the app's limit, so that our page says 413 and not its own
Stop = Callable[[], object]


def run(
    app: Flask,
    host: str,
    port: int,
    ready_line: str = "ready at {address}",
    *,
    on_stop: Iterable[Stop] = (),
    threads: int = 8,
    trusted_proxy: str | None = None,
) -> int:
    """Serve until told to stop; returns 0. `ready_line` may hold {address}, {host} and {port}.

    Raises OSError where the address cannot be bound. Signals are only caught in the main thread.
    """
    server = _listen(app, host, port, threads, trusted_proxy)
    gc.collect()
    gc.freeze()  # what is loaded by now stays: no need to look through it again and again
    before = _catch_signals()
    try:
        try:
            _say(ready_line, *_bound(server))
            server.run()
        except (SystemExit, KeyboardInterrupt):  # the signal came outside waitress's own loop
            server.task_dispatcher.shutdown()
        server.close()
    finally:
        for number in before:
            signal.signal(number, signal.SIG_IGN)  # a second signal must not cut the stopping short
        _stop(on_stop)
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _listen(app: Flask, host: str, port: int, threads: int, trusted_proxy: str | None) -> Any:
    """A listening server; names and limits of HTTP itself are set here."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    options: dict[str, Any] = {}
    if trusted_proxy:
        options = {
            "trusted_proxy": trusted_proxy,
            "trusted_proxy_count": 1,
            "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"},
        }
    limit = int(app.config.get("MAX_CONTENT_LENGTH") or 0)
    sockets: dict[int, Any] = {}
    try:
        return create_server(
            app,
            map=sockets,
            host=host,
            port=port,
            threads=threads,
            ident=None,
            clear_untrusted_proxy_headers=True,
            connection_limit=500,
            channel_timeout=120,
            max_request_body_size=limit + SLACK,
            **options,
        )
    except OSError:
        wasyncore.close_all(sockets)  # waitress leaves them open where it cannot bind
        raise


def _bound(server: Any) -> tuple[str, int]:
    """Host and real port of the first socket (a name such as localhost may listen on two)."""
    listening = getattr(server, "effective_listen", None)
    if listening:
        return str(listening[0][0]), int(listening[0][1])
    return str(server.effective_host), int(server.effective_port)


def _say(ready_line: str, host: str, port: int) -> None:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    line = ready_line.format(address=f"http://{shown}:{port}", host=host, port=port)
    encoding = sys.stdout.encoding or "ascii"
    print(line.encode(encoding, "replace").decode(encoding), flush=True)


def _catch_signals() -> dict[int, Any]:
    """Turn every stop signal into SystemExit(0), which waitress's loop ends on; returns the old handlers."""
    if threading.current_thread() is not threading.main_thread():
        return {}

    def end(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    numbers = [signal.SIGTERM, signal.SIGINT, getattr(signal, "SIGBREAK", None)]
    return {number: signal.signal(number, end) for number in numbers if number is not None}


def _stop(on_stop: Iterable[Stop]) -> None:
    for callback in reversed(list(on_stop)):
        try:
            callback()
        except Exception:
            log.exception("stopping: a callback failed")
