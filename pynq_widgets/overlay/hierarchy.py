"""DefaultHierarchy: a hierarchy of the block diagram, and the base of every hierarchy driver."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from traitlets import HasTraits

from pynq_widgets.showing import Shown

from .black_box import BlackBox
from .branch import Branch
from .describe import document_branch
from .described import DescribedTree
from .ip import DefaultIP, make_gpio, make_interrupt
from .life import StaleAttributeError
from .memory import Memory
from .registering import RegisterHierarchy
from .teaching import teach
from .tree import Defaults, Tree

if TYPE_CHECKING:
    from pynq_widgets.live import Snapshot


class DefaultHierarchy(Branch, HasTraits, Shown, metaclass=RegisterHierarchy):
    """The IP, memories and hierarchies within a hierarchy, as attributes and items.

    A subclass with a static `checkhierarchy` drives each hierarchy that it says yes to, in the overlays loaded from then on::

        class MyHierarchy(DefaultHierarchy):
            def __init__(self, description):
                super().__init__(description)

            @staticmethod
            def checkhierarchy(description):
                return 'my_ip' in description['ip']

    Attributes
    ----------
    description : dict
        PYNQ's description: ``ip``, ``hierarchies``, ``memories``, ``interrupts``, ``gpio`` (each by name), ``fullpath``; with
        ``device``, ``driver``, ``overlay`` and ``design``. Each nested entry has its ``driver`` too.
    device : Device
        Where it is.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        instance = super().__new__(cls, *args, **kwargs)
        # Kept here too, so that a driver whose __init__ forgets super() is whole.
        given = args[0] if args else kwargs.get("description")
        if isinstance(given, Mapping):
            instance.__dict__["description"] = given
            life = getattr(given.get("overlay"), "_life", None)
            instance.__dict__["_part"] = None if life is None else life.part(str(given.get("fullpath") or ""))
        return instance

    def __init__(self, description: dict[str, Any], **traits: Any) -> None:
        """Drive the hierarchy of `description`. `traits` are first values of the class' traits."""
        if not isinstance(description, Mapping):
            raise TypeError(
                f"{type(self).__name__} needs the description of its hierarchy, not the {type(description).__name__} {description!r}: "
                "take it from overlay.hierarchy_dict, or let the overlay make the driver"
            )
        self.__dict__["description"] = description
        if traits:
            super().__init__(**traits)

    @staticmethod
    def checkhierarchy(description: dict[str, Any]) -> bool:
        """Whether this class drives the hierarchy of `description`; a subclass that does not say so drives none."""
        return False

    @cached_property
    def device(self) -> Any:
        device = self._described.get("device")
        if device is None:
            from pynq_widgets.device.contract import Device

            device = Device.active_device
        return device

    @cached_property
    def _overlay(self) -> Any:
        return self._described.get("overlay")

    @property
    def _interrupts(self) -> dict[str, Any]:
        return self._described.get("interrupts") or {}

    @property
    def _gpio(self) -> dict[str, Any]:
        return self._described.get("gpio") or {}

    @property
    def ip_dict(self) -> dict[str, Any]:
        """The descriptions of the IP directly within, by name."""
        return dict(self._described.get("ip", {}))

    def download(self, bitfile_name: str | os.PathLike[str], dtbo: str | os.PathLike[str] | None = None, program: bool = True) -> None:
        """Give this reconfigurable region another module: partial reconfiguration, with PYNQ's name and arguments.

        The partial bitstream's own ``.hwh`` stands beside it; its IP, with their addresses, registers, interrupts and drivers, are what is
        in this hierarchy then. All handles of what was here before raise ``StaleOverlayError``; nothing outside of the region is touched.
        Where the design has decouplers before the region that software works, it is decoupled meanwhile.

        Parameters
        ----------
        bitfile_name
            The partial bitstream: a path, or a name beside the overlay's or in the current folder.
        dtbo
            Device tree overlay to insert for it.
        program
            Whether to put it on the device; if not, it is taken to be there.

        Raises ``FileNotFoundError``, and ``DesignError`` for a module that does not fit; nothing has been touched then. Where the
        download itself fails, nobody knows what is in the region: it is empty until another one succeeds.
        """
        from .regions import download

        if self._is_alone:
            raise RuntimeError(f"{self._who()} was made without an overlay, whose region it would be")
        self._check_alive("download")
        download(self._overlay, self._below(), bitfile_name, dtbo, program)

    @property
    def pr_loaded(self) -> str:
        """The partial bitstream that was put into this region, as an absolute path; empty where none was (PYNQ's name)."""
        loaded = {} if self._is_alone else getattr(self._overlay, "pr_dict", {}).get(self._below(), {})
        return str(loaded.get("loaded") or "")

    def snapshot(self) -> Snapshot:
        """The values of all registers within that may be read unasked; see :meth:`Overlay.snapshot`."""
        if self._is_alone:
            raise RuntimeError(f"{self._who()} was made without an overlay, which is what takes snapshots: take one of each IP instead")
        taken: Snapshot = self._overlay.snapshot(self._below())
        return taken

    def panel(self) -> Any:
        """A widget of this driver's own, to be shown beside the tree; None where a summary is enough."""
        return None

    def __repr__(self) -> str:
        if not self._is_ready():
            return f"<{type(self).__name__} with no description>"
        part = self.__dict__.get("_part")
        stale = "" if self._is_alone or (part is not None and part.alive) else ", stale"
        count = len(self._children())
        return f"<{type(self).__name__} {self._where()}, {count} {'block' if count == 1 else 'blocks'}{stale}>"

    # For Branch.

    @property
    def _described(self) -> Any:
        if "description" not in self.__dict__:
            raise self._not_ready("description")
        return self.__dict__["description"]

    def _is_ready(self) -> bool:
        return "description" in self.__dict__

    def _not_ready(self, name: str) -> AttributeError:
        if name.startswith("_"):
            return super()._not_ready(name)
        return teach(self, f"{type(self).__name__} has no description yet: call super().__init__(description)")

    @cached_property
    def _is_alone(self) -> bool:
        """Whether there is only a description, and no overlay of ours that it belongs to."""
        return not hasattr(self._overlay, "_get_tree")

    @cached_property
    def _own_tree(self) -> Tree:
        return DescribedTree(self._described, DEFAULTS)

    def _tree(self) -> Tree:
        tree: Tree = self._own_tree if self._is_alone else self._overlay._get_tree()
        return tree

    def _below(self) -> str:
        return "" if self._is_alone else str(self._described["fullpath"])

    def _where(self) -> str:
        return str(self._described.get("fullpath") or "with no path")

    def _who(self) -> str:
        return f"hierarchy {self._where()}"

    def _without_driver(self) -> str:
        if type(self) is not DefaultHierarchy:
            return ""
        return " (none of the drivers that are imported recognises this hierarchy: import its package before the overlay is made)"

    def _check_place(self, key: str) -> None:
        part = self.__dict__.get("_part")
        if part is not None and part.remedy:
            raise StaleAttributeError(f"{key!r} of {self._who()} cannot be reached: {part.gone}. {part.remedy}")

    def _check_alive(self, key: str) -> None:
        if not self._is_alone:
            self._check_place(key)
            self._overlay._check_alive(f"{self._below()}/{key}")

    def _own_accessor(self, key: str) -> Any:
        if key in self._interrupts or key in self._gpio:
            self._check_alive(key)
        if key in self._interrupts:
            return make_interrupt(self._interrupts[key], self.device)
        if key in self._gpio:
            return make_gpio(self._gpio[key], self.device)
        raise KeyError(key)

    def _generated_doc(self, text: str) -> str:
        return document_branch(self, text, "hierarchy", self._where()) if self._is_ready() else text


DEFAULTS = Defaults(DefaultIP, DefaultHierarchy, Memory, BlackBox)
