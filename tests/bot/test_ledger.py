"""The ledger through its commands and the chat: lists in, services counted from what arrived, a record linked, disputed and outliving the chat."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from pydantic import SecretStr
from sqlalchemy import Connection, select, update

from bot import broadcast, delivery, services
from bot.app import App
from bot.delivery import Delivery
from dialogs.messages import Inbound, Say
from knowledge.cases import Case
from knowledge.db import DatabaseError
from knowledge.ledger import figures, intake, meter, papers, record, sharing
from knowledge.ledger.record import Change, LedgerError, Record, Service
from knowledge.tables import comma, read
from tests.conftest import Run, settings_for

HEADER = ("姓名", "学号", "身份证号", "手机", "学院", "毕业时间", "常住地", "毕业去向")
ONE = ("李一", "2022001", "11010119900307803X", "13900000001", "软件学院", "2026-06-30", "贵阳市", "待就业")
TWO = ("王二", "2022002", "", "13900000002", "软件学院", "2026-06-30", "兰州", "三方")
THREE = ("=张三", "2022003", "", "", "文学院", "2026-06-30", "甘肃省兰州市", "")
BROKEN = (
    ("赵四", "2022004", "110101199003078031", "", "", "", "", ""),
    ("", "2022005", "", "", "", "", "", ""),
    ("孙六", "", "", "139", "", "", "", ""),
)


def listed(*rows: tuple[str, ...]) -> bytes:
    return comma([HEADER, *rows]).replace(b"'=", b"=")


def take(app: App, *rows: tuple[str, ...], **more: Any) -> dict[str, int]:
    return intake.bring_in(app.database, app.seal, read(listed(*rows)), "名单", {}, app.clock.now(), **more).counts()


def held(app: App, query: Any) -> Any:
    with app.database.reading() as connection:
        return connection.execute(query).scalars().all()


def say(app: App, text: str, who: str = "console::li") -> list[dict[str, Any]]:
    app.clock.advance(timedelta(seconds=1))
    return app.accept(Inbound(who, f"m{app.clock.now().timestamp()}", "text", text, app.clock.now())).result().parts


def link(app: App, name: str, tail: str, who: str = "console::li") -> str:
    for text in ("连上学校登记", "同意", name, tail):
        parts = say(app, text, who)
    return str(parts[-1]["text"])


def test_the_same_list_again_changes_nothing_and_a_broken_row_stops_nobody(any_app: App) -> None:
    rows = (ONE, BROKEN[0], TWO, BROKEN[1], THREE, BROKEN[2], ONE)
    assert take(any_app, *rows, dry=True) == {"inserted": 3, "updated": 0, "same": 0, "refused": 4}
    assert held(any_app, select(Record.id)) == []
    assert take(any_app, *rows) == {"inserted": 3, "updated": 0, "same": 0, "refused": 4}
    assert take(any_app, *rows) == {"inserted": 0, "updated": 0, "same": 3, "refused": 4}
    assert take(any_app, (*TWO[:7], "自由职业")) == {"inserted": 0, "updated": 1, "same": 0, "refused": 0}
    assert held(any_app, select(Change.destination).order_by(Change.id)) == ["待就业", "签就业协议形式就业", "自由职业"]
    with any_app.database.reading() as connection:
        kept = connection.execute(select(Record.__table__).where(Record.name == "李一")).mappings().one()
    assert "11010119900307803X" not in str(dict(kept))
    assert any_app.seal.open(kept["id_sealed"], kept["id_digest"]) == "11010119900307803X"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (("李一", "2022002", ONE[2]), "请核对"),
        (("李二", "2022001", ""), "姓名却不一样"),
        (("李一", "2022001", "110101199003070054"), "身份证号却不一样"),
        (("李一", "2018001", ONE[2], "", "", "2022-06-30"), "更早"),
    ],
)
def test_two_of_three_must_agree(app: App, row: tuple[str, ...], why: str) -> None:
    take(app, ONE, TWO)
    table = read(listed((*row, *[""] * (len(HEADER) - len(row)))))
    done = intake.bring_in(app.database, app.seal, table, "名单", {}, app.clock.now())
    assert [line.outcome for line in done.lines] == ["refused"]
    assert why in done.lines[0].why


def test_a_linked_person_sees_disputes_and_leaves_the_record_behind(any_app: App) -> None:
    app = any_app
    take(app, ONE, TWO)
    assert "没对上" in link(app, "李一", "0000")
    assert "连上了" in link(app, "李一", "803x")
    assert "已经和另一个账号" in link(app, "李一", "2001", "console::other")
    assert "毕业去向：待就业" in say(app, "我的去向登记")[0]["text"]
    say(app, "我的去向登记不对")
    assert "已经转给老师" in say(app, "我在上班,不是待就业")[0]["text"]
    assert held(app, select(Case.kind)) == ["dispute"]
    assert take(app, (*ONE[:7], "考研")) == {"inserted": 0, "updated": 0, "same": 1, "refused": 0}
    number = held(app, select(Record.id).where(Record.name == "李一"))[0]
    with app.database.writing() as connection:
        record.settle(connection, number, "自由职业", "王老师", app.clock.now(), "电话核实")
    assert "自由职业" in say(app, "我的去向登记")[0]["text"]
    say(app, "注销")
    say(app, "确认注销")
    assert held(app, select(Record.graduate_id).where(Record.id == number)) == [None]
    assert "还没有连着" in say(app, "我的去向登记")[0]["text"]


def test_guessing_is_slowed_and_erasing_does_not_help(app: App) -> None:
    take(app, ONE)
    for tail in ("0001", "0002", "0003", "0004"):
        assert "没对上" in link(app, "李一", tail)
    say(app, "注销")
    say(app, "确认注销")
    assert "没对上" in link(app, "李一", "0005")
    assert "过一个小时" in link(app, "李一", "803X")
    app.clock.advance(timedelta(hours=1, minutes=1))
    assert "连上了" in link(app, "李一", "803X")


def send(connection: Connection, app: App, number: int, status: str) -> None:
    row = delivery.row_of(f"broadcast|{number}", "console::li", "broadcast", [Say("一项政策")], app.clock.now()) | {"broadcast_id": number}
    delivery.finish(connection, delivery.plan(connection, [row]), app.clock.now(), status)


def test_only_what_arrived_and_what_staff_did_counts(any_app: App) -> None:
    app = any_app
    take(app, ONE)
    link(app, "李一", "803X")
    now, today = app.clock.now(), app.clock.today()
    with app.database.writing() as connection:
        for audience, status in (({"reach": "x"}, "sent"), ({"reach": "y"}, "failed"), ({"reach": "z"}, "unknown"), ({"kind": "招聘会"}, "sent")):
            number = broadcast.draft(connection, f"{audience}{status}", [], audience, "王老师", now)
            send(connection, app, number, status)
    assert (services.advance(app), services.advance(app)) == (1, 0)
    with app.database.writing() as connection:
        person = record.find(connection, "2022001")["id"]
        for kind in ("guidance", "referral", "referral"):
            record.give(connection, person, kind, today, "王老师", now)
        with pytest.raises(LedgerError, match="还没到"):
            record.give(connection, person, "training", today + timedelta(days=1), "王老师", now)
        counted = meter.counts(connection, today)[person]
    assert counted == {"talk": 1, "guidance": 1, "referral": 2}
    assert meter.told(counted) == "岗位推荐还差 1 次、培训见习还差 1 次"


def test_the_sweeper_finds_what_arrived_late_again_and_before_the_link(any_app: App) -> None:
    """By when it arrived, not by its number: an older delivery that is sent later, or again, counts too; and what came before they linked."""
    app = any_app
    take(app, ONE)
    say(app, "你好")
    now = app.clock.now()
    with app.database.writing() as connection:
        numbers = [broadcast.draft(connection, f"政策{n}", [], {"reach": "SUB-02"}, "王老师", now) for n in range(3)]
        send(connection, app, numbers[0], "failed")
        send(connection, app, numbers[1], "sent")
    assert services.advance(app) == 0, "nobody has linked"
    app.clock.advance(timedelta(hours=1))
    link(app, "李一", "803X")
    assert held(app, select(Service.subject)) == [f"broadcast/{numbers[1]}"], "at once, without a sweep"
    app.clock.advance(timedelta(hours=1))
    services.look(app)
    again = update(Delivery).where(Delivery.broadcast_id == numbers[0])
    with app.database.writing() as connection:
        connection.execute(again.values(status="sent", finished_at=app.clock.now()))
        send(connection, app, numbers[2], "sent")
    services.look(app)
    assert len(held(app, select(Service.id))) == 1, "once a minute is enough"
    app.clock.advance(services.EVERY)
    services.look(app)
    assert len(held(app, select(Service.id))) == 3
    app.evidence = None
    assert services.advance(app) == 0, "a process that begins finds nothing twice"


def test_the_month_counts_what_was_so_at_its_end(any_app: App) -> None:
    app = any_app
    take(app, ONE, TWO, THREE)
    with app.database.writing() as connection:
        connection.execute(update(Record).values(created_at=app.clock.now() - timedelta(days=60)))
        connection.execute(update(Change).values(at=app.clock.now() - timedelta(days=60)))
        one = record.find(connection, "2022001")["id"]
        record.settle(connection, one, "自由职业", "王老师", app.clock.now())
        record.give(connection, one, "talk", app.clock.today(), "王老师", app.clock.now())
        record.follow(connection, one, {"on": app.clock.today(), "way": "电话", "by": "王老师", "reached": True, "note": "", "next_on": None})
        before, after = (dict(figures.figures(connection, figures.Month(date(2026, month, 1)), "city")) for month in (10, 11))
    column = figures.HEADER.index
    assert [before["全部"][column(name)] for name in ("人数", "待就业", "灵活", "协议合同", "去向没填")] == [3, 1, 0, 1, 1]
    assert [after["全部"][column(name)] for name in ("待就业", "灵活", "本月政策宣介人数", "本月联系或服务到")] == [0, 1, 1, 1]
    assert (after["兰州"][0], after["贵阳"][0]) == (2, 1)


def test_the_commands_from_a_list_to_the_handover(run: Run, tmp_path: Path) -> None:
    text = listed(ONE, BROKEN[0], TWO, BROKEN[1], THREE, BROKEN[2]).decode("utf-8-sig")
    Path("名单.csv").write_bytes(text.replace("常住地", "住哪").encode("gb18030"))
    done = run("ledger", "import", "名单.csv", "--map", "住哪=常住城市", "--report", "结果.xlsx")
    assert (done.exit_code, "新增 3" in done.output, "没有导入 3" in done.output) == (1, True, True)
    wrong = load_workbook("结果.xlsx")["要改的行"]
    assert [row[:2] for row in wrong.iter_rows(min_row=2, values_only=True)] == [(n, "没有导入") for n in (3, 5, 7)]
    assert "校验不对" in wrong["C2"].value
    again = json.loads(run("ledger", "import", "名单.csv", "--json").stdout)
    assert (again["same"], again["columns"]["住哪"]) == (3, "city")
    assert "岗位推荐还差 3 次、培训见习还差 1 次" in run("ledger", "note", "2022001", "职业指导", "--as", "王老师").output
    assert run("ledger", "note", "9999999999", "职业指导", "--as", "王老师").exit_code == 1
    month = json.loads(run("ledger", "report", "--month", "2026-11", "--json").stdout)
    assert [row["人数"] for row in month] == ["<5", "<5"]
    assert run("ledger", "export", "台账.xlsx", "--as", "王老师").exit_code == 0
    sheet = load_workbook("台账.xlsx")["台账"]
    cells = [dict(zip(papers.FORM, row, strict=True)) for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert {row["姓名"] for row in cells} == {"李一", "王二", "'=张三"}
    assert {row["身份证号"] for row in cells} == {"*" * 14 + "803X", None}
    assert run("ledger", "handover", "移交", "--as", "王老师", "--with-id").exit_code == 0
    assert {path.name for path in Path("移交").iterdir()} == {"贵阳.xlsx", "兰州.xlsx"}
    book = load_workbook("移交/贵阳.xlsx")
    assert (book["名单"]["C2"].value, book["已提供的服务"]["C2"].value) == (ONE[2], "职业指导")


def test_the_office_edits_its_destinations(run: Run) -> None:
    assert "科研助理" in run("ledger", "destinations").output
    Path("去向.csv").write_text("毕业去向,算作,代码,也写作\n上班,协议合同,10,三方、合同\n没上班,待就业,70,待业\n", encoding="utf8")
    assert run("ledger", "destinations", "去向.csv").output.splitlines()[1] == "上班\t10\t协议合同\t三方、合同"
    Path("去向.csv").write_text("毕业去向,算作\n上班,不知道\n", encoding="utf8")
    assert "只能写" in run("ledger", "destinations", "去向.csv").output
    Path("名单.csv").write_bytes(listed(ONE, TWO))
    assert "待就业」不在去向表里" in run("ledger", "import", "名单.csv").output


def test_another_key_is_told_before_anything_is_done(app: App, sqlite_url: str) -> None:
    take(app, ONE)
    other = settings_for(sqlite_url).model_copy(update={"ledger_key": SecretStr("another")})
    with pytest.raises(DatabaseError, match="BULIXIAN_LEDGER_KEY"):
        App(other)


def test_a_familys_number_is_kept_only_where_the_person_agreed(any_app: App) -> None:
    def taken(*agreed: str) -> list[str]:
        rows = [("学号", "姓名", "家庭联系电话", "同意家校联系"), *((f"202{n}", f"王{n}", "13800000000", yes) for n, yes in enumerate(agreed))]
        intake.bring_in(any_app.database, any_app.seal, read(comma(rows)), "家校", {}, any_app.clock.now())
        with any_app.database.reading() as connection:
            numbers = sharing.opened(connection, any_app.seal, range(1, 70_000))
        return [numbers.get(number, "") for number in held(any_app, select(Record.id).order_by(Record.student_no))]

    assert taken("是", "否", "", "同意") == ["13800000000", "", "", "13800000000"]
    assert taken("否", "否", "是", "同意") == ["", "", "13800000000", "13800000000"]


def test_the_silent_are_listed_and_a_call_takes_one_off(run: Run, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(
        comma([("学号", "姓名", "毕业去向", "手机号"), ("1001", "孙一", "", "13811112222"), ("1002", "李二", "待就业", "")])
    )
    run("ledger", "import", str(tmp_path / "list.csv"))
    told = run("ledger", "silent", "--as", "王老师").stdout
    assert "孙一\t从没联系上\t没连上对话\t打电话" in told
    assert "13811112222" not in told
    assert "向学院、同学要新号码" in told
    assert run("ledger", "called", "1001", "--result", "随便", "--as", "王老师").exit_code == 1
    assert "孙一：联系上了" in run("ledger", "called", "1001", "--result", "联系上了", "--as", "王老师").stdout
    assert "孙一" not in run("ledger", "silent", "--as", "王老师").stdout
    run("ledger", "silent", "--as", "王老师", "--out", str(tmp_path / "silent.xlsx"))
    book = load_workbook(tmp_path / "silent.xlsx").active
    assert book is not None
    assert [row[1] for row in book.iter_rows(values_only=True)] == ["姓名", "李二"]
