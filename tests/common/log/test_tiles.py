"""The export as tiles: known tiles, and a reader that rebuilds the root from nothing but the files."""

from hashlib import sha256

import pytest

from common.log import tiles, tree
from common.log.tree import Frontier
from tests.common.log.samples import VECTORS, MemoryLog, vector_entries

LOG = MemoryLog(vector_entries())


def test_known_tiles():
    files = dict(tiles.export(300, LOG.read, LOG.read_entries))
    assert {path: sha256(files[path]).hexdigest() for path in VECTORS["tile_sha256"]} == VECTORS[
        "tile_sha256"
    ]
    assert set(files) == {*VECTORS["tile_sha256"], "tile/entries/000", "tile/entries/001.p/44"}
    assert files["tile/entries/000"].hex().startswith(VECTORS["entry_bundle_0_1_hex"])
    assert tiles.bundle(LOG.entries[:2]).hex() == VECTORS["entry_bundle_0_1_hex"]


@pytest.mark.parametrize(
    "n, path",
    [
        (0, "000"),
        (7, "007"),
        (999, "999"),
        (1000, "x001/000"),
        (1234067, "x001/x234/067"),
        (10**9, "x001/x000/x000/000"),
    ],
)
def test_paths(n, path):
    assert tiles.tile_path(3, n) == f"tile/3/{path}"
    assert tiles.tile_path(0, n, 1) == f"tile/0/{path}.p/1"
    assert tiles.entries_path(n) == f"tile/entries/{path}"
    assert tiles.entries_path(n, 255) == f"tile/entries/{path}.p/255"


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 300])
def test_the_root_can_be_rebuilt_from_the_files(size):
    files = dict(tiles.export(size, LOG.read, LOG.read_entries))
    entries = []
    for path in sorted(path for path in files if path.startswith("tile/entries/")):
        raw = files[path]
        while raw:
            length = int.from_bytes(raw[:2], "big")
            entries.append(raw[2 : 2 + length])
            raw = raw[2 + length :]
    assert entries == LOG.entries[:size]
    bottom = b"".join(files[path] for path in sorted(files) if path.startswith("tile/0/"))
    assert bottom == b"".join(LOG.leaves[:size])
    assert tree.root_at(size, LOG.read) == Frontier().extend(LOG.leaves[:size]).root()
    above = b"".join(files[path] for path in sorted(files) if path.startswith("tile/1/"))
    assert above == b"".join(LOG.nodes[8, n] for n in range(size >> 8))


def test_a_large_log_is_read_one_tile_at_a_time():
    """70,000 entries have three levels; the hashes are made up. No call asks for more than one tile."""
    largest = 0

    def read_hashes(wanted):
        nonlocal largest
        largest = max(largest, len(wanted))
        assert all((n + 1) << level <= 70000 for level, n in wanted)
        return [bytes(32)] * len(wanted)

    def read_entries(start, count):
        assert start % 256 == 0 and count <= 256
        return [b""] * count

    paths = [path for path, _ in tiles.export(70000, read_hashes, read_entries)]
    assert largest == 256
    assert len(paths) == len(set(paths)) == 274 + 274 + 2 + 1
    assert {
        "tile/0/273.p/112",
        "tile/1/000",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
        "tile/entries/273.p/112",
    } <= set(paths)


def test_wrong_sums_of_our_own_are_assertions():
    for call in (
        lambda: tiles.tile_path(-1, 0),
        lambda: tiles.tile_path(0, 0, 257),
        lambda: tiles.entries_path(0, 0),
        lambda: list(tiles.export(3, LOG.read, lambda start, count: [])),
        lambda: list(tiles.export(3, lambda wanted: [], LOG.read_entries)),
    ):
        with pytest.raises(AssertionError):
            call()
