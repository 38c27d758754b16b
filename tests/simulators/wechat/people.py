"""The phone side: what people do becomes a push to the hook, signed and encrypted, tried three times; the answer is held to the rules."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.simulators.wechat.envelope import Abnormal, encrypt, reply_text, sign, write
from tests.simulators.wechat.world import World

FAULT = "该公众号提供的服务出现故障,请稍后再试"
TRIES = 3


@dataclass(frozen=True, slots=True)
class Try:
    """One POST: the HTTP status (0: no answer in time), how long it took, what was wrong with the answer."""

    status: int
    seconds: float
    problem: str = ""


@dataclass(slots=True)
class Push:
    """One push with its tries and what the person read."""

    fields: dict[str, Any]
    tries: list[Try] = field(default_factory=list)
    text: str = ""
    fault: bool = False


class People:
    """The people of a world, all writing to one hook. `transport` for a program in this process, else the network.

    Whether a retry carries a new nonce is not public; here each try is signed anew. Whether an abnormal answer is asked for again is not
    either; here it is not, while no answer, a late one and an HTTP error are.
    """

    def __init__(
        self,
        world: World,
        hook: str,
        token: str,
        aes_key: str | None = None,
        mode: str = "plain",
        push_format: str = "xml",
        patience: float = 5.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.world, self.hook, self.token, self.aes_key = world, hook, token, aes_key
        self.mode, self.push_format, self.patience = mode, push_format, patience
        self.http = httpx.AsyncClient(transport=transport, timeout=None, trust_env=False)

    async def close(self) -> None:
        await self.http.aclose()

    async def verify(self) -> bool:
        """The console's button "save": GET, and the echo must come back as it is."""
        at, nonce, echo = self.stamp(), str(secrets.randbelow(10**9)), str(secrets.randbelow(10**19))
        query = {"signature": sign(self.token, at, nonce), "timestamp": at, "nonce": nonce, "echostr": echo}
        answer = await self.http.get(self.hook, params=query)
        return answer.status_code == 200 and answer.content == echo.encode()

    # what people do

    async def text(self, openid: str, content: str) -> Push:
        return await self.message(openid, "text", Content=content)

    async def message(self, openid: str, kind: str, **fields: Any) -> Push:
        """A message of any type, with its own fields."""
        self.world.wrote(openid)
        return await self.push(self.fields(openid, kind, **fields, MsgId=next(self.world.numbers)))

    async def image(self, openid: str, content: bytes, media_type: str = "image/jpeg") -> Push:
        media_id = f"MEDIA{next(self.world.numbers)}"
        self.world.media[media_id] = (self.world.clock.now(), content, media_type)
        return await self.message(openid, "image", PicUrl=f"http://mmbiz.example.invalid/{media_id}", MediaId=media_id)

    async def tap(self, openid: str, label: str) -> Push:
        """A tap in the last message menu that has the label: a text with the item's id, if that is of digits; counted as a click."""
        item = [item for seen in self.world.person(openid).seen for item, text in seen.menu if text == label][-1]
        self.world.clicked(openid)
        extra = {"bizmsgmenuid": item} if item.isdecimal() else {}
        return await self.push(self.fields(openid, "text", Content=label, MsgId=next(self.world.numbers), **extra))

    async def follow(self, openid: str, scene: str | None = None) -> Push:
        self.world.person(openid).follows = True
        self.world.clicked(openid)
        extra = {"EventKey": f"qrscene_{scene}", "Ticket": "TICKET"} if scene else {"EventKey": ""}
        return await self.event(openid, "subscribe", **extra)

    async def unfollow(self, openid: str) -> Push:
        self.world.unfollow(openid)
        return await self.event(openid, "unsubscribe", EventKey="")

    async def scan(self, openid: str, ticket: str) -> Push | None:
        """None: the code has lapsed, nothing reaches the account."""
        scene, until = self.world.scenes[ticket]
        if self.world.clock.now() >= until:
            return None
        if not self.world.person(openid).follows:
            return await self.follow(openid, scene)
        self.world.clicked(openid)
        return await self.event(openid, "SCAN", EventKey=scene, Ticket=ticket)

    async def click(self, openid: str, key: str) -> Push:
        self.world.clicked(openid)
        return await self.event(openid, "CLICK", EventKey=key)

    async def decide(self, openid: str, choices: dict[str, bool]) -> Push:
        """Accepts or rejects notification templates on a page."""
        for template, yes in choices.items():
            self.world.person(openid).accepted[template] += yes
        rows = [{"TemplateId": name, "SubscribeStatusString": "accept" if yes else "reject", "PopupScene": 1} for name, yes in choices.items()]
        return await self.event(openid, "subscribe_msg_popup_event", SubscribeMsgPopupEvent={"List": rows if len(rows) > 1 else rows[0]})

    async def event(self, openid: str, name: str, **fields: Any) -> Push:
        return await self.push(self.world.event(openid, name, **fields))

    async def deliver(self) -> list[Push]:
        """The pushes that followed from sends, and from what nobody confirmed in time."""
        self.world.forget_mass()
        waiting, self.world.events = self.world.events, []
        return [await self.push(fields) for fields in waiting]

    # the wire

    def stamp(self) -> str:
        return str(int(self.world.clock.now().timestamp()))

    def fields(self, openid: str, kind: str, **fields: Any) -> dict[str, Any]:
        head = {"ToUserName": self.world.account.handle, "FromUserName": openid, "CreateTime": int(self.stamp()), "MsgType": kind}
        return head | fields

    def request(self, fields: dict[str, Any]) -> tuple[dict[str, str], bytes]:
        """Query and body of one try."""
        at, nonce = self.stamp(), str(secrets.randbelow(10**9))
        query = {"signature": sign(self.token, at, nonce), "timestamp": at, "nonce": nonce, "openid": fields["FromUserName"]}
        text = write(fields, self.push_format)
        if self.mode == "plain":
            return query, text.encode()
        assert self.aes_key, "compatible and safe mode need the key"
        encrypted = encrypt(text, self.world.account.appid, self.aes_key)
        query |= {"encrypt_type": "aes", "msg_signature": sign(self.token, at, nonce, encrypted)}
        around = fields if self.mode == "compat" else {"ToUserName": fields["ToUserName"]}
        return query, write({**around, "Encrypt": encrypted}, self.push_format).encode()

    async def push(self, fields: dict[str, Any], tries: int = TRIES) -> Push:
        """Up to three tries of one push; the person reads the first good answer, or the fault notice."""
        push = Push(fields)
        self.world.books["pushes"] += 1
        for _ in range(tries):
            done = await self.attempt(push)
            self.world.books["tries"] += 1
            if done:
                break
        else:
            push.fault = True
        self.shown(push)
        return push

    async def attempt(self, push: Push) -> bool:
        """One POST; True where it is settled."""
        query, body = self.request(push.fields)
        began = time.monotonic()
        try:
            answer = await asyncio.wait_for(
                self.http.post(self.hook, params=query, content=body, headers={"content-type": "text/xml"}), timeout=self.patience
            )
        except (TimeoutError, httpx.HTTPError) as error:
            push.tries.append(Try(0, time.monotonic() - began, type(error).__name__))
            return False
        seconds = time.monotonic() - began
        if answer.status_code != 200:
            push.tries.append(Try(answer.status_code, seconds, "status"))
            return False
        account = self.world.account
        try:
            push.text = reply_text(answer.content, push.fields, self.token, account.appid, self.aes_key, self.mode, self.push_format)
        except Abnormal as problem:
            push.tries.append(Try(200, seconds, str(problem)))
            push.fault = True
        else:
            push.tries.append(Try(200, seconds))
        return True

    def shown(self, push: Push) -> None:
        """Puts on the screen what came of it. Who has unfollowed sees nothing, and nobody sees a fault of the platform's own reports."""
        openid, event = push.fields["FromUserName"], str(push.fields.get("Event", "")).lower()
        self.world.books["faults" if push.fault else "replies" if push.text else "silent"] += 1
        if openid not in self.world.people or event in ("unsubscribe", "templatesendjobfinish") or event.startswith("subscribe_msg"):
            return
        if push.fault:
            self.world.saw(openid, "fault", FAULT)
        elif push.text:
            self.world.saw(openid, "passive", push.text)

    async def wait_until(self, openid: str, count: int, patience: float = 10) -> None:
        """Until a person has seen so many things."""
        end = time.monotonic() + patience
        while len(self.world.person(openid).seen) < count:
            assert time.monotonic() < end, f"{openid} saw {len(self.world.person(openid).seen)} of {count}"
            await asyncio.sleep(0.02)
