"""A push as bytes: official vectors, every sample, de-duplication, keys, attacks, and any bytes at all."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat.envelope import BODY_BYTES, Keys, Unreadable, opened, sealed
from bot.channels.wechat.receive import WINDOW, Kind, Received, Refused, Result, greeting, receive
from tests.simulators.wechat.envelope import cipher, encrypt, sign, xml

SAMPLES = Path(__file__).parents[3] / "samples" / "wechat"
MANIFEST = json.loads((SAMPLES / "_manifest.json").read_text(encoding="utf8"))
PLAIN = Keys(MANIFEST["token"], MANIFEST["appid"])
SAFE = replace(PLAIN, aes_key=MANIFEST["encoding_aes_key"])
OTHER_KEY = "B" * 43
NOW = datetime.fromtimestamp(1795372467, UTC)
GR01 = "oDemo0000000000000000000GR01"
TEXT = {"ToUserName": "gh_1", "FromUserName": GR01, "CreateTime": 1795372467, "MsgType": "text", "Content": "你好", "MsgId": 7}


def stamp(*more: str, keys: Keys = PLAIN, at: datetime = NOW) -> dict[str, str]:
    """The query of a push; with a cipher text, as in safe mode."""
    time = str(int(at.timestamp()))
    query = {"timestamp": time, "nonce": "415670741", "signature": sign(keys.token, time, "415670741")}
    return query | ({"encrypt_type": "aes", "msg_signature": sign(keys.token, time, "415670741", *more)} if more else {})


def plain(body: bytes | str) -> Received | Refused:
    return receive(stamp(), body.encode() if isinstance(body, str) else body, PLAIN, NOW)


def good(found: Received | Refused) -> Received:
    assert isinstance(found, Received), found
    return found


def sample(name: str) -> Received | Refused:
    return plain((SAMPLES / name).read_bytes())


def safe(text: str, key: str, keys: Keys = SAFE) -> Received | Refused:
    """A push that was encrypted with `key`."""
    encrypted = encrypt(text, keys.appid, key)
    return receive(stamp(encrypted), xml({"ToUserName": "gh_1", "Encrypt": encrypted}).encode(), keys, NOW)


OFFICIAL = Keys("AAAAA", "wxba5fad812f8e6fb9", "A" * 43)
SAID = (
    '{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY",'
    '"CreateTime":1714112445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}'
)
"""The documented push of 167 bytes; its signature covers every byte of the cipher text."""


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_the_official_address_check() -> None:
    query = {
        "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
        "timestamp": "1714036504",
        "nonce": "1514711492",
        "echostr": "4375120948345356249",
    }
    assert greeting(query, OFFICIAL, at(1714036504)) == "4375120948345356249"
    assert greeting(query | {"nonce": "1514711493"}, OFFICIAL, at(1714036504)) == Refused("signature", 403)
    assert greeting(query, OFFICIAL, at(1714036504) + WINDOW * 2) == Refused("stale", 403)


def test_the_official_plain_push() -> None:
    query = {"signature": "899cf89e464efb63f54ddac96b0a0a235f53aa78", "timestamp": "1714037059", "nonce": "486452656"}
    found = good(receive(query, SAID.replace("1714112445", "1714037059").encode(), replace(OFFICIAL, aes_key=None), at(1714037059)))
    assert (found.type, found.openid, found.kind, found.form.json) == ("debug_demo", "o9AgO5Kd5ggOC-bXrbNODIiE3bGY", Kind.OTHER, True)


def test_the_official_safe_push() -> None:
    encrypted = encrypt(SAID, OFFICIAL.appid, "A" * 43, b"a8eedb185eb2fecf")
    query = {
        "timestamp": "1714112445",
        "nonce": "415670741",
        "encrypt_type": "aes",
        "msg_signature": "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3",
    }
    assert sign("AAAAA", "1714112445", "415670741", encrypted) == query["msg_signature"]
    body = json.dumps({"ToUserName": "gh_97417a04a28d", "Encrypt": encrypted}).encode()
    found = good(receive(query, body, OFFICIAL, at(1714112445)))
    assert (found.type, found.at, found.form.json, found.form.aes_key) == ("debug_demo", at(1714112445), True, "A" * 43)


WHAT: dict[str, dict[str, Any]] = {
    "msg_text.xml": {
        "kind": Kind.TEXT,
        "text": "我是2026届毕业生，一次性求职补贴怎么申请？",
        "answerable": True,
        "openid": GR01,
        "account": "gh_0career0demo",
    },
    "msg_text_emoji.xml": {"kind": Kind.TEXT, "text": "谢谢老师😀/:rose"},
    "msg_text_from_article.xml": {"kind": Kind.TEXT, "text": "想报名简历实验室"},
    "msg_text_cdata_end.xml": {"kind": Kind.TEXT, "text": "a]]>b"},
    "msg_text_illegal_ctrl_char.xml": {"kind": Kind.TEXT, "text": "你好"},
    "msg_text_menu_reply.xml": {"kind": Kind.CHOICE, "text": "预约一对一简历指导", "menu_id": "102", "answerable": True},
    "msg_image.xml": {"kind": Kind.IMAGE, "media_id": "DEMO_MEDIA_ID_IMAGE", "url": "http://mmbiz.example.invalid/mmbiz_jpg/demo/0"},
    "msg_voice.xml": {"kind": Kind.VOICE, "media_id": "DEMO_MEDIA_ID_VOICE", "text": ""},
    "msg_voice_recognition.xml": {"kind": Kind.VOICE, "text": "推荐岗位。"},
    "msg_voice_recognition_empty.xml": {"kind": Kind.VOICE, "text": ""},
    "msg_video.xml": {"kind": Kind.VIDEO, "media_id": "DEMO_MEDIA_ID_VIDEO"},
    "msg_shortvideo.xml": {"kind": Kind.VIDEO, "media_id": "DEMO_MEDIA_ID_SV"},
    "msg_location.xml": {"kind": Kind.LOCATION, "text": "演示路1号"},
    "msg_link.xml": {"kind": Kind.LINK, "text": "招聘会通知", "url": "https://career.example.invalid/fair/1"},
    "msg_file_undocumented.xml": {"kind": Kind.OTHER, "type": "file", "answerable": True},
    "msg_unknown_type.xml": {"kind": Kind.OTHER, "type": "brand_new_type", "answerable": True},
    "evt_subscribe.xml": {"kind": Kind.SUBSCRIBE, "scene": None, "answerable": True},
    "evt_subscribe_scene.xml": {"kind": Kind.SUBSCRIBE, "scene": "bind_7Kq2", "event_key": "qrscene_bind_7Kq2", "type": "subscribe"},
    "evt_scan.xml": {"kind": Kind.SCAN, "scene": "bind_7Kq2", "answerable": True},
    "evt_scan_int_scene.xml": {"kind": Kind.SCAN, "scene": "123"},
    "evt_unsubscribe.xml": {"kind": Kind.UNSUBSCRIBE, "answerable": False},
    "evt_click.xml": {"kind": Kind.CLICK, "event_key": "MENU_POLICY", "answerable": True},
    "evt_view.xml": {"kind": Kind.VIEW, "url": "https://career.example.invalid/resume", "answerable": False},
    "evt_location_report.xml": {"kind": Kind.OTHER, "type": "location", "text": "", "answerable": False},
    "evt_template_ok.xml": {"kind": Kind.TEMPLATE_RESULT, "results": (Result("success", "200163836"),), "answerable": False},
    "evt_template_blocked.xml": {"kind": Kind.TEMPLATE_RESULT, "results": (Result("failed:user block", "200163837"),)},
    "evt_template_sysfail.xml": {"kind": Kind.TEMPLATE_RESULT, "results": (Result("failed:system failed", "200163838"),)},
    "evt_mass_finish.xml": {"kind": Kind.MASS_RESULT, "results": (Result("send success", "1000000001", "", 1, 1, 2, 2),)},
    "evt_subscribe_msg_popup.xml": {
        "kind": Kind.SUBSCRIBE_CHOICE,
        "results": (Result("accept", "", "TPL_JOB"), Result("reject", "", "TPL_FAIR")),
    },
    "evt_subscribe_msg_change.xml": {"kind": Kind.SUBSCRIBE_CHOICE, "results": (Result("reject", "", "TPL_JOB"),)},
    "evt_subscribe_msg_sent.xml": {"kind": Kind.SUBSCRIBE_SENT, "results": (Result("success", "1864323726461255680", "TPL_JOB"),)},
    "evt_unknown.xml": {"kind": Kind.REVOKE, "openid": GR01, "answerable": False},
    "dedup_same_msgid_other_user.xml": {"kind": Kind.VOICE},
    "dedup_same_second_event_a.xml": {"kind": Kind.SUBSCRIBE, "scene": "bind_7Kq2"},
    "dedup_same_second_event_b.xml": {"kind": Kind.CLICK},
}
REASONS = {
    "attack_billion_laughs.xml": "doctype",
    "attack_external_dtd.xml": "doctype",
    "attack_external_entity.xml": "doctype",
    "bad_duplicate_content.xml": "malformed",
    "bad_msgid_not_int.xml": "malformed",
    "bad_no_msgtype.xml": "malformed",
    "bad_not_xml.xml": "malformed",
    "bad_wrong_root.xml": "malformed",
}
ENCRYPTED = [case for case in MANIFEST["cases"] if case["file"]]


def test_every_sample_is_judged_here() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == {*WHAT, *REASONS, *(case["file"] for case in ENCRYPTED), "_manifest.json"}


@pytest.mark.parametrize("name", WHAT)
def test_samples(name: str) -> None:
    found = good(sample(name))
    assert {field: getattr(found, field) for field in WHAT[name]} == WHAT[name]


@pytest.mark.parametrize("name", REASONS)
def test_bad_samples(name: str) -> None:
    assert sample(name) == Refused(REASONS[name], 400)


@pytest.mark.parametrize("case", ENCRYPTED, ids=lambda case: str(case["file"]))
def test_encrypted_samples(case: dict[str, Any]) -> None:
    found = receive(case["query"], (SAMPLES / case["file"]).read_bytes(), SAFE, NOW)
    if case.get("expect") == "reject":
        assert found == Refused("appid", 403)
        return
    assert good(found).form.aes_key == SAFE.aes_key
    if "plain" in case:
        assert replace(good(found), form=good(sample(case["plain"])).form) == sample(case["plain"])
    else:
        assert (good(found).form.json, good(found).text) == (True, "你好")


def test_the_verification_of_the_manifest() -> None:
    case = next(case for case in MANIFEST["cases"] if not case["file"])
    assert greeting(case["query"], PLAIN, NOW) == case["expect_body"]


def test_keys_tell_pushes_apart_and_tries_together() -> None:
    names = [*WHAT]
    keys = [good(sample(name)).key for name in names]
    assert len(set(keys)) == len(keys)
    assert good(sample("msg_voice.xml")).key == f"wxdemo0000000001|{GR01}|voice|25100000000000008|1795372467"
    assert good(sample("dedup_same_second_event_a.xml")).key == (
        "wxdemo0000000001|oDemo0000000000000000000GR02|event|subscribe+qrscene_bind_7Kq2++DEMO_TICKET|1795372467"
    )
    body = (SAMPLES / "msg_text.xml").read_bytes()
    later = NOW + timedelta(seconds=10)
    assert good(receive(stamp(at=later), body, PLAIN, later)).key == good(sample("msg_text.xml")).key


def test_a_key_fits_the_inbox() -> None:
    event = TEXT | {"MsgType": "event", "Event": "VIEW", "EventKey": "https://career.example.invalid/" + "长" * 400}
    one, two = good(plain(xml(event))).key, good(plain(xml(event | {"EventKey": f"{event['EventKey']}!"}))).key
    assert one != two
    assert len(f"reply|wechat:{'w' * 18}:{GR01}|{one}") <= 300


def test_json_and_xml_mean_the_same() -> None:
    popup = {"List": [{"TemplateId": "TPL", "SubscribeStatusString": "accept", "PopupScene": 1}]}
    for fields in (
        TEXT,
        TEXT | {"Content": "a]]>&<b>\x1d\x00"},
        {k: v for k, v in TEXT.items() if k not in ("Content", "MsgId")} | {"MsgType": "event", "Event": "CLICK", "EventKey": "K"},
        TEXT | {"MsgType": "event", "Event": "subscribe_msg_popup_event", "SubscribeMsgPopupEvent": popup},
    ):
        from_json, from_xml = good(plain(json.dumps(fields))), good(plain(xml(fields)))
        assert replace(from_json, form=from_xml.form) == from_xml
        assert from_json.form.json


def test_beside_the_event_a_list_counts_too() -> None:
    event = {"MsgType": "event", "Event": "subscribe_msg_popup_event", "List": {"TemplateId": "TPL", "SubscribeStatusString": "accept"}}
    assert good(plain(json.dumps(TEXT | event))).results == (Result("accept", "", "TPL"),)


@pytest.mark.parametrize("label", ["A", "", "1a", "１２"])
def test_a_menu_id_that_is_not_ours_is_text(label: str) -> None:
    assert good(plain(xml(TEXT | {"bizmsgmenuid": label}))).kind is Kind.TEXT


def test_who_withdrew_is_named_apart() -> None:
    fields = TEXT | {"MsgType": "event", "Event": "user_authorization_revoke", "OpenID": "oPerson", "FromUserName": "gh_system"}
    assert good(plain(xml(fields))).openid == "oPerson"


@pytest.mark.parametrize("text", ["<!DOCTYPE html>", "<xml><MsgType>event</MsgType></xml>", "<a href='x'>&amp;</a>", "]]>", '{"MsgType":"event"}'])
def test_markup_is_a_message_like_any_other(text: str) -> None:
    assert good(plain(xml(TEXT | {"Content": text}))).text == text


@pytest.mark.parametrize("key", [SAFE.aes_key, OTHER_KEY])
def test_both_keys_open_during_a_change(key: str) -> None:
    found = good(safe(xml(TEXT), key, replace(SAFE, previous_aes_key=OTHER_KEY)))
    assert (found.text, found.form.aes_key) == ("你好", key)


def test_a_key_that_was_never_ours() -> None:
    assert isinstance(safe(xml(TEXT), OTHER_KEY), Refused)
    assert isinstance(safe(xml(TEXT), "C" * 43, replace(SAFE, previous_aes_key=OTHER_KEY)), Refused)


def test_in_compatible_mode_only_what_was_encrypted_counts() -> None:
    encrypted = encrypt(xml(TEXT), SAFE.appid, str(SAFE.aes_key))
    body = xml(TEXT | {"Content": "别人写进来的", "Encrypt": encrypted}).encode()
    assert good(receive(stamp(encrypted), body, SAFE, NOW)).text == "你好"


def test_words_that_look_like_a_cipher_text() -> None:
    said = xml(TEXT | {"Content": "<Encrypt>abcd</Encrypt>"})
    encrypted = encrypt(said, SAFE.appid, str(SAFE.aes_key))
    for body in ({**TEXT, "Content": "<Encrypt>abcd</Encrypt>", "Encrypt": encrypted}, {"Encrypt": encrypted, "Content": "<Encrypt>abcd</Encrypt>"}):
        assert good(receive(stamp(encrypted), xml(body).encode(), SAFE, NOW)).text == "<Encrypt>abcd</Encrypt>"


@pytest.mark.parametrize("body", ["", "<xml></xml>", "{}", '{"Encrypt":1}', "<xml><Encrypt></Encrypt></xml>", "<xml>" + "<a>" * 20_000])
def test_no_cipher_text(body: str) -> None:
    assert receive(stamp("x"), body.encode(), SAFE, NOW) == Refused("no_ciphertext", 400)


def test_with_a_key_nothing_plain_is_believed() -> None:
    assert receive(stamp(), xml(TEXT).encode(), SAFE, NOW) == Refused("not_encrypted", 403)
    assert receive(stamp() | {"encrypt_type": "raw"}, xml(TEXT).encode(), PLAIN, NOW) == plain(xml(TEXT))


def test_encrypted_without_a_key() -> None:
    encrypted = encrypt(xml(TEXT), SAFE.appid, str(SAFE.aes_key))
    assert receive(stamp(encrypted), xml({"Encrypt": encrypted}).encode(), PLAIN, NOW) == Refused("no_key", 400)


def test_the_signature_covers_the_cipher_text() -> None:
    one, two = (encrypt(xml(TEXT), SAFE.appid, str(SAFE.aes_key)) for _ in range(2))
    assert receive(stamp(one), xml({"Encrypt": two}).encode(), SAFE, NOW) == Refused("signature", 403)
    query = {name: value for name, value in stamp(one).items() if name != "msg_signature"}
    assert receive(query, xml({"Encrypt": one}).encode(), SAFE, NOW) == Refused("signature", 403)


@pytest.mark.parametrize(
    ("off", "believed"),
    [(timedelta(), True), (WINDOW, True), (-WINDOW, True), (WINDOW + timedelta(seconds=1), False), (-WINDOW - timedelta(seconds=1), False)],
)
def test_the_time_of_a_push(off: timedelta, believed: bool) -> None:
    found = receive(stamp(), xml(TEXT).encode(), PLAIN, NOW + off)
    assert isinstance(found, Received) if believed else found == Refused("stale", 403)


@pytest.mark.parametrize("at", ["", "abc", "-1", "１７９５３７２４６７", "9" * 40])
def test_a_time_that_is_none(at: str) -> None:
    assert receive({"timestamp": at, "nonce": "1", "signature": sign(PLAIN.token, at, "1")}, xml(TEXT).encode(), PLAIN, NOW) == Refused("stale", 403)


def test_the_size_of_a_body() -> None:
    assert plain(b" " * (BODY_BYTES + 1)) == Refused("too_large", 413)
    assert good(plain(xml(TEXT | {"Content": "长" * 20_000}))).text == "长" * 20_000


@pytest.mark.parametrize("query", [{}, {"signature": ""}, {"signature": "é"}, {"signature": "\ud800", "timestamp": "\ud800", "encrypt_type": "aes"}])
def test_a_query_that_signs_nothing(query: dict[str, str]) -> None:
    assert isinstance(receive(query, xml(TEXT).encode(), PLAIN, NOW), Refused)
    assert isinstance(greeting(query, PLAIN, NOW), Refused)


@pytest.mark.parametrize("blocks", [b"", b"a" * 15, b"a" * 16, b"a" * 32, b"a" * 48])
def test_cipher_texts_that_are_none(blocks: bytes) -> None:
    encrypted = base64.b64encode(blocks).decode()
    assert isinstance(receive(stamp(encrypted), xml({"Encrypt": encrypted}).encode(), SAFE, NOW), Refused)


def raw(plain: bytes) -> str:
    """Whole blocks under our key, whatever they say."""
    encryptor = cipher(str(SAFE.aes_key)).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


INNER = b"r" * 16 + (5).to_bytes(4, "big") + b"<xml>" + SAFE.appid.encode()


@pytest.mark.parametrize(
    ("plain", "reason"),
    [
        (INNER + b"\x00" * 23, "padding"),
        (INNER + bytes([55]) * 55, "padding"),
        (INNER + b"x" * 22 + b"\x17", "padding"),
        (b"r" * 16 + (999).to_bytes(4, "big") + INNER[20:] + bytes([23]) * 23, "length"),
        (b"r" * 16 + bytes([16]) * 16, "length"),
        (INNER[:-1] + bytes([24]) * 24, "appid"),
    ],
)
def test_blocks_that_are_no_push(plain: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        opened(raw(plain), SAFE.appid, str(SAFE.aes_key))


def test_control_characters_are_taken_out_after_decryption_too() -> None:
    assert good(safe(xml(TEXT | {"Content": "你\x1d好\x00"}), str(SAFE.aes_key))).text == "你好"


FORMS = st.sampled_from(["plain", "safe"])
NAMED = st.sampled_from([*TEXT, "Event", "EventKey", "Ticket", "MsgID", "List", "SubscribeMsgPopupEvent", "bizmsgmenuid", "OpenID", "SentCount"])
TYPES = st.sampled_from(["event", "SCAN", "subscribe", "MASSSENDJOBFINISH", "subscribe_msg_popup_event", "device_x"])
SIMPLE = st.none() | st.booleans() | st.integers() | st.text(max_size=10) | TYPES
VALUES = st.recursive(SIMPLE, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner), max_leaves=5)


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: f"<xml>{text}</xml>".encode("utf8", "replace")), FORMS)
def test_any_bytes(body: bytes, form: str) -> None:
    assert isinstance(plain(body), Received | Refused)
    assert isinstance(receive(stamp("x"), body, SAFE, NOW), Refused)
    if form == "safe":
        safe(body.decode("latin1"), str(SAFE.aes_key))


@given(st.dictionaries(NAMED, VALUES))
def test_any_fields(fields: dict[str, Any]) -> None:
    assert isinstance(plain(json.dumps(TEXT | fields)), Received | Refused)


@given(st.dictionaries(st.sampled_from(["signature", "timestamp", "nonce", "encrypt_type", "msg_signature", "echostr"]), st.text(max_size=20)))
def test_any_query(query: dict[str, str]) -> None:
    assert isinstance(receive(query, xml(TEXT).encode(), PLAIN, NOW), Refused)
    assert isinstance(greeting(query, PLAIN, NOW), Refused)


@pytest.mark.parametrize("body", ["[" * 30_000, '{"a":' * 10_000, "<xml>" + "<a>" * 10_000, '{"MsgId":' + "9" * 5000 + "}", '{"a b":1}'])
def test_deep_and_odd_bodies(body: str) -> None:
    assert plain(body) == Refused("malformed", 400)


@given(st.text(max_size=200), st.sampled_from([b"0" * 16, b"x" * 16]))
def test_two_ciphers_agree(text: str, random: bytes) -> None:
    key = str(SAFE.aes_key)
    text = text.encode("utf8", "replace").decode()
    assert opened(encrypt(text, SAFE.appid, key, random), SAFE.appid, key) == text
    assert opened(sealed(text, SAFE.appid, key), SAFE.appid, key) == text


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"token": ""}, "Token"),
        ({"token": "a b"}, "Token"),
        ({"appid": ""}, "AppID"),
        ({"aes_key": "short"}, "43"),
        ({"previous_aes_key": "键" * 43}, "43"),
    ],
)
def test_settings_that_cannot_be(changes: dict[str, str], word: str) -> None:
    with pytest.raises(ValueError, match=word) as error:
        Keys(**({"token": "abcdef", "appid": "wx1"} | changes))
    assert not any(value and value in str(error.value) for value in changes.values())


def test_no_secret_is_shown() -> None:
    found = good(safe(xml(TEXT), str(SAFE.aes_key)))
    for shown in (repr(SAFE), repr(found), repr(safe(xml(TEXT), OTHER_KEY))):
        assert SAFE.token not in shown
        assert str(SAFE.aes_key) not in shown
