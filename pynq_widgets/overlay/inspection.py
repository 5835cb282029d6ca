"""Whole overlays at once: snapshots, their configuration in a file, and watches over several IPs. No driver is made for any of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pynq_widgets.access.errors import StaleOverlayError
from pynq_widgets.live import Sampler, Saved, Snapshot, State, Watch, load, take
from pynq_widgets.live.configuration import Statement, stated
from pynq_widgets.live.state import save as save_state

from .mirrors import Place, mirrors, place

if TYPE_CHECKING:
    from pynq_widgets.access import Mirror
    from pynq_widgets.live import Restored

Handler = Callable[[dict[str, "int | None"]], object]


def snapshot(overlay: Any, paths: Iterable[str] = ()) -> Snapshot:
    """See :meth:`Overlay.snapshot`."""
    found = mirrors(overlay, paths)
    return take(found, design_name(overlay), types=_types(overlay, found))


def save(overlay: Any, path: str | os.PathLike[str]) -> Saved:
    """See :meth:`Overlay.save`."""
    taken = snapshot(overlay)
    return save_state(taken, path, _drivers(overlay, taken))


def restore(overlay: Any, source: str | os.PathLike[str] | State | Snapshot, dry_run: bool = False) -> Restored:
    """See :meth:`Overlay.restore`."""
    from pynq_widgets.live.restore import restore as put_back

    if isinstance(source, (str, os.PathLike)):
        source = load(source)
    elif not isinstance(source, (State, Snapshot)):
        raise TypeError(f"restore takes a file that save() wrote, or a snapshot, not the {type(source).__name__} {source!r}")
    found = mirrors(overlay)
    return put_back(
        found, source, drivers=_drivers(overlay, found), types=_types(overlay, found), name=design_name(overlay), dry_run=dry_run
    )


def watch(
    overlay: Any,
    names: Iterable[str],
    rate: float,
    handler: Handler | None,
    on_error: Callable[[BaseException], object] | None,
    on_rate: Callable[[float], object] | None,
) -> Watch:
    """See :meth:`Overlay.watch`."""
    if handler is not None and not callable(handler):
        raise TypeError(f"handler must be a function of a dictionary, not the {type(handler).__name__} {handler!r}")
    places = {name: place(overlay, name) for name in names}
    groups: dict[Mirror, list[str]] = {}
    for spot in places.values():
        groups.setdefault(spot.mirror, []).append(spot.register)

    def tick(watching: Watch) -> None:
        _follow(overlay, places, watching)
        if handler is not None:
            handler({name: _value(spot) for name, spot in places.items()})

    return Sampler.of(overlay.device).watch(groups.items(), rate, on_tick=tick, on_error=on_error, on_rate=on_rate)


def _follow(overlay: Any, places: dict[str, Place], watching: Watch) -> None:
    """What stands in a region now is watched under the names that were given, where it has such registers."""
    for name, spot in places.items():
        if not spot.mirror.port.is_stale:
            continue
        try:
            found = place(overlay, name)
            watching.add(found.mirror, found.register)
        except (KeyError, ValueError, StaleOverlayError):
            continue  # the module has no such register, or none that is read unasked; the value is None
        places[name] = found


def _value(spot: Place) -> int | None:
    handle = spot.mirror.registers[spot.register]
    # A value is never told as live when it is not.
    if handle.value is None or handle.state in ("never", "stale"):
        return None
    return handle.fields[spot.field].value if spot.field else handle.value


def design_name(overlay: Any) -> str:
    """The name of what is loaded."""
    return str(getattr(overlay.design, "name", "") or os.path.splitext(os.path.basename(overlay.bitfile_name))[0])


def _types(overlay: Any, paths: Iterable[str]) -> dict[str, str]:
    nodes = overlay._get_tree().nodes
    return {path: nodes[path].vlnv for path in paths if nodes[path].vlnv}


def _drivers(overlay: Any, paths: Iterable[str]) -> Mapping[str, Statement]:
    tree = overlay._get_tree()
    return {path: stated(tree.choice(path).driver, tree.descriptions.ip(path)) for path in paths}
