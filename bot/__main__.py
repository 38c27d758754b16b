"""`python -m bot` is the command `bulixian`."""

from bot.cli import main

main()
