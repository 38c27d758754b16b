"""The simulator alone: `python -m tests.simulators.wechat --hook http://127.0.0.1:8000/hook/wechat --token TOKEN [--aes-key KEY]`.

The API stands under `http://127.0.0.1:PORT/cgi-bin/` (BULIXIAN_WECHAT__API_BASE_URL without `/cgi-bin/`), what people do is asked for
under `/people`: POST `/people/text {"from","text"}`, `/people/tap {"from","label"}`, `/people/click {"from","key"}`,
`/people/follow {"from","scene"?}`, `/people/unfollow`, `/people/scan {"from","ticket"}`, `/people/image {"from"}`,
`/people/decide {"from","choices":{template: true|false}}`, `/people/event {"from","event",…}`, `/people/deliver`, `/people/verify`;
POST `/people/clock {"seconds"}`, `/people/fault {"path","kind","value","times"}`, `/people/template {"id","fields"}`,
`/people/tag {"tag","people"}`, `/people/protect {"on"}` (mass
sends then wait half an hour for `/people/confirm {"msg_id","agrees"}`); GET `/people/seen?from=…`, `/people/books`.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import socket
import time
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.simulators import load
from tests.simulators.wechat.api import Api
from tests.simulators.wechat.people import People, Push
from tests.simulators.wechat.serving import hang_up, server_of
from tests.simulators.wechat.world import Account, World


class Control:
    """The routes under `/people`."""

    def __init__(self, people: People, api: Api) -> None:
        self.people, self.api, self.world = people, api, people.world

    def routes(self) -> list[Route]:
        return [Route("/people/{what}", self.read, methods=["GET"]), Route("/people/{what}", self.do, methods=["POST"])]

    async def read(self, request: Request) -> JSONResponse:
        what = request.path_params["what"]
        if what == "books":
            return JSONResponse(dict(sorted(self.world.books.items())))
        if what == "seen":
            person = self.world.person(request.query_params.get("from", ""))
            return JSONResponse({"seen": [{**asdict(seen), "at": seen.at.isoformat()} for seen in person.seen], "twice": person.duplicates()})
        return JSONResponse({"error": f"no {what}"}, 404)

    async def do(self, request: Request) -> JSONResponse:
        try:
            given = json.loads(await request.body() or b"{}")
            return JSONResponse(await self.done(request.path_params["what"], given))
        except (KeyError, IndexError, TypeError, ValueError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)

    async def done(self, what: str, given: dict[str, Any]) -> Any:
        people, world = self.people, self.world
        if what == "clock":
            world.clock.advance(seconds=float(given["seconds"]))
        elif what == "fault":
            self.api.fail(given["path"], given["kind"], given.get("value", 0), times=given.get("times", 1))
        elif what == "template":
            world.templates[given["id"]] = tuple(given["fields"])
        elif what == "tag":
            world.tags[int(given["tag"])] = set(given["people"])
        elif what == "protect":
            world.mass_protection = bool(given.get("on", True))
        elif what == "confirm":
            return {"sent": world.confirm_mass(int(given["msg_id"]), agrees=bool(given.get("agrees", True)))}
        elif what == "verify":
            return {"verified": await people.verify()}
        elif what == "deliver":
            return [told(push) for push in await people.deliver()]
        else:
            return told(await self.acted(what, given.pop("from"), given))
        return {"ok": True}

    async def acted(self, what: str, openid: str, given: dict[str, Any]) -> Push | None:
        people = self.people
        self.world.person(openid)
        match what:
            case "text":
                return await people.text(openid, given["text"])
            case "tap":
                return await people.tap(openid, given["label"])
            case "click":
                return await people.click(openid, given["key"])
            case "follow":
                return await people.follow(openid, given.get("scene"))
            case "unfollow":
                return await people.unfollow(openid)
            case "scan":
                return await people.scan(openid, given["ticket"])
            case "image":
                return await people.image(openid, b"\xff\xd8\xff\xe0 an image")
            case "decide":
                return await people.decide(openid, given["choices"])
            case "event":
                return await people.event(openid, given.pop("event"), **given)
        raise ValueError(f"nobody can {what}")


def told(push: Push | None) -> dict[str, Any]:
    return {"reached": False} if push is None else {"text": push.text, "fault": push.fault, "tries": [asdict(one) for one in push.tries]}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.simulators.wechat", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--hook", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--aes-key")
    parser.add_argument("--mode", choices=("plain", "compat", "safe"), help="safe where a key is given, else plain")
    parser.add_argument("--format", choices=("xml", "json"), default="xml")
    parser.add_argument("--port", type=int, default=8100)
    parser.add_argument("--appid", default=Account.appid)
    parser.add_argument("--secret", default=Account.secret)
    parser.add_argument("--capability", choices=("service_verified", "subscription_verified", "unverified"), default="service_verified")
    load.options(parser)
    said = parser.parse_args()
    mode = said.mode or ("safe" if said.aes_key else "plain")
    if mode != "plain" and not said.aes_key:
        parser.error("--mode compat and safe need --aes-key")
    asyncio.run(run(said, mode))


async def run(said: argparse.Namespace, mode: str) -> None:
    world = World(Account(said.appid, said.secret, capability=said.capability))
    api = Api(world)
    api.drop = hang_up
    people = People(world, said.hook, said.token, said.aes_key, mode, said.format)
    api.app.router.routes.extend(Control(people, api).routes())
    listener = socket.create_server(("127.0.0.1", said.port))
    print(f"WeChat stands at http://127.0.0.1:{listener.getsockname()[1]} and pushes to {said.hook} ({mode}, {said.format})", flush=True)
    serving = asyncio.create_task((server := server_of(api.app)).serve(sockets=[listener]))
    if said.people:
        print(await pressed(people, said.people, said.rate, said.seconds))
        server.should_exit = True
    await serving


async def pressed(people: People, count: int, rate: float, seconds: float) -> load.Answered:
    def seen(who: int) -> list[float]:
        return [one.at.timestamp() for one in people.world.person(f"oLoad{who}").seen]

    async def write(who: int, text: str) -> Push:
        return await people.text(f"oLoad{who}", text)

    people.world.numbers = itertools.count(int(time.time() * 1e6))  # the same number twice is the same message to a program that runs on
    return await load.pressed(count, rate, seconds, write, seen, lambda: people.world.clock.now().timestamp())


if __name__ == "__main__":
    main()
