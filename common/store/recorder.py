"""The only write path of records of our own: check once, make the bytes once, sign the head at the end.

    with recorder.open("s7") as batch:
        put = batch.put("worker", None, {...})

Everything put in one batch lands together, in one transaction, under one signature. What a put does is in
`batch`. Points where the process may die, and what the world then looks like:
- before the commit: nothing happened;
- after the commit, before the lock moved: the entries are there, their note never left this process; the
  lock is behind the store, which is no fault, and moves with the next head (or `catch_up`);
- after the lock moved: done.

Before anything is signed the store is compared with the lock (PROTOCOL.md §11): a store that is older than
what this machine has signed is *recovering*, and signs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from common.errors import Refused
from common.keys import SigningKey
from common.log import origins
from common.log.checkpoint import Checkpoint
from common.store import logs
from common.store.ambience import Ambience
from common.store.batch import Batch, Put
from common.store.lock import Lock, compare_with_lock
from common.store.logs import sign_head
from common.store.store import Store

__all__ = ["Ambience", "Batch", "Put", "Recorder", "compare_with_lock", "sign_head"]


class Recorder:
    """Writes to our log `origin`. `after_commit` is told when entries became durable."""

    def __init__(
        self,
        store: Store,
        origin: str,
        key: SigningKey,
        lock: Lock,
        ambience: Ambience,
        after_commit: Callable[[], None] = lambda: None,
    ) -> None:
        self.store = store
        self.origin = origin
        self.key = key
        self.lock = lock
        self.ambience = ambience
        self.after_commit = after_commit
        parsed = origins.parse(origin)
        self.market = parsed.code or "hub"
        self.incarnation = parsed.n

    @contextmanager
    def open(self, staff: str) -> Iterator[Batch]:
        """A batch by one actor. An exception inside leaves nothing behind."""
        with self.store.writing():
            batch = self.begin(staff)
            yield batch
            signed = batch.close()
        if signed:
            self.publish(signed)

    def begin(self, staff: str) -> Batch:
        """A batch inside a writing transaction that the caller holds; `close` it, and `publish` after commit.

        Raises Tampered('recovering'), Refused('closed'|'unknown_log').
        """
        log = logs.get_log(self.origin)
        if log.closed is not None:
            raise Refused("closed", f"{log.origin} is closed", origin=log.origin)
        compare_with_lock(self.store, log, self.lock)
        return Batch(self, log, f"{self.market}.{staff}")

    def publish(self, signed: tuple[Checkpoint, bytes]) -> None:
        """After the commit: move the lock, then let the note go."""
        checkpoint, note = signed
        self.lock.advance(checkpoint.origin, checkpoint.size, checkpoint.root, note)
        self.after_commit()

    def catch_up(self) -> None:
        """Move a lock that a power cut left behind the store, before the store's note may leave.

        Raises Tampered('recovering') where it is not merely behind.
        """
        with self.store.reading():
            log = logs.get_log(self.origin)
            compare_with_lock(self.store, log, self.lock)
        if log.note is not None:
            self.lock.advance(log.origin, log.size, bytes(log.root), bytes(log.note))
