"""The real outside world: this machine's clock, fresh ids, random bytes. Tests bring their own."""

from __future__ import annotations

import os
import time

import uuid_utils.compat as uuid_utils

from common.store.recorder import Ambience

REAL = Ambience(lambda: time.time_ns() // 1_000_000, lambda: str(uuid_utils.uuid7()), os.urandom)
