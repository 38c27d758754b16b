"""Updates as they come: every sample understood or refused, repeats known by their key, and no bytes that raise."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram import receive as received
from bot.channels.telegram.limits import BODY_BYTES, DOWNLOAD_BYTES
from bot.channels.telegram.receive import CHOICES, MENU, Bot, Received, Refused, chat_of, read, receive
from dialogs.flows import declared
from dialogs.orders import GLOBAL

SAMPLES = Path(__file__).parents[3] / "samples" / "telegram"
SECRET = "a-Secret_1"
BOT = Bot(1, "careerbot")
SENT = datetime.fromtimestamp(1795372467, UTC)
NOW = SENT + timedelta(seconds=2)
PERSON, GROUP = 700000001, -1001234567890


UNDERSTOOD: list[tuple[str, str, dict[str, Any]]] = [
    ("start", "command", {"text": "go/menu", "label": "/start", "payload": ""}),
    ("start_deeplink", "command", {"text": "go/menu", "payload": "bind_7Kq2"}),
    ("text", "text", {"text": "一次性求职补贴怎么申请？", "user": PERSON, "chat": PERSON, "message": 3}),
    ("text_4096", "text", {}),
    ("text_utf16_entities", "text", {"text": "😀简历 https://career.example.invalid"}),
    ("unknown_field", "text", {"text": "hi"}),
    ("document_pdf", "document", {"text": "请帮我看看", "problem": "", "tell": ""}),
    ("document_docx", "document", {}),
    ("document_no_name", "document", {}),
    ("document_too_big", "document", {"problem": "too_big", "tell": received.TOO_BIG}),
    ("photo", "photo", {}),
    ("voice", "voice", {"tell": received.NO_VOICE}),
    ("location", "location", {"tell": received.NO_LOCATION}),
    ("contact", "contact", {"tell": received.NO_CONTACT, "text": ""}),
    ("edited", "edited", {"text": "一次性求职补贴怎么申请（应届）？"}),
    ("callback", "choice", {"text": "job:123:save", "callback": "4382000000000000001", "message": 20, "at": NOW}),
    ("callback_inaccessible", "choice", {"text": "job:123:save", "callback": "4382000000000000002", "chat": PERSON}),
    ("blocked", "blocked", {"chat": PERSON}),
    ("unblocked", "unblocked", {"chat": PERSON}),
    ("group_text", "text", {"text": "/jobs 广州", "in_group": True, "handle": f"{GROUP}/{PERSON}"}),
    ("group_migrated", "migrated", {"chat": -400000, "moved_to": GROUP}),
    ("channel_post", "other", {"chat": None, "text": ""}),
    ("web_app_data", "other", {"text": ""}),
    ("unknown_update", "other", {"chat": None}),
]
REFUSED = [("bad_not_json", "not_json"), ("bad_no_update_id", "no_update_id")]


def taken(body: bytes | dict[str, Any], now: datetime = NOW) -> Received:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = receive(SECRET, raw, secret=SECRET, bot=BOT, now=now)
    assert isinstance(found, Received), found
    return found


def sample(name: str) -> Received:
    return taken((SAMPLES / f"{name}.json").read_bytes())


def message(**fields: Any) -> dict[str, Any]:
    """A private message, with fields changed."""
    body = {"message_id": 5, "from": {"id": PERSON, "is_bot": False}, "chat": {"id": PERSON, "type": "private"}, "date": 1795372467}
    return {"update_id": 7, "message": body | fields}


def in_group(**fields: Any) -> dict[str, Any]:
    return message(chat={"id": GROUP, "type": "supergroup", "title": "群"}, **fields)


@pytest.mark.parametrize(("name", "kind", "fields"), UNDERSTOOD)
def test_samples(name: str, kind: str, fields: dict[str, Any]) -> None:
    found = sample(name)
    assert found.kind == kind
    assert {field: getattr(found, field) for field in fields} == fields
    assert found.key == f"telegram|1|{found.update_id}"
    assert not found.expired


@pytest.mark.parametrize(("name", "reason"), REFUSED)
def test_samples_refused(name: str, reason: str) -> None:
    found = receive(SECRET, (SAMPLES / f"{name}.json").read_bytes(), secret=SECRET, bot=BOT, now=NOW)
    assert found == Refused(reason)
    assert isinstance(found, Refused)
    assert found.status == 400


def test_every_sample_is_tried() -> None:
    assert sorted([*(row[0] for row in UNDERSTOOD), *(row[0] for row in REFUSED)]) == sorted(path.stem for path in SAMPLES.glob("*.json"))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"1" * 5_000, "not_json"),
        (b"[]", "not_an_update"),
        (b"null", "not_an_update"),
        (b'"x"', "not_an_update"),
        (b"{}", "no_update_id"),
        (b'{"update_id": "x"}', "no_update_id"),
        (b'{"update_id": true}', "no_update_id"),
        (b'{"update_id": -1}', "no_update_id"),
        (b'{"update_id": 1.0}', "no_update_id"),
        (b'{"update_id": 99999999999999999999}', "no_update_id"),
        (b" " * (BODY_BYTES + 1), "too_long"),
    ],
)
def test_what_telegram_never_sends_is_refused(body: bytes, reason: str) -> None:
    found = receive(SECRET, body, secret=SECRET, bot=BOT, now=NOW)
    assert isinstance(found, Refused)
    assert (found.reason, found.status) == (reason, 413 if reason == "too_long" else 400)


@pytest.mark.parametrize(
    ("given", "secret", "reason"),
    [
        (None, SECRET, "wrong_secret"),
        ("", SECRET, "wrong_secret"),
        (SECRET + "x", SECRET, "wrong_secret"),
        ("密码", SECRET, "wrong_secret"),
        ("\udc80", SECRET, "wrong_secret"),
        ("", "", "no_secret"),
        (None, None, "no_secret"),
    ],
)
def test_the_secret(given: str | None, secret: str | None, reason: str) -> None:
    found = receive(given, (SAMPLES / "text.json").read_bytes(), secret=secret, bot=BOT, now=NOW)
    assert isinstance(found, Refused)
    assert (found.reason, found.status) == (reason, 403)


def test_the_same_update_has_the_same_key_and_another_bot_another() -> None:
    body = (SAMPLES / "text.json").read_bytes()
    assert taken(body).key == taken(body, NOW + timedelta(hours=1)).key
    other = receive(SECRET, body, secret=SECRET, bot=Bot(2), now=NOW)
    assert isinstance(other, Received)
    assert other.key != taken(body).key


@pytest.mark.parametrize(("token", "number"), [("123456:abc", 123456), ("T", 0), ("", 0), ("9" * 40 + ":x", 0)])
def test_the_token_tells_the_account(token: str, number: int) -> None:
    assert Bot.of(token) == Bot(number)


def test_files_as_they_are_claimed() -> None:
    assert sample("document_pdf").file == received.File("DEMO_FILE_PDF", 183000, "简历.pdf", "application/pdf")
    assert sample("document_no_name").file == received.File("DEMO_NN", None, "", "")
    assert sample("photo").file == received.File("P2", 99000, "", "image/jpeg")
    assert sample("voice").file == received.File("V1", 9000, "", "audio/ogg")


@pytest.mark.parametrize(("size", "problem"), [(DOWNLOAD_BYTES, ""), (DOWNLOAD_BYTES + 1, "too_big"), ("x", "")])
def test_size_is_looked_at_before_anything_is_fetched(size: Any, problem: str) -> None:
    assert taken(message(document={"file_id": "F", "file_size": size})).problem == problem


@pytest.mark.parametrize(("said", "name"), [("../../etc/passwd", "passwd"), ("C:\\a\\简历\x00\n.pdf", "简历.pdf"), ("长" * 500, "长" * 200), (7, "")])
def test_file_names_are_only_names(said: Any, name: str) -> None:
    file = taken(message(document={"file_id": "F", "file_name": said})).file
    assert file
    assert file.name == name


@pytest.mark.parametrize(
    ("typed", "kind", "text"),
    [
        ("/menu", "command", "go/menu"),
        ("/HELP", "command", "go/help"),
        ("/human@CareerBot", "command", "go/human"),
        ("/plan", "command", "open/entitlements"),
        ("/start bad payload!", "text", "/start bad payload!"),
        ("/help 我不想活了", "text", "/help 我不想活了"),
        ("/help@otherbot", "text", "/help@otherbot"),
        ("/jobs@careerbot 广州", "text", "/jobs 广州"),
        ("/帮助", "text", "/帮助"),
        ("菜单", "text", "菜单"),
        ("\x00你好\ud83d", "text", "你好?"),
    ],
)
def test_commands(typed: str, kind: str, text: str) -> None:
    found = taken(message(text=typed))
    assert (found.kind, found.text) == (kind, text)


def test_commands_lead_to_choices_the_dialogs_know() -> None:
    flows = {f"open/{flow.name}" for flow in declared()}
    assert set(CHOICES.values()) <= flows | {f"go/{name}" for name in GLOBAL}
    assert set(MENU) <= set(CHOICES)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"text": "今天谁去招聘会"}, "group"),
        ({"text": "/menu"}, "command"),
        ({"text": "/menu@otherbot"}, "group"),
        ({"text": "/jobs"}, "group"),
        ({"text": "补贴呢", "reply_to_message": {"from": {"id": 1}}}, "text"),
        ({"text": "补贴呢", "reply_to_message": {"from": {"id": 2}}}, "group"),
        ({"document": {"file_id": "F"}}, "group"),
    ],
)
def test_groups_only_commands_and_replies(fields: dict[str, Any], kind: str) -> None:
    found = taken(in_group(**fields))
    assert found.kind == kind
    assert found.in_group
    if kind == "group":
        assert not found.text, "others' talk is not kept"


def test_members_of_a_group_have_conversations_of_their_own() -> None:
    one, two = (taken(in_group(text="/menu", **{"from": {"id": number}})) for number in (11, 12))
    assert one.handle != two.handle
    assert chat_of(one.handle) == chat_of(two.handle) == GROUP
    assert chat_of(taken(message(text="/menu")).handle) == PERSON


def test_a_migration_is_told_in_both_chats() -> None:
    old = taken({"update_id": 1, "message": {"chat": {"id": -4, "type": "group"}, "date": 1, "migrate_to_chat_id": -1004}})
    new = taken({"update_id": 2, "message": {"chat": {"id": -1004, "type": "supergroup"}, "date": 1, "migrate_from_chat_id": -4}})
    assert (old.chat, old.moved_to) == (new.chat, new.moved_to) == (-4, -1004)


def test_a_button_says_what_it_showed() -> None:
    markup = {"inline_keyboard": [[{"text": "网", "url": "https://a.cn"}, {"text": "问老师", "callback_data": "go/human"}]]}
    shown = {"message_id": 2, "chat": {"id": PERSON, "type": "private"}, "date": 0, "reply_markup": markup}
    found = taken({"update_id": 1, "callback_query": {"id": "9", "from": {"id": PERSON}, "message": shown, "data": "go/human"}})
    assert (found.kind, found.label) == ("choice", "问老师")


@pytest.mark.parametrize(
    "query", [{"id": "9", "from": {"id": 1}, "inline_message_id": "i", "data": "x"}, {"id": "9", "from": {"id": 1}, "game_short_name": "g"}]
)
def test_a_button_that_is_not_ours_is_still_answered(query: dict[str, Any]) -> None:
    found = taken({"update_id": 1, "callback_query": query})
    assert (found.kind, found.callback) == ("other", "9")


@pytest.mark.parametrize(
    ("age", "expired"), [(timedelta(hours=23, minutes=59), False), (timedelta(hours=24, seconds=1), True), (-timedelta(hours=1), False)]
)
def test_old_messages_are_flagged(age: timedelta, expired: bool) -> None:
    assert taken((SAMPLES / "text.json").read_bytes(), SENT + age).expired == expired


@pytest.mark.parametrize("name", ["sticker", "video", "audio", "animation", "poll", "dice"])
def test_what_we_cannot_read_gets_a_sentence(name: str) -> None:
    found = taken(message(**{name: {"file_id": "x"}}))
    assert (found.kind, found.tell) == ("other", received.NO_IDEA)


@pytest.mark.parametrize(
    "fields", [{"from": {"id": 3, "is_bot": True}, "text": "hi"}, {"pinned_message": {}}, {"text": "x", "from": None}, {"chat": []}]
)
def test_bots_and_service_messages_are_left_alone(fields: dict[str, Any]) -> None:
    found = taken(message(**fields))
    assert (found.kind, found.tell) == ("other", "")


def test_nothing_personal_in_repr_or_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shown = "".join(repr(sample(path.stem)) for path in SAMPLES.glob("*.json") if not path.stem.startswith("bad_")) + caplog.text
    for word in ("补贴", "简历", "10000000000", "请帮我看看", "小明", "DEMO_FILE"):
        assert word not in shown


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
FIELDS = (
    "message_id", "from", "chat", "date", "text", "caption", "document", "photo", "voice", "contact", "location", "id", "type", "is_bot",
    "reply_to_message", "migrate_to_chat_id", "migrate_from_chat_id", "message", "data", "new_chat_member", "status", "file_id", "file_size",
    "file_name", "mime_type", "reply_markup", "inline_keyboard", "callback_data",
)  # fmt: skip
TYPED = st.sampled_from([PERSON, GROUP, 1, 0, "private", "group", "supergroup", "channel", "kicked", "/start x", "/menu@careerbot"])
SHAPED = st.recursive(
    TYPED | JSON, lambda inner: st.dictionaries(st.sampled_from(FIELDS), inner, max_size=7) | st.lists(inner, max_size=3), max_leaves=25
)
KINDS = st.sampled_from(["message", "edited_message", "callback_query", "my_chat_member", "channel_post", "x"])


@given(st.none() | st.text(max_size=10), st.binary(max_size=300))
def test_any_bytes_never_raise(given_secret: str | None, body: bytes) -> None:
    assert isinstance(receive(given_secret, body, secret=SECRET, bot=BOT, now=NOW), Refused)
    assert isinstance(receive(SECRET, body, secret=SECRET, bot=BOT, now=NOW), Received | Refused)


@given(st.integers(0, 2**40), st.dictionaries(KINDS, SHAPED, max_size=2))
def test_any_shape_is_understood_or_other_and_can_be_stored(number: int, body: dict[str, Any]) -> None:
    found = read({"update_id": number, **body}, bot=BOT, now=NOW)
    assert isinstance(found, Received)
    assert found.at.tzinfo is UTC
    for text in (found.text, found.label, found.payload, found.handle):
        text.encode()
        assert "\x00" not in text
    if found.kind not in ("other", "group", "migrated", "blocked", "unblocked", "edited"):
        assert found.chat is not None
        assert found.user is not None
        assert chat_of(found.handle) == found.chat
