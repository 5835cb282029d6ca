"""PL: PYNQ's name for what the active device holds now, without an object in one's hand.

Everything is asked of ``Device.active_device`` at that moment. The dictionaries are those that the device has of the design that was
downloaded last; nothing is kept here or in a file that could be older than that.
"""

from __future__ import annotations

import os
from typing import Any

from pynq_widgets.device.contract import Device


class PLMeta(type):
    """What can be asked of :class:`PL`; its attributes are the class' own, as with PYNQ."""

    @property
    def bitfile_name(cls) -> str | None:
        """Absolute path of what was downloaded last, None before that."""
        name: str | None = getattr(Device.active_device, "bitfile_name", None)
        return name

    @property
    def timestamp(cls) -> str | None:
        """When that was, in PYNQ's words (``2026/11/22 17:10:09 +789120``), None before."""
        moment: str | None = getattr(Device.active_device, "timestamp", None)
        return moment

    @property
    def ip_dict(cls) -> dict[str, Any]:
        """Every IP with an address, by path."""
        return _dictionary("ip_dict")

    @property
    def gpio_dict(cls) -> dict[str, Any]:
        """The pins of the processing system that are connected."""
        return _dictionary("gpio_dict")

    @property
    def interrupt_controllers(cls) -> dict[str, Any]:
        """The interrupt controllers, by path."""
        return _dictionary("interrupt_controllers")

    @property
    def interrupt_pins(cls) -> dict[str, Any]:
        """The pins with an interrupt, by path."""
        return _dictionary("interrupt_pins")

    @property
    def hierarchy_dict(cls) -> dict[str, Any]:
        """The hierarchies that hold IP or memories, by path."""
        return _dictionary("hierarchy_dict")

    @property
    def mem_dict(cls) -> dict[str, Any]:
        """The memories, by path."""
        return _dictionary("mem_dict")

    @property
    def clock_dict(cls) -> dict[int, Any]:
        """The clocks that the processing system gives, by number."""
        return _dictionary("clock_dict")

    @property
    def devicetree_dict(cls) -> dict[str, Any]:
        """The device tree overlays that are inserted, by name."""
        return _dictionary("devicetree_dict")

    def shutdown(cls) -> None:
        """Let the buses of the design come to rest before another is loaded."""
        _active().shutdown()

    def reset(cls, parser: Any = None) -> None:
        """Take the dictionaries afresh, from `parser` or with every ``state`` forgotten; nothing is done to the hardware."""
        _active().reset(parser)

    def clear_dict(cls) -> None:
        """Forget the dictionaries."""
        _active().clear_dict()

    def clear_devicetree(cls) -> None:
        """Take out every device tree overlay."""
        _active().clear_devicetree()

    def insert_device_tree(cls, abs_dtbo: str | os.PathLike[str]) -> None:
        """Insert the device tree overlay of the file `abs_dtbo`."""
        _active().insert_device_tree(os.fspath(abs_dtbo))

    def remove_device_tree(cls, abs_dtbo: str | os.PathLike[str]) -> None:
        """Take it out again."""
        _active().remove_device_tree(os.fspath(abs_dtbo))

    def load_ip_data(cls, ip_name: str, data: str | os.PathLike[str], zero: bool = False) -> None:
        """Write the binary file `data` into the IP or memory `ip_name`; `zero`: and zeros behind it."""
        _active().load_ip_data(ip_name, os.fspath(data), zero)

    def update_partial_region(cls, hier: str, parser: Any) -> None:
        """Put what `parser` says of the hierarchy `hier` in the place of what the dictionaries had below it."""
        _active().update_partial_region(hier, parser)


class PL(metaclass=PLMeta):
    """What the active device holds now: ``PL.bitfile_name``, ``PL.ip_dict``, ...

    An :class:`Overlay` has the same and its objects; this is for code that asks without one.
    """


def _active() -> Any:
    return Device.active_device


def _dictionary(name: str) -> dict[Any, Any]:
    device = _active()
    for source in (device, getattr(device, "parser", None), getattr(device, "design", None)):
        found = getattr(source, name, None)
        if found is not None:
            dictionary: dict[Any, Any] = found
            return dictionary
    return {}
