"""Taking our log to the hub and the hub's logs to us."""
