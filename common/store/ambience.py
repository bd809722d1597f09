"""The outside world as an argument: this machine's clock, fresh ids, random bytes. Tests bring their own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import uuid_utils.compat as uuid_utils


@dataclass(frozen=True, slots=True)
class Ambience:
    """What the outside world gives: epoch ms, UUIDv7 texts, random bytes."""

    now: Callable[[], int]
    new_id: Callable[[], str]
    random: Callable[[int], bytes]


REAL = Ambience(lambda: time.time_ns() // 1_000_000, lambda: str(uuid_utils.uuid7()), os.urandom)
