"""Who stands behind an actor: the staff record that his market wrote, and what his market is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from node.home import Home

Who = Callable[[str], tuple[str, str]]


def _told(home: Home, kind: str, key: str, own: bool = False) -> Iterator[tuple[str, str]]:
    """(key, name) of each record where both are texts. own: nobody names another market's staff."""
    for one in home.store.each(kind):
        of, name = one.fields.get(key), one.fields.get("name")
        if isinstance(of, str) and isinstance(name, str) and (not own or of.partition(".")[0] == one.owner):
            yield of, name


def who(home: Home) -> Who:
    """actor -> (person's name, market's name), looked up once for all who may be asked about."""
    with home.store.reading():
        people = dict(_told(home, "staff", "actor", own=True))
        markets = dict(_told(home, "register", "market"))
    markets[home.market] = home.name

    def tell(actor: str) -> tuple[str, str]:
        author, _, staff = actor.partition(".")
        if author == "hub":
            return str(people.get(actor) or staff), "省平台"
        person = people.get(actor) or ("批量导入" if staff == "script" else staff)
        return str(person), str(markets.get(author) or f"市场 {author}")

    return tell
