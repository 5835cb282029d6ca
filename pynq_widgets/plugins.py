"""What installed packages contribute: their entry points."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints


def entry_points(*, group: str) -> EntryPoints:
    """The entry points of `group`, as the installed distributions have them now."""
    # Costs as much as opening a small design (it loads email, zipfile and socket), so it waits until somebody asks.
    from importlib import metadata

    return metadata.entry_points(group=group)
