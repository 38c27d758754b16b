"""What the fuzz has found, kept small; and a short run of it over every reader of outside bytes and words."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest

from bot import backup, broadcast, curation, revisions
from bot.app import App
from bot.backup import BackupError
from bot.broadcast import BroadcastError
from dialogs import smalltalk
from dialogs.broadcasts import DraftError, cleaned, kinds
from knowledge import notation, profile
from knowledge.clinic import blind
from knowledge.policy import entry, passages
from knowledge.policy.entry import EntryError
from knowledge.postings import contacts
from knowledge.postings.feeds import feeds
from knowledge.resume.extract import from_bytes
from knowledge.resume.rules import review
from knowledge.rights import contract
from knowledge.tables import TableError, workbook
from knowledge.tables import read as read_table
from tests.benchmarks import fuzz
from tests.benchmarks.readers import files, readers
from tests.bot.test_console import Browser, come, light
from tests.bot.test_upload import SAMPLE
from tests.conftest import Run
from tests.growth import LINEAR, growth

__all__ = ["come", "light"]
TODAY = date(2026, 11, 22)
DEEP, LONG, HALF = "[" * 3000, "9" * 5000, '"\\ud800"'
ENDS = ("9999-12-31T23:59-23:59", "0001-01-01T00:00+23:59", "9999-12-31T23:59")
"""Moments that no other zone can name."""
EACH = 25
"""Inputs of the short run to each reader."""


def test_no_reader_raises_what_its_room_does_not_declare(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "known", {name: each for name, each in readers(app).items() if "child" not in name})
    signal.signal(signal.SIGPROF, fuzz.hung)
    found = [fuzz.thrown((name, -1), 10.0, EACH) for name in fuzz.known]
    assert not {each.name: each.found for each in found if each.found}
    assert len(found) > 55


@pytest.mark.parametrize("text", [DEEP, "[" * 400 + "]" * 400, LONG, '{"a": ' * 3000, "{", ""])
def test_json_that_breaks_its_reader_is_one_kind_of_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        notation.loads(text)


def test_half_a_sign_is_replaced_and_a_whole_one_kept() -> None:
    assert notation.loads('["\\ud83d\\ude00", "a\\ud800", {"\\udfff": 1}]') == ["😀", "a?", {"?": 1}]


def test_a_line_that_breaks_json_does_not_end_the_commands(run: Run) -> None:
    lines = [DEEP, LONG, f'{{"from": {HALF}, "text": "菜单"}}', json.dumps({"from": "u", "file": "a" * 5000}), '{"from": "u", "text": "菜单"}']
    done = run("chat", "--jsonl", feed="\n".join(lines))
    assert done.exit_code == 1
    assert [json.loads(line)["to"] for line in done.stdout.splitlines()] == ["?", "u"]
    for command in ("plan", "ask"):
        done = run(command, "--jsonl", feed=f"{DEEP}\n{LONG}\n")
        assert done.exit_code == 1
        assert done.exception is None or isinstance(done.exception, SystemExit)


def test_a_year_that_is_nobodys_is_said_to_be_wrong() -> None:
    for day in ("9999-12", "9999", "0001-01-01"):
        clean, problems = profile.read({"graduation_date": day})
        assert not clean
        assert len(problems) == 1


@pytest.mark.parametrize("said", ENDS)
def test_a_moment_at_the_end_of_the_calendar_is_refused(app: App, said: str) -> None:
    with pytest.raises(BroadcastError):
        broadcast.moment(said, app.clock.now())
    kind = next(kind for kind in kinds().values() if "start" in kind.fields)
    with pytest.raises(DraftError):
        cleaned(kind, {"start": said})


def test_a_feeds_moment_at_the_end_of_the_calendar_stays_as_told() -> None:
    item = "<item><title>会计</title><pubDate>Fri, 31 Dec 9999 23:59:59 -2300</pubDate></item>"
    assert feeds()["rss"](f"<rss><channel>{item}</channel></rss>".encode())[0]["posted"].startswith("Fri")


@pytest.mark.parametrize("text", [f"value = {LONG}", f"value = {DEEP}"])
def test_toml_that_breaks_its_reader_is_a_sentence(text: str) -> None:
    with pytest.raises(EntryError):
        entry.read(text, "a.toml")
    assert revisions.value_of(text.removeprefix("value = ")) == text.removeprefix("value = ")


def test_files_of_json_that_break_their_reader_are_a_sentence(run: Run, tmp_path: Path) -> None:
    for text in (DEEP, f'[{{"law": {LONG}}}]'):
        (path := tmp_path / "a.json").write_text(text, encoding="utf8")
        assert curation.items_of(path)[1]
    (tmp_path / "laws.jsonl").write_text(f'{{"law": "法", "version": "2018-12-29", "article": "一", "text": {HALF}}}\n', encoding="utf8")
    assert run("knowledge", "import", "laws.jsonl", "--dry-run").exit_code == 0
    (tmp_path / "laws.jsonl").write_text(DEEP, encoding="utf8")
    assert "第 1 行" in run("knowledge", "import", "laws.jsonl", "--dry-run").output


def test_a_broken_backup_is_a_sentence(tmp_path: Path) -> None:
    whole = files.archive()
    at = whole.index(b"PK\x01\x02")
    for place, wound in ((4, b"\x8a"), (at + 6, b"\x8a"), (8, b"\x63"), (at + 10, b"\x63"), (28, b"\xca"), (at + 8, b"\x01")):
        (path := tmp_path / "a.backup").write_bytes(whole[:place] + wound + whole[place + 1 :])
        with suppress(BackupError):
            files.opened_backup(path)
    (path := tmp_path / "b.backup").write_bytes(b"PK\x03\x04")
    with pytest.raises(BackupError), backup.opened(path):
        pass


def test_what_a_file_says_of_its_own_looks_is_not_believed() -> None:
    head = "---\npages: many\nfont: x\nfirst: y\ngarbled: z\ncolumns: 2\n---\n# "
    paper = from_bytes((head + SAMPLE).encode(), "a.md")
    assert review(paper, TODAY).remarks
    assert paper.look["columns"] == "1"


def test_a_table_of_nested_lists_is_read_or_refused() -> None:
    for text in ('[{"a": ' + "[" * 450 + "1" + "]" * 450 + "}]", '[{"岗位名称": "\\ud800"}]'):
        try:
            table = read_table(text.encode())
        except TableError:
            continue
        "".join([*table.header, *table.rows[0]]).encode()


def test_numbers_of_articles_in_signs_that_are_no_figures() -> None:
    assert passages.number_of("²") == passages.number_of("①") == -1
    assert passages.number_of("一百零三") == 103
    assert list(passages.cited(f"《某法》第 1–{LONG} 条")) == []


@pytest.mark.parametrize("kind", sorted({kind for kind, _, _ in smalltalk.replies()}))
def test_no_word_of_small_talk_holds_anybody_up(kind: str) -> None:
    """Each word of each pattern again and again, then one that it lacks: 30 sixes and 休 took for ever."""
    patterns = [pattern for known, pattern, _ in smalltalk.replies() if known == kind]

    def tried(text: str) -> None:
        for pattern in patterns:
            for word in {*re.findall(r"\w+", pattern.pattern), *re.findall(r"\w", pattern.pattern)}:
                pattern.fullmatch((word * len(text))[: len(text)] + "休")

    assert growth(tried, "字", smalltalk.SMALL - 1) < LINEAR


def test_a_sign_that_xml_cannot_hold_is_left_out_of_a_workbook() -> None:
    assert read_table(workbook([["姓名", "学号"], ["张\uffff三", "1"]])).rows == [["张三", "1"]]


def test_a_year_that_is_spelled_like_none_is_no_date() -> None:
    found = contract.check("劳动合同\n合同期限自二〇二六年八月十五日起至二〇二万年八月十四日止,试用期六个月").findings
    assert [finding.detail[:9] for finding in found] == ["没读到合同签多久。"]


@pytest.mark.parametrize("read", [contract.check, contacts.mask, blind.resume, smalltalk.talk])
def test_a_row_of_digits_without_end_costs_no_more_than_another_text(read: Callable[[str], object]) -> None:
    """20 000 of them held the one writer up for 23 seconds."""
    assert growth(lambda digits: read(f"劳动合同\n甲方:某公司 乙方:张三\n月工资{digits}元,电话"), "1", 20_000) < LINEAR


def test_odd_forms_and_addresses_of_the_console_are_refused(come: Callable[..., Browser]) -> None:
    wang = come("wang")
    assert wang.get(f"/people/{LONG}").status_code == 404
    assert wang.get("/lists/%00").status_code == 404
    assert wang.post("/knowledge/attach", questions=f"{LONG} {'9' * 19}", to="SUB-02").status_code in (200, 400)
    assert wang.post("/knowledge/SUB-02", valid_to=DEEP).status_code == 400
    assert wang.post("/logout", origin="http://[").status_code == 403


def test_a_slash_too_many_leads_nowhere(come: Callable[..., Browser]) -> None:
    answer = come("wang").ask("GET", "/healthz/", headers={"host": "evil.test"})
    assert answer.status_code == 404
    assert "location" not in answer.headers


def test_a_workbook_packed_in_an_unknown_way_is_a_sentence() -> None:
    whole = workbook([["姓名", "学号"], ["张三", "1"]])
    for place in (found.start() for found in re.finditer(rb"PK\x01\x02", whole)):
        with pytest.raises(TableError):
            read_table(whole[: place + 10] + b"\x63" + whole[place + 11 :])
