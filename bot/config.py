"""Settings from the environment (`BULIXIAN_…`, nested with `__`) or `.env`. Values only, nothing is opened here."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from pydantic_settings import BaseSettings, SettingsConfigDict

from knowledge.db import CHINA, local_date


class Settings(BaseSettings):
    """Every setting has a default with which the embedded product runs."""

    model_config = SettingsConfigDict(env_prefix="BULIXIAN_", env_nested_delimiter="__", env_file=".env", extra="ignore")

    database_url: str = "sqlite:///bulixian.db"
    """SQLAlchemy URL: sqlite:///FILE or postgresql://…"""
    today: date | None = None
    """Fixes the date, for tests and scoring only."""
    cookie_secret: str | None = None
    """Key that signs the web chat's cookie; made and kept in the database where unset."""
    secure_cookie: bool = False
    """Set where the site is served by https."""
    trusted_proxies: int = 0
    """Proxies in front whose X-Forwarded-For is believed, counted from the right."""
    messages_per_minute: int = 30
    """Web messages a person may send in a minute before being asked to slow down; an address may send ten times that."""


@cache
def settings() -> Settings:
    return Settings()


class Clock:
    """The time of the program: real, or moved for tests by `BULIXIAN_TODAY` and `advance`."""

    def __init__(self, today: date | None = None) -> None:
        real = datetime.now(UTC)
        self.offset = datetime.combine(today, time(9), CHINA) - real if today else timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def today(self) -> date:
        return local_date(self.now())

    def advance(self, span: timedelta) -> None:
        self.offset += span
