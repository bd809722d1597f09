"""Staff and passwords, the day's page, the search box, and who may open what."""

from __future__ import annotations

import re

from node.market import staff
from tests.node.homes import PASSWORD, Desk, Hall, id_number


def test_a_manager_adds_resets_and_disables_staff(hall: Hall) -> None:
    desk = hall.desk("admin").get("/settings")
    desk.post("/settings/staff", name="钱窗口", login="s9", role="clerk")
    first = re.search(r"yz-mono\">([a-z0-9-]{19})<", desk.page)
    assert first and "钱窗口" in desk.words and "待改首次密码" in desk.words
    client = Desk(desk.client.application.test_client())
    client.get("/login").post("/login", login="s9", password=first[1])
    assert client.at == "/settings/password" and "首次登录" in client.words
    assert client.get("/workers").at == "/settings/password"
    client.post("/settings/password", password_old=first[1], password_new="short", password_again="short")
    assert client.status == 422 and "Y-5015" in client.words
    client.post(
        "/settings/password", password_old=first[1], password_new="Market-88", password_again="Market-89"
    )
    assert client.status == 422 and "Y-5017" in client.words
    client.post(
        "/settings/password", password_old=first[1], password_new="Market-88", password_again="Market-88"
    )
    assert client.at == "/today" and "密码已修改" in client.words
    desk.post("/settings/staff/s9/disable", sure="yes")
    assert "已停用" in desk.words and client.get("/workers").at == "/login"


def test_mistakes_keep_what_was_typed(hall: Hall) -> None:
    desk = hall.desk("admin").get("/settings")
    desk.post("/settings/staff", name="重名", login="admin", role="clerk")
    assert desk.status == 422 and "Y-5020" in desk.words and 'value="重名"' in desk.page
    desk.post("/settings/staff/admin/disable", sure="yes")
    assert desk.status == 409 and "Y-5023" in desk.words


def test_clerks_see_no_settings(hall: Hall) -> None:
    desk = hall.desk("s1").get("/today")
    assert "设置" not in desk.words.split("今日到访")[0].split("今日")[1]
    assert desk.get("/settings").status == 403 and "Y-5005" in desk.words
    desk.get("/sync")
    assert desk.post("/settings/staff", name="x", login="x", role="manager").status == 403


def test_everything_but_health_needs_a_login(hall: Hall) -> None:
    staff.add(hall.home, "admin", "admin", "王主任", "manager")
    client = hall.desk("s1").client.application.test_client()
    for rule in client.application.url_map.iter_rules():
        if (
            "GET" not in (rule.methods or ())
            or rule.endpoint.startswith("web.")
            or rule.endpoint == "healthz"
        ):
            continue
        path = re.sub(r"<[^>]+>", "x", rule.rule)
        assert client.get(path).status_code in (302, 401), path


def test_the_day_counts_and_says_what_to_do(hall: Hall) -> None:
    desk = hall.desk().get("/today")
    assert "都办完了" in desk.words
    worker, job = hall.worker("单雄信"), hall.job(headcount=3)
    hall.contract(worker, job, signed=False)
    hall.contract(job=job)
    desk.get(f"/workers/{worker}").post("/visits", worker=worker, service="seek")
    desk.get("/today")
    numbers = dict(re.findall(r"<span>([^<]+)</span><b>([\d,]+)</b>", desk.page))
    assert numbers == {
        "今日到访": "1",
        "今日新登记": "2",
        "在招名额": "2",
        "合同未签": "1",
        "合同已生效": "1",
    }
    assert "单雄信" in desk.words.split("合同未签")[2] and "去签字" in desk.words


def test_the_search_box_opens_a_single_hit(hall: Hall) -> None:
    worker = hall.worker("单雄信", id_number=id_number(7))
    contract = hall.contract(worker)
    number = hall.get("contract", contract).fields["number"]
    desk = hall.desk()
    assert desk.get(f"/search?q={number}").at == f"/contracts/{contract}"
    desk.get("/search?q=单雄信")
    assert "零工" in desk.words and "合同" in desk.words and id_number(7) not in desk.page
    assert "没有找到" in desk.get("/search?q=没这人").words
    assert desk.get("/search?q=%25' OR 1=1 --").status == 200


def test_a_page_that_does_not_exist_is_a_sentence(hall: Hall) -> None:
    desk = hall.desk().get("/nowhere")
    assert desk.status == 404 and "Y-5009" in desk.words
    assert PASSWORD not in desk.page
