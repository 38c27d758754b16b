"""`bulixian contract check`: a file or standard input, exit codes, the machine's shape, what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run

HERE = Path(__file__).parents[1] / "knowledge" / "rights" / "contracts"


def test_a_bad_paper_is_exit_1_and_says_why(run: Run) -> None:
    found = run("contract", "check", str(HERE / "bad_sales.txt"))
    assert found.exit_code == 1
    assert "[违法] 试用期太长" in found.stdout
    assert "《劳动合同法》第19条" in found.stdout
    assert "不是法律意见" in found.stdout


def test_a_good_paper_is_exit_0_and_never_called_fine(run: Run) -> None:
    found = run("contract", "check", str(HERE / "good_office.txt"))
    assert found.exit_code == 0
    assert "不等于没有问题" in found.stdout


def test_the_shape_for_machines(run: Run) -> None:
    text = (HERE / "bad_offer.txt").read_text(encoding="utf8")
    found = json.loads(run("contract", "check", "-", "--json", feed=text).stdout)
    assert found["kind"] == "offer"
    assert {"id", "severity", "quote", "span", "why", "laws", "say", "call"} <= found["findings"][0].keys()
    assert found["text"] == text


def test_what_cannot_be_read_is_one_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4\nbroken")
    (tmp_path / "empty.txt").write_text("  ", encoding="utf8")
    for name in ("broken.pdf", "empty.txt", "gone.txt"):
        found = run("contract", "check", name)
        assert found.exit_code == 1
        assert len(found.stderr.splitlines()) == 1
        assert "Traceback" not in found.stderr


@pytest.mark.parametrize(("place", "pay", "low"), [("成都市高新区", "1900", True), ("成都市高新区", "2400", False), ("上海市", "1900", False)])
def test_the_wage_of_probation_is_held_against_the_least_one_of_the_place(
    run: Run, monkeypatch: pytest.MonkeyPatch, place: str, pay: str, low: bool
) -> None:
    """On the command line and in the chat, where the office wrote it down."""
    monkeypatch.setenv("BULIXIAN_MINIMUM_WAGE", '{"成都": 2330, "四川": 1970}')
    text = f"劳动合同\n合同期限为三年,试用期三个月。工作地点:{place}。试用期工资{pay}元/月,转正后工资2000元/月。"
    found = json.loads(run("contract", "check", "-", "--json", feed=text).stdout)
    why = str([row for row in found["findings"] if row["id"] == "K04"])
    assert ("比成都的最低工资 2330 元还低" in why) is low
    said = run("chat", "--jsonl", feed="\n".join(json.dumps({"from": "u", "text": line}) for line in ("看合同", text.replace("\n", " ")))).stdout
    assert ("试用期工资太低" in said) is low
