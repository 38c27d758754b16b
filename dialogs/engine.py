"""One turn as a pure function: no clock, no database, no network. The same input gives the same output."""

from __future__ import annotations

from collections.abc import Sequence

from dialogs import notices, router, unanswered
from dialogs.messages import Inbound, Part, Say
from dialogs.place import Place
from dialogs.turn import Person, Turn, World


def step(place: Place, person: Person, inbound: Inbound, world: World) -> Turn:
    """What one message leads to. `place` is the caller's copy and is changed.

    Raises:
        Exception: a defect of ours; the caller keeps the stored place and answers with `apology`.
    """
    turn = Turn(inbound, place, person, world, text=inbound.text)
    offered = place.memo.get("offered")
    router.route(turn)
    unanswered.settle(turn, offered)
    remember(turn)
    return turn


def remember(turn: Turn, added: Sequence[Part] = ()) -> None:
    """Keeps the choices just shown, so that 「第二个」 means the second of them. What effects `added` to the reply counts where
    the turn itself offered nothing."""
    shown = [part.choices for part in turn.parts if isinstance(part, Say) and part.choices]
    if added and not shown:
        shown = [part.choices for part in added if isinstance(part, Say) and part.choices]
    if turn.parts or shown:
        turn.place.memo["choices"] = [[choice.label, choice.value] for choice in shown[-1]] if shown else []


def apology(place: Place, person: Person, inbound: Inbound, world: World) -> Turn:
    """The turn of a message on which `step` failed: nothing changes, and there is a way on."""
    turn = Turn(inbound, place, person, world, text=inbound.text)
    turn.say(notices.APOLOGY, notices.TO_MENU, notices.TO_HUMAN)
    remember(turn)
    return turn
