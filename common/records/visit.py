"""Visit 到访: one person-time at a hall. Written by the market that saw it; may be anonymous."""

from __future__ import annotations

from common.records.base import Record
from common.records.fields import Choice, Clock, Day, Ref, Text

SERVICES = (
    ("seek", "求职"),
    ("register", "登记"),
    ("hire", "招工"),
    ("consult", "咨询"),
    ("contract", "签约"),
    ("rights", "维权"),
    ("training", "培训"),
    ("other", "其他"),
)


class Visit(Record):
    kind = "visit"
    label = "到访"
    owned = True
    title_field = "date"
    columns = ("date", "time", "service", "worker", "window")

    worker = Ref("零工", "worker", index=True)
    service = Choice("事项", SERVICES, required=True)
    date = Day("日期", required=True, index=True)
    time = Clock("时间")
    window = Text("窗口", most=20)
