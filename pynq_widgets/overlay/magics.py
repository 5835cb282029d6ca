"""``%%watch_registers``: run a cell, and show what it changed in the hardware."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from pynq_widgets.access.errors import near_or_all
from pynq_widgets.live import Difference, Snapshot

from . import life as lives
from .hierarchy import DefaultHierarchy
from .ip import DefaultIP
from .overlay import Overlay

NAME = "watch_registers"


class Looked(NamedTuple):
    """A look at what is to be watched: the loading of an overlay (its life), the paths in it (none: all), and what was there."""

    life: lives.Life
    paths: tuple[str, ...]
    snapshot: Snapshot


class Note:
    """A line that is shown in the place of a difference."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def register(shell: Any) -> None:
    """Give `shell` (an IPython shell) the cell magic ``%%watch_registers``."""

    def watch_registers(line: str, cell: str) -> None:
        """Run the cell, and show which registers changed meanwhile.

        ``%%watch_registers`` alone takes every overlay that is loaded; ``%%watch_registers ol.hier timer`` takes what is named: names
        of this notebook, and paths such as ``hier/timer`` in a loaded overlay. Read are the registers that may be read unasked, once
        before the cell and once after it, also where it raises. An overlay that the cell loads is compared with its reset values.
        """
        __tracebackhide__ = True
        run(shell, line, cell)

    shell.register_magic_function(watch_registers, magic_kind="cell", magic_name=NAME)


def unregister(shell: Any) -> None:
    """Take the magic back."""
    shell.magics_manager.magics["cell"].pop(NAME, None)


def register_if_interactive() -> None:
    """Register the magic where a shell of IPython runs that has none of that name."""
    get_shell = getattr(sys.modules.get("IPython"), "get_ipython", None)
    shell = None if get_shell is None else get_shell()
    if shell is not None and NAME not in shell.magics_manager.magics["cell"]:
        register(shell)


def run(shell: Any, line: str, cell: str) -> None:
    """Run `cell` in `shell`, and display what it changed in what `line` names."""
    __tracebackhide__ = True  # IPython leaves such frames out: what is shown is the traceback of the cell
    from IPython import display as displays
    from IPython.core.error import UsageError

    display: Any = displays.display
    try:
        names = shlex.split(line, comments=True)
    except ValueError as error:
        raise UsageError(f"%%{NAME} {line}: {error}") from None
    if _needs_a_loop(shell, cell):
        raise UsageError(f"%%{NAME} cannot run await at the top level of a cell: use before = ol.snapshot() and ol.snapshot() - before")
    found, unknown = _look(names, shell.user_ns)
    for name, why in unknown.items():
        # What the cell is about to make is looked for after it; a slip of the pen is told before it runs.
        if not re.search(rf"\b{re.escape(name.partition('.')[0])}\b", cell):
            raise UsageError(f"%%{NAME}: {why}")
    with _tracebacks_later(shell):
        result = shell.run_cell(cell, store_history=False)
    raised = result.error_before_exec or result.error_in_exec
    try:
        after, unknown = _look(names, shell.user_ns)
        for shown in _changes(found, after):
            display(shown)
        for why in unknown.values():
            display(Note(f"%%{NAME}: {why}"))
    except Exception as error:
        if raised is None:
            raise
        # What the cell raised is what its author is to see.
        display(Note(f"%%{NAME} could not look after the cell: {type(error).__name__}: {error}"))
    if raised is not None:
        raise raised


def _look(names: list[str], namespace: dict[str, Any]) -> tuple[list[Looked], dict[str, str]]:
    """A snapshot of each overlay that is meant, and the names that mean nothing, each with the reason."""
    wanted: dict[int, tuple[Overlay, dict[str, None]]] = {}
    unknown: dict[str, str] = {}
    if not names:
        wanted = {id(overlay): (overlay, {}) for overlay in loaded()}
    for name in names:
        place = _resolve(name, namespace)
        if isinstance(place, str):
            unknown[name] = place
            continue
        overlay, path = place
        _, paths = wanted.setdefault(id(overlay), (overlay, {}))
        paths[path] = None
    looked = []
    for overlay, paths in wanted.values():
        life = overlay._life
        if life is not None:
            # The overlay itself among the names: all of it is meant.
            meant = () if "" in paths else tuple(paths)
            looked.append(Looked(life, meant, overlay.snapshot(*meant)))
    return looked, unknown


def loaded() -> list[Overlay]:
    """The overlays that devices hold now, one for each device."""
    found = []
    for life in lives.living():
        holders = sorted((holder for holder in life.holders if holder.is_loaded()), key=id)
        found += holders[:1]
    return found


def _resolve(name: str, namespace: dict[str, Any]) -> tuple[Overlay, str] | str:
    """The overlay and the path in it that `name` means, or why it means nothing."""
    first, *rest = name.replace("/", ".").split(".")
    held = namespace.get(first)
    if isinstance(held, Overlay):
        overlay, start = held, []
    elif isinstance(held, (DefaultHierarchy, DefaultIP)) and isinstance(_described(held).get("overlay"), Overlay):
        description = _described(held)
        overlay, start = description["overlay"], [str(description.get("memory") or description["fullpath"])]
    else:
        for overlay in loaded():
            node = overlay._get_tree().find("", name.strip("/")) or overlay._get_tree().find("", name.replace(".", "/"))
            if node is not None and node.path:
                return overlay, node.path
        known = [key for key, value in namespace.items() if isinstance(value, (Overlay, DefaultHierarchy, DefaultIP)) and key[:1] != "_"]
        known += [path for overlay in loaded() for path in overlay._get_tree().nodes if path]
        return f"no overlay, hierarchy or IP is called {name!r}{near_or_all(name, known)}"
    if not overlay.is_loaded():
        return f"{name!r} cannot be looked at: {overlay._gone()}"
    path = "/".join([*start, *rest])
    node = overlay._get_tree().find("", path) if path else None
    if path and node is None:
        return overlay._get_tree().missing("", path, overlay._who())
    return overlay, node.path if node is not None else ""


def _described(held: Any) -> dict[str, Any]:
    # Not the attribute: a driver whose __init__ failed has none.
    description: dict[str, Any] = vars(held).get("description") or {}
    return description


def _changes(before: list[Looked], after: list[Looked]) -> Iterator[Difference | Note]:
    earlier = {(look.life, look.paths): look.snapshot for look in before}
    for look in after:
        known = earlier.pop((look.life, look.paths), None)
        # Another loading has reset the hardware: what it was before tells nothing.
        yield Difference(_reset_values(look.snapshot) if known is None else known, look.snapshot)
    for life, _ in earlier:
        if not life.alive:
            yield Note(f"%%{NAME}: {life.gone}")
    if not after and not before:
        yield Note(f"%%{NAME}: no overlay is loaded, so there is nothing to look at")


def _reset_values(snapshot: Snapshot) -> Snapshot:
    """What the registers of `snapshot` hold after a reset, as far as the design says it."""
    values: dict[str, dict[str, int]] = {}
    missing: dict[str, dict[str, str]] = {}
    for path, held in snapshot.items():
        values[path] = {}
        for register in held:
            reset = snapshot.details[path][register].reset_value
            if reset is None:
                missing.setdefault(path, {})[register] = "the design states no reset value"
            else:
                values[path][register] = reset
    return Snapshot(values, name=snapshot.name, left_out=missing, details=snapshot.details, types=snapshot.types)


def _needs_a_loop(shell: Any, cell: str) -> bool:
    """Whether the cell awaits, where the loop that would run it is the one that runs this."""
    import asyncio

    try:
        asyncio.get_running_loop()
        return bool(shell.should_run_async(cell, transformed_cell=shell.transform_cell(cell)))
    except (RuntimeError, SyntaxError):
        return False


@contextmanager
def _tracebacks_later(shell: Any) -> Iterator[None]:
    """While the cell runs within ours, what it raises is not shown: it is raised again, and shown then, below the difference."""
    names = ("showtraceback", "showsyntaxerror")
    own = {name: vars(shell)[name] for name in names if name in vars(shell)}
    for name in names:
        setattr(shell, name, lambda *args, **kwargs: None)
    try:
        yield
    finally:
        for name in names:
            delattr(shell, name)
            if name in own:
                setattr(shell, name, own[name])
