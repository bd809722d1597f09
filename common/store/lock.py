"""The lock: what this machine has signed, kept beside the database and outside every backup.

A database comes back older than it was (a restored backup, a copied disk, a replaced PC); signing on from
there would make a second history. The lock remembers the newest head that may have left the machine.

Rules kept here:
- Written after the commit that holds those entries has returned, and fsynced before the note leaves the
  process. So an ordinary power cut leaves the lock at or behind the store, never ahead.
- Two slots, written in turn, each with a checksum; the newest valid one counts. A torn slot means that
  its note never left.
- Never moves back; several processes take turns by an OS lock on the file.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from common.errors import Tampered
from common.log.encoding import b64, unb64
from common.store import logs
from common.store.tables import Log

if TYPE_CHECKING:
    from common.store.store import Store

SLOT = 4096
BEYOND = 1 << 30  # on Windows a locked byte cannot be read by others: one that no file has
_slot = re.compile(
    rb"yizhan/lock/v1\n([0-9]{1,16})\n([!-~]{1,255})\n([0-9]{1,16})\n([^\n]{44})\n([^\n]*)\n([0-9a-f]{64})\n\0*"
).fullmatch


@dataclass(frozen=True, slots=True)
class Locked:
    turn: int
    origin: str
    size: int
    root: bytes
    note: bytes


class Lock:
    """The lock file of one log."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def newest(self) -> Locked | None:
        """The newest valid slot, or None where there is none."""
        return max(self.slots()[0], key=lambda slot: slot.turn, default=None)

    def slots(self) -> tuple[list[Locked], int]:
        """(the valid slots, how many are damaged). Damage is a write that a power cut tore, which the next
        head mends, or somebody's hand: nothing here can tell the one from the other."""
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return [], 0
        pieces = [
            piece for start in range(0, len(raw), SLOT) if (piece := raw[start : start + SLOT]).strip(b"\0")
        ]
        found = [slot for slot in map(_parse, pieces) if slot]
        return found, len(pieces) - len(found)

    def advance(self, origin: str, size: int, root: bytes, note: bytes) -> None:
        """Remember a head; a smaller one of the same log is left alone (another process was ahead)."""
        with _alone(self.path) as file:
            last = self.newest()
            if last and last.origin == origin and last.size >= size:
                return
            turn = last.turn + 1 if last else 0
            file.seek(turn % 2 * SLOT)
            file.write(_slot_bytes(Locked(turn, origin, size, root, note)))
            file.flush()
            os.fsync(file.fileno())


def compare_with_lock(store: Store, log: Log, lock: Lock) -> None:
    """Raise Tampered('recovering') unless the store holds all that was signed. O(log n)."""
    locked = lock.newest()
    if locked is None:
        raise Tampered("recovering", "the lock is missing", origin=log.origin)
    if locked.origin != log.origin:
        message = f"the lock is of {locked.origin}, the store of {log.origin}"
        raise Tampered("recovering", message, origin=log.origin)
    if locked.size > log.size:
        message = f"the store ends at {log.size}, {locked.size} was signed"
        raise Tampered("recovering", message, origin=log.origin)
    if logs.root_at(store.db, log, locked.size) != locked.root:
        raise Tampered("recovering", f"another root was signed at {locked.size}", origin=log.origin)


def _slot_bytes(locked: Locked) -> bytes:
    body = (
        f"yizhan/lock/v1\n{locked.turn}\n{locked.origin}\n{locked.size}\n{b64(locked.root)}\n{b64(locked.note)}\n"
    ).encode()
    raw = body + hashlib.sha256(body).hexdigest().encode() + b"\n"
    assert len(raw) <= SLOT, "a note does not fit the lock"
    return raw.ljust(SLOT, b"\0")


def _parse(raw: bytes) -> Locked | None:
    """The slot in its one form, None for anything else."""
    match = _slot(raw)
    if not match or hashlib.sha256(raw[: match.start(6)]).hexdigest().encode() != match[6]:
        return None
    locked = Locked(int(match[1]), match[2].decode(), int(match[3]), unb64(match[4]), unb64(match[5]))
    return locked if _slot_bytes(locked) == raw else None


@contextmanager
def _alone(path: Path) -> Iterator[IO[bytes]]:
    """The file, opened for update and created if need be, with other processes kept out."""
    created = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        with exclusive(file.fileno()):
            yield file
    if created and os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


@contextmanager
def exclusive(descriptor: int, wait: bool = True) -> Iterator[None]:
    """Hold the OS lock of an open file; BlockingIOError if another process has it and `wait` is false.

    The system gives it up when the process ends, however it ends.
    """
    if os.name == "nt":
        import msvcrt  # the same promise on Windows: one byte of the file, freed with the process

        os.lseek(descriptor, BEYOND, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError as error:
            raise BlockingIOError("held by another process") from error
        try:
            yield
        finally:
            os.lseek(descriptor, BEYOND, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined]
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        try:
            yield
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
