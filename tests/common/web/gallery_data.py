"""What the gallery shows: invented people, jobs, a conflict and a history. All numbers are made up."""

from __future__ import annotations

from typing import Any

from common.records import kind_of
from common.web.shapes import Badge, Change, Event

NOW = 1_796_081_520_000  # 2026-12-01 07:32 in Beijing
MINUTE = 60_000
ROLES = {"clerk": "窗口人员", "reviewer": "审核员", "manager": "市场负责人"}
DESKS = (
    ("today", "今日", "house-door"),
    ("workers", "登记", "person-vcard"),
    ("jobs", "用工", "briefcase"),
    ("matching", "匹配", "shuffle"),
    ("contracts", "合同", "file-earmark-text"),
    ("pay", "结算", "cash-coin"),
    ("rights", "维权", "shield-check"),
    ("service", "服务", "card-checklist"),
    ("screen", "大屏", "tv"),
    ("sync", "同步", "cloud-check"),
    ("settings", "设置", "gear"),
)
WORKER, CONTRACT, JOB = kind_of("worker"), kind_of("contract"), kind_of("job")
LEAF = bytes(range(32))
PERSON: dict[str, Any] = {
    "name": "周胜春",
    "id_type": "resident",
    "id_number": "370705198503020018",
    "phone": "13805360018",
    "trades": ["0303", "0308", "0109"],
    "skill_level": "middle",
    "expected_pay": 26000,
    "certificates": [{"trade": "0301", "number": "T370705198503020018", "expires": "2028-06-30"}],
    "days": [1, 2, 3, 4, 5, 6],
    "hours_from": "06:00",
    "hours_to": "18:00",
    "radius_km": 30,
    "division": "371302",
    "address": "临沂市兰山区银雀山街道沂蒙路 218 号",
    "education": "70",
    "hardship": ["older"],
    "consent": {"version": "2026-1", "time": NOW - 400 * MINUTE, "method": "paper"},
    "standing": "active",
    "blood_type": "A",
}
NAMES = (
    "周胜春 刘杰 𬱖建国 单田芳 解文静 欧阳海 阿卜杜·热合曼 王秀英 "
    "张伟 李娜 赵铁柱 孙德胜 曾庆云 仇保国 查文海"
).split()
CONFLICTS = {
    "phone": [
        {"value": "13805360018", "actor": "37130201.s7", "time": NOW - 90 * MINUTE, "leaf": "bGVhZjE="},
        {"value": "15953990027", "actor": "37070501.s2", "time": NOW - 70 * MINUTE, "leaf": "bGVhZjI="},
    ],
    "expected_pay": [
        {"value": 26000, "actor": "37130201.s7", "time": NOW - 90 * MINUTE, "leaf": "bGVhZjE="},
        {"value": 30000, "actor": "37070501.s2", "time": NOW - 70 * MINUTE, "leaf": "bGVhZjI="},
    ],
}
STAFF = {"37130201.s7": ("陈晓燕", "兰山零工市场"), "37070501.s2": ("孙立", "奎文零工市场")}
JOBS = [
    ("管道安装工 6 名", "临沂恒通建筑安装有限公司", 6, 2, 26000, "day", "published"),
    ("厂区保洁", "兰山区洁美家政服务部", 10, 10, 15000, "day", "review"),
    ("大棚采摘黄瓜", "费县绿源果蔬合作社", 20, 0, 12000, "day", "filled"),
    ("夜间卸车", "鲁南快运物流园", 8, 5, 3000, "hour", "published"),
]
EVENTS = [
    Event(
        "孙立",
        "奎文零工市场",
        NOW - 70 * MINUTE,
        index=88_213,
        badge=Badge("waiting", "两处修改不一致"),
        changes=[
            Change("手机号", "137****1111", "159****0027"),
            Change("期望日薪（元）", "￥260.00", "￥300.00"),
        ],
    ),
    Event(
        "陈晓燕",
        "兰山零工市场",
        NOW - 90 * MINUTE,
        index=4126,
        confirmed=NOW - 80 * MINUTE,
        changes=[
            Change("手机号", "137****1111", "138****0018"),
            Change("工种", "管工", "管工、水暖疏通、建筑小工"),
        ],
        reasons=["本人到场更正，旧号已停用"],
    ),
    Event(
        "陈晓燕",
        "兰山零工市场",
        NOW - 400 * MINUTE,
        title="登记",
        index=3988,
        confirmed=NOW - 390 * MINUTE,
    ),
]
