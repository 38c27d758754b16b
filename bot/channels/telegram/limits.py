"""The numbers of the Bot API, each with its source. No logic.

[S] is the source of Telegram's own server (tdlib/telegram-bot-api 01a3679, tdlib/td) or of python-telegram-bot 22.8 (`telegram.constants`),
[C] community knowledge that no official page states.
"""

from __future__ import annotations

import re
from datetime import timedelta

TEXT = 4096
"""UTF-16 units of a message after its entities were read [S constants.MessageLimit]. The server counts code points
[S td MessageContent.cpp], offsets count UTF-16: the smaller reading is never refused."""
ENTITIES = 100
"""Links and other marks in one message; further ones are dropped silently [S constants.MessageLimit.MESSAGE_ENTITIES]."""
CALLBACK_BYTES = 64
"""UTF-8 bytes of `callback_data` [S constants.InlineKeyboardButtonLimit]."""
BUTTONS = 100
BUTTONS_PER_ROW = 8
"""[S constants.InlineKeyboardMarkupLimit]"""
CALLBACK_ANSWER = 200
"""Characters of the notice that answers a button [S constants.CallbackQueryLimit]."""
COMMANDS = 100
COMMAND = re.compile(r"[a-z0-9_]{1,32}")
COMMAND_DESCRIPTION = 256
"""[S constants.BotCommandLimit]"""
DEEP_LINK = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What may follow `?start=` [S PTB helpers.create_deep_linked_url]."""
LINK = "https://t.me/"
"""What stands before a bot's name [S same]."""

PER_SECOND = 30
"""Messages to all chats together, roughly [S constants.FloodLimit]; 429 is the truth."""
CHAT_BURST, CHAT_EVERY, GROUP_EVERY = 4, timedelta(seconds=1), timedelta(seconds=4)
"""Messages to one chat: about one a second with short bursts, to a group 20 a minute [platforms.md §3.1: S FloodLimit; C grammy.dev/advanced/flood].
The burst is ours. With it a group gets 4 + 60 / 4 = 19 in any minute, a chat one more at once than we book where a call took long."""

DOWNLOAD_BYTES = 20 << 20
"""getFile refuses more [S Client.h MAX_DOWNLOAD_FILE_SIZE]."""

MESSAGE_LIFE = timedelta(hours=24)
"""A message is delivered for this long after its date [S Client.cpp add_message_update]."""

SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
"""The webhook's secret token [S Client.cpp process_set_webhook_query_impl]."""
MAX_CONNECTIONS = 40
"""Webhook requests at one time: 1–100, 40 where unset [S constants.WebhookLimit]."""
BODY_BYTES = 1 << 20
"""Ours: the longest update we read. A refused update holds its chat up for 24 h, so this is far above what one can be:
two messages of 4096 characters, each `\\uXXXX`, with 100 entities each are under 100 kB."""
POLL_SECONDS = 25
"""Ours: how long one getUpdates waits. The server allows 50 [S Client.h LONG_POLL_MAX_TIMEOUT]; a lease must outlive it."""
POLL_UPDATES = 100
ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
"""What we ask for; nothing else is sent to us."""
