"""Lists that come with the programs: places, trades, readings of characters, words, minimum wages.

One small module reads each file, lazily and once: divisions.py, trades.py, initials.py, words.py, wages.py.
The files are data, not code: scripts/data.py builds divisions.csv and initials.txt and fills the pinyin
columns of trades.csv; the rest of trades.csv and words.txt are written by hand.

Rules kept here:
- nothing but the standard library and common.errors is imported;
- codes are never reused and never removed from a list, because old records name them for ever.
"""

from importlib.resources import files


def read(name: str) -> str:
    """The text of one of the files in this folder."""
    return files(__name__).joinpath(name).read_text("utf-8")
