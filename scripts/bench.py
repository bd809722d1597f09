"""How fast: figures as ratios of what was measured in the same run, medians with their spread.

    python3 scripts/bench.py            all figures (some minutes)
    python3 scripts/bench.py --json     the same, one JSON object as the last line on stdout
    python3 scripts/bench.py --only push,put,growth,pages,verify,idle --records 20000

Machines are shared and noisy, so nothing here passes or fails a test: BARS says what is aimed at, and the
table says what was met. Servers are real processes on loopback with synchronous=FULL throughout.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

BARS = {
    "push_ratio_raw": (">=", 0.40),
    "push_ratio_naive": (">=", 1.4),
    "wire_bytes": ("<=", 220),
    "put_ratio": (">=", 0.25),
    "growth_ratio": ("<=", 1.3),
    "start_s": ("<=", 2.0),
    "verify_per_s": (">=", 15_000),
    "search_p95_ms": ("<=", 50),
    "register_p95_ms": ("<=", 50),
    "rss_hub_mb": ("<=", 200),
    "rss_node_mb": ("<=", 120),
    "rss_rest_mb": ("<=", 90),
    "idle_requests": ("<=", 2),
    "idle_bytes": ("<=", 2048),
}
PARTS = ("push", "put", "verify", "pages", "idle", "growth")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--only", default=",".join(PARTS), help="parts to run, with commas between")
    parser.add_argument("--records", type=int, default=100_000, help="records to push (100000)")
    parser.add_argument("--grown", type=int, default=500_000, help="size of the large log (500000)")
    parser.add_argument("--times", type=int, default=3, help="repetitions of what is repeated (3)")
    options = parser.parse_args()
    import environment

    environment.enter()
    from measure import parts

    folder = Path(tempfile.mkdtemp(prefix="yizhan-bench-"))
    try:
        bench = parts.Bench(folder, options.records, options.grown, options.times)
        for part in options.only.split(","):
            print(f"— {part}", file=sys.stderr, flush=True)
            getattr(bench, part)()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report(bench.figures, bench.notes)
    if options.json:
        print(json.dumps(bench.figures))
    return 0


def report(figures: dict[str, float], notes: list[str]) -> None:
    for line in notes:
        print(line, file=sys.stderr)
    for name, (sign, bar) in BARS.items():
        if name in figures:
            met = figures[name] >= bar if sign == ">=" else figures[name] <= bar
            print(
                f"{name:18} {figures[name]:>12,.3f}   {sign} {bar:,}   {'met' if met else 'MISSED'}",
                file=sys.stderr,
            )


if __name__ == "__main__":
    raise SystemExit(main())
