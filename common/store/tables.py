"""The tables of every store.

A place is one integer, (number of the log << 32) + index: the key of log tables is (log, index), never a
global counter, and appending to a log appends to the file. Every index earns its place: entries are
looked up by record (folding) and by leaf (`after`, papers, verdicts).
"""

from __future__ import annotations

import peewee

PLACE_BITS = 32
HASH_LEVEL_BITS = 28  # a hash key: (log << 32) + (level << 28) + n, level in steps of 256
GONE_ERASED, GONE_WITHHELD = 1, 2


class Log(peewee.Model):
    """A log that this store holds: the trusted head. `role`: own, market, hub, bulletin or outbox.

    note: newest note signed by the log's author; receipt: newest note that the hub cosigned as well.
    """

    id = peewee.AutoField()
    ours = ""  # no column: whose node reads this log, '' on the hub; set where entries are folded

    origin = peewee.TextField(unique=True)
    role = peewee.TextField()
    market = peewee.TextField()  # whose entries count here: a market code or 'hub'
    vkey = peewee.TextField()
    size = peewee.IntegerField(default=0)
    root = peewee.BlobField()
    frontier = peewee.BlobField(default=b"")
    note = peewee.BlobField(null=True)
    receipt_size = peewee.IntegerField(default=0)
    receipt = peewee.BlobField(null=True)
    closed = peewee.IntegerField(null=True)  # size at which the author ended it

    class Meta:
        table_name = "log"


class LocalSetting(peewee.Model):
    """Facts of this installation."""

    key = peewee.TextField(primary_key=True)
    value = peewee.TextField()

    class Meta:
        table_name = "local_setting"


LOG_TABLES = (
    # leaf: what the entry is known by everywhere (of a relayed entry: its inner leaf); record: 16 bytes
    """CREATE TABLE entry (place INTEGER PRIMARY KEY, leaf BLOB, record BLOB, raw BLOB, payload BLOB,
        gone INTEGER)""",
    "CREATE INDEX entry_leaf ON entry (leaf)",
    "CREATE INDEX entry_record ON entry (record) WHERE record IS NOT NULL",
    # roots of perfect subtrees of 256^level leaves: what proofs need beside the leaves
    "CREATE TABLE hash (key INTEGER PRIMARY KEY, hash BLOB)",
    # notes and receipts by (log << 32) + size; never pruned
    "CREATE TABLE note (key INTEGER PRIMARY KEY, note BLOB)",
)
FOLD_TABLES = {
    # entries whose writes do not count, and why
    "aside": "CREATE TABLE aside (place INTEGER PRIMARY KEY, leaf BLOB, record BLOB, reason TEXT)",
    "aside_record": "CREATE INDEX aside_record ON aside (record)",
    # entries that name a leaf nobody here has seen
    "waiting": """CREATE TABLE waiting (leaf BLOB, entry BLOB, record BLOB,
        PRIMARY KEY (leaf, entry)) WITHOUT ROWID""",
    "waiting_record": "CREATE INDEX waiting_record ON waiting (record)",
    # the hub's words on leaves; place: (incarnation << 32) + index in the hub's log
    "judgement": """CREATE TABLE judgement (leaf BLOB, place INTEGER, decision TEXT, code TEXT, message TEXT,
        PRIMARY KEY (leaf, place)) WITHOUT ROWID""",
    # roots written per numbered kind and Beijing day: the next number comes from here
    "series": """CREATE TABLE series (kind TEXT, day TEXT, count INTEGER,
        PRIMARY KEY (kind, day)) WITHOUT ROWID""",
    # search terms of records, on nodes only
    "term": """CREATE TABLE term (term TEXT, kind TEXT, record BLOB,
        PRIMARY KEY (term, kind, record)) WITHOUT ROWID""",
}
