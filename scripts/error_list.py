"""Writes docs/errors.md, the list of the numbers that stand behind messages on the pages (代码 Y-1203).

The list is for whoever picks up the telephone when a hall reads a number out. It is made from the table the
pages themselves use, so it cannot differ from them: tests/test_docs.py compares, and says to run this script.

    .venv/bin/python scripts/error_list.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import environment

LIST = Path(__file__).resolve().parent.parent / "docs" / "errors.md"
HEAD = """\
# 错误代码 · Error numbers

页面上的提示后面都有一个代码（代码 Y-1203）。打电话求助时请报这个代码。
Every message on a page carries a number; the middle column is the `code` that commands report.
Written by `scripts/error_list.py` from `common/web/messages.py`; do not edit.

Y-1xxx what was typed · Y-2xxx rules of the market · Y-3xxx exchange with the province ·
Y-4xxx integrity and the machine itself · Y-5xxx login, access and requests.

| number | code | message |
|---|---|---|
"""


def text() -> str:
    """The whole page, sorted by number."""
    from common.web.messages import MESSAGES

    rows = sorted((number, code, words) for code, (number, words) in MESSAGES.items())
    return HEAD + "".join(f"| {number} | `{code}` | {words} |\n" for number, code, words in rows)


def main() -> int:
    """Write the page if it differs."""
    environment.enter()
    fresh = text()
    if not LIST.exists() or LIST.read_text("utf-8") != fresh:
        LIST.write_text(fresh, "utf-8")
        print(f"{LIST} written", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
