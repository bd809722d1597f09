"""The public side of the hall's own key, for people to compare over the telephone."""

from __future__ import annotations

import hashlib

from node.home import Home


def fingerprint(home: Home) -> str:
    """SHA-256 of the verifier key's text, the first 32 digits in groups of four."""
    digest = hashlib.sha256(str(home.key.verifier).encode()).hexdigest()[:32]
    return " ".join(digest[at : at + 4] for at in range(0, 32, 4))
