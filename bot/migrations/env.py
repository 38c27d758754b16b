"""Runs migrations on the connection that the program hands over."""

from alembic import context

import bot.app  # noqa: F401  # importing the composition root registers every table
from knowledge.db import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, user_module_prefix="", compare_type=True)
with context.begin_transaction():
    context.run_migrations()
