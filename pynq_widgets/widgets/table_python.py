"""The line of Python that does what was done by mouse."""

from __future__ import annotations

import contextlib
import keyword
from typing import Any, NamedTuple

from pynq_widgets.access import Mirror, RegisterMap
from pynq_widgets.access.bits import safe_name
from pynq_widgets.overlay import Overlay

from .table_actions import Action


class Home(NamedTuple):
    """Where a mirror belongs: the overlay under its name in the notebook, the IP's path, and its driver where that was made."""

    overlay: str
    path: str
    driver: Any


def home_of(mirror: Mirror) -> Home | None:
    """The IP of the notebook's overlays whose registers `mirror` holds; ``None`` where no variable leads to it. Makes no driver."""
    for name, value in variables().items():
        if not isinstance(value, Overlay) or name.startswith("_"):
            continue
        with contextlib.suppress(Exception):  # an overlay that is not loaded, or a subclass in its own ways: then it has no such mirror
            tree = value._get_tree()
            for path, held in list(tree.mirrors.items()):
                if held is mirror:
                    return Home(name, path, tree.objects.get(path))
    return None


def path_of(source: Any) -> str:
    """The path in its overlay of the IP whose registers `source` holds or has; empty where there is none."""
    if isinstance(source, Mirror):
        home = home_of(source)
        return "" if home is None else home.path
    description = getattr(source, "description", None)
    return str(description.get("fullpath") or "") if isinstance(description, dict) else ""


def expression_of(source: Any) -> str:
    """Python that gives `source`, as far as can be known: an IP by its path in the overlay, under the name that the notebook gave that."""
    if isinstance(source, RegisterMap):
        return "register_map"
    if isinstance(source, Mirror):
        home = home_of(source)
        return "registers" if home is None else f"{_reached(home.overlay, home.path)}.registers"
    description = getattr(source, "description", None) or {}
    path = description.get("fullpath")
    if not path or not isinstance(path, str):
        return "ip"
    overlay = description.get("overlay")
    names = [name for name, value in variables().items() if value is overlay and not name.startswith("_")]
    return _reached(names[0] if names and overlay is not None else "ol", path)


def _reached(overlay: str, path: str) -> str:
    parts = path.split("/")
    return ".".join([overlay, *parts]) if all(map(_plain, parts)) else f"{overlay}[{path!r}]"


def line(action: Action, source: Any, expression: str) -> str:
    """The statement that does `action` on `source`, which `expression` gives."""
    if isinstance(source, RegisterMap):
        return _map_line(action, expression)
    name = action.handle.name
    mirror = expression if isinstance(source, Mirror) else f"{expression}.registers"
    register = f"{mirror}.{name}" if _plain(name) and not hasattr(Mirror, name) else f"{mirror}[{name!r}]"
    if action.kind == "read":
        return f"{register}.read()"
    verify = ", verify=True" if action.verify else ""
    if action.field is None:
        return f"{register}.write({action.literal}{verify})"
    return f"{register}.write_field({action.field!r}, {action.literal}{verify})"


def _map_line(action: Action, expression: str) -> str:
    """PYNQ's way: attributes of the register map."""
    register = f"{expression}.{safe_name(action.handle.name)}"
    if action.kind == "read":
        return f"{register}[:]"
    if action.field is None:
        return f"{register}[:] = {action.literal}"
    return f"{register}.{safe_name(action.field)} = {action.literal}"


def _plain(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("_")


def variables() -> dict[str, Any]:
    """The variables of the person's notebook; none where there is none."""
    try:
        from IPython import get_ipython
    except ImportError:
        return {}
    return dict(getattr(get_ipython(), "user_ns", {}))
