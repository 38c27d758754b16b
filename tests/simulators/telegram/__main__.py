"""`python -m tests.simulators.telegram`: the simulator alone, for a program that is started by hand."""

from __future__ import annotations

import argparse
import asyncio
import signal
import threading

from tests.simulators import load
from tests.simulators.telegram.server import Simulator
from tests.simulators.telegram.world import Hook, World

FIRST = 710_000_000
"""The first of the people who only write to see how they are answered."""


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.simulators.telegram", description=__doc__)
    options.add_argument("--token", default="123456:simulated-token_0000000000000000000")
    options.add_argument("--name", default="careerbot", help="the bot's name, without @")
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=8081)
    options.add_argument("--hook", help="where updates are brought, as if setWebhook had been called")
    options.add_argument("--secret", default="", help="the secret token sent with them")
    options.add_argument("--person", type=int, action="append", default=[700000001], help="a chat id the bot may write to")
    load.options(options)
    given = options.parse_args()
    world = World(given.token, given.name)
    for chat in given.person:
        world.person(chat)
    if given.hook:
        world.hook = Hook(given.hook, given.secret, 40)
    with Simulator(world, given.host, given.port) as simulator:
        print(f"BULIXIAN_TELEGRAM__TOKEN={given.token}")
        print(f"BULIXIAN_TELEGRAM__BASE_URL={simulator.base_url}")
        print(f"BULIXIAN_TELEGRAM__BASE_FILE_URL={simulator.base_file_url}")
        print(f'POST {simulator.address}/sim/say {{"chat": 700000001, "text": "你好"}}; GET /sim/saw?chat=700000001; GET /sim/books', flush=True)
        if given.people:
            print(asyncio.run(pressed(world, given.people, given.rate, given.seconds)))
            return
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        ended.wait()


async def pressed(world: World, people: int, rate: float, seconds: float) -> load.Answered:
    world.last_update = int(world.clock.now() * 100)  # the same number twice is the same update to a program that runs on
    for who in range(people):
        world.person(FIRST + who)

    async def write(who: int, text: str) -> None:
        world.say(FIRST + who, text)

    def seen(who: int) -> list[float]:
        with world.lock:
            return [one.at for one in world.chats[FIRST + who].seen]

    return await load.pressed(people, rate, seconds, write, seen, world.clock.now)


if __name__ == "__main__":
    main()
