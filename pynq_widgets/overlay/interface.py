"""One interface of an IP under a name of its own, as PYNQ 2 had it: ``ol.core_0.s_axi_control.read(0x10)``.

PYNQ up to 2.7 listed each register interface of an IP that has several, and that of a module out of RTL (``xilinx.com:module_ref``), as an
IP in a hierarchy of the core's name. Here, and in PYNQ 3 and later, the core is one IP; code of that time finds its interfaces as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pynq_widgets.access import MMIO, RegisterMap

if TYPE_CHECKING:
    from .ip import DefaultIP


class Interface:
    """``read``, ``write``, ``mmio`` and ``register_map`` of one interface of an IP; offsets are those in its own address range."""

    def __init__(self, ip: DefaultIP, name: str) -> None:
        """The interface `name` of `ip`. Raises ``KeyError`` where it has no such address range, or several."""
        ip.mmios.find(name)
        self._ip = ip
        self._name = name

    @property
    def mmio(self) -> MMIO:
        """Its address range."""
        return self._ip.mmios[self._name]

    @property
    def register_map(self) -> RegisterMap:
        """Its registers. Raises ``KeyError`` where the design lists none."""
        return self._ip.register_maps[self._name]

    def read(self, offset: int = 0) -> int:
        """The 32-bit word at `offset` bytes, a multiple of 4."""
        return self.mmio.read(offset)

    def write(self, offset: int, value: int | bytes) -> None:
        """Write a 32-bit `value`, or bytes, at `offset` bytes, a multiple of 4."""
        self.mmio.write(offset, value)

    def __repr__(self) -> str:
        return f"<{self._name} of {self._ip!r}>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        path = self._ip._fullpath
        raise AttributeError(
            f"{self._name} of {path} is one of its interfaces, with read, write, mmio and register_map; "
            f"{name!r} may be an attribute of {path} itself"
        )
