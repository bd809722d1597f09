"""What the node and the hub must agree on: bytes (log), meaning (records), storage (store), pages (web).

Nothing in here knows which of the two programs it serves; `node` and `hub` import it, never the other way.
"""
