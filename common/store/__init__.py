"""The only home of transactions and of writes to replicated tables.

Three sorts of tables live in one SQLite file:
- log tables (`log`, `entry`, `hash`, `note`): the truth; their form is frozen;
- projected tables (one per kind, and the bookkeeping of the fold): recomputed from the log at any time;
- local tables (`local_…`): what never leaves this machine, with ordinary constraints.
"""
