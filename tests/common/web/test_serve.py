"""Serving: one line when it accepts, and a clean end."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from common.web import serve
from tests.common.web.gallery import make_gallery

TOP = Path(__file__).resolve().parents[3]
CHILD = """
import sys
from common.web.serve import run
from tests.common.web.gallery import make_gallery
def first(): print("first stopped", file=sys.stderr, flush=True)
def broken(): raise ZeroDivisionError
def last(): print("last stopped", file=sys.stderr, flush=True)
sys.exit(run(make_gallery(), "127.0.0.1", 0, "ready at {address}", on_stop=[last, broken, first]))
"""


def start() -> tuple[subprocess.Popen[str], str]:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD], cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    line = child.stdout.readline()
    match = re.fullmatch(r"ready at (http://127\.0\.0\.1:(\d+))\n", line)
    assert match and int(match[2]) > 0, line
    return child, match[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_when_it_is_ready_and_stops_cleanly(number: signal.Signals) -> None:
    child, address = start()
    with urllib.request.urlopen(f"{address}/public", timeout=10) as answer:
        assert answer.status == 200 and "Server" not in answer.headers
    child.send_signal(number)
    out, err = child.communicate(timeout=20)
    assert child.returncode == 0
    assert out == "", "nothing but the ready line on standard output"
    assert err.index("first stopped") < err.index("last stopped")
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", int(address.rsplit(":", 1)[1])), timeout=1)


def test_an_address_in_use_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError):
            serve.run(make_gallery(), "127.0.0.1", taken.getsockname()[1])


def test_a_large_body_gets_our_own_page() -> None:
    child, address = start()
    try:
        body = b"x" * (9 << 20)
        request = urllib.request.Request(f"{address}/login", body, {"Accept": "text/html"})
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=20)
        assert caught.value.code == 413 and "Y-5007" in caught.value.read().decode()
        caught.value.close()
    finally:
        child.terminate()
        child.communicate(timeout=20)


def test_only_the_main_thread_touches_signals() -> None:
    before, found = signal.getsignal(signal.SIGTERM), []
    thread = threading.Thread(target=lambda: found.append(serve._catch_signals()))
    thread.start()
    thread.join()
    assert found == [{}] and signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "http://127.0.0.1:80"), ("0.0.0.0", "http://127.0.0.1:80"), ("::1", "http://[::1]:80")],
)
def test_the_address_can_be_opened(host: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    serve._say("ready at {address}", host, 80)
    assert capsys.readouterr().out == f"ready at {shown}\n"


def test_a_console_that_cannot_write_chinese_does_not_stop_it() -> None:
    code = "from common.web import serve; serve._say('就绪 {address}', '127.0.0.1', 80)"
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=TOP, env=environment, capture_output=True, timeout=30
    )
    assert done.returncode == 0 and b"http://127.0.0.1:80" in done.stdout


def test_requests_under_way_are_finished() -> None:
    child, address = start()
    with socket.create_connection(("127.0.0.1", int(address.rsplit(":", 1)[1]))) as half:
        half.sendall(b"GET /public HTTP/1.1\r\nHost: x\r\n")
        began = time.monotonic()
        child.terminate()
        child.communicate(timeout=20)
    assert child.returncode == 0 and time.monotonic() - began < 15
