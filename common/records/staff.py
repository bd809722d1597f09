"""Staff 工作人员: who stands behind an actor name. Passwords never leave the hall and never stand here."""

from __future__ import annotations

from common.records.base import Record
from common.records.fields import Choice, Text, YesNo

ROLES = (("clerk", "窗口人员"), ("reviewer", "审核员"), ("manager", "市场负责人"))


class Staff(Record):
    kind = "staff"
    label = "工作人员"
    authors = frozenset(("market",))
    owned = True
    columns = ("name", "actor", "role", "active")

    actor = Text("账号", required=True, most=41)
    name = Text("姓名", required=True, most=50)
    role = Choice("岗位", ROLES, required=True)
    active = YesNo("在用")
