"""The node's commands. Names, fields and exit codes are fixed: scripts rely on them (docs/commands.md).

One command after the other and nothing besides; hence longer than other files.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from common import cli
from common.cli import home_option, json_option, out, program, say, show
from common.errors import Invalid, Refused, Tampered
from common.records import kind_of
from common.store.accounts import is_login
from common.store.database import explained
from common.store.export import export
from common.store.verify import verify as verify_store
from node.home import ROLES, Home
from node.market import scripts, staff, status
from node.market.papers import proof_of
from node.sync import engine, enrolling, round

main = program(
    "yizhan-node", __file__, "One county's market: works without network, reports when there is one."
)
FILE = click.Path(dir_okay=False, path_type=Path)


SERVE_CACHE_KIB = 4096  # of each thread: hall PCs are small, and the system caches the file too


@contextmanager
def opened(path: Path, cache_kib: int = 16384) -> Iterator[Home]:
    with explained(), closing(Home(path, progress=cli.progress("rebuilding"), cache_kib=cache_kib)) as home:
        yield home


@main.command()
@home_option
@json_option
@click.option("--market", required=True, help="Code of the market: division and serial, eight digits.")
@click.option("--name", required=True, help="Name of the market.")
@click.option("--domain", required=True, help="Domain of the province's logs, such as lg.example.")
@click.option("--admin", default="admin", show_default=True, help="Login of the first manager.")
def init(home: Path, as_json: bool, market: str, name: str, domain: str, admin: str) -> int:
    """Make a new home with an empty log and a first manager."""
    if not is_login(admin):  # before anything is made: a home without a manager would be in the way
        raise Invalid("login_form", "a login has 1 to 32 letters, digits or dashes", field="admin")
    with closing(Home.create(home, market, name, domain)) as made:
        password = staff.add(made, admin, admin, admin, "manager")
        result = {
            "origin": made.origin,
            "vkey": str(made.key.verifier),
            "admin": admin,
            "first_password": password,
        }
    show(as_json, result)
    return cli.DONE


@main.command()
@home_option
@json_option
@click.option("--hub", help="Address of the hub, https://…")
@click.option("--code", help="One-time code from the hub's administrator.")
@click.option("-o", "--output", type=FILE, help="By stick: write the request here.")
@click.option("--answer", type=click.File("rb"), help="By stick: the hub's answer to the request.")
def enrol(
    home: Path, as_json: bool, hub: str | None, code: str | None, output: Path | None, answer: Any
) -> int:
    """Exchange keys with the hub, by a one-time code that never leaves this machine."""
    given = (hub is not None, code is not None, output is not None, answer is not None)
    with opened(home) as node:
        if given == (True, True, False, False):
            words = enrolling.enrol(node, str(hub), str(code))
        elif given == (False, True, True, False) and output:
            output.write_bytes(enrolling.request_file(node, str(code)))
            show(as_json, {"origin": node.origin, "request": str(output)}, f"carry {output} to the hub")
            return cli.DONE
        elif given[1:] == (False, False, True):
            words = enrolling.take_answer(node, answer.read(1 << 20), hub)
        else:
            raise click.UsageError("give --hub and --code, or by stick --code and -o, and then --answer")
        show(as_json, {"origin": node.origin, "words": words}, f"compare with the hub: {words}")
    return cli.DONE


@main.command()
@home_option
@json_option
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")
@click.option("--no-sync", is_flag=True, help="Serve the pages only.")
def serve(home: Path, as_json: bool, host: str | None, port: int | None, no_sync: bool) -> int:
    """Serve the hall's pages, and keep in step with the hub."""
    from common.web.logs import set_up
    from common.web.serve import run
    from node.app import create_app
    from node.sync.loop import Loop

    set_up()
    with opened(home, SERVE_CACHE_KIB) as node:
        with suppress(Tampered):  # a recovering market serves its pages, and they say so
            node.recorder.catch_up()
        loop = None if no_sync else Loop(node)
        app = create_app(node, loop.now if loop else None)
        if loop:
            loop.start()
        return run(
            app,
            host or node.config.host,
            node.config.port if port is None else port,
            '{{"address":"{address}"}}' if as_json else "yizhan-node ready at {address}",
            on_stop=[loop.stop] if loop else [],
            threads=node.config.threads,
        )


@main.command()
@home_option
@json_option
@click.argument("kind")
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--strict", is_flag=True, help="All lines or none.")
@click.option("--actor", default="script", show_default=True, help="Staff id that the entries name.")
def put(home: Path, as_json: bool, kind: str, file: Any, strict: bool, actor: str) -> int:
    """Write records from JSON lines {"id"?, "set": {…}, "reasons"?: {code: text}}; answers are JSON lines."""
    if not is_login(actor):
        raise click.BadParameter("expected 1 to 32 letters, digits or dashes", param_hint="--actor")
    with opened(home) as node:
        refused = 0
        for answer in scripts.put_lines(node, kind, file, strict, actor):
            refused += "message" in answer
            out(answer)
    return cli.REFUSED if refused else cli.DONE


@main.command()
@home_option
@json_option
@click.argument("kind")
@click.argument("id", required=False)
def get(home: Path, as_json: bool, kind: str, id: str | None) -> int:
    """Merged records as JSON lines, sorted by id."""
    kind_of(kind)
    with opened(home) as node, node.store.reading():
        if id is None:
            for merged in node.store.each(kind):
                out(merged.public())
            return cli.DONE
        one = node.store.get(kind, id)
        if one is None:
            raise Refused("not_found", f"no {kind} {id[:40]}")
        out(one.public())
    return cli.DONE


@main.command()
@home_option
@json_option
def sync(home: Path, as_json: bool) -> int:
    """One round: push all, pull all."""
    with opened(home) as node:
        bar = cli.progress("reporting")
        result = round.run(node, lambda what, done, of: bar(done, of))
    result.pop("retry_after", None)
    show(as_json, result)
    return engine.EXIT[result["state"]]


@main.command("status")
@home_option
@json_option
def status_(home: Path, as_json: bool) -> int:
    """How this market stands with the hub."""
    with opened(home) as node:
        show(as_json, status.facts(node))
    return cli.DONE


@main.command()
@home_option
@json_option
def verify(home: Path, as_json: bool) -> int:
    """Recompute everything from bytes; changes nothing."""
    with cli.damage_reported(as_json), opened(home) as node:
        bar = cli.progress("verifying")
        report = verify_store(node.store, node.cosigner(), {node.origin: node.lock}, bar)
    return cli.report(as_json, report.ok, report.entries, report.problems)


@main.command()
@home_option
@json_option
def rebuild(home: Path, as_json: bool) -> int:
    """Fold all records anew from the log."""
    with opened(home) as node:
        node.store.rebuild(cli.progress("rebuilding"))
    show(as_json, {"rebuilt": True}, "rebuilt")
    return cli.DONE


@main.command()
@home_option
@json_option
def checkpoint(home: Path, as_json: bool) -> int:
    """The newest signed note; the receipt while nothing newer is signed."""
    with opened(home) as node:
        node.recorder.catch_up()  # the lock knows a note before it leaves
        log = node.log
        note = log.receipt if log.receipt and log.receipt_size == log.size else log.note
    assert note is not None, "a log of ours has a signed head from its first day"
    cli.note(as_json, log.origin, bytes(note))
    return cli.DONE


@main.command()
@home_option
@json_option
@click.argument("kind")
@click.argument("id")
@click.option("-o", "--output", type=FILE, required=True, help="FILE.tlog-proof")
def receipt(home: Path, as_json: bool, kind: str, id: str, output: Path) -> int:
    """The proof of a record's newest entry (a contract: of the one that put it in force), and its payload."""
    kind_of(kind)
    with opened(home) as node:
        proof = proof_of(node, kind, id)
    output.write_bytes(proof.file)
    if proof.payload is not None:
        Path(f"{output}.payload").write_bytes(proof.payload)
    if not proof.confirmed:
        say("not yet confirmed by the hub: the proof stands on this market's own signature only")
    result = {"origin": proof.origin, "index": proof.index, "confirmed": proof.confirmed, "file": str(output)}
    show(as_json, result, str(output))
    return cli.DONE


@main.command()
@home_option
@json_option
def vkeys(home: Path, as_json: bool) -> int:
    """Verifier keys: the own log's, then the hub's cosigner's (only the first before enrolment)."""
    with opened(home) as node:
        keys = [str(key) for key in (node.key.verifier, node.cosigner()) if key]
    show(as_json, {"vkeys": keys}, "\n".join(keys))
    return cli.DONE


@main.command("export-log")
@home_option
@json_option
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export_log(home: Path, as_json: bool, folder: Path) -> int:
    """The own log as tiles at the newest receipt's size, with that receipt as `checkpoint`."""
    with opened(home) as node:
        log = node.log
        if not log.receipt:
            raise Refused("no_receipt", "the hub has confirmed nothing yet")
        export(node.store, log, bytes(log.receipt), log.receipt_size, folder)
    show(as_json, {"origin": log.origin, "size": log.receipt_size, "folder": str(folder)}, str(folder))
    return cli.DONE


cli.accounts(
    main,
    "staff",
    "Accounts of people who work here.",
    ROLES,
    opened,
    cli.AccountActs(
        add=lambda node, login, name, role: staff.add(node, "script", login, name, role),
        listed=lambda node: node.accounts.listed(),
        disable=lambda node, login: staff.disable(node, "script", login),
        reset=staff.reset,
    ),
)

if __name__ == "__main__":
    main()
