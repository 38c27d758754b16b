"""How we talk: flows, the router, the engine. Sync; no network, no asyncio. Imports only knowledge."""
