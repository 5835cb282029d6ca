"""The classes of classes: defining a driver registers it, and each instance has a generated docstring.

They are metaclasses of traitlets' own, so that every driver is a plain ``HasTraits``.
"""

from __future__ import annotations

import inspect
from typing import Any

from traitlets.traitlets import MetaHasTraits

from .binding import hierarchy_drivers, ip_drivers
from .contract import check_ip, check_panel


class GeneratedDoc:
    """``__doc__`` of a class is the text written there; of an instance, that text and what the design adds to it.

    Of an instance of our own default classes it is what the design says, alone: it is the IP that the reader asks about.
    """

    def __init__(self, text: str | None) -> None:
        self.text = text

    def __get__(self, instance: Any, owner: type | None = None) -> str | None:
        if instance is None:
            return self.text
        generate = getattr(type(instance), "_generated_doc", None)
        own = type(instance).__module__.startswith("pynq_widgets.overlay.")
        return self.text if generate is None else generate(instance, "" if own else self.text or "")


class Documented(MetaHasTraits):
    """Makes ``help(x)`` and ``x?`` of an instance list what it has in this design."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> Any:
        # Python puts None where a class has no docstring, which would hide the generated one of its base.
        text = namespace.get("__doc__")
        if text is None or isinstance(text, str):
            namespace["__doc__"] = GeneratedDoc(text)
        return super().__new__(mcs, name, bases, namespace, **kwargs)


class RegisterIP(Documented):
    """Registers each class that has ``bindto`` in its body as an IP driver.

    The contract of each class is checked here, when it is made: see :mod:`.contract` for the errors.
    """

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> None:  # noqa: N805
        check_ip(name, namespace)
        super().__init__(name, bases, namespace, **kwargs)
        if "bindto" in namespace:
            ip_drivers.add(cls)

    def unregister(cls) -> None:  # noqa: N805
        """Bind this class to nothing from the next loading of an overlay on; what was bound before it, is again."""
        ip_drivers.remove(cls)


class RegisterHierarchy(Documented):
    """Registers each class that has ``checkhierarchy`` in its body as a hierarchy driver, with or without ``@staticmethod``.

    Raises ``TypeError`` where ``checkhierarchy`` cannot be called with one description.
    """

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> Any:
        check = namespace.get("checkhierarchy")
        if inspect.isfunction(check):
            check = namespace["checkhierarchy"] = staticmethod(check)
        if isinstance(check, staticmethod):
            try:
                inspect.signature(check.__func__).bind({})
            except TypeError:
                raise TypeError(
                    f"{name}.checkhierarchy must be a static method that takes one description, "
                    f"not {inspect.signature(check.__func__)}: write\n    @staticmethod\n    def checkhierarchy(description):"
                ) from None
        return super().__new__(mcs, name, bases, namespace, **kwargs)

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> None:
        if "panel" in namespace:
            check_panel(name, namespace["panel"], ours=False)
        super().__init__(name, bases, namespace, **kwargs)
        # The one base of all drivers answers False and need not be asked.
        if "checkhierarchy" in namespace and any(isinstance(base, RegisterHierarchy) for base in bases):
            hierarchy_drivers.add(cls)

    def unregister(cls) -> None:
        """Bind this class to nothing from the next loading of an overlay on."""
        hierarchy_drivers.remove(cls)
