"""What stands in the reconfigurable regions of an overlay, and what files there are for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from pynq_widgets.design import DesignError, graft, read_design, regions_of

_MOST = 100  # files that are looked at
_BITSTREAMS = (".bit", ".bin", ".pdi")


class Region(NamedTuple):
    """A reconfigurable region: its `path`, the name of the `module` that was put there, and that one's `file`.

    `known` is False where a download failed; where the region has what the whole bitstream has there, `module` and `file` are empty.
    """

    path: str
    module: str
    file: str
    known: bool = True


def standing(overlay: Any) -> dict[str, Region]:
    """The regions of `overlay` by path: those that the file marks, and those that were given a module. Nothing is read from hardware."""
    design = overlay.design
    if design is None:
        return {}
    found: dict[str, Region] = {}
    for path in dict.fromkeys((*regions_of(design), *design.regions)):
        partial = design.regions.get(path)
        loaded = overlay.pr_dict.get(path, {}).get("loaded", "")
        if partial is not None:
            found[path] = Region(path, partial.name, loaded or partial.path)
        else:
            found[path] = Region(path, "", "", path not in design.regions)
    return found


def candidates(overlay: Any) -> dict[str, list[Path]]:
    """The files beside the overlay's own that fit each region, by its path. Files that cannot be read are passed over."""
    design = overlay.design
    found: dict[str, list[Path]] = {path: [] for path in standing(overlay)}
    needs = bool(getattr(overlay.device, "needs_bitstream", False))
    own = Path(design.static.path) if design is not None else Path()
    for handoff in sorted(own.parent.glob("*.hwh"))[:_MOST] if design is not None else ():
        if handoff == own:
            continue
        bitstream = next((path for suffix in _BITSTREAMS if (path := handoff.with_suffix(suffix)).is_file()), None)
        if bitstream is None and needs:
            continue
        try:
            partial = read_design(handoff)
        except DesignError:
            continue
        for region, files in found.items():
            if _fits(design, region, partial):
                files.append(bitstream or handoff)
    return found


def _fits(design: Any, path: str, partial: Any) -> bool:
    try:
        graft(design.static, path, partial)
    except DesignError:
        return False
    return True
