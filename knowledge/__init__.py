"""What we know: facts and nouns. Sync; no network, no asyncio. Imports nothing from dialogs or bot."""
