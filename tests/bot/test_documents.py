"""The office's documents through the whole program: import by the command line, quoted in a conversation at once, never when expired."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.app import App
from bot.cli import cli
from bot.config import settings
from bot.documents import bring_in_all, withdrawn
from dialogs.messages import Inbound
from knowledge.policy.documents import Given
from tests.conftest import TODAY
from tests.knowledge.files import NOTICE, docx, paragraph, pdf

ASKED = "公示几个工作日"
"""Too short a question for the entries to be sure of."""
ARTICLE = "用人单位与劳动者约定的试用期超过法定期限的,按测试条款处理。"
LAW = [
    {"law": "劳动合同法", "version": "2012-12-28", "chapter": "第二章 订立", "article": f"第{n}条", "text": t}
    for n, t in (("十九", ARTICLE), ("九十", "其他。"))
]


def say(app: App, text: str, kind: str = "text", who: str = "u") -> str:
    inbound = Inbound(f"console::{who}", f"m{app.clock.now().timestamp()}{text}{kind}", kind, text, app.clock.now())  # type: ignore[arg-type]
    return "\n".join(part.get("text", "") for part in app.accept(inbound).result().parts)


def bring(app: App, path: Path, **facts: object) -> None:
    for report in bring_in_all(app, [path], "王老师", None, Given(**facts), dry_run=False):  # type: ignore[arg-type]
        assert not report.problems


def fresh(app: App) -> None:
    """A turn notices the change; the new index stands when its thread is done."""
    say(app, "在吗", who="other")
    if app.building:
        app.building.join()


def test_a_document_is_quoted_at_once_and_gone_when_withdrawn(any_app: App, tmp_path: Path) -> None:
    app = any_app
    assert "原文摘录" not in say(app, ASKED)
    (tmp_path / "n.docx").write_bytes(docx("".join(map(paragraph, NOTICE))))
    bring(app, tmp_path / "n.docx")
    fresh(app)
    said = say(app, ASKED, who="v")
    assert f"「{NOTICE[9]}」" in said
    assert "——原文摘录：《关于做好2026年就业见习补贴发放工作的通知》（金人社发〔2026〕12号） 二、申领程序 （二）审核拨付，2026-03-05" in said
    assert "以当地人社部门为准" in said
    assert withdrawn(app, 1)
    fresh(app)
    assert "原文摘录" not in say(app, ASKED, who="w")


def test_an_expired_document_is_never_quoted(app: App, tmp_path: Path) -> None:
    (tmp_path / "n.txt").write_text("\n".join(NOTICE), encoding="gb18030")
    bring(app, tmp_path / "n.txt", valid_to=TODAY + timedelta(days=10))
    fresh(app)
    for days in (0, 10, 11, 400):
        app.clock.advance(timedelta(days=days) - (app.clock.today() - TODAY))
        assert ("原文摘录" in say(app, ASKED, who=f"d{days}")) == (days <= 10)


def test_a_notice_of_another_place_is_not_quoted(app: App, tmp_path: Path) -> None:
    (tmp_path / "n.txt").write_text("\n".join(NOTICE), encoding="utf8")
    bring(app, tmp_path / "n.txt", region="甘肃")
    fresh(app)
    assert "只在甘肃适用" in say(app, ASKED, who="anywhere")
    assert "原文摘录" not in say(app, f"贵阳{ASKED}", who="guiyang")
    assert "原文摘录" in say(app, f"兰州的{ASKED}", who="lanzhou")


def test_a_labour_question_cites_the_article(app: App, tmp_path: Path) -> None:
    (tmp_path / "laws.jsonl.gz").write_bytes(gzip.compress("\n".join(json.dumps(row) for row in LAW).encode()))
    assert "原文摘录" not in say(app, "试用期六个月合法吗,法律依据是哪条")
    bring(app, tmp_path / "laws.jsonl.gz")
    fresh(app)
    said = say(app, "试用期六个月合法吗,法律依据是哪条", who="v")
    assert f"「{ARTICLE}」\n——原文摘录：《劳动合同法》第二章 订立 第十九条，2012-12-28" in said
    assert "原文摘录" not in say(app, "试用期六个月合法吗", who="w"), "only who asks for the source"
    assert ARTICLE in say(app, "有法律依据吗", who="w"), "also as a follow-up"
    assert ARTICLE in say(app, "ask/LAB-02/source", "choice", who="x"), "and behind the button"


def test_a_sure_answer_is_joined_by_the_notice_of_the_office(app: App, tmp_path: Path) -> None:
    question = "高校毕业生灵活就业社会保险补贴的补贴比例和最长期限是多少?"
    lines = (
        "甘肃省灵活就业社会保险补贴办法",
        "甘人社规〔2025〕3号",
        "第一条 灵活就业社会保险补贴比例为实际缴费的百分之六十,最长期限三十六个月。",
        "2025年6月18日",
    )
    (tmp_path / "n.txt").write_text("\n".join(lines), encoding="utf8")
    before = say(app, question)
    bring(app, tmp_path / "n.txt")
    fresh(app)
    after = say(app, question, who="v")
    assert after.startswith(before)
    assert "百分之六十" in after.removeprefix(before)
    assert say(app, f"贵阳{question}", who="w").count("原文摘录") == 0


Run = Callable[..., Result]


@pytest.fixture
def run(sqlite_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Run]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BULIXIAN_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("BULIXIAN_TODAY", TODAY.isoformat())

    def call(*words: str) -> Result:
        settings.cache_clear()
        return CliRunner().invoke(cli, list(words))

    yield call
    settings.cache_clear()


def test_the_command_line_from_import_to_withdrawal(run: Run) -> None:
    Path("通知.pdf").write_bytes(pdf([NOTICE]))
    Path("坏.pdf").write_bytes(b"%PDF-1.4 broken")
    Path("旧.doc").write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    Path("没日期.md").write_text("# 办法\n给一半。\n", encoding="utf8")
    files = ("坏.pdf", "旧.doc", "不在.pdf", "通知.pdf", "没日期.md")
    assert run("knowledge", "documents").stdout == "还没有导入文件\n"
    dry = run("knowledge", "import", "--dry-run", *files)
    assert (dry.exit_code, dry.stdout.startswith("通知.pdf:会新增 《关于做好2026年")) == (1, True)
    assert run("knowledge", "documents").stdout == "还没有导入文件\n"
    done = run("knowledge", "import", "--author", "王老师", *files)
    assert done.exit_code == 1
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["坏.pdf", "旧.doc", "不在.pdf", "没日期.md"]
    assert "另存为不带密码的 .docx" in done.stderr
    assert "--date" in done.stderr
    assert "Traceback" not in done.output
    assert done.stdout.startswith("通知.pdf:新增 编号 1 《关于做好2026年就业见习补贴发放工作的通知》金人社发〔2026〕12号，")
    again = run("knowledge", "import", "通知.pdf")
    assert (again.exit_code, again.stdout[:9]) == (0, "通知.pdf:没变")
    assert run("knowledge", "import", "没日期.md", "--date", "2020-01-01", "--valid-to", "2021-01-01", "--region", "兰州").exit_code == 0
    listed = run("knowledge", "documents").stdout.splitlines()
    assert [line.split()[:3] for line in listed] == [["1", "生效", "2026-03-05"], ["2", "已过期", "2020-01-01"]]
    assert "6 段，有效期至 2027-12-31" in listed[0]
    assert NOTICE[9] in run("ask", ASKED).stdout
    explained = run("ask", ASKED, "--explain").stderr
    assert "原文 《关于做好2026年就业见习补贴发放工作的通知》" in explained
    assert run("knowledge", "withdraw", "1").exit_code == 0
    assert run("knowledge", "withdraw", "1").exit_code == 1
    assert NOTICE[9] not in run("ask", ASKED).stdout


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.jsonl", b'{"law": "x"', "第 1 行"),
        ("a.jsonl", b"[1]", "第 1 行"),
        ("a.jsonl", b'{"law": "x", "article": "1"}', "每行要有"),
        ("a.jsonl", b"\xff\xfe\xff", "UTF-8"),
        ("a.jsonl.gz", b"\x1f\x8bxx", "打不开"),
        ("a.jsonl.gz", gzip.compress(b" " * 150_000_000), "太大"),
        ("a.json", b"[", "a.json"),
    ],
)
def test_a_broken_file_of_laws_gets_one_sentence(run: Run, name: str, content: bytes, word: str) -> None:
    Path(name).write_bytes(content)
    result = run("knowledge", "import", name)
    assert result.exit_code == 1
    assert word in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_one_title_cannot_be_that_of_two_files(run: Run) -> None:
    assert run("knowledge", "import", "a.pdf", "b.pdf", "--title", "通知").exit_code == 2
    assert run("knowledge", "import", "a.pdf", "--date", "昨天").exit_code == 2
