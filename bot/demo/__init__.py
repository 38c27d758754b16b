"""An invented school for `serve --demo`, so that a newcomer sees every page alive. On a database that is thrown away; nothing is ever sent."""

from bot.demo.office import ACCOUNTS, PASSWORD, fill
from bot.demo.school import PEOPLE

__all__ = ["ACCOUNTS", "PASSWORD", "PEOPLE", "fill"]
