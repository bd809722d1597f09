"""Tiles (C2SP tlog-tiles): a log as plain files that any checker can read.

    tile/<level>/<n>[.p/<width>]      hashes side by side, from (8*level, 256*n) on; 256 in a full tile
    tile/entries/<n>[.p/<width>]      entries, each behind its length in two bytes
    checkpoint                        the signed head

Numbers are written in groups of three digits, all but the last with an `x` before it: 1234067 is
x001/x234/067. A tile that is not full says how wide it is; a full one never changes again. Payloads are no
part of it: the export holds nothing personal.
"""

from collections.abc import Callable, Iterator, Sequence
from struct import pack

from common.log.tree import Node

WIDTH = 256

ReadEntries = Callable[[int, int], Sequence[bytes]]  # (first index, count) -> the leaves
ReadHashes = Callable[[list[Node]], Sequence[bytes]]


def tile_path(level: int, n: int, width: int = WIDTH) -> str:
    """Where tile `n` of `level` lies, being `width` hashes wide."""
    assert 0 <= level <= 63 and n >= 0 and 1 <= width <= WIDTH, "no such tile"
    return f"tile/{level}/{_place(n, width)}"


def entries_path(n: int, width: int = WIDTH) -> str:
    """Where bundle `n` of entries lies, holding `width` of them."""
    assert n >= 0 and 1 <= width <= WIDTH, "no such bundle"
    return f"tile/entries/{_place(n, width)}"


def _place(n: int, width: int) -> str:
    groups = [f"{n % 1000:03d}"]
    while n := n // 1000:
        groups.insert(0, f"x{n % 1000:03d}")
    return "/".join(groups) + (f".p/{width}" if width < WIDTH else "")


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries as a bundle holds them."""
    return b"".join(pack(">H", len(entry)) + entry for entry in entries)


def export(size: int, read_hashes: ReadHashes, read_entries: ReadEntries) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of every file but the checkpoint, one at a time: never more than one tile is held."""
    for n, width in _tiles(size):
        entries = read_entries(n * WIDTH, width)
        assert len(entries) == width, "the reader gave another number of entries than asked for"
        yield entries_path(n, width), bundle(entries)
    level = 0
    while count := size >> 8 * level:
        for n, width in _tiles(count):
            hashes = read_hashes([(8 * level, n * WIDTH + i) for i in range(width)])
            assert len(hashes) == width, "the reader gave another number of hashes than asked for"
            yield tile_path(level, n, width), b"".join(hashes)
        level += 1


def _tiles(count: int) -> Iterator[tuple[int, int]]:
    """Number and width of the tiles that `count` hashes fill, the last perhaps in part."""
    for n in range(0, (count + WIDTH - 1) // WIDTH):
        yield n, min(WIDTH, count - n * WIDTH)
