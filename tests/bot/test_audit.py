"""The audit of what staff do at the command line and read in the console: each act with who did it, once, and nothing where nothing was done."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from bot import broadcast
from bot.app import App
from bot.audit import Audit
from bot.cli import cli
from bot.web.console import staff
from knowledge.clinic.slots import Slot
from knowledge.db import Database, now
from knowledge.people import Graduate
from knowledge.tables import comma
from tests.bot.test_clinic import QUOTE, SAMPLE
from tests.bot.test_console import Browser, come, light, record
from tests.bot.test_console_lists import JOBS
from tests.bot.test_upkeep import ASKED, KEY, little
from tests.conftest import Run

__all__ = ["come", "light", "little"]
NOBODYS = {
    *("serve", "chat", "ask", "plan", "flows", "migrate", "doctor", "resume check", "contract check", "scam check", "user list", "wechat qr"),
    *("deliveries status", "deliveries list", "broadcast list", "broadcast preview", "broadcast status", "clinic list", "clinic canned"),
    *("clinic hours", "postings screen", "postings list", "postings frauds", "postings feeds", "knowledge check", "knowledge export"),
    *("knowledge documents", "knowledge calibrate", "knowledge queue", "knowledge drafts", "knowledge diff", "knowledge history"),
    "knowledge expiring",
}
"""Commands that change nothing and read nothing of anybody; the rest is written down."""
ABROAD = {"wechat menu"}
"""Written down too, but at the end of it is WeChat."""


def commands() -> set[str]:
    found = {command.name or command.callback.__name__ for command in cli.registered_commands if command.callback}
    for group in cli.registered_groups:
        own = group.typer_instance.registered_commands if group.typer_instance else []
        found |= {f"{group.name} {command.name or command.callback.__name__.rstrip('_')}" for command in own if command.callback}
    return found


class Office:
    """The command line of one office, and what its audit says."""

    def __init__(self, run: Run, url: str) -> None:
        self.run, self.url, self.tried = run, url, set[str]()

    def on(self, work: Callable[[Any], Any]) -> Any:
        database = Database(self.url)
        try:
            with database.writing() as connection:
                return work(connection)
        finally:
            database.close()

    def audited(self) -> Sequence[Any]:
        found: Sequence[Any] = self.on(lambda connection: connection.execute(select(Audit.__table__).order_by(Audit.id)).all())
        return found

    def did(self, what: str, *words: str, feed: str = "", code: int = 0) -> str:
        """A command that was carried out stands in the audit, by who gave it."""
        before = 0 if words[0] == "restore" else len(self.audited())
        result = self.run(*words, feed=feed)
        assert result.exit_code == code, (words, result.output)
        rows = {row.what: row for row in self.audited()[before:]}
        assert what in rows, (words, list(rows))
        said = next((words[at + 1] for at, word in enumerate(words) if word in ("--as", "--who", "--author")), "命令行 （")
        assert rows[what].who.startswith(said), (words, rows[what])
        assert rows[what].address.startswith("命令行 （")
        known = " ".join(words[:2])
        self.tried.add(known if known in commands() else words[0])
        return str(result.stdout)

    def refused(self, *words: str) -> str:
        """A command that was not carried out leaves nothing."""
        before = len(self.audited())
        result = self.run(*words)
        assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1), (words, result.output)
        assert len(self.audited()) == before
        return str(result.stderr)


@pytest.fixture
def office(run: Run, sqlite_url: str) -> Office:
    """Somebody who asked for a teacher, one whose question has no answer, one who handed a résumé in."""
    clinic = ("请老师看看", SAMPLE, "想做武汉的用户运营", "跳过", "经历怎么写", "匿名就行")
    said = [*(("甲", text) for text in ("人工", "想问问档案的事")), ("乙", ASKED), ("丁", ASKED), *(("丙", text) for text in clinic)]
    lines = [json.dumps({"from": who, "text": text}, ensure_ascii=False) for who, text in said]
    assert run("chat", "--jsonl", feed="\n".join(lines)).exit_code == 0
    return Office(run, sqlite_url)


def draft_of(said: str) -> str:
    found = re.search(r"第 (\d+) 版", said)
    assert found
    return found[1]


def cases(office: Office) -> None:
    office.did("看名单", "cases", "list")
    office.did("看求助", "cases", "show", "1")
    office.did("回复求助", "cases", "reply", "1", "明天打给你", "--as", "王老师")
    office.did("办结求助", "cases", "close", "1")
    office.did("再发", "deliveries", "resend", "999", code=1)


def ledger(office: Office) -> None:
    Path("名单.csv").write_bytes(
        comma([("学号", "姓名", "毕业去向", "常住地", "手机号"), ("1001", "孙一", "待就业", "成都", "13811112222"), ("1002", "周二", "", "", "")])
    )
    office.did("导入名单", "ledger", "import", "名单.csv")
    office.did("记服务", "ledger", "note", "1001", "职业指导", "--as", "王老师")
    office.did("看失联名单", "ledger", "silent", "--as", "王老师")
    office.did("导出台账", "ledger", "export", "台账.xlsx", "--as", "王老师", "--with-id")
    office.did("移交给成都人社", "ledger", "handover", "移交", "--as", "王老师")
    assert "移交人社（没填城市）" in [row.what for row in office.audited()]
    office.did("记联系", "ledger", "called", "1001", "--result", "联系上了", "--as", "王老师")
    office.did("导出月报", "ledger", "report", "--out", "月报.xlsx")
    held = [line.split("\t") for line in office.run("ledger", "destinations").stdout.splitlines()]
    Path("去向.csv").write_bytes(comma(held))
    office.did("改去向表", "ledger", "destinations", "去向.csv")
    office.refused("ledger", "note", "9999", "职业指导", "--as", "王老师")


def casts(office: Office) -> None:
    fair = ("--type", "招聘会", "--title", "冬季专场", "--set", "start=2099-12-05 14:00", "--set", "place=体育馆", "--to", '{"everyone": true}')
    office.did("起草群发", "broadcast", "draft", *fair, "--as", "王老师")
    office.refused("broadcast", "approve", "1", "--as", "王老师")
    office.did("批准群发", "broadcast", "approve", "1", "--as", "李老师")
    office.did("起草变更", "broadcast", "change", "1", "--set", "place=图书馆", "--as", "王老师")
    office.did("暂停群发", "broadcast", "pause", "1")
    office.refused("broadcast", "pause", "1")
    office.did("接着群发", "broadcast", "resume", "1")
    office.did("再发群发", "broadcast", "resend", "1", "--outcome", "failed")
    office.did("取消活动", "broadcast", "cancel", "1", "--event-off")


def policies(office: Office) -> None:
    office.did("标为不归我们", "knowledge", "out-of-scope", "1")
    number = draft_of(office.did("归到政策", "knowledge", "attach", "2", "--to", KEY))
    office.did("不要草稿", "knowledge", "discard", number)
    number = draft_of(office.did("起草政策", "knowledge", "draft", KEY, "--set", "valid_to=2026-12-01", "--as", "王老师"))
    office.refused("knowledge", "approve", number, "--as", "王老师")
    office.did("批准政策", "knowledge", "approve", number, "--as", "李老师")
    office.did("恢复上一版", "knowledge", "rollback", KEY)
    office.did("看名单", "knowledge", "reach", KEY, "--list")
    Path("通知.md").write_text("# 关于求职补贴的通知\n\n2026年3月1日\n\n" + "求职补贴每人 1500 元,由学校统一发放。\n\n" * 3, "utf8")
    taken = office.did(
        "导入政策文件", "knowledge", "import", "通知.md", "--title", "关于求职补贴的通知", "--date", "2026-03-01", "--author", "王老师"
    )
    assert "新增" in taken
    office.did("撤下文件", "knowledge", "withdraw", "1")
    office.refused("knowledge", "withdraw", "1")


def postings(office: Office) -> None:
    Path("岗位.csv").write_bytes(JOBS)
    office.did("导入岗位", "postings", "import", "岗位.csv")
    office.did("放行岗位", "postings", "release", "2", "--who", "王老师")
    office.did("不用岗位", "postings", "refuse", "2", "--who", "王老师")
    office.refused("postings", "release", "999", "--who", "王老师")
    office.did("录入岗位", "postings", "add", "--who", "王老师", "--yes", feed="岗位:会计\n单位:乙公司\n地点:遵义\n工资:5000元/月\n")
    office.did("确认骗局", "postings", "fraud", "--who", "王老师", feed="加微信 zhaopin8888 交会员费")
    office.did("撤回骗局", "postings", "clear", "1", "--who", "王老师")
    office.did("标为过期", "postings", "expire")
    person = office.on(lambda connection: connection.execute(select(Graduate.id)).scalars().first())
    office.did("看合适的岗位", "postings", "match", person)


def clinic(office: Office) -> None:
    office.refused("clinic", "view", "1", "--as", "王老师")
    office.did("领简历", "clinic", "take", "1", "--as", "王老师")
    office.refused("clinic", "view", "1", "--as", "李老师")
    office.did("看简历", "clinic", "view", "1", "--as", "王老师")
    office.did("放回简历", "clinic", "return", "1", "--as", "王老师")
    office.refused("clinic", "remark", "1", "写短些", "--as", "王老师")
    office.run("clinic", "take", "1", "--as", "王老师")
    office.did("写意见", "clinic", "remark", "1", "写出节省了多少", "--quote", QUOTE, "--as", "王老师")
    office.did("答复简历", "clinic", "deliver", "1", "先改这里", "--as", "王老师")
    office.did("公布时间", "clinic", "publish", "2026-12-02T10:00", "2026-12-02T11:00", "--as", "王老师")
    said = [{"choice": "clinic/slot/1"}, {"text": "准备面试"}]
    office.run("chat", "--jsonl", feed="\n".join(json.dumps({"from": "丙", **one}, ensure_ascii=False) for one in said))
    office.on(lambda connection: connection.execute(update(Slot).where(Slot.id == 1).values(starts_at=now() - timedelta(days=400))))
    office.did("记下来了", "clinic", "came", "1")
    office.did("撤下时间", "clinic", "withdraw", "2")


def test_every_command_that_touches_people_is_written_down(office: Office) -> None:
    for part in (cases, ledger, casts, policies, postings, clinic):
        part(office)
    office.did("开账号", "user", "add", "wang", "--role", "teacher", "--display", "王老师")
    office.did("重设密码", "user", "reset", "wang")
    office.did("备份", "backup", "今天.backup")
    office.did("恢复备份", "restore", "今天.backup", "--force")
    office.did("载入自带的政策", "knowledge", "seed")  # last: the next to open the program would build the whole index
    assert "13811112222" not in str(office.audited())
    assert office.tried == commands() - NOBODYS - ABROAD


def test_a_name_is_looked_up_as_soon_as_there_are_accounts(office: Office) -> None:
    fair = ("broadcast", "draft", "--type", "通知", "--title", "值班", "--set", "text=照常", "--to", '{"everyone": true}')
    assert office.run(*fair, "--as", "谁都行").exit_code == 0
    for name, display in (("wang", "王老师"), ("li", "李老师"), ("zhao", "赵老师")):
        office.run("user", "add", name, "--role", "teacher", "--display", display)
    office.on(lambda connection: connection.execute(update(staff.Staff).where(staff.Staff.name == "zhao").values(active=False)))
    assert office.run(*fair, "--as", "wang").exit_code == 0
    assert "没有叫「谁都行」的老师" in office.refused("broadcast", "approve", "2", "--as", "谁都行")
    assert "「赵老师」的账号已经停用" in office.refused("broadcast", "approve", "2", "--as", "赵老师")
    assert "自己写的" in office.refused("broadcast", "approve", "2", "--as", "王老师"), "one person by both their names"
    assert "没有叫「谁都行」的老师" in office.refused("cases", "reply", "1", "在的", "--as", "谁都行")
    for nameless in (fair, ("broadcast", "approve", "2", "--as", "cli"), ("knowledge", "attach", "1", "--to", KEY), ("knowledge", "reach", KEY)):
        assert "要写明是谁" in office.refused(*nameless), "its writer could be its second person"
    assert office.run("knowledge", "export", "全部.json").exit_code == 0
    assert "加 --author" in office.refused("knowledge", "import", "全部.json")
    assert office.run("broadcast", "approve", "1", "--as", "li").exit_code == 0
    assert [row.who for row in office.audited()][-1] == "李老师"
    assert office.run("cases", "reply", "1", "在的").exit_code == 0, "without a name it goes on as before"


def kept(app: App, what: str) -> list[tuple[str, str]]:
    with app.database.reading() as connection:
        found = select(Audit.target, Audit.new).where(Audit.what == what).order_by(Audit.id)
        return [(row.target, row.new) for row in connection.execute(found)]


def test_a_list_that_is_read_is_written_down_once_an_hour(any_app: App, come: Callable[..., Browser]) -> None:
    record(any_app, "赵一", "王老师", college="理学院")
    boss, wang = come("boss"), come("wang")
    for _ in range(3):
        for path in ("/", "/people?q=赵&college=理学院", "/calls?days=60", "/cases?kind=crisis"):
            assert wang.get(path).status_code == 200
    assert kept(any_app, "看名单") == [
        ("今天", "1 条"),
        ("学生", "姓名=…、学院=理学院、1 条"),
        ("失联", "天数=60、1 条"),
        ("求助", "种类=危机、0 条"),
    ]
    boss.get("/people")
    boss.get("/audit?who=王老师")
    assert kept(any_app, "看名单")[4:] == [("学生", "1 条"), ("操作记录", "谁=王老师、5 条")]
    any_app.clock.advance(timedelta(minutes=61))
    wang.get("/people")
    assert kept(any_app, "看名单")[6:] == [("学生", "1 条")]


def rows(browser: Browser, path: str) -> list[tuple[Any, ...]]:
    answer = browser.get(path)
    assert answer.status_code == 200
    sheet = load_workbook(BytesIO(answer.content)).active
    assert sheet is not None
    return list(sheet.iter_rows(values_only=True))


def test_calls_audit_and_results_are_taken_as_workbooks_without_formulas(any_app: App, come: Callable[..., Browser]) -> None:
    record(any_app, "=1+1", "王老师", phone="13811112222")
    record(any_app, "钱二", "李老师")
    boss, wang, li = come("boss"), come("wang"), come("li")
    told = rows(wang, "/calls/list.xlsx?days=60")
    assert [row[1] for row in told] == ["姓名", "'=1+1"]
    assert "13811112222" in told[1]
    raw = {"type": "通知", "title": "=值班", "fields": {"text": "照常"}, "audience": {"everyone": True}}
    number = broadcast.written(any_app, raw, "王老师")
    found = dict(row[:2] for row in rows(li, f"/broadcasts/{number}/results.xlsx"))
    assert (found["名单上的"], found["已发出"]) == (0, 0)
    assert wang.get("/broadcasts/99/results.xlsx").status_code == 404
    assert kept(any_app, "导出失联名单") == [("60 天", "1 人")]
    assert kept(any_app, "导出群发结果") == [(f"群发 {number}", "")]
    any_app.inbox.write(lambda connection: connection.execute(update(Audit).where(Audit.what == "导出群发结果").values(new="=cmd()"))).result(10)
    lines = rows(boss, "/audit/list.xlsx?who=李老师")
    assert lines[0] == ("时间", "谁", "做了什么", "对象", "原来", "现在", "地址")
    assert {row[1] for row in lines[1:]} == {"李老师"}
    assert "'=cmd()" in [row[5] for row in lines]
    assert kept(any_app, "导出操作记录")[0][0] == "李老师"
