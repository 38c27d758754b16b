"""The web: the chat page and its routes."""
