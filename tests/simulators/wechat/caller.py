"""A program that calls the API in this process, and a small world for it: for the simulator's own tests."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.simulators.wechat.api import Api
from tests.simulators.wechat.world import World

HELLO = {"msgtype": "text", "text": {"content": "你好"}}
VALUES = {"thing1": {"value": "一次性求职补贴"}, "character_string2": {"value": "SUB-02"}, "time3": {"value": "2026年11月22日 9:00"}}


class Caller:
    """Calls the API as a program would."""

    def __init__(self, world: World) -> None:
        self.world, self.api = world, Api(world)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.api.app), base_url="http://api.test/cgi-bin/")
        self.token = ""

    async def fetch(self, **more: Any) -> dict[str, Any]:
        account = self.world.account
        body = {"grant_type": "client_credential", "appid": account.appid, "secret": account.secret, **more}
        answer: dict[str, Any] = (await self.http.post("stable_token", json=body)).json()
        self.token = answer.get("access_token", self.token)
        return answer

    async def __call__(self, path: str, body: Any, token: str | None = None) -> dict[str, Any]:
        if not self.token:
            await self.fetch()
        query = urlencode({"access_token": self.token if token is None else token})
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        answer: dict[str, Any] = (await self.http.post(f"{path}?{query}", content=content)).json()
        return answer

    async def code(self, path: str, body: Any, token: str | None = None) -> int:
        return int((await self(path, body, token))["errcode"])

    async def custom(self, openid: str, content: str = "你好") -> int:
        return await self.code("message/custom/send", {"touser": openid, "msgtype": "text", "text": {"content": content}})


def town() -> World:
    """Two people, a template, a tag."""
    world = World()
    world.person("o1")
    world.person("o2")
    world.templates["TPL"] = tuple(VALUES)
    world.tags[100] = {"o1", "o2"}
    return world
