"""Who stands behind an actor: the staff record that his market wrote, and what his market is called."""

from __future__ import annotations

from collections.abc import Callable

from node.home import Home

Who = Callable[[str], tuple[str, str]]


def who(home: Home) -> Who:
    """actor -> (person's name, market's name), looked up once for all who may be asked about."""
    with home.store.reading():
        people = {one.fields.get("actor"): one.fields.get("name") for one in home.store.each("staff")}
        markets = {one.fields.get("market"): one.fields.get("name") for one in home.store.each("register")}
    markets[home.market] = home.name

    def tell(actor: str) -> tuple[str, str]:
        author, _, staff = actor.partition(".")
        if author == "hub":
            return str(people.get(actor) or staff), "省平台"
        person = people.get(actor) or ("批量导入" if staff == "script" else staff)
        return str(person), str(markets.get(author) or f"市场 {author}")

    return tell
