"""The province and the halls of a demonstration: their homes, their commands, their accounts.

Everything here goes through the two programs as a person or a schedule would run them; nothing of the
project is imported. Homes are `hub/` and `node-<code>/` in the data folder.
"""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from demo_processes import Failed, Processes, Server, Writer

DOMAIN, PROVINCE = "sd.example", "37"
MARKETS = {"37130201": "兰山零工市场", "37078501": "高密零工市场", "37070501": "奎文零工市场"}
KINDS = ("worker", "employer", "job", "contract", "visit")
COMPARED = (*KINDS, "staff")
STAFF = {"chuangkou": ("王秀兰", "clerk"), "shenhe": ("李建国", "reviewer")}
# people at the screens should see within seconds what a script wrote; the default is five minutes
SYNC_SECONDS = 10
AWAY = 75  # exit code of a command that could not reach the other side


def new_password() -> str:
    """Three classes of characters, nothing that looks like something else."""
    letters = "".join(secrets.choice("abcdefghkmnpqrstuvwxyz") for _ in range(4))
    return f"Yz-{letters}-{secrets.randbelow(9000) + 1000}"


def free(port: int) -> bool:
    """Can a server listen there?"""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Site:
    """One home and its running server."""

    program = ""

    def __init__(self, processes: Processes, data: Path, folder: str, name: str) -> None:
        self.processes, self.home, self.name = processes, data / folder, name
        self.server: Server | None = None
        self.port = 0

    def run(self, *words: str, exits: tuple[int, ...] = (0,)) -> bytes:
        return self.processes.run(self.program, self.home, *words, exits=exits)

    def ask(self, *words: str, exits: tuple[int, ...] = (0,)) -> dict[str, Any]:
        """The one JSON object that a command with --json prints."""
        said: dict[str, Any] = json.loads(self.run(*words, "--json", exits=exits))
        return said

    def serve(self) -> None:
        """Start serving; again on the same port if there was one, for others know it."""
        if self.port and not free(self.port):
            raise Failed(
                f"port {self.port}, where {self.name} was before, is in use: end the program that has it "
                "(perhaps another run of this folder), or name another folder with --data"
            )
        self.server = self.processes.serve(self.home.name, self.program, self.home, self.port)
        self.port = self.server.port

    def stop(self) -> None:
        if self.server is not None:
            code = self.server.stop()
            if code:
                raise Failed(f"{self.home.name} ended with exit {code} instead of 0:\n{self.server.tail()}")

    @property
    def running(self) -> bool:
        return self.server is not None and self.server.running

    @property
    def address(self) -> str:
        assert self.server is not None
        return self.server.address

    def verify(self) -> int:
        """Entries that were recomputed from their bytes; Failed names the first problems."""
        said = self.ask("verify")
        if said["ok"] is not True:
            raise Failed(f"{self.home.name}: verify found {said['problems'][:5]}")
        return int(said["entries"])


class Hub(Site):
    program = "yizhan-hub"

    def __init__(self, processes: Processes, data: Path) -> None:
        super().__init__(processes, data, "hub", "省平台")

    def init(self) -> str:
        """A new province; the first password of `admin`."""
        return str(self.ask("init", "--domain", DOMAIN, "--province", PROVINCE)["first_password"])

    def markets(self) -> dict[str, dict[str, Any]]:
        return {str(one["code"]): one for one in self.ask("markets")["markets"]}


class Hall(Site):
    program = "yizhan-node"

    def __init__(self, processes: Processes, data: Path, code: str) -> None:
        super().__init__(processes, data, f"node-{code}", MARKETS[code])
        self.code = code
        self.first_password = ""
        self.firsts: dict[str, str] = {}  # of STAFF
        self.writers: dict[str, Writer] = {}
        self.ids: dict[str, str] = {}  # what the sample days call a record -> its id
        self.written: Counter[str] = Counter()  # lines through `put`, by kind

    def init(self) -> None:
        made = self.ask("init", "--market", self.code, "--name", self.name, "--domain", DOMAIN)
        self.first_password = made["first_password"]
        (self.home / "settings.toml").write_text(f"sync_seconds = {SYNC_SECONDS}\n", "utf-8")
        for login, (name, role) in STAFF.items():
            added = self.ask("staff", "add", login, "--name", name, "--role", role)
            self.firsts[login] = added["first_password"]

    def enrol(self, hub: Hub) -> str:
        """Join the province; the six words, which both sides must show alike."""
        code = hub.ask("enrol", self.code, "--name", self.name)["code"]
        shown = self.ask("enrol", "--hub", hub.address, "--code", code)["words"]
        seen = hub.ask("approve", self.code)["words"]
        if shown != seen or len(shown.split()) != 6:
            raise Failed(f"{self.name} shows the words {shown!r}, the province {seen!r}")
        return str(shown)

    # -- writing through `put` -----------------------------------------------------------------------------

    def open_writers(self) -> None:
        with ThreadPoolExecutor(len(KINDS)) as several:
            made = several.map(lambda kind: self.processes.writer(self.home, kind), KINDS)
            self.writers = dict(zip(KINDS, made, strict=True))

    def put(self, kind: str, things: Mapping[str, Mapping[str, Any]]) -> None:
        """Write fields by ref, in this order; records that are there already by their ids."""
        lines = [{"id": self.ids[ref], "set": fields} if ref in self.ids else {"set": fields}
                 for ref, fields in things.items()]  # fmt: skip
        if lines:
            for ref, answer in zip(things, self.writers[kind].put(lines), strict=True):
                self.ids[ref] = answer["id"]
            self.written[kind] += len(lines)

    def close_writers(self) -> None:
        for writer in self.writers.values():
            writer.close()
        self.writers = {}

    # -- the exchange --------------------------------------------------------------------------------------

    def sync(self, state: str = "ok") -> dict[str, Any]:
        """One round, again while the running server has one of its own in progress."""
        until = time.monotonic() + 60
        while True:
            said = self.ask("sync", exits=(0, AWAY))
            if said["state"] != "in_progress" or time.monotonic() > until:
                break
            time.sleep(0.2)
        if said["state"] != state:
            raise Failed(f"{self.name}: sync says {said}, expected {state}")
        return said


def compare(hub: Hub, halls: Sequence[Hall], kind: str) -> int:
    """Both sides' `get` of a kind, byte by byte; how many records there are. Failed names what differs."""
    here = [line for hall in halls for line in hall.run("get", kind).splitlines()]
    there = hub.run("get", kind).splitlines()
    if sorted(here) != there:  # lines begin with the id, and the hub's are in the order of ids
        odd = sorted(set(here) ^ set(there))[:2]
        raise Failed(f"{kind} differs between halls and province, such as {odd}")
    return len(there)
