"""The calls of the API, each with the checks of its page: customer service, template, notification, mass, menu, QR."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.simulators.wechat.envelope import TEXT_BYTES
from tests.simulators.wechat.world import Refusal, World

OK = {"errcode": 0, "errmsg": "ok"}
TIME = re.compile(r"(\d{4}年\d{1,2}月\d{1,2}日|\d{4}-\d{1,2}-\d{1,2})?\s*(\d{1,2}:\d{2}(:\d{2})?)?")


def custom(world: World, given: dict[str, Any]) -> dict[str, Any]:
    world.follower(given.get("touser"), 45015, "response out of time limit or subscription is canceled")
    kind = given.get("msgtype")
    inner = given.get(kind) if isinstance(kind, str) else None
    if kind not in ("text", "msgmenu", "image") or not isinstance(inner, dict):
        raise Refusal(40008, "invalid message type")
    menu: list[Any] = []
    if kind == "text":
        text = inner.get("content")
    elif kind == "msgmenu":
        menu = inner.get("list") or []
        text = "\n".join(str(inner.get(name, "")) for name in ("head_content", "tail_content"))
        if not isinstance(menu, list) or not all(isinstance(item, dict) and {"id", "content"} <= item.keys() for item in menu):
            raise Refusal(40058, "invalid msgmenu list")
    else:
        text = f"[{inner.get('media_id')}]"
        if inner.get("media_id") not in world.media:
            raise Refusal(40007, "invalid media_id")
    if not isinstance(text, str) or not text.strip():
        raise Refusal(44004, "empty content")
    if len(text.encode()) + sum(len(str(item["content"]).encode()) for item in menu) > TEXT_BYTES:
        raise Refusal(45002, "content size out of limit")
    world.take_window(given["touser"])
    shown = str(inner["head_content"]) if kind == "msgmenu" else text
    world.saw(given["touser"], "custom", shown, tuple((str(item["id"]), str(item["content"])) for item in menu))
    return OK


def checked_values(world: World, given: dict[str, Any]) -> str:
    """The values of a template, each held to its type; what the person reads of them."""
    fields = world.templates.get(str(given.get("template_id")))
    if fields is None:
        raise Refusal(40037, "invalid template_id")
    data = given.get("data")
    if not isinstance(data, dict):
        raise Refusal(47001, "data format error")
    lines = []
    for name in fields:
        value = data.get(name, {}).get("value") if isinstance(data.get(name), dict) else None
        if not isinstance(value, str) or not value or not fits(name, value):
            raise Refusal(47003, f"argument invalid! data.{name}.value invalid")
        lines.append(value)
    return "\n".join(lines)


def fits(name: str, value: str) -> bool:
    kind = name.rstrip("0123456789")
    if kind == "thing":
        return len(value) <= 20
    if kind == "character_string":
        return len(value) <= 32 and not re.search(r"[一-鿿]", value)
    return bool(TIME.fullmatch(value)) if kind == "time" else True


def template(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """A repeated client id within ten minutes is sent once; that the first answer comes again is our choice."""
    person = world.follower(given.get("touser"))
    text = checked_values(world, given)
    client_id = str(given.get("client_msg_id", ""))
    before = world.known("template", person.openid, client_id, within=timedelta(minutes=10)) if client_id else None
    if before:
        return before
    answer = {**OK, "msgid": next(world.numbers)}
    if client_id:
        world.remember("template", person.openid, client_id, answer=answer)
    status = "failed:user block" if person.blocked else "success"
    if not person.blocked:
        world.saw(person.openid, "template", text)
    world.events.append(world.event(person.openid, "TEMPLATESENDJOBFINISH", MsgID=answer["msgid"], Status=status))
    return answer


def bizsend(world: World, given: dict[str, Any]) -> dict[str, Any]:
    person = world.people.get(str(given.get("touser")))
    if person is None:
        raise Refusal(40003, "invalid openid")
    text = checked_values(world, given)
    template_id = str(given["template_id"])
    if person.accepted[template_id] <= 0:
        raise Refusal(43101, "user refuse to accept the msg")
    person.accepted[template_id] -= 1
    world.saw(person.openid, "notification", text)
    row = {"TemplateId": template_id, "MsgID": str(next(world.numbers)), "ErrorCode": 0, "ErrorStatus": "success"}
    world.events.append(world.event(person.openid, "subscribe_msg_sent_event", SubscribeMsgSentEvent={"List": row}))
    return OK


def mass(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """`message/mass/send` by handles, for service accounts only; `…/sendall` by tag or to all.

    An id that is known is refused with its job's number; the same within a minute is too soon (45066). Which of the two comes first is not
    public; here the second. Links in a text are refused since they were taken away [C official notice].
    """
    if "touser" in given and world.account.capability != "service_verified":
        raise Refusal(48001, "api unauthorized")
    client_id = given.get("clientmsgid", "")
    if not isinstance(client_id, str) or len(client_id.encode()) > 64:
        raise Refusal(45067, "clientmsgid size out of limit")
    if client_id and world.known("mass", client_id, within=timedelta(minutes=1)):
        raise Refusal(45066, "clientmsgid retry too fast")
    if client_id and (before := world.known("mass", client_id, within=timedelta(hours=24))):
        raise Refusal(45065, "clientmsgid exist", msg_id=before["msg_id"])
    openids = targets(world, given)
    inner = given.get(str(given.get("msgtype")))
    text = inner.get("content") if given.get("msgtype") == "text" and isinstance(inner, dict) else None
    if not isinstance(text, str) or not text:
        raise Refusal(44004, "empty content")
    if len(text.encode()) > TEXT_BYTES:
        raise Refusal(45002, "content size out of limit")
    if re.search(r"<a\b", text):
        raise Refusal(40066, "invalid url")
    day = world.clock.today()
    to_all = "all" if given.get("filter", {}).get("is_to_all") else "some"
    if world.account.capability == "subscription_verified" or to_all == "all":
        if world.calls[f"mass-{to_all}", day] >= 1:
            raise Refusal(45028, "has no masssend quota")
        world.calls[f"mass-{to_all}", day] += 1
    msg_id = next(world.numbers)
    answer = {"errcode": 0, "errmsg": "send job submission success", "msg_id": msg_id, "msg_data_id": msg_id + 1}
    if client_id:
        world.remember("mass", client_id, answer=answer)
    if world.mass_protection:
        world.unconfirmed[msg_id] = (world.clock.now(), openids, text)
    else:
        world.mass_to(openids, text, msg_id)
    return answer


def targets(world: World, given: dict[str, Any]) -> list[str]:
    """A `group_id`, which wechatpy sends, is not a documented field and chooses nobody."""
    if "touser" in given:
        openids = given["touser"]
        if not isinstance(openids, list) or not 2 <= len(openids) <= 10_000:
            raise Refusal(40130, "invalid openid list size, at least two openid")
        return [str(openid) for openid in openids]
    chosen = given.get("filter")
    if not isinstance(chosen, dict):
        raise Refusal(47001, "data format error")
    if chosen.get("is_to_all"):
        return list(world.people)
    if chosen.get("tag_id") not in world.tags:
        raise Refusal(45159, "invalid tag")
    return sorted(world.tags[chosen["tag_id"]])


def menu(world: World, given: dict[str, Any]) -> dict[str, Any]:
    buttons = given.get("button")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        raise Refusal(40016, "invalid button size")
    for button in buttons:
        below = button.get("sub_button", [])
        if len(str(button.get("name", "")).encode()) > 16 or not button.get("name"):
            raise Refusal(40018, "invalid button name size")
        if len(below) > 5:
            raise Refusal(40023, "invalid sub button size")
        for item in below or [button]:
            if len(str(item.get("name", "")).encode()) > 60 or not item.get("name"):
                raise Refusal(40025, "invalid sub button name size")
            if len(str(item.get("key", "")).encode()) > 128 or (item.get("type") == "click" and not item.get("key")):
                raise Refusal(40019, "invalid button key size")
            if len(str(item.get("url", "")).encode()) > 1024 or (item.get("type") == "view" and not item.get("url")):
                raise Refusal(40020, "invalid button url size")
    world.menu = given
    return OK


def qrcode(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """A scene elsewhere than in `action_info.scene` is lost: the scan will say 0 [C]."""
    seconds = given.get("expire_seconds", 30)
    info = given.get("action_info")
    if given.get("action_name") not in ("QR_STR_SCENE", "QR_SCENE") or not isinstance(info, dict):
        raise Refusal(40053, "invalid action info")
    if not isinstance(seconds, int) or not 0 < seconds <= 2_592_000:
        raise Refusal(40052, "invalid action name or expire_seconds")
    held = info.get("scene")
    held = held if isinstance(held, dict) else {}
    scene = str(held.get("scene_str") or held.get("scene_id") or "0")
    if not 1 <= len(scene) <= 64:
        raise Refusal(40053, "invalid action info")
    ticket = f"TICKET{next(world.numbers)}"
    world.scenes[ticket] = (scene, world.clock.now() + timedelta(seconds=seconds))
    return {"ticket": ticket, "expire_seconds": seconds, "url": f"http://weixin.example.invalid/q/{ticket}"}


CALLS: dict[str, Callable[[World, dict[str, Any]], dict[str, Any]]] = {
    "message/custom/send": custom,
    "message/template/send": template,
    "message/subscribe/bizsend": bizsend,
    "message/mass/send": mass,
    "message/mass/sendall": mass,
    "menu/create": menu,
    "qrcode/create": qrcode,
}
