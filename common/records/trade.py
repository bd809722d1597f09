"""The field for a trade code: four digits out of the list of trades, shown by name."""

from __future__ import annotations

from typing import Any

from common.data.trades import TRADES
from common.records.fields import Choices, Text

_CODES = {trade.name: code for code, trade in TRADES.items()}


class Trade(Text):
    widget = "select"

    def __init__(self, label: str, **about: Any) -> None:
        super().__init__(label, most=4, **about)
        self.widget = "select"
        self.choices: Choices = tuple((code, f"{code} {trade.name}") for code, trade in TRADES.items())

    def _typed(self, text: str) -> str:
        return _CODES.get(text, text)

    def check(self, value: Any) -> str:
        if type(value) is not str or value not in TRADES:
            raise self.invalid("not_a_choice", "expected the code of a trade")
        return value

    def _words(self, value: Any) -> str:
        return TRADES[value].name if value in TRADES else super()._words(value)
