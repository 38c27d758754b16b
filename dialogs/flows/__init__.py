"""One dialog, one file. A module here exports FLOWS; flows never import flows."""

from __future__ import annotations

import importlib
import pkgutil

from dialogs.flow import CompiledFlow, Flow


def declared() -> list[Flow]:
    """Every flow of every module in this folder."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return [flow for name in names for flow in importlib.import_module(f"{__name__}.{name}").FLOWS]


def compiled() -> dict[tuple[str, int], CompiledFlow]:
    """All flows, compiled and checked: a mistake stops the start-up here.

    Raises:
        FlowError: a declaration mistake.
    """
    return {(flow.name, flow.version): CompiledFlow(flow) for flow in declared()}
