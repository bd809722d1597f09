"""A wire between nodes and the hub that bends: a TCP relay which understands one HTTP exchange at a time.

Real bytes go through it, so what it counts is what a county's line would carry. Every exchange takes the next
fault of `plan`; when the plan is empty the exchange passes. Faults come in pairs, because a lost answer is
not a lost write:

    LOST_BEFORE  nothing reaches the hub        LOST_AFTER  the hub did it, the answer is lost
    CUT_UP       half of the request arrives    CUT_DOWN    half of the answer arrives
    REPEATED     the hub gets it twice          GARBLED     a byte of the answer's body is another
    STUCK        the hub did it, and the answer does not come before `release` is set

A callable as a fault is given the request's bytes and returns the answer's, without any hub.
"""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

PASS, LOST_BEFORE, LOST_AFTER = "pass", "lost before", "lost after"
CUT_UP, CUT_DOWN, REPEATED, GARBLED, STUCK = "cut up", "cut down", "repeated", "garbled", "stuck"
CUTS = (LOST_BEFORE, LOST_AFTER, CUT_UP, CUT_DOWN)
Fault = str | Callable[[bytes], bytes]
PATIENCE = 30.0


@dataclass
class Exchange:
    """One request as it came, and the answer as it left (b"" where none did)."""

    request: bytes
    answer: bytes = b""

    @property
    def line(self) -> str:
        return self.request.split(b"\r\n", 1)[0].decode("latin-1")

    @property
    def status(self) -> int:
        return int(self.answer[9:12]) if self.answer else 0

    @property
    def body(self) -> bytes:
        return self.request.partition(b"\r\n\r\n")[2]


@dataclass
class Wire:
    """Listens on `address`; `target` is the hub's port and may change while the wire stands."""

    target: int
    plan: deque[Fault] = field(default_factory=deque)
    exchanges: list[Exchange] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._changed = threading.Condition()
        self.address = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.release.set()
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self._server.close()

    def bend(self, *faults: Fault) -> None:
        """Plan these for the next exchanges, and forget what was counted."""
        self.plan = deque(faults)
        self.exchanges.clear()
        self.release.clear()

    @property
    def bytes(self) -> int:
        return sum(len(one.request) + len(one.answer) for one in self.exchanges)

    def wait(self, count: int, seconds: float = PATIENCE) -> None:
        """Until so many exchanges have begun."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.exchanges) >= count, seconds), "no exchange came"

    # -- threads -------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            client.settimeout(PATIENCE)
            while request := _message(client):
                exchange = Exchange(request)
                fault = self.plan.popleft() if self.plan else PASS
                with self._changed:
                    self.exchanges.append(exchange)
                    self._changed.notify_all()
                exchange.answer = self._answer(request, fault)
                client.sendall(exchange.answer)
                if not exchange.answer or fault in CUTS or b"\r\nConnection: close\r\n" in exchange.answer:
                    return

    def _answer(self, request: bytes, fault: Fault) -> bytes:
        if not isinstance(fault, str):
            return fault(request)
        if fault == LOST_BEFORE:
            return b""
        if fault == CUT_UP:
            self.ask(request[: len(request) // 2], half=True)
            return b""
        if fault == REPEATED:
            self.ask(request)
        answer = self.ask(request)
        if fault == STUCK:
            self.release.wait(PATIENCE)
        if fault == GARBLED:
            return answer[:-9] + bytes([answer[-9] ^ 1]) + answer[-8:]
        return {LOST_AFTER: b"", CUT_DOWN: answer[: len(answer) - len(answer) // 3]}.get(fault, answer)

    def ask(self, request: bytes, half: bool = False) -> bytes:
        """What the hub answers to a request."""
        with socket.create_connection(("127.0.0.1", self.target), PATIENCE) as hub:
            hub.sendall(request)
            if half:
                hub.shutdown(socket.SHUT_WR)
                return b""
            return _message(hub)


def _message(peer: socket.socket) -> bytes:
    """One HTTP message, head and body; b"" at the end of the stream."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        piece = peer.recv(65536)
        if not piece:
            return b""
        raw += piece
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    lengths = [int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")]
    parts, missing = [raw], (lengths[0] if lengths else 0) - len(body)
    while missing > 0:
        piece = peer.recv(1 << 20)
        if not piece:
            return b""
        parts.append(piece)
        missing -= len(piece)
    return b"".join(parts)


def says(
    status: int, body: bytes, type: str = "application/json", **headers: str
) -> Callable[[bytes], bytes]:
    """A fault that answers in the hub's place."""
    told = {"Content-Type": type, "Content-Length": str(len(body))} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    head = f"HTTP/1.1 {status} Said\r\n" + "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return lambda request: head.encode() + b"\r\n" + body
