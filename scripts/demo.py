"""A province and three halls on this machine: a morning is played in them, checked, and left to look at.

    python3 scripts/demo.py               plays, prints a table, stays up until Ctrl-C
    python3 scripts/demo.py --once        ends after the table
    python3 scripts/demo.py --data DIR    keeps the homes in DIR (hub/, node-<code>/); serves what is there
    python3 scripts/demo.py --json        the last line on standard output is one JSON object

Four real processes serve on free loopback ports; people work through their pages, scripts through `put`.
The pieces: demo_play.py is the plot, demo_day.py one hall's morning, demo_pages.py people at browsers
(demo_html.py reads the pages for them), demo_sites.py homes and commands, demo_processes.py children,
demo_report.py the table.

Rules it keeps:
- Needs only Python 3.11 to begin with; `.venv` comes from the lock (environment.py).
- Exit 0 only if every check held; 1 with a sentence otherwise; 130 and 143 if it was stopped before the end.
- Whatever happens, no child is left behind; a folder of its own making is removed, one of yours never.
- Progress and errors go to stderr, the table and the JSON to stdout. It asks nothing; on a terminal the
  Enter key takes the province away and brings it back.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import environment

if TYPE_CHECKING:
    from demo_play import Demonstration


def main() -> int:
    options = arguments().parse_args()
    if os.name != "posix":
        raise SystemExit("demo: needs Linux or another POSIX system; scripts/units has what Windows needs")
    environment.enter()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stopped)
    own = not options.data
    data = Path(tempfile.mkdtemp(prefix="yizhan-demo-")) if own else Path(options.data).resolve()
    try:
        return demonstrate(data, own, options.once, options.json)
    except KeyboardInterrupt:
        print("demo: stopped before the end", file=sys.stderr)
        return 130
    finally:
        if own:
            shutil.rmtree(data, ignore_errors=True)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="demo.py", description="A province and three halls on this machine, and a morning in them."
    )
    parser.add_argument("--once", action="store_true", help="end after the summary")
    parser.add_argument(
        "--data", metavar="DIR", help="keep the homes there; what is there already is served again"
    )
    parser.add_argument("--json", action="store_true", help="the last line on stdout is one JSON object")
    return parser


def stopped(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(128 + number)


def demonstrate(data: Path, own: bool, once: bool, as_json: bool) -> int:
    """Play or serve, check, tell, stay."""
    from demo_play import Demonstration
    from demo_processes import Failed, Processes

    begun = time.monotonic()
    try:
        played = look_at(data)
        processes = Processes(data / "logs")
        try:
            demo = Demonstration(processes, data)
            run(demo, played, begun, as_json)
            return 0 if once else stay(demo, data, own)
        finally:
            processes.close()
    except Failed as failure:
        print(f"demo: {failure}", file=sys.stderr)
        tails(data / "logs")
        if as_json:
            print(json.dumps({"ok": False, "error": str(failure)[:500]}), flush=True)
        return 1


def look_at(data: Path) -> bool:
    """Whether a demonstration was played here before. Failed where something else is in the way."""
    from demo_processes import Failed
    from demo_report import NOTES

    if (data / NOTES).exists():
        return True
    there = (
        [path.name for path in (data / "hub", *data.glob("node-*")) if path.exists()] if data.exists() else []
    )
    if there:
        raise Failed(
            f"{data} holds {', '.join(there)}, but no finished demonstration: "
            "remove the folder if an earlier run was cut short, or name another one with --data"
        )
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failed(f"{data} cannot be made: {error.strerror}") from error
    return False


def run(demo: Demonstration, played: bool, begun: float, as_json: bool) -> None:
    """Everything up to the table."""
    from demo_play import Result
    from demo_report import keep, recall, summary, table

    if played:
        recall(demo)
        demo.serve()
        result = Result()
        demo.check(result)
    else:
        demo.make()
        result = demo.play()
        keep(demo)
    print(table(demo, result), flush=True)
    if as_json:
        print(summary(result, time.monotonic() - begun), flush=True)


def stay(demo: Demonstration, data: Path, own: bool) -> int:
    """Serve until Ctrl-C or SIGTERM. On a terminal Enter takes the province away, and brings it back."""
    keyboard = sys.stdin.isatty()
    hint = "Enter takes the province away and brings it back; " if keyboard else ""
    print(f"{hint}Ctrl-C ends everything.", file=sys.stderr, flush=True)
    away = False
    try:
        while True:
            look_after(demo, away)
            if not keyboard:
                time.sleep(0.5)
            elif select.select([sys.stdin], [], [], 0.5)[0]:
                keyboard = bool(sys.stdin.readline())
                away = turn(demo, away) if keyboard else away
    except (KeyboardInterrupt, SystemExit):
        again = "" if own else f"; once more: python3 scripts/demo.py --data {data}"
        print(f"\ndemo: ended{again}", file=sys.stderr)
        return 0


def look_after(demo: Demonstration, away: bool) -> None:
    """Failed if a server ended that nobody stopped."""
    from demo_processes import Failed

    for site in (demo.hub, *demo.halls):
        if not site.running and not (away and site is demo.hub):
            raise Failed(f"the server of {site.name} ended by itself")


def turn(demo: Demonstration, away: bool) -> bool:
    """Take the province away or bring it back; returns whether it is away now."""
    if not away:
        demo.hub.stop()
        demo.each(lambda hall: hall.sync("offline"))
        demo.say("the province is away; go on working in the halls")
        return True
    demo.hub.serve()
    demo.each(lambda hall: hall.sync())
    demo.say("the province is back, and everything is there")
    return False


def tails(logs: Path) -> None:
    """What servers said of errors, for whoever has to find out why."""
    for path in sorted(logs.glob("*.log")) if logs.exists() else ():
        lines = path.read_text("utf-8", "replace").splitlines()
        if any("Traceback" in line or "[error" in line for line in lines):
            print(
                f"--- {path.name}", *(f"    {line[:200]}" for line in lines[-25:]), sep="\n", file=sys.stderr
            )


if __name__ == "__main__":
    sys.exit(main())
