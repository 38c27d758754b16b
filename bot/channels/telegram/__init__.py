"""Telegram: bytes to `Received` (receive), parts to calls (reply), calls to outcomes (send, errors), long polling (poll), numbers (limits).

The only importer of python-telegram-bot, and of it only `Bot` and its request classes. Nothing here knows the database.
"""
