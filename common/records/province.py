"""Kinds that only the hub writes: the register of logs, verdicts on entries, links between records."""

from __future__ import annotations

from common.records.base import Record
from common.records.fields import Choice, Moment, Number, Parts, Ref, Several, Text


class Register(Record):
    """One market's log: its key and state. The register is the fold of these records, nothing else."""

    kind = "register"
    label = "登记的市场"
    authors = frozenset(("hub",))
    columns = ("name", "market", "origin", "state")

    market = Text("市场编码", required=True, most=8, index=True)
    name = Text("名称", required=True, most=50)
    origin = Text("日志", required=True, most=200, index=True)
    vkey = Text("验证公钥", required=True, most=400)
    box = Text("数据包公钥", most=100)
    state = Choice(
        "状态",
        (
            ("pending", "待批准"),
            ("open", "运行"),
            ("paused", "暂停"),
            ("recovering", "核对中"),
            ("revoked", "已吊销"),
            ("closed", "已关闭"),
        ),
        required=True,
    )
    from_size = Number("吊销起点")
    approved = Parts("批准", parts={"by": Text("批准人", most=50), "time": Moment("时间")})


class Verdict(Record):
    """The hub's signed word on one entry; of several on one leaf, the latest by index counts."""

    kind = "verdict"
    label = "省平台意见"
    authors = frozenset(("hub",))
    title_field = "code"
    columns = ("decision", "code", "origin", "index")

    leaf = Text("条目", required=True, most=44, index=True)
    origin = Text("日志", required=True, most=200)
    index = Number("序号")
    about = Text("对象类型", most=32)
    record = Text("对象", most=36)
    decision = Choice(
        "意见", (("refused", "退回"), ("held", "暂缓"), ("allowed", "准予"), ("lost", "佚失")), required=True
    )
    code = Text("原因代码", required=True, most=32)
    message = Text("说明", most=200)


class Link(Record):
    """Records of one person; undone by retiring it."""

    kind = "link"
    label = "同一人"
    authors = frozenset(("hub",))
    title_field = "reason"
    columns = ("records", "reason")

    records = Several("记录", Ref("", "worker"), required=True)
    reason = Text("依据", required=True, most=200)
