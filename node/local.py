"""Tables that never leave the hall."""

from __future__ import annotations

from common.store.accounts import ACCOUNT_TABLES, LocalAudit

__all__ = ["LOCAL_TABLES", "LocalAudit"]
LOCAL_TABLES = ACCOUNT_TABLES
