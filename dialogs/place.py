"""Where a conversation stands: the stack of frames, the mode, the memo, the timer. Stored as one row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from dialogs.messages import Choice
from knowledge.db import Base
from knowledge.people import Graduate

DEPTH = 4
"""Frames that may lie on one another; deeper nesting loses people."""


class Conversation(Base):
    """`version` counts turns and guards against a second process; `due_at` is the next timer."""

    __tablename__ = "conversation"
    __table_args__ = (Index("ix_conversation_due_at", "due_at"),)

    key: Mapped[str] = mapped_column(String(220), primary_key=True)
    graduate_id: Mapped[str] = mapped_column(ForeignKey(Graduate.id, ondelete="CASCADE"), index=True)
    mode: Mapped[str] = mapped_column(String(8), default="bot")
    stack: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    memo: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    version: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    last_in_at: Mapped[datetime]


@dataclass(slots=True)
class Frame:
    """One running dialog: which flow and version, the step it stands at, what it has gathered, the way it came.

    `asides` counts questions on something else since the last answer.
    """

    flow: str
    version: int
    state: str
    slots: dict[str, Any] = field(default_factory=dict)
    attempts: int = 0
    visited: list[str] = field(default_factory=list)
    reminded: bool = False
    asides: int = 0


@dataclass(slots=True)
class Place:
    """A working copy of a conversation's row; a step changes it freely and it is stored only if the step succeeds."""

    mode: str = "bot"
    stack: list[Frame] = field(default_factory=list)
    memo: dict[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None

    @property
    def top(self) -> Frame | None:
        return self.stack[-1] if self.stack else None

    @property
    def choices(self) -> list[Choice]:
        """The choices that were shown last, for an answer by number or label."""
        return [Choice(label, value) for label, value in self.memo.get("choices", ())]

    def push(self, frame: Frame) -> None:
        self.stack = [*self.stack, frame][-DEPTH:]


def to_row(place: Place) -> dict[str, Any]:
    stack = [{name: getattr(frame, name) for name in Frame.__slots__} for frame in place.stack]
    return {"mode": place.mode, "stack": stack, "memo": place.memo, "due_at": place.due_at}


def from_row(mode: str, stack: list[dict[str, Any]], memo: dict[str, Any], due_at: datetime | None) -> Place:
    frames = [Frame(**(frame | {"slots": dict(frame["slots"])})) for frame in stack]
    return Place(mode, frames, dict(memo), due_at)
