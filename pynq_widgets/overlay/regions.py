"""Reconfigurable regions of the loaded overlay: another module is put into one, and the overlay follows."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pynq_widgets.access.port import bus_lock
from pynq_widgets.design import DesignError, graft, read_design

from .bitstream import Bitstream
from .branch import Branch
from .decoupling import decoupled
from .descriptions import Blueprint
from .life import short

if TYPE_CHECKING:
    from pynq_widgets.design import Design

    from .life import Life

_log = logging.getLogger(__name__)

_VIEWS = ("ip_dict", "hierarchy_dict", "interrupt_pins", "interrupt_controllers", "gpio_dict", "mem_dict", "clock_dict")


def download(
    overlay: Any, region: str, bitfile_name: str | os.PathLike[str], dtbo: str | os.PathLike[str] | None = None, program: bool = True
) -> None:
    """Put the module of a partial bitstream into `region`; see :meth:`.DefaultHierarchy.download`."""
    device, design = overlay.device, overlay.design
    overlay._check_alive(region)
    if design is None:
        raise RuntimeError(
            f"region {region}: device {getattr(device, 'tag', device)!r} brings its own description of {short(overlay.bitfile_name)}, in "
            "which no module can be put into a region; with the .hwh beside the bitstream it can"
        )
    bitstream = _find(overlay, bitfile_name, dtbo)
    bitstream.region = region
    partial = _described(bitstream)
    graft(design, region, partial)  # whatever is wrong with it is told before anything is touched
    if program and hasattr(device, "check_bitstream"):
        device.check_bitstream(bitstream)
    _remove_dtbo(overlay, region)
    if program:
        with decoupled(overlay, region):
            try:
                with bus_lock(device):
                    device.download(bitstream, partial)
            except BaseException:
                device.update_partial_region(region, None)
                raise
            device.update_partial_region(region, partial)
    else:
        device.update_partial_region(region, partial)
    overlay.pr_dict[region] = {"loaded": bitstream.bitfile_name, "dtbo": bitstream.dtbo if dtbo is not None else None}
    if dtbo is not None and hasattr(device, "insert_device_tree"):
        bitstream.insert_dtbo()


def follow(life: Life, device: Any) -> None:
    """The overlays of this loading have in each region what the device says is there now."""
    design: Any = getattr(device, "design", None)
    if not hasattr(design, "regions"):
        return
    for holder in _trees(life):
        held = holder.design
        if held is not None and held.static.path == design.static.path:
            _exchange(life, holder, design.regions, design if held.static is design.static else None)


def restore(life: Life, overlay: Any) -> None:
    """The whole bitstream was downloaded again: each region has what that has there."""
    for holder in _trees(life):
        if holder.design is not None:
            _exchange(life, holder, {})


def _trees(life: Life) -> list[Any]:
    """The overlays of a loading, one for each tree: copies of an overlay share theirs."""
    found: dict[int, Any] = {}
    for holder in list(life.holders):
        if holder._is_ready():
            found.setdefault(id(holder._get_tree()), holder)
    return list(found.values())


def _exchange(life: Life, overlay: Any, wanted: Any, whole: Design | None = None) -> None:
    """The regions of `overlay` hold what is `wanted`; `whole` is that design, where it is made already."""
    tree = overlay._get_tree()
    held: Design = overlay.design
    missing = object()
    changed = [path for path in {**held.regions, **wanted} if held.regions.get(path, missing) is not wanted.get(path, missing)]
    if not changed:
        return
    design = held.static if whole is None else whole
    for path, partial in wanted.items() if whole is None else ():
        design = graft(design, path, partial)
    blueprint = Blueprint(design)
    for region in changed:
        reason = _reason(region, wanted)
        gone = tree.exchange(blueprint, region)
        life.end_region(region, reason, whole=region not in tree.objects)
        for item in gone:
            if isinstance(item, Branch):
                item._let_go()
        partial = wanted.get(region)
        if partial is None:
            overlay.pr_dict.pop(region, None)
        else:
            overlay.pr_dict[region] = {"loaded": partial.path, "dtbo": None}
        _log.info("%s: %s", region, reason)
    for holder in list(life.holders):
        if holder._is_ready() and holder._get_tree() is tree:
            holder._let_go()
            for name in _VIEWS:
                holder.__dict__.pop(name, None)
    for item in tree.objects.values():
        if isinstance(item, Branch):
            item._let_go()


def _reason(region: str, wanted: Any) -> str:
    if region not in wanted:
        return "which has what the whole bitstream has there again"
    if wanted[region] is None:
        return "for which a partial download failed: nobody knows what it holds"
    return f"which holds {short(wanted[region].path)} now"


def _find(overlay: Any, name: str | os.PathLike[str], dtbo: Any) -> Bitstream:
    """The partial bitstream, looked for as any other, and beside the overlay's own."""
    from .loader import find_bitfile  # see overlay.load()

    if isinstance(name, (str, os.PathLike)):
        try:
            find_bitfile(name, overlay.device)
        except FileNotFoundError:
            with suppress(FileNotFoundError):
                name = find_bitfile(os.path.join(os.path.dirname(overlay.bitfile_name), name), overlay.device)
    return Bitstream(name, dtbo, partial=True, device=overlay.device)


def _described(bitstream: Bitstream) -> Any:
    device = bitstream.device
    known = device.get_bitfile_metadata(bitstream.bitfile_name, partial=True) if hasattr(device, "get_bitfile_metadata") else None
    known = getattr(known, "design", known)
    if known is not None and not hasattr(known, "address_map"):
        raise DesignError(
            bitstream.bitfile_name, f"device {getattr(device, 'tag', device)!r} describes it in a way of its own, not by a .hwh"
        )
    return read_design(bitstream.bitfile_name) if known is None else known


def _remove_dtbo(overlay: Any, region: str) -> None:
    inserted = overlay.pr_dict.get(region, {}).get("dtbo")
    if inserted and hasattr(overlay.device, "remove_device_tree"):
        with suppress(KeyError):
            overlay.device.remove_device_tree(inserted)
