"""Small forms that are no record: what was typed and what is wrong with it. Nothing typed is lost.

Its `problems` are those of common.web.forms, so the shared macro sums them up on top of the page.
"""

from __future__ import annotations

from collections.abc import Mapping

from common.errors import YizhanError
from common.web import messages
from common.web.forms import Problem
from hub.roles.words import FORMS


class Typed:
    """labels: {name: label} of the fields; sent: the form as it came back, {} for a blank one."""

    warnings = notes = ()

    def __init__(self, labels: Mapping[str, str], sent: Mapping[str, str] | None = None) -> None:
        self.labels = labels
        self.values = {name: (sent or {}).get(name, "").strip() for name in labels}
        self.problems: list[Problem] = []

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def ok(self) -> bool:
        return not self.problems

    @property
    def status(self) -> int:
        return 200 if self.ok else 422

    def fail(self, error: YizhanError | str, name: str = "") -> None:
        """Put an error beside its field, or on top where it has none of this form."""
        code = error if isinstance(error, str) else error.code
        field = name or (error.field or "" if isinstance(error, YizhanError) else "")
        listed = code in messages.MESSAGES or not isinstance(error, str)
        words = FORMS.get(code) or messages.words(error)
        number = messages.number(error) if listed else "Y-1000"
        known = field if field in self.labels else ""
        self.problems.append(Problem(code, number, words, known, self.labels.get(known, "")))

    def need(self, *names: str) -> bool:
        """Fail the empty ones of these; True if there was none."""
        for name in names:
            if not self.values[name]:
                self.fail("required", name)
        return self.ok

    def wrong(self, name: str) -> list[Problem]:
        return [problem for problem in self.problems if problem.name == name]
