"""The 256 words that two people read to each other to compare a fingerprint, one word for each byte.

Everyday things of two characters. No two begin with the same character or sound the same without tones, so
a word misheard on the telephone is not another word of the list. Their order has a meaning: it is frozen.
"""

from functools import cache

from common.data import read


@cache
def words() -> tuple[str, ...]:
    return tuple(read("words.txt").split())
