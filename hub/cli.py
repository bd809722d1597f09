"""The hub's commands. Names, fields and exit codes are fixed: scripts rely on them (docs/commands.md).

One command after the other and nothing besides; hence longer than other files.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click

from common import cli
from common.cli import home_option, json_option, out, program, show
from common.data.divisions import name_of
from common.errors import Invalid, Refused
from common.records import kind_of
from common.store import logs
from common.store.accounts import is_login
from common.store.ambience import REAL
from common.store.database import explained
from common.store.export import export
from common.store.verify import verify as verify_store
from hub.home import ROLES, Home
from hub.province import operators, registry, status

main = program("yizhan-hub", __file__, "The province: takes what markets report, proves it, answers for it.")
BY = "script"  # whose name stands behind what commands write into the hub's log
FILE = click.Path(dir_okay=False, path_type=Path)


@contextmanager
def opened(path: Path) -> Iterator[Home]:
    with explained(), closing(Home(path, REAL, cli.progress("rebuilding"))) as home:
        yield home


@main.command()
@home_option
@json_option
@click.option("--domain", required=True, help="Domain of the province's logs, such as lg.example.")
@click.option("--province", required=True, help="Two digits of the province, such as 37.")
@click.option("--name", help="Name that pages show.")
@click.option("--admin", default="admin", show_default=True, help="Login of the first administrator.")
@click.option(
    "--db", help="Address of the database; sqlite (the default, in the home) is the only kind so far."
)
def init(
    home: Path, as_json: bool, domain: str, province: str, name: str | None, admin: str, db: str | None
) -> int:
    """Make a new home with empty logs, keys and a first administrator."""
    if db and not db.startswith("sqlite:"):
        raise Refused("database_unsupported", "only the SQLite store in the home is supported so far")
    if not is_login(admin):  # before anything is made: a home without an administrator would be in the way
        raise Invalid("login_form", "a login has 1 to 32 letters, digits or dashes", field="admin")
    place = name_of(f"{province}0000")
    with closing(Home.create(home, domain, province, name or f"{place}零工市场省平台", REAL)) as made:
        password = operators.add(made, admin, admin, "admin")
        result = {
            "origin": made.hub_origin,
            "vkey": str(made.key_of(made.hub_origin).verifier),
            "cosigner": str(made.cosigner.verifier),
            "admin": admin,
            "first_password": password,
        }
    show(as_json, result)
    return cli.DONE


@main.command()
@home_option
@json_option
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")
def serve(home: Path, as_json: bool, host: str | None, port: int | None) -> int:
    """Serve the exchange with nodes and the operators' pages."""
    from common.web.logs import set_up
    from common.web.serve import run
    from hub.app import create_app

    set_up()
    with opened(home) as hub:
        hub.catch_up()
        return run(
            create_app(hub),
            host or hub.config.host,
            hub.config.port if port is None else port,
            '{{"address":"{address}"}}' if as_json else "yizhan-hub ready at {address}",
            threads=hub.config.threads,
            trusted_proxy=hub.config.trusted_proxy or None,
        )


@main.command()
@home_option
@json_option
@click.argument("market")
@click.option("--name", required=True, help="Name of the market.")
@click.option("--approve", "approve_now", is_flag=True, help="Open the market as soon as it enrols.")
def enrol(home: Path, as_json: bool, market: str, name: str, approve_now: bool) -> int:
    """A one-time code for a market's node."""
    with opened(home) as hub:
        code = registry.invite(hub, market, name, BY, approve_now)
        days = hub.config.code_days
    show(as_json, {"code": code, "market": market, "days": days}, code)
    return cli.DONE


@main.command("enrol-file")
@home_option
@json_option
@click.argument("request", type=click.File("rb"))
@click.option("-o", "--output", type=FILE, required=True, help="Where to write the answer.")
def enrol_file(home: Path, as_json: bool, request: Any, output: Path) -> int:
    """Answer an enrolment request that came by stick."""
    with opened(home) as hub:
        answer = registry.enrol(hub, request.read(1 << 20))
    output.write_bytes(answer)
    show(as_json, {"answer": str(output)}, f"carry {output} back to the market")
    return cli.DONE


@main.command()
@home_option
@json_option
@click.argument("market")
def approve(home: Path, as_json: bool, market: str) -> int:
    """Open a market that has enrolled, after comparing the fingerprint words."""
    with opened(home) as hub:
        words = registry.fingerprint_words(hub, market)
        registry.approve(hub, market, BY)
    show(as_json, {"market": market, "state": "open", "words": words})
    return cli.DONE


@main.command()
@home_option
@json_option
def markets(home: Path, as_json: bool) -> int:
    """All markets: state, size, last contact, problems."""
    with opened(home) as hub, hub.store.reading():
        rows = registry.markets(hub)
    lines = [
        "\t".join(
            (row["code"], row["state"], str(row["size"]), ",".join(row["problems"]) or "-", row["name"])
        )
        for row in rows
    ]
    show(as_json, {"markets": rows}, "\n".join(lines))
    return cli.DONE


@main.command()
@home_option
@json_option
@click.argument("kind")
@click.argument("id", required=False)
@click.option("--market", help="Only records that this market created.")
def get(home: Path, as_json: bool, kind: str, id: str | None, market: str | None) -> int:
    """Merged records as JSON lines, sorted by id."""
    kind_of(kind)
    with opened(home) as hub, hub.store.reading():
        if id is not None:
            one = hub.store.get(kind, id)
            if one is None or market not in (None, one.owner):
                raise Refused("not_found", f"no {kind} {id[:40]}")
            out(one.public())
            return cli.DONE
        for merged in hub.store.each(kind):
            if market in (None, merged.owner):
                out(merged.public())
    return cli.DONE


@main.command("status")
@home_option
@json_option
def status_(home: Path, as_json: bool) -> int:
    """How the hub stands: logs, markets, alarms."""
    with opened(home) as hub:
        show(as_json, status.facts(hub))
    return cli.DONE


@main.command()
@home_option
@json_option
def verify(home: Path, as_json: bool) -> int:
    """Recompute everything from bytes; changes nothing."""
    with cli.damage_reported(as_json), opened(home) as hub:
        report = verify_store(hub.store, hub.cosigner.verifier, hub.locks(), cli.progress("verifying"))
    return cli.report(as_json, report.ok, report.entries, report.problems)


@main.command()
@home_option
@json_option
def rebuild(home: Path, as_json: bool) -> int:
    """Fold all records anew from the logs."""
    with opened(home) as hub:
        hub.store.rebuild(cli.progress("rebuilding"))
    show(as_json, {"rebuilt": True}, "rebuilt")
    return cli.DONE


@main.command()
@home_option
@json_option
@click.argument("origin")
def checkpoint(home: Path, as_json: bool, origin: str) -> int:
    """The newest signed note of a log; of a market's, the newest receipt."""
    with opened(home) as hub:
        note = hub.release(logs.get_log(origin))[1]
    cli.note(as_json, origin, note)
    return cli.DONE


@main.command("export-log")
@home_option
@json_option
@click.argument("origin")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export_log(home: Path, as_json: bool, origin: str, folder: Path) -> int:
    """A log as tiles, with its newest signed note as `checkpoint`."""
    with opened(home) as hub:
        log = logs.get_log(origin)
        size, note = hub.release(log)
        export(hub.store, log, note, size, folder)
    show(as_json, {"origin": origin, "size": size, "folder": str(folder)}, str(folder))
    return cli.DONE


@main.command()
@home_option
@json_option
@click.argument("origin")
def vkeys(home: Path, as_json: bool, origin: str) -> int:
    """Verifier keys of a log: its own, then the cosigner's."""
    with opened(home) as hub:
        keys = [logs.get_log(origin).vkey, str(hub.cosigner.verifier)]
    show(as_json, {"vkeys": keys}, "\n".join(keys))
    return cli.DONE


cli.accounts(
    main,
    "operator",
    "Accounts of people who work at the hub.",
    ROLES,
    opened,
    cli.AccountActs(operators.add, operators.listed, operators.disable, operators.reset),
)

if __name__ == "__main__":
    main()
