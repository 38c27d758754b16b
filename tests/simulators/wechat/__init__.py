"""WeChat as a platform that enforces its rules: people who write to a hook, the API they are answered by, and books of both.

Written from the documented rules alone, with its own cipher and its own numbers: it imports nothing of ours, so a misreading here and
one there do not cancel out. `world` the rules, `people` the phone side, `api` the server side, `envelope` the wire, `serving` a port.
"""

from tests.simulators.wechat.api import Api
from tests.simulators.wechat.people import People, Push
from tests.simulators.wechat.serving import serving
from tests.simulators.wechat.world import Account, Seen, World

__all__ = ["Account", "Api", "People", "Push", "Seen", "World", "serving"]
