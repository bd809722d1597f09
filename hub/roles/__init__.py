"""Blueprints: the exchange with nodes (bytes in, bytes out), and the operators' pages."""
