"""A policy file is read strictly: each mistake is one Chinese sentence with file, id and field; certainty and expiry are kept."""

from __future__ import annotations

import re
from datetime import date

import pytest

from knowledge.policy.entry import EntryError, read, said

QUESTIONS = ", ".join(f'"问题{n}怎么办"' for n in range(8))
HAN = re.compile(r"[\u4e00-\u9fff]")


def entry(**changed: str | None) -> str:
    """A sound entry as TOML; `changed` replaces fields with TOML values, None leaves one out."""
    fields: dict[str, str | None] = {
        "id": '"SUB-01"',
        "title": '"求职补贴"',
        "receiver": '"person"',
        "certainty": '"B"',
        "questions": f"[{QUESTIONS}]",
        "answer": '"给困难毕业生本人。"',
        "review_by": "2027-01-31",
        "source": '[{issuer = "财政部", document = "办法", date = "2023-12", certainty = "A"}]',
    }
    fields.update(changed)
    return "[[entry]]\n" + "\n".join(f"{key} = {value}" for key, value in fields.items() if value is not None)


def test_a_sound_file_is_read() -> None:
    asked = ", ".join(f'"问{n}怎么办"' for n in range(5))
    redirect = f'\n[[redirect]]\nid = "RED-01"\ntitle = "户口"\nquestions = [{asked}]\nanswer = "去派出所。"\n'
    entries, redirects = read(entry() + redirect, "one.toml")
    assert [item.id for item in entries] == ["SUB-01"]
    assert [item.kind for item in redirects] == ["redirect"]
    assert read("", "empty.toml") == ([], [])


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"title": None}, "title"),
        ({"review_by": None}, "review_by"),
        ({"titel": '"拼错了"'}, "titel"),
        ({"id": '"sub-1"'}, "id"),
        ({"receiver": '"boss"'}, "receiver"),
        ({"certainty": '"M"'}, "certainty"),
        ({"questions": '["只有一句"]'}, "questions"),
        ({"questions": "3"}, "questions"),
        ({"answer": '"短"'}, "answer"),
        ({"answer": f'"{"长" * 121}"'}, "answer"),
        ({"answer": "12"}, "answer"),
        ({"amount": '["好", "够长的一句"]'}, "amount.0"),
        ({"review_by": '"明年"'}, "review_by"),
        ({"valid_from": "2026-12-31", "valid_to": "2026-01-01"}, "valid_from"),
        ({"source": "[]"}, "source"),
        ({"source": '[{issuer = "财政部", document = "办法", certainty = "A"}]'}, "source.0.date"),
        ({"source": '[{issuer = "财政部", document = "办法", date = "去年", certainty = "A"}]'}, "source.0.date"),
        ({"source": '[{issuer = "财政部", document = "办法", date = "2023", certainty = "A", url = "x"}]'}, "source.0.url"),
        ({"region": '[{place = "苏州", text = "按五成", certainty = "D"}]'}, "region.0.certainty"),
        ({"faq": '[{ask = [], answer = "不用签。"}]'}, "faq.0.ask"),
    ],
)
def test_a_mistake_is_one_chinese_sentence(changed: dict[str, str | None], field: str) -> None:
    with pytest.raises(EntryError) as raised:
        read(entry(**changed), "money.toml")
    words = str(raised.value)
    key = "sub-1" if field == "id" else "SUB-01"
    assert words.startswith(f"money.toml 的 {key}:")
    assert field in words
    assert "\n" not in words
    told = words.split(field, 1)[1]
    assert len(HAN.findall(told)) >= 4, "what is wrong is said in Chinese"
    assert not re.search(r"\b(should|input|valid|must|string|list|items?|error)\b", told, re.IGNORECASE), words


def test_an_entry_without_id_is_named_as_such() -> None:
    with pytest.raises(EntryError, match=r"one\.toml 的 \(没有 id\):字段 id"):
        read(entry(id=None), "one.toml")


@pytest.mark.parametrize("text", ["[[entry", "a = ", '[[entry]]\nid = "SUB-01"\nid = "SUB-02"'])
def test_what_is_no_toml_names_the_file(text: str) -> None:
    with pytest.raises(EntryError, match=r"^broken\.toml 不是有效的 TOML"):
        read(text, "broken.toml")


@pytest.mark.parametrize("head", ["[entry]", "[[entries]]", "[[Entry]]", "[[redirects]]", "entry = [1]\n[x]"])
def test_a_misspelt_table_is_not_dropped_silently(head: str) -> None:
    with pytest.raises(EntryError, match=r"^one\.toml"):
        read(entry().replace("[[entry]]", head), "one.toml")


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("各市比例不同 [C]", "各市比例不同(尚待核实)"),
        ("各市比例不同。[C]", "各市比例不同(尚待核实)"),
        ("最长 24 个月 [A]", "最长 24 个月"),
        ("最长 24 个月。 [B]", "最长 24 个月"),
        ("见习不签合同。", "见习不签合同"),
        ("方括号 [D] 不是记号", "方括号 [D] 不是记号"),
        ("[C] 在句首不是记号", "[C] 在句首不是记号"),
    ],
)
def test_certainty_marks(written: str, spoken: str) -> None:
    assert said(written) == spoken


def test_expiry_is_the_day_after_the_last_day() -> None:
    limited, lasting = read(entry(valid_to="2026-12-31") + "\n" + entry(id='"SUB-02"'), "one.toml")[0]
    assert not limited.expired(date(2026, 12, 31))
    assert limited.expired(date(2027, 1, 1))
    assert not lasting.expired(date(2099, 1, 1))
