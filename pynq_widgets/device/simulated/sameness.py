"""Whether two designs are one, but for what stands in their regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pynq_widgets.design import Design


def differing(here: Design, there: Design) -> list[str]:
    """The regions that do not hold the same in both."""
    missing = object()
    before, after = getattr(here, "regions", {}), getattr(there, "regions", {})
    return [path for path in {**before, **after} if before.get(path, missing) is not after.get(path, missing)]


def static_of(design: Design) -> Design:
    """The design of the whole bitstream."""
    static: Design = getattr(design, "static", design)
    return static


def same(a: Design, b: Design) -> bool:
    """Whether both are of one file, and have the same in it."""
    return a is b or (
        a.path == b.path
        and len(a.modules) == len(b.modules)
        and [(r.slave, r.base, r.size) for r in a.address_map] == [(r.slave, r.base, r.size) for r in b.address_map]
    )
