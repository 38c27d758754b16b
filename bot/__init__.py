"""How we run: channels, database turns, commands. The only async code."""
