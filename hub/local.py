"""Tables that never leave the hub: what is not the province's word but this machine's bookkeeping."""

from __future__ import annotations

import peewee

from common.store.accounts import ACCOUNT_TABLES, LocalAudit


class LocalInvite(peewee.Model):
    """A one-time enrolment code. `request` and `answer` once it was used: a repeat gets the same answer."""

    id = peewee.AutoField()
    market = peewee.TextField(index=True)
    name = peewee.TextField()
    secret = peewee.BlobField(unique=True)
    expires = peewee.IntegerField()
    approve = peewee.BooleanField(default=False)
    actor = peewee.TextField()
    request = peewee.BlobField(null=True)
    answer = peewee.BlobField(null=True)

    class Meta:
        table_name = "local_invite"


class LocalContact(peewee.Model):
    """What a market's node last did here, and how often it failed since it last succeeded."""

    market = peewee.TextField(primary_key=True)
    last_contact = peewee.IntegerField(null=True)
    last_receipt = peewee.IntegerField(null=True)
    waiting = peewee.IntegerField(null=True)  # entries that the node says it still holds back
    failures = peewee.IntegerField(default=0)
    last_error = peewee.TextField(null=True)
    last_error_at = peewee.IntegerField(null=True)
    version = peewee.TextField(null=True)

    class Meta:
        table_name = "local_contact"


class LocalMachine(peewee.Model):
    """A machine that pushed a log; two of them for one log are worth a look."""

    origin = peewee.TextField()
    install = peewee.TextField()
    host = peewee.TextField()
    last_contact = peewee.IntegerField()
    size = peewee.IntegerField()
    root = peewee.BlobField()

    class Meta:
        table_name = "local_machine"
        primary_key = peewee.CompositeKey("origin", "install")


class LocalEvidence(peewee.Model):
    """Proof of what should not be: a fork's two notes, with both machines' facts. Never deleted."""

    id = peewee.AutoField()
    at = peewee.IntegerField()
    market = peewee.TextField(index=True)
    origin = peewee.TextField()
    code = peewee.TextField()
    ours = peewee.BlobField(null=True)
    theirs = peewee.BlobField(null=True)
    detail = peewee.TextField()
    settled = peewee.BooleanField(default=False)

    class Meta:
        table_name = "local_evidence"


__all__ = ["LOCAL_TABLES", "LocalAudit", "LocalContact", "LocalEvidence", "LocalInvite", "LocalMachine"]
LOCAL_TABLES = (*ACCOUNT_TABLES, LocalInvite, LocalContact, LocalMachine, LocalEvidence)
