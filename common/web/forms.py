"""Forms over the fields of a record class: drawn from values, read back as a patch, errors beside the fields.

    form = Form.blank(Worker, names, values=…)                  a new record
    form = Form.edit(Worker, id, fields, heads, names)          an existing one, as it is now
    form = Form.read(Worker, request.form, names, id=…)         what came back
    if form.ok: put(form.id, form.patch, reasons=form.reasons, after=form.heads)
    except YizhanError as error: form.fail(error)               and draw it again: nothing typed is lost

Rules kept here:
- The patch holds only what the person changed against what the form was drawn from. That, and the record's
  heads then, travel sealed in the form itself; nobody's later change is undone by an untouched field.
- Conversion is here, rules are not: `fail` takes what the recorder refused and puts it beside its field.
- A sensitive value of an existing record is never drawn: its control is empty, and empty means unchanged.
- `merge` is for the second of two people who edit one record: untouched fields take the newer value, fields
  that both changed are shown side by side, and saving again is a change drawn from the newer state.
- Warnings that ask for a reason get a field each, `_reason.<code>`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.datastructures import MultiDict

from common.errors import Invalid, YizhanError
from common.records import Record
from common.records.fields import Wire
from common.web import inputs
from common.web.inputs import Texts
from common.web.messages import number, words

DRAWN, REASON, CLEAR = "_drawn", "_reason.", "_clear"
UNSHOWN = ("reasons", "retired")
Kind = type[Record]
Names = Iterable[str] | None


@dataclass(frozen=True)
class Problem:
    """One thing to mend, or to know: its code, its number and its sentence; `label` names the field."""

    code: str
    number: str
    words: str
    name: str = ""
    label: str = ""


@dataclass
class Control:
    """One field as the macros draw it."""

    field: Wire
    name: str
    held: Texts
    problems: Sequence[Problem] = ()
    stored: str = ""  # masked present value of a sensitive field: the control itself stays empty
    theirs: str = ""  # what somebody else wrote meanwhile
    ref_label: str = ""
    lookup: str = ""

    @property
    def widget(self) -> str:
        """The field's widget, or one that can at least show what it holds."""
        held, given = self.held, self.field.widget
        if given == "select" and held and held not in [choice[0] for choice in self.field.choices]:
            return "text"
        return given

    @property
    def rows(self) -> list[dict[str, str]]:
        """The rows of a table, with empty ones to fill in."""
        given = [row for row in self.held if isinstance(row, dict)] if isinstance(self.held, list) else []
        return [*given, *({} for _ in range(inputs.SPARE_ROWS))]


@dataclass
class Drawn:
    """What a form was drawn from: the record, its heads, texts by name, (digest, mask) of unshown values."""

    id: str | None = None
    heads: tuple[bytes, ...] = ()
    texts: dict[str, Texts] = field(default_factory=dict)
    unshown: dict[str, tuple[str, str]] = field(default_factory=dict)


class Form:
    """See the module's docstring. `names` limits and orders the fields; all of the kind's if not given."""

    def __init__(self, kind: Kind, names: Names, drawn: Drawn) -> None:
        self.kind = kind
        given = tuple(names) if names is not None else tuple(kind.fields)
        self.names = tuple(name for name in given if name not in UNSHOWN)
        self.drawn = drawn
        self.held: dict[str, Texts] = dict(drawn.texts)
        self.patch: dict[str, Any] = {}
        self.reasons: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.notes: list[Problem] = []
        self.theirs: dict[str, str] = {}
        self.ref_labels: dict[str, str] = {}
        self.lookup: Callable[[str], str] | None = None

    @classmethod
    def blank(cls, kind: Kind, names: Names = None, values: Mapping[str, Any] | None = None) -> Form:
        """A form for a new record; `values` are suggestions: they stand in it and are saved with it."""
        form = cls(kind, names, Drawn())
        for name in form.names:
            form.held[name] = inputs.texts(kind.fields[name], (values or {}).get(name))
        return form

    @classmethod
    def edit(
        cls, kind: Kind, id: str, fields: Mapping[str, Any], heads: Iterable[bytes], names: Names = None
    ) -> Form:
        """A form for an existing record with its present fields and heads (leaf hashes)."""
        form = cls(kind, names, Drawn(id, tuple(heads)))
        form._draw(fields)
        form.held = dict(form.drawn.texts)
        return form

    @classmethod
    def read(
        cls, kind: Kind, sent: MultiDict[str, str], names: Names = None, *, id: str | None = None
    ) -> Form:
        """What the browser sent, with `patch` and `problems` worked out. `id`: the record it must be about.

        Without a whole seal nothing is known of what the form was drawn from: it has problems, no heads, and
        is to be drawn again (for an existing record after `merge`), with everything that was typed in it.
        """
        drawn = _unseal(sent.get(DRAWN, ""))
        sealed = drawn is not None and drawn.id == id
        form = cls(kind, names, drawn if drawn is not None and sealed else Drawn(id))
        if not sealed:
            form._say("form_expired")
        cleared = set(sent.getlist(CLEAR))
        for name in form.names:
            form.held[name] = held = inputs.typed(kind.fields[name], sent)
            form._take(name, held, name in cleared)
        given = ((key[len(REASON) :], text.strip()) for key, text in sent.items() if key.startswith(REASON))
        form.reasons = {code: text for code, text in given if text}
        return form

    @property
    def id(self) -> str | None:
        return self.drawn.id

    @property
    def heads(self) -> tuple[bytes, ...]:
        return self.drawn.heads

    @property
    def ok(self) -> bool:
        return not self.problems

    @property
    def status(self) -> int:
        """The HTTP status of a page that draws this form."""
        return 200 if self.ok and not self.warnings else 422

    @property
    def seal(self) -> str:
        """What the hidden field `_drawn` holds."""
        drawn = self.drawn
        sealed = _sealer().dumps([drawn.id, [head.hex() for head in drawn.heads], drawn.texts, drawn.unshown])
        return sealed if isinstance(sealed, str) else sealed.decode()

    def control(self, name: str) -> Control:
        """One field, ready to be drawn. KeyError for a name that the kind does not have."""
        wire = self.kind.fields[name]
        return Control(
            field=wire,
            name=name,
            held=self.held.get(name, inputs.texts(wire, None)),
            problems=[problem for problem in self.problems if problem.name == name],
            stored=self.drawn.unshown.get(name, ("", ""))[1],
            theirs=self.theirs.get(name, ""),
            ref_label=self.ref_labels.get(name, ""),
            lookup=self.lookup(wire.ref) if self.lookup and wire.ref else "",
        )

    def fail(self, error: YizhanError) -> None:
        """Put an error of the recorder or of a desk's rule beside its field, or on top where it has none."""
        self._say(error, error.field or "")

    def warn(self, findings: Iterable[Any]) -> bool:
        """Show findings (code, severity) as warnings and notes; True if one still needs a reason."""
        needed = False
        for finding in findings:
            code, severity = finding.code, finding.severity
            problem = Problem(code, number(code), words(code))
            (self.warnings if severity == "warn" else self.notes).append(problem)
            needed = needed or (severity == "warn" and code not in self.reasons)
        return needed

    def merge(
        self, fields: Mapping[str, Any], heads: Iterable[bytes], *, who: str = "", when: str = ""
    ) -> None:
        """Somebody else saved this record meanwhile: draw on from its present fields and heads."""
        before, typed = self.drawn, dict(self.held)
        self.drawn = Drawn(before.id, tuple(heads))
        self._draw(fields)
        for name in self.names:
            was, now, mine = before.texts.get(name), self.drawn.texts.get(name), typed.get(name)
            moved = was != now or before.unshown.get(name) != self.drawn.unshown.get(name)
            if mine == was:
                self.held[name] = now if now is not None else ""
            elif moved and mine != now:
                self.theirs[name] = self.kind.fields[name].show(fields.get(name)) or "（空）"
        if not any(problem.code == "form_expired" for problem in self.problems):
            self._say(Invalid("record_changed", who=who, when=when) if who and when else "record_changed")

    def _draw(self, fields: Mapping[str, Any]) -> None:
        for name in self.names:
            wire, value = self.kind.fields[name], fields.get(name)
            if wire.sensitive and value is not None:
                self.drawn.texts[name] = ""
                self.drawn.unshown[name] = (_digest(str(value)), wire.show(value))
            else:
                self.drawn.texts[name] = inputs.texts(wire, value)

    def _take(self, name: str, held: Texts, clear: bool) -> None:
        """Work one field into the patch."""
        wire, new = self.kind.fields[name], self.id is None
        kept = name in self.drawn.unshown
        if kept and inputs.empty(held) and not clear:
            return
        if not kept and not new and held == self.drawn.texts.get(name):
            return
        try:
            value = inputs.parse(wire, held)
        except Invalid as error:
            typed = {"typed": held} if isinstance(held, str) else {}
            return self._say(Invalid(error.code, **{**typed, **error.detail}), name)
        if value is None and wire.required:
            return self._say("required", name)
        if value is not None or not new:
            self.patch[name] = value

    def _say(self, error: YizhanError | str, name: str = "") -> None:
        label = self.kind.fields[name].label if name in self.names else ""
        code = error if isinstance(error, str) else error.code
        self.problems.append(Problem(code, number(error), words(error), name if label else "", label))


def _sealer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="yizhan-form")


def _unseal(text: str) -> Drawn | None:
    """None where the seal is missing or broken."""
    try:
        id, heads, texts, unshown = _sealer().loads(text)
    except (BadData, ValueError, TypeError):
        return None
    masks = {name: (digest, mask) for name, (digest, mask) in unshown.items()}
    return Drawn(id, tuple(map(bytes.fromhex, heads)), texts, masks)


def _digest(value: str) -> str:
    """Tells whether an unshown value changed, without telling the value."""
    key = current_app.secret_key or b""
    key = key.encode() if isinstance(key, str) else key
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:16]
