"""A log as C2SP tiles in a folder, for checkers that know nothing of this program.

The checkpoint is written last, so that a folder with one is complete.
"""

from __future__ import annotations

from pathlib import Path

from common.errors import Refused
from common.log import tiles
from common.store import logs
from common.store.store import Store
from common.store.tables import Log


def export(store: Store, log: Log, note: bytes, size: int, folder: Path) -> None:
    """Write tiles of the first `size` entries, and `note` as `checkpoint`. Refused('folder_not_empty')."""
    if folder.exists() and any(folder.iterdir()):
        raise Refused("folder_not_empty", f"{folder} is not empty")
    folder.mkdir(parents=True, exist_ok=True)
    with store.reading():
        hashes = logs.Hashes(store.db, log)

        def entries(start: int, count: int) -> list[bytes]:
            return [raw for raw, _ in logs.read(store.db, log, start, start + count)]

        for path, content in tiles.export(size, hashes, entries):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    (folder / "checkpoint").write_bytes(note)
