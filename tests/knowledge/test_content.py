"""The shipped knowledge itself: complete, traceable, honest about doubt and expiry, and readable without knowing our ids."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import get_args

import pytest

from dialogs import notices, questions, smalltalk, wording
from dialogs.consult import Context, consult
from dialogs.messages import Say
from dialogs.questions import Aspect
from knowledge.policy.entry import MARK, Entry, Redirect, said
from knowledge.policy.search import PolicySearch
from knowledge.policy.store import Item, Knowledge, files, knowledge_of
from knowledge.words import words
from tests.conftest import TODAY

WRITTEN = knowledge_of(files())
"""As authors wrote it."""
SHOWN = WRITTEN.readable()
"""As people read it."""
ENTRIES = list(SHOWN.entries.values())
ENDED = [entry for entry in ENTRIES if entry.valid_to]
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)
OVER = re.compile("截止|到期|停止|过期")
DOUBT = "尚待核实"
AMOUNT = re.compile(r"\d ?(?:万|千)?元|\d ?%|\d/\d")
HOTLINE = re.compile(r"(?<![\d.,—/-])(?:12(?!000)\d{3}|9[56]\d{3}|100\d{2}|110|119|120|122)(?!\d|[,.—/-]\d| ?(?:元|字|天|日|个|万|名|人|%))")
OTHER_NUMBER = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|0\d{2,3}[- ]?\d{7,8}|[48]00[- ]?\d{3}[- ]?\d{4})(?!\d)")
HOTLINES = {
    "110": "公安|报|打|拨|急|被骗|人身|止付|危险|被控制|被限制|身份证",
    "120": "急|危险|自伤|拨|联动",
    "12123": "驾照|违章|交管",
    "12306": "火车|铁路|公告",
    "12315": "市场监管|充值|退费|买东西|点餐|传销|派出所",
    "12329": "公积金",
    "12333": "人社|社保|劳动|就业|工资|招聘|打|问|查|咨询|反映|转办|举报|退",
    "12345": "打|问|找|电话|转办",
    "12348": "法律|仲裁|起诉|合同|法院|追责|担责|公证|损失|援助|问|咨询",
    "12356": "心理|心里|难受|热线|打|拨|撑不住",
    "12366": "税",
    "12367": "出入境",
    "12377": "举报|投诉|平台",
    "12378": "银行|持牌",
    "12393": "医保",
    "96110": "反诈|止付|警方",
    "10000": "电信",
    "10010": "联通",
    "10086": "移动",
}
"""Every number we may name, and words of which one must stand beside it."""


def spoken(entry: Entry) -> Iterator[str]:
    """Every sentence of an entry that can be said, as written."""
    yield entry.answer
    for side in (entry.amount, entry.conditions, entry.where, entry.papers, entry.deadline, entry.notes):
        yield from side
    yield from (faq.answer for faq in entry.faq)
    yield from (region.text for region in entry.region)


def replies(entry: Entry, today: date = TODAY) -> Iterator[Say]:
    """Every form in which an entry is said: whole, each side, each place, each written follow-up."""
    yield wording.whole(entry, today)
    for aspect in ASPECTS:
        yield wording.whole(entry, today, aspect=aspect)
        yield wording.side(entry, aspect, today)
    for region in entry.region:
        yield wording.whole(entry, today, text=region.place)
    yield from (wording.one_line(entry, faq.answer, today) for faq in entry.faq)


def test_how_much_there_is() -> None:
    assert len(WRITTEN.entries) == 100
    assert len(WRITTEN.redirects) >= 40
    assert Counter(item.kind for item in WRITTEN.redirects.values())["refuse"] >= 5


@pytest.mark.parametrize("entry", WRITTEN.entries.values(), ids=lambda entry: str(entry.id))
def test_an_entry_is_well_written(entry: Entry) -> None:
    sentences = list(spoken(entry))
    assert max(map(len, sentences)) <= 120
    assert not [line for line in sentences if re.search(r"[!!]|\[M\]|\bM\b", line)], "no slogans, nothing that only memory supports"
    assert not [line for line in sentences if re.search(r"\[[A-Z]\]", MARK.sub("", line))], "a mark stands at the end or nowhere"
    assert entry.certainty in "ABC"
    assert len(set(entry.questions)) == len(entry.questions) >= 8
    assert entry.id not in entry.related
    known = {*WRITTEN.entries, *WRITTEN.redirects}
    assert {*entry.related, *filter(None, [entry.successor])} <= known
    assert set(re.findall(r"[A-Z]{3}-\d{2,}", "\n".join(sentences))) <= known
    assert entry.review_by >= TODAY


def test_no_two_phrasings_are_the_same() -> None:
    items: list[Item] = [*WRITTEN.entries.values(), *WRITTEN.redirects.values()]
    times = Counter(words().plain(question) for item in items for question in item.questions)
    assert [question for question, number in times.items() if number > 1] == []


def test_no_two_entries_have_the_same_name() -> None:
    items: list[Item] = [*WRITTEN.entries.values(), *WRITTEN.redirects.values()]
    names = Counter(name for item in items for name in {words().plain(name) for name in (item.title, *item.aliases)})
    assert [name for name, number in names.items() if number > 1] == []


@pytest.mark.parametrize("entry", WRITTEN.entries.values(), ids=lambda entry: str(entry.id))
def test_an_amount_has_a_source_or_is_doubted(entry: Entry) -> None:
    """A sentence with money, a share or a fraction rests on an official source, or the entry or the sentence says it is unchecked."""
    assert all(source.issuer and source.document and source.date[:4] >= "1990" for source in entry.source)
    official = any(source.certainty in "AB" for source in entry.source)
    places = {region.text: region.certainty for region in entry.region}
    bare = [line for line in spoken(entry) if AMOUNT.search(line) and not line.endswith("[C]") and places.get(line) != "C"]
    assert official or entry.certainty == "C" or not bare


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_what_people_read_has_no_ids_and_no_marks(entry: Entry) -> None:
    for say in replies(entry):
        text = "\n".join((say.text, *(choice.label for choice in say.choices), *(link.label for link in say.links)))
        assert not re.search(r"[A-Z]{3}-\d{2}", text), text
        assert not re.search(r"\[[A-Z]\]", text), text
        assert f"({DOUBT})({DOUBT})" not in text, text
        assert "。。" not in text, text
        assert say.text.strip()
        assert say.choices, "a way on"


@pytest.mark.parametrize("item", SHOWN.redirects.values(), ids=lambda item: str(item.id))
def test_a_redirect_is_readable(item: Redirect) -> None:
    assert not re.search(r"[A-Z]{3}-\d{2}|\[[A-Z]\]|[!!]", item.answer)
    assert len(item.answer) <= 120


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry.certainty == "C"], ids=lambda entry: entry.id)
def test_a_doubtful_entry_says_so(entry: Entry) -> None:
    assert DOUBT in wording.whole(entry, TODAY).text


def test_a_doubtful_sentence_says_so() -> None:
    doubtful = [(entry, line) for entry in ENTRIES for line in spoken(entry) if line.endswith("[C]")]
    assert len(doubtful) > 50
    assert not [line for _, line in doubtful if not said(line).endswith(f"({DOUBT})")]
    for entry in ENTRIES:
        for region in entry.region:
            line = wording.place_lines([region])[0]
            assert (DOUBT in line) == (region.certainty == "C" or region.text.endswith("[C]")), line


def test_some_entries_end() -> None:
    assert len(ENDED) >= 5
    assert any(entry.expired(TODAY) for entry in ENDED)
    assert not all(entry.expired(TODAY) for entry in ENDED)


@pytest.mark.parametrize("entry", ENDED, ids=lambda entry: entry.id)
def test_an_ended_entry_says_so_first(entry: Entry) -> None:
    assert entry.valid_to
    after = entry.valid_to + timedelta(days=1)
    assert OVER.search(wording.whole(entry, after).text[:30])
    for aspect in ASPECTS:
        assert OVER.search(wording.whole(entry, after, aspect=aspect).text[:30])
        assert OVER.search(wording.side(entry, aspect, after).text[:60]), aspect
    assert "这项政策已在" not in wording.whole(entry, entry.valid_to).text, "its last day is a day"


@pytest.mark.parametrize("entry", [entry for entry in ENDED if entry.faq], ids=lambda entry: entry.id)
def test_an_ended_entry_says_so_before_it_answers_a_follow_up(entry: Entry) -> None:
    """「能领」 as the first line of what is over would be the very mistake."""
    assert entry.valid_to
    after = entry.valid_to + timedelta(days=1)
    for faq in entry.faq:
        assert OVER.search(wording.whole(entry, after, direct=said(faq.answer)).text.split("\n")[0])
        assert OVER.search(wording.one_line(entry, faq.answer, after).text.split("\n")[0])


@pytest.mark.parametrize("entry", [entry for entry in ENDED if entry.region], ids=lambda entry: entry.id)
def test_an_ended_entry_says_so_of_a_place(entry: Entry, search: PolicySearch) -> None:
    assert entry.valid_to
    context = Context(search.knowledge.entries[entry.id])
    for region in entry.region:
        found = consult(f"{region.place}呢", search, entry.valid_to + timedelta(days=1), context)
        assert found.entry is context.entry
        assert wording.conclusion(entry, entry.valid_to + timedelta(days=1))[:14] in found.say.text


def test_money_for_employers_is_said_to_be_for_employers() -> None:
    for entry in ENTRIES:
        if entry.receiver == "employer":
            assert re.search("不(给|发给)个人|公司|单位|企业", wording.conclusion(entry, TODAY)), entry.id


OFFICES = {
    "FRD-06": "110", "IDS-09": "公安", "SUB-11": "银行", "SUB-12": "民政", "AGR-01": "学校", "AGR-02": "学校", "IDS-04": "学校", "IDS-11": "党团组织",
    "MIL-01": "武装部", "MIL-02": "资助中心", "GRA-07": "资助中心", "ENT-03": "税务", "EMP-06": "税务", "IDS-01": "公告", "POS-06": "教育部门",
}  # fmt: skip
"""Who decides where it is not the office of labour, by the facts."""


@pytest.mark.parametrize("key", OFFICES)
def test_an_answer_ends_with_the_office_that_decides(key: str) -> None:
    entry = SHOWN.entries[key]
    last = wording.closing(entry, "", TODAY)[-1]
    assert OFFICES[key] in last
    assert last != wording.DECIDES
    assert wording.whole(entry, TODAY).text.endswith(last)


def test_every_office_is_of_an_entry() -> None:
    assert all(any(entry.id.startswith(key) for entry in ENTRIES) for key in wording.AUTHORITY)


@pytest.mark.parametrize("key", ["EMP-01", "EMP-05", "SUB-06"])
def test_what_runs_by_a_notice_known_at_second_hand_says_so(key: str) -> None:
    """The notice of 2026 is certain at C: it comes first, and its doubt is said in every answer."""
    entry = SHOWN.entries[key]
    assert "2026〕39号" in entry.source[0].document
    assert DOUBT in wording.closing(entry, "", TODAY)[0]
    assert any("2026-12-31" in line or "2026 年 12 月 31 日" in line for line in entry.deadline)
    assert all(MARK.search(line) for line in (*entry.deadline, *entry.amount, *entry.conditions) if line.startswith("2026 年"))


def test_whether_it_still_runs_is_answered_with_its_dates() -> None:
    for name in ("扩岗补助现在还有吗", "稳岗返还现在还有吗", "技能提升补贴今年还有没"):
        assert questions.aspect(name) == "deadline", name
    assert questions.aspect("还有吗") is None


def everything_said() -> Iterator[tuple[str, str]]:
    for entry in WRITTEN.entries.values():
        yield from ((entry.id, line) for line in spoken(entry))
    yield from ((item.id, item.answer) for item in WRITTEN.redirects.values())
    yield from (("smalltalk", answer) for _, _, answer in smalltalk.replies())
    yield from ((name, line) for name, text in vars(notices).items() if isinstance(text, str) and name.isupper() for line in text.split("\n"))
    yield from (("wording", text) for text in (wording.DECIDES, *wording.AUTHORITY.values()))


def test_only_hotlines_that_exist_and_each_for_its_own_matter() -> None:
    named: set[str] = set()
    for key, line in everything_said():
        assert not OTHER_NUMBER.search(line), f"{key} names a private number: {line}"
        for number in HOTLINE.findall(line):
            if number == "10000" and "电信" not in line:
                continue
            named.add(number)
            assert number in HOTLINES, f"{key}: {line}"
            assert re.search(HOTLINES[number], line), f"{key}: {line}"
    assert named == set(HOTLINES), "none is listed that nobody says"


@pytest.mark.parametrize("number", ["12356", "120", "110"])
def test_help_in_danger_is_named(number: str) -> None:
    assert number in notices.CRISIS
    assert number in WRITTEN.entries["HLP-01"].answer


def test_links_are_official() -> None:
    urls = [source.url for entry in ENTRIES for source in entry.source if source.url]
    assert urls
    assert all(re.match(r"https?://[\w.-]+\.(cn|com)(/|$)", url) for url in urls)


def test_the_program_runs_on_what_is_shipped(knowledge: Knowledge) -> None:
    assert (knowledge.entries, knowledge.redirects) == (SHOWN.entries, SHOWN.redirects)
