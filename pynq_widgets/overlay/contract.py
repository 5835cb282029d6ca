"""What a driver class may state, checked when the class is defined: a mistake is told where it was made, and not when a cell shows it.

PYNQ knows ``bindto`` alone. A class that states nothing but that may have methods of its own under the other names: it is warned where
we would misunderstand it, and never refused.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from .binding import checked_bindto

#: Names that only a driver written for this project states.
OURS = ("guards", "needs_address", "register_layout", "restore_order")


def check_ip(name: str, namespace: Mapping[str, Any]) -> None:
    """Check the body of the IP driver class `name`.

    Raises ``TypeError`` for what has the wrong shape and ``ValueError`` for what has the right one and makes no sense, each with what was
    expected.
    """
    if "_derived_from" in namespace:
        return  # derived from a class that was checked
    if "bindto" in namespace:
        checked_bindto(name, namespace["bindto"])
    if "guards" in namespace:
        _check_guards(name, namespace["guards"])
    if "needs_address" in namespace and not isinstance(namespace["needs_address"], bool):
        told = namespace["needs_address"]
        raise TypeError(f"{name}.needs_address must be True or False, not the {type(told).__name__} {told!r}")
    if "register_layout" in namespace:
        _check_layout(name, namespace["register_layout"])
    if "restore_order" in namespace:
        _check_order(name, namespace["restore_order"])
    if "configuration" in namespace:
        _check_configuration(name, namespace["configuration"], _is_ours(namespace))
    if "panel" in namespace:
        check_panel(name, namespace["panel"], _is_ours(namespace))
    if "bindto" in namespace:
        _check_twice(name, namespace["bindto"], _is_ours(namespace))


def _is_ours(namespace: Mapping[str, Any]) -> bool:
    if any(word in namespace for word in OURS):
        return True
    from .traits.base import HardwareTrait

    return any(isinstance(value, HardwareTrait) for value in namespace.values())


def _tell(ours: bool, kind: type[Exception], text: str) -> None:
    if ours:
        raise kind(text)
    warnings.warn(text, UserWarning, stacklevel=6)


def _check_twice(name: str, bindto: Sequence[str], ours: bool) -> None:
    listed = list(bindto)
    twice = sorted({vlnv for vlnv in listed if listed.count(vlnv) > 1})
    if twice:
        _tell(ours, ValueError, f"{name}.bindto holds {', '.join(map(repr, twice))} more than once: was another type or version meant?")


def _check_guards(name: str, guards: Any) -> None:
    if not isinstance(guards, Mapping):
        raise TypeError(
            f"{name}.guards must map the names of registers to the reason why they are not read unasked, not the {type(guards).__name__} "
            f"{guards!r}: write guards = {{'FIFO': 'a read takes a word out'}}"
        )
    for register, reason in guards.items():
        if not isinstance(register, str) or not register.strip():
            raise TypeError(f"{name}.guards must have names of registers as keys, not {register!r}")
        if not isinstance(reason, str) or not reason.strip():
            raise TypeError(
                f"{name}.guards[{register!r}] must be the reason in words, which people are shown in place of the value, not {reason!r}"
            )


def _check_layout(name: str, layout: Any) -> None:
    if isinstance(layout, (classmethod, staticmethod)) or callable(layout):
        _check_asked(name, "register_layout", layout)
        return
    if isinstance(layout, (str, bytes, Mapping)) or not isinstance(layout, Sequence):
        raise TypeError(
            f"{name}.register_layout must be a sequence of pynq_widgets.design.Register, or a class method that makes it of the "
            f"description, not {type(layout).__name__}: {layout!r}"
        )
    for entry in layout:
        if not all(hasattr(entry, word) for word in ("name", "offset", "width", "access", "fields")):
            raise TypeError(f"{name}.register_layout must hold pynq_widgets.design.Register, not the {type(entry).__name__} {entry!r}")


def _check_order(name: str, order: Any) -> None:
    if isinstance(order, str) or not isinstance(order, Sequence) or not all(isinstance(entry, str) for entry in order):
        raise TypeError(f"{name}.restore_order must list names ('REGISTER' or 'REGISTER.FIELD'), not {order!r}")
    twice = sorted({entry for entry in order if list(order).count(entry) > 1})
    if twice:
        raise ValueError(f"{name}.restore_order holds {', '.join(map(repr, twice))} more than once, and each is written once")


def _check_configuration(name: str, configuration: Any, ours: bool) -> None:
    if isinstance(configuration, classmethod):
        _check_asked(name, "configuration", configuration)
        return
    if isinstance(configuration, staticmethod) or inspect.isfunction(configuration) or isinstance(configuration, property):
        told = "a property" if isinstance(configuration, property) else "a method of the instance"
        if isinstance(configuration, staticmethod):
            told = "a static method"
        text = (
            f"{name}.configuration is {told}, but save() and restore() ask the class, before there is an instance: write\n"
            "    @classmethod\n    def configuration(cls, description):\nor a mapping such as {'CTRL.MODE': True}"
        )
        _tell(ours, TypeError, text)
        return
    if not isinstance(configuration, Mapping) or not all(
        isinstance(key, str) and isinstance(yes, bool) for key, yes in configuration.items()
    ):
        _tell(
            ours,
            TypeError,
            f"{name}.configuration must map names ('REGISTER' or 'REGISTER.FIELD') to True or False, not {configuration!r}",
        )


def _check_asked(name: str, attribute: str, method: Any) -> None:
    """`method` is called on the class with the description alone."""
    function = getattr(method, "__func__", method)
    given: tuple[Any, ...] = ({},) if isinstance(method, staticmethod) else (None, {})
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # one of C, which does not tell
        return
    if not isinstance(method, (classmethod, staticmethod)) and inspect.isfunction(method):
        raise TypeError(
            f"{name}.{attribute} is asked of the class, before there is an instance: write\n"
            f"    @classmethod\n    def {attribute}(cls, description):"
        )
    try:
        signature.bind(*given)
    except TypeError:
        raise TypeError(
            f"{name}.{attribute} is called with the description of the IP, which {signature} does not take: write\n"
            f"    @classmethod\n    def {attribute}(cls, description):"
        ) from None


def check_panel(name: str, panel: Any, ours: bool = True) -> None:
    """`panel` is called on the instance with nothing besides; what is no method is somebody's own attribute."""
    if not inspect.isfunction(panel):
        return
    if inspect.iscoroutinefunction(panel) or inspect.isasyncgenfunction(panel):
        _tell(ours, TypeError, f"{name}.panel is an async function, which nobody awaits: write def panel(self)")
        return
    signature = inspect.signature(panel)
    try:
        signature.bind(None)
    except TypeError:
        _tell(
            ours,
            TypeError,
            f"{name}.panel is called without arguments, to be shown beside the tree, but it is {signature}: write def panel(self), "
            "or give the others defaults",
        )
