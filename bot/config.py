"""Settings from the environment (`BULIXIAN_…`, nested with `__`) or `.env`. Values only, nothing is opened here."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.util import find_spec
from typing import Literal

from pydantic import BaseModel, Field, PositiveFloat, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from knowledge.db import CHINA, local_date


class Telegram(BaseModel):
    """A bot account; without a token there is no such channel."""

    token: SecretStr | None = None
    """What BotFather gave."""
    base_url: str = "https://api.telegram.org/bot"
    """What stands before the token: another server, a relay, the simulator."""
    base_file_url: str = "https://api.telegram.org/file/bot"
    proxy: str | None = None
    """http:// or socks5:// address, where Telegram cannot be reached directly."""
    webhook_secret: SecretStr | None = None
    """Set: Telegram calls /hook/telegram with it. Unset: long polling."""
    public_url: str | None = None
    """Where this server is reached from outside; set, the webhook is announced at start."""


class WeChat(BaseModel):
    """An Official Account; without appid and token there is no such channel."""

    appid: str | None = None
    secret: SecretStr | None = None
    token: SecretStr | None = None
    aes_key: SecretStr | None = None
    """EncodingAESKey; unset: plain mode."""
    previous_aes_key: SecretStr | None = None
    api_base_url: str = "https://api.weixin.qq.com"
    """What stands before /cgi-bin/."""
    capability: Literal["service_verified", "subscription_verified", "unverified"] = "service_verified"
    template: str | None = None
    """Template message for what is said unasked outside the 48 hours: its id."""
    template_title: str = "thing1"
    """Which of its fields takes the title; the rest stays with the link."""
    public_url: str | None = None
    """What a template message opens."""
    mass: bool = False
    """Mass sends to who has no other way, of broadcasts whose authors want them; verified service accounts only."""

    def lacking(self) -> list[str]:
        """What must be set too where any of the three is."""
        needed = {"APPID": self.appid, "SECRET": self.secret, "TOKEN": self.token}
        return [name for name, value in needed.items() if not value] if any(needed.values()) else []


class Oidc(BaseModel):
    """The school's own identity provider (OpenID Connect) for the staff; without an issuer there is no such login."""

    issuer: str = ""
    """Plain http is for a provider on this machine, as tests have it."""
    client_id: str = ""
    client_secret: SecretStr | None = None
    """Unset: a public client, held by PKCE alone."""
    name: str = Field(default="学校统一身份认证", min_length=1, max_length=20)
    """What the button says."""
    claim: str = Field(default="preferred_username", min_length=1, max_length=100)
    """Which claim of the ID token is the login name; it must be one that people cannot change themselves."""

    @field_validator("issuer")
    @classmethod
    def safe(cls, value: str) -> str:
        if value and not re.fullmatch(r"(https://[^\s/?#@]+|http://(localhost|127\.0\.0\.1)(:\d+)?)(/[^\s?#]*)?", value):
            raise ValueError("要写 https:// 开头的完整地址，后面没有 ? 和 #")
        return value

    @field_validator("client_id", "client_secret")
    @classmethod
    def plain(cls, value: str | SecretStr | None) -> str | SecretStr | None:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if text and not (text.isascii() and text.isprintable()):
            raise ValueError("只能是英文字母、数字和符号")
        return value


class Feed(BaseModel):
    """A source of postings that is fetched on a schedule."""

    url: str = Field(pattern=r"^https?://[^/\s]+")
    shape: str = "rss"
    """Which file of knowledge/postings/feeds reads it, or `table` for CSV, XLSX, JSON."""
    hosts: list[str] = []
    """Hosts it may lead on to beside its own."""
    hours: int = Field(default=6, ge=1, le=168)
    complete: bool = False
    """It lists all it has: what is no longer there is withdrawn."""


class Clinic(BaseModel):
    """The rules of the résumé clinic, as in `knowledge.clinic.Rules`."""

    keep_days: int = Field(default=7, ge=1, le=90)
    answer_days: int = Field(default=2, ge=1, le=30)
    lead_hours: int = Field(default=24, ge=0, le=240)
    ahead_days: int = Field(default=14, ge=1, le=90)
    cancel_hours: int = Field(default=12, ge=0, le=240)
    no_shows: int = Field(default=2, ge=1, le=20)


class FollowUp(BaseModel):
    """How often linked people without a place are asked how it goes, in days."""

    days: int = Field(default=30, ge=7, le=365)
    priority_days: int = Field(default=14, ge=7, le=365)
    """Of people in a group that is looked after first."""


class Settings(BaseSettings):
    """Every setting has a default with which the embedded product runs."""

    model_config = SettingsConfigDict(env_prefix="BULIXIAN_", env_nested_delimiter="__", env_file=".env", extra="ignore")

    database_url: str = "sqlite:///bulixian.db"
    """SQLAlchemy URL: sqlite:///FILE or postgresql://…"""
    today: date | None = None
    """Fixes the date, for tests and scoring only."""
    dense: Literal["auto", "off"] = "auto"
    """Closeness of meaning beside shared words where the extra `dense` is installed; `off` leaves it aside."""
    cookie_secret: str | None = None
    """Key that signs the web chat's cookie; made and kept in the database where unset."""
    ledger_key: SecretStr | None = None
    """Hides the identity numbers of the ledger. Unset: made and kept in the database, which then holds both; whoever loses it loses the numbers."""
    secure_cookie: bool = False
    """Set where the site is served by https."""
    trusted_proxies: int = 0
    """Proxies in front whose X-Forwarded-For is believed, counted from the right."""
    messages_per_minute: int = 30
    """Web messages a person may send in a minute before being asked to slow down; an address may send ten times that."""
    pushes_at_once: int = Field(default=1, ge=1, le=32)
    """Pushes of one process on their way at a time, by each account: so many may be in doubt after a kill. More where the platform answers slowly."""
    quiet_from: time = time(21, 30)
    quiet_to: time = time(8, 30)
    """Between them (in China) nobody is written to unasked; the same moment twice: no quiet hours."""
    posting_days: int = Field(default=90, ge=1, le=3650)
    """After so many days a posting without a closing day is over."""
    minimum_wage: dict[str, PositiveFloat] = {}
    """Yuan a month by place, as its province publishes it; the wage of probation is held against it [劳动合同法 art. 20]."""
    public_url: str = Field(default="", pattern=r"^(https?://[^\s/]+/?)?$")
    """Where people reach this server from outside, for links to the pages that take a résumé and show its report."""
    clinic: Clinic = Clinic()
    """How long a résumé is kept, when an expert answers, how slots are booked."""
    followup: FollowUp = FollowUp()
    oidc: Oidc = Oidc()
    feeds: dict[str, Feed] = {}
    """Sources of postings by name: BULIXIAN_FEEDS__NAME__URL=…"""
    telegram: Telegram = Telegram()
    wechat: WeChat = WeChat()

    def lacking_for_oidc(self) -> list[str]:
        """What must be set or installed too where anything of the school's login is set."""
        if not (self.oidc.issuer or self.oidc.client_id or self.oidc.client_secret):
            return []
        needed = {"OIDC__ISSUER": self.oidc.issuer, "OIDC__CLIENT_ID": self.oidc.client_id, "PUBLIC_URL": self.public_url}
        return [f"BULIXIAN_{name}" for name, value in needed.items() if not value] + ([] if find_spec("authlib") else ["bulixian[oidc]"])


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
