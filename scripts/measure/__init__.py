"""The parts of scripts/bench.py: servers as real processes, the limits beside them, the figures."""
