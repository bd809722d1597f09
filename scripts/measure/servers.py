"""Real processes for measuring: serving a home, running a command, counting what goes over a wire."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[2]
SCRIPTS = TOP / "scripts"


def command(program: str, *words: str) -> list[str]:
    return [sys.executable, "-m", f"{program}.cli", *words]


@contextmanager
def serving(program: str, home: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`serve` of a home on a free port: (address, process); stopped at the end."""
    process = subprocess.Popen(
        command(program, "serve", "--home", str(home), "--port", "0", *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=TOP,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, f"{program} did not start: {line!r}"
        yield found[0].rstrip("/"), process
    finally:
        process.terminate()
        process.wait(30)


def run(*words: str) -> tuple[Any, float]:
    """A command with `--json`: (its object, peak memory in MB)."""
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=TOP)
    assert process.stdout is not None
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert text.strip(), f"{' '.join(words)}: exit {process.returncode} and no answer"
    return json.loads(text.strip().splitlines()[-1]), usage.ru_maxrss / 1024


def memory_mb(pid: int, what: str) -> float:
    """VmHWM (the peak) or VmRSS of a process."""
    found = re.search(rf"{what}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


class Counting:
    """A TCP proxy on a free port that counts requests and bytes of both directions."""

    def __init__(self, target: str) -> None:
        host, port = target.removeprefix("http://").rsplit(":", 1)
        self.target = (host, int(port))
        self.requests = self.bytes = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            far = socket.create_connection(self.target)
            for source, sink, up in ((near, far, True), (far, near, False)):
                threading.Thread(target=self._pump, args=(source, sink, up), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, up: bool) -> None:
        try:
            while data := source.recv(65536):
                self.bytes += len(data)
                if up:
                    self.requests += len(re.findall(rb"(?:GET|POST|PUT) /\S* HTTP/1.1\r\n", data))
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self) -> None:
        self._server.close()
