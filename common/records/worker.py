"""Worker 零工: a person looking for day work. One person, one record; any market and the hub may write it.

An identity number decides birth date and sex; its first six digits are only a hint, because people hold
numbers of counties that are long abolished. Nobody is refused for lacking a phone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from common.data.initials import initials
from common.errors import Invalid
from common.records import numbers
from common.records.base import Facts, Fields, Finding, Record
from common.records.fields import (
    Checked,
    Choice,
    Clock,
    Day,
    Fen,
    Moment,
    Number,
    Parts,
    Phone,
    Several,
    Table,
    Text,
)
from common.records.trade import Trade

ID_TYPES = (
    ("resident", "居民身份证"),
    ("hmt_permit", "港澳台居民居住证"),
    ("foreign_permanent", "外国人永久居留身份证"),
    ("passport", "护照"),
    ("temporary", "临时身份证"),
    ("none", "无证件"),
)
SKILL_LEVELS = (
    ("none", "无等级"),
    ("apprentice", "学徒工"),
    ("junior", "五级（初级工）"),
    ("middle", "四级（中级工）"),
    ("senior", "三级（高级工）"),
    ("technician", "二级（技师）"),
    ("senior_technician", "一级（高级技师）"),
    ("special_technician", "特级技师"),
    ("chief_technician", "首席技师"),
)
EDUCATIONS = (
    ("10", "研究生"),
    ("20", "大学本科"),
    ("30", "大学专科"),
    ("40", "中专中技"),
    ("60", "高中"),
    ("70", "初中"),
    ("80", "小学"),
    ("90", "其他"),
)
HARDSHIPS = (
    ("older", "大龄（女满40或男满50）"),
    ("disabled", "残疾"),
    ("low_income", "低保家庭"),
    ("zero_employment", "零就业家庭"),
    ("long_unemployed", "连续失业一年以上"),
    ("landless", "失地"),
    ("out_of_poverty", "脱贫人口"),
)
WEEKDAYS = tuple(zip(range(1, 8), "一二三四五六日", strict=True))
BY_HUB = ("blocked", "merged")


class Weekday(Number):
    """A day of the week, 1 Monday to 7 Sunday."""

    def __init__(self, label: str = "") -> None:
        super().__init__(label, least=1, most=7)
        self.choices = tuple((str(day), f"周{name}") for day, name in WEEKDAYS)

    def _typed(self, text: str) -> int:
        named = {label: value for value, label in self.choices}
        return super()._typed(named.get(text, text))

    def _words(self, value: Any) -> str:
        return dict(self.choices)[str(value)]


def _division(text: str) -> str:
    if len(text) != 6 or not (text.isascii() and text.isdigit()):
        raise Invalid("division", "expected six digits")
    return text


def Division(label: str = "区划代码") -> Checked:
    return Checked(label, _division, most=6)


class Worker(Record):
    kind = "worker"
    label = "零工"
    groups = (("id_type", "id_number"), ("hours_from", "hours_to"))
    columns = ("name", "id_number", "phone", "trades", "standing")

    name = Text("姓名", required=True, most=50)
    id_type = Choice("证件类型", ID_TYPES, required=True)
    id_number = Checked(
        "证件号码",
        numbers.clean_id,
        mask=numbers.mask_id,
        sensitive=True,
        most=24,
        index=True,
        help="可带空格，末位 x 自动转成 X",
    )
    phone = Phone("手机号", help="没有可不填，可与家人共用")
    trades = Several("工种", Trade(""), most=12)
    skill_level = Choice("技能等级", SKILL_LEVELS)
    expected_pay = Fen("期望日薪（元）", least=1, most=10_000_000)
    birth = Day("出生日期", help="身份证号已含时不用填")
    sex = Choice("性别", (("male", "男"), ("female", "女"), ("unstated", "未说明")))
    certificates = Table(
        "证书",
        Parts(
            "",
            ("number", "expires"),
            parts={"trade": Trade("工种"), "number": Text("编号", most=40), "expires": Day("有效期至")},
        ),
    )
    days = Several("可上工日", Weekday(), most=7)
    hours_from = Clock("可上工时间从")
    hours_to = Clock("到")
    radius_km = Number("可到距离（公里）", least=1, most=2000)
    division = Division()
    address = Text("住址", sensitive=True)
    education = Choice("文化程度", EDUCATIONS)
    hardship = Several("就业困难情形", Choice("", HARDSHIPS))
    consent = Parts(
        "信息告知同意",
        required=True,
        parts={
            "version": Text("文本版本", most=20),
            "time": Moment("时间"),
            "method": Choice("方式", (("paper", "纸质签字"), ("pad", "手写板"), ("kiosk", "自助机"))),
        },
    )
    standing = Choice(
        "状态", (("active", "在册"), ("dormant", "休眠"), ("blocked", "冻结"), ("merged", "已合并"))
    )

    @classmethod
    def settle(cls, patch: dict[str, Any], whole: Fields) -> dict[str, Any]:
        if "id_number" in patch or "id_type" in patch:
            patch = patch | _identity(whole)
        birth, sex = identity_tells(whole)
        for name, told in (("birth", birth), ("sex", sex)):
            if told and patch.get(name) not in (None, told):
                raise Invalid(f"{name}_differs", f"{name} differs from the identity number", field=name)
            if told and whole.get(name) not in (None, told):
                patch = patch | {name: None}  # written before the number was, and now the number says it
        return patch

    @classmethod
    def rules(cls, facts: Facts) -> Iterator[Finding]:
        person = facts.fields
        number, id_type = person.get("id_number"), person.get("id_type")
        if isinstance(number, str):
            if any(id != facts.id for id, _ in facts.same("worker", "id_number", number)):
                yield Finding("possible_same_person", "warn", ("id_number",), "this number is known here")
            if id_type == "resident" and not numbers.known_prefix(number):
                yield Finding("id_prefix_unknown", "note", ("id_number",), "no place that we know")
        age = age_of(person, facts.today)
        if age is not None and age < 16:
            yield Finding("under_16_today", "note", ("id_number", "birth"), "cannot be introduced yet")
        if person.get("standing") in BY_HUB and facts.market != "hub":
            yield Finding("hub_only", "block", ("standing",), "only the province blocks and merges")

    @classmethod
    def terms(cls, fields: Fields) -> Iterable[str]:
        tails = (fields.get("id_number"), fields.get("phone"))
        return name_terms(fields.get("name")) + ["~" + tail[::-1] for tail in tails if isinstance(tail, str)]


def _identity(person: Fields) -> dict[str, Any]:
    """The checked pair of identity type and number; raises Invalid."""
    id_type, number = person.get("id_type"), person.get("id_number")
    if id_type is None:
        raise Invalid("required", "worker: id_type is required", field="id_type")
    try:
        checked = numbers.check_id(id_type, number or "")
    except Invalid as error:
        code = "required" if not number and id_type != "none" else error.code
        raise Invalid(code, error.message, field="id_number") from error
    return {"id_type": id_type, "id_number": checked or None}


def identity_tells(person: Fields) -> tuple[str | None, str | None]:
    """(birth, sex) as the identity number says, each None where it does not."""
    birth = _told_birth(person)
    return birth, numbers.sex_of(person["id_number"], person["id_type"]) if birth else None


def _told_birth(person: Fields) -> str | None:
    id_type, number = person.get("id_type"), person.get("id_number")
    if isinstance(number, str) and isinstance(id_type, str):
        return numbers.birth_of(number, id_type)
    return None


def birth_of(person: Fields) -> str | None:
    """Birth date out of the number, else as written."""
    written = person.get("birth")
    return _told_birth(person) or (written if isinstance(written, str) else None)


def age_of(person: Fields, day: str) -> int | None:
    """Completed years on `day`; None where birth or day are unknown, or not understood."""
    born = birth_of(person)
    try:
        return numbers.age_on(born, day) if born else None
    except Invalid:
        return None


def name_terms(name: object) -> list[str]:
    """Every tail of a name (so that any part of it is found) and its pinyin initials."""
    if not isinstance(name, str):
        return []
    plain = name.replace(" ", "").replace("\u3000", "").lower()
    return [plain[start:] for start in range(min(len(plain), 30))] + list(initials(name))
