"""Tables that never leave the hall."""

from __future__ import annotations

import peewee

from common.store.accounts import ACCOUNT_TABLES


class LocalAudit(peewee.Model):
    """Who saw or did what that leaves no entry in the log: full numbers viewed, logins, exports."""

    at = peewee.IntegerField(index=True)
    actor = peewee.TextField()
    act = peewee.TextField()
    kind = peewee.TextField(null=True)
    record = peewee.TextField(null=True)
    why = peewee.TextField(null=True)

    class Meta:
        table_name = "local_audit"


LOCAL_TABLES = (*ACCOUNT_TABLES, LocalAudit)
