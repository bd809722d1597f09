"""The processes of a demonstration: servers that stay, commands that end, and a guard that outlives us.

Rules it keeps:
- Every child belongs to one process group, whose first member is the guard: a shell that waits on a pipe of
  ours. However we end, by kill -9 too, the pipe closes and the guard ends the whole group.
- Children never get the terminal's Ctrl-C: the demonstration hears it and stops them in order (SIGTERM, time
  to finish, SIGKILL).
- What servers say goes into a file each; the ready line is looked for there, so no pipe can run full.
- A child that fails is a Failed with the end of what it said: a sentence for a person, no trace.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import IO, Any

import environment

READY = re.compile(r"ready at http://127\.0\.0\.1:(\d+)")
READY_SECONDS, STOP_SECONDS, COMMAND_SECONDS = 60, 10, 120
# `kill 0` is the group; the shell itself ignores TERM and ends the group for good two seconds later
GUARD = "trap '' TERM INT HUP; cat >/dev/null; kill -TERM 0; sleep 2; kill -KILL 0"


class Failed(Exception):
    """Something of the demonstration did not go as it should; the text is for the person before it."""


class Server:
    """A running `serve`. Attributes: name, port, log (file with all it said)."""

    def __init__(self, name: str, child: subprocess.Popen[bytes], log: Path, start: int) -> None:
        self.name, self.child, self.log = name, child, log
        self.port = self._wait(start)

    def _wait(self, start: int) -> int:
        """The port that the ready line names."""
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            found = READY.search(self.said(start))
            if found:
                return int(found[1])
            if self.child.poll() is not None:
                raise Failed(f"{self.name} ended at once (exit {self.child.returncode}):\n{self.tail(start)}")
            time.sleep(0.02)
        raise Failed(f"{self.name} was not ready within {READY_SECONDS} s:\n{self.tail(start)}")

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        return self.child.poll() is None

    def said(self, start: int = 0) -> str:
        return self.log.read_bytes()[start:].decode("utf-8", "replace")

    def tail(self, start: int = 0) -> str:
        return "\n".join("    " + line for line in self.said(start).splitlines()[-12:])

    def stop(self) -> int:
        """SIGTERM, and SIGKILL if that takes too long; returns the exit code."""
        if self.running:
            self.child.terminate()
            try:
                self.child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.child.kill()
        return self.child.wait()


class Writer:
    """A `put KIND -` that stays open: lines in, one durable answer each."""

    def __init__(self, name: str, child: subprocess.Popen[bytes]) -> None:
        self.name, self.child = name, child

    def put(self, lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Answers in order; Failed where a line is refused."""
        answers: list[dict[str, Any]] = []
        into, out = self.child.stdin, self.child.stdout
        assert into is not None and out is not None
        for start in range(0, len(lines), 100):  # what is on its way must fit into both pipes
            piece = lines[start : start + 100]
            try:
                into.write(b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in piece))
                into.flush()
            except OSError as error:
                raise Failed(f"{self.name} ended early: {error}") from error
            answers += [self._answer(out, line) for line in piece]
        return answers

    def _answer(self, out: IO[bytes], line: Mapping[str, Any]) -> dict[str, Any]:
        raw = out.readline()
        answer: dict[str, Any] = (
            json.loads(raw) if raw else {"message": f"no answer, exit {self.child.poll()}"}
        )
        if "id" not in answer:
            raise Failed(f"{self.name} refused {json.dumps(line, ensure_ascii=False)[:300]}: {raw.decode()}")
        return answer

    def close(self) -> None:
        assert self.child.stdin is not None and self.child.stdout is not None
        self.child.stdin.close()
        self.child.stdout.close()
        if self.child.wait(COMMAND_SECONDS):
            raise Failed(f"{self.name} ended with exit {self.child.returncode}")


class Processes:
    """All children of one demonstration; `close` ends them, and so does any end of this process."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        logs.mkdir(parents=True, exist_ok=True)
        self._children: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", GUARD], stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL, process_group=0
        )
        atexit.register(self.close)

    def serve(self, name: str, program: str, home: Path, port: int = 0) -> Server:
        """Start `serve`, wait until it is ready."""
        log = self.logs / f"{name}.log"
        with open(log, "ab") as file:
            start = file.tell()
            words = ["--home", str(home), "serve", "--host", "127.0.0.1", "--port", str(port)]
            child = self._start(program, words, stdin=DEVNULL, stdout=file, stderr=file)
        return Server(name, child, log, start)

    def writer(self, home: Path, kind: str) -> Writer:
        with open(self.logs / "put.log", "ab") as file:
            words = ["--home", str(home), "put", kind, "-"]
            child = self._start("yizhan-node", words, stdin=PIPE, stdout=PIPE, stderr=file)
        return Writer(f"put {kind} in {home.name}", child)

    def run(self, program: str, home: Path, *words: str, exits: tuple[int, ...] = (0,)) -> bytes:
        """A command's standard output; Failed unless it ends with one of the expected exit codes."""
        child = self._start(program, ["--home", str(home), *words], stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
        try:
            out, err = child.communicate(timeout=COMMAND_SECONDS)
        except subprocess.TimeoutExpired as slow:
            child.kill()
            raise Failed(f"{program} {' '.join(words)} took more than {COMMAND_SECONDS} s") from slow
        finally:
            with self._lock:
                self._children.remove(child)
        if child.returncode not in exits:
            told = "\n".join((out[-2000:] + b"\n" + err[-2000:]).decode("utf-8", "replace").split("\n")[-12:])
            raise Failed(
                f"{program} {' '.join(words)} ({home.name}) ended with exit {child.returncode}\n{told}"
            )
        return out

    def _start(self, program: str, words: list[str], **streams: Any) -> subprocess.Popen[bytes]:
        settings = dict(os.environ, PYTHONUTF8="1")
        settings.pop("YIZHAN_HOME", None)
        command = [str(environment.command(program)), *words]
        with self._lock:
            child = subprocess.Popen(command, env=settings, process_group=self._guard.pid, **streams)
            self._children.append(child)
        return child

    def close(self) -> None:
        """Ask all to end, wait, and then end the group."""
        atexit.unregister(self.close)
        with self._lock:
            children, self._children = self._children, []
        for child in children:
            if child.poll() is None:
                child.terminate()
        until = time.monotonic() + STOP_SECONDS
        for child in children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.1, until - time.monotonic()))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._guard.pid, signal.SIGKILL)
        self._guard.wait()
        assert self._guard.stdin is not None
        self._guard.stdin.close()
