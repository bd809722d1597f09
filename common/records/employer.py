"""Employer 用工方: a company, a sole trader or a household. Any market and the hub may write it.

A company code with a wrong check digit can be real: it warns and asks for a reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from common.errors import Invalid
from common.records import numbers
from common.records.base import Facts, Fields, Finding, Record
from common.records.fields import Checked, Choice, Moment, Parts, Phone, Text
from common.records.worker import Division, name_terms

FORMS = (("company", "企业"), ("sole_trader", "个体工商户"), ("household", "家庭或个人"), ("other", "其他"))


class Employer(Record):
    kind = "employer"
    label = "用工方"
    columns = ("name", "form", "code", "contact", "phone", "verified")

    name = Text("名称", required=True, most=100)
    form = Choice("类型", FORMS, required=True)
    code = Checked(
        "统一社会信用代码",
        lambda text: numbers.check_uscc(text)[0],
        most=24,
        index=True,
        help="18 位；家庭或个人改填身份证号",
    )
    id_number = Checked(
        "经办人身份证号", numbers.check_resident_id, mask=numbers.mask_id, sensitive=True, most=24
    )
    contact = Text("联系人", most=50)
    phone = Phone("联系电话")
    division = Division()
    address = Text("地址")
    verified = Parts(
        "核验",
        parts={
            "by": Text("核验人", most=50),
            "time": Moment("时间"),
            "how": Choice(
                "方式",
                (("licence", "营业执照"), ("id_card", "身份证"), ("site", "上门"), ("registry", "登记系统")),
            ),
        },
    )

    @classmethod
    def settle(cls, patch: dict[str, Any], whole: Fields) -> dict[str, Any]:
        if not whole.get("code") and not whole.get("id_number"):
            raise Invalid("required", "employer: code or id_number is required", field="code")
        return patch

    @classmethod
    def rules(cls, facts: Facts) -> Iterator[Finding]:
        if facts.fields.get("verified") and facts.market != "hub" and facts.owner not in ("", facts.market):
            yield Finding("hub_only", "block", ("verified",), "verified by who registered it, or by the hub")
        code = facts.fields.get("code")
        if not isinstance(code, str):
            return
        if not _fits(code):
            yield Finding("uscc_checksum", "warn", ("code",), "the code's check digit does not fit")
        if any(id != facts.id for id, _ in facts.same("employer", "code", code)):
            yield Finding("possible_same_employer", "warn", ("code",), "this company code is known here")

    @classmethod
    def terms(cls, fields: Fields) -> Iterator[str]:
        yield from name_terms(fields.get("name"))
        for tail in (fields.get("code"), fields.get("phone")):
            if isinstance(tail, str):
                yield "~" + tail[::-1].lower()


def _fits(code: str) -> bool:
    try:
        return numbers.check_uscc(code)[1]
    except Invalid:  # another program wrote it
        return False
