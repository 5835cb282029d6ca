"""What a device says of the design that it holds, as PYNQ's ``Device`` does: dictionaries, time stamp, device tree, data of IP."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .bus import bus_of
from .devicetree import DeviceTreeSegment, get_dtbo_base_name
from .naming import near_hint

if TYPE_CHECKING:
    from .bus import Bus
    from .clock import Clock

DICTIONARIES = ("mem_dict", "ip_dict", "gpio_dict", "interrupt_pins", "interrupt_controllers", "hierarchy_dict")

# PG377, "Register Space": a shutdown is asked for by 1, and over when all channels of both sides say so.
_SHUTDOWN_MANAGERS = ("xilinx.com:ip:dfx_axi_shutdown_manager:", "xilinx.com:ip:pr_axi_shutdown_manager:")
_SHUT_DOWN = 0x0F
_SHUTDOWN_SECONDS = 1.0


class Loaded:
    """The part of the `Device` contract that tells what has been loaded. Everything here has PYNQ's name and effect.

    ``mem_dict``, ``ip_dict``, ``gpio_dict``, ``interrupt_pins``, ``interrupt_controllers`` and ``hierarchy_dict`` are attributes once
    something describes what is loaded, ``timestamp`` once something was downloaded: PYNQ asks for them by ``hasattr``.
    """

    # Whether the device tree of the Linux that runs here describes this device.
    in_device_tree: bool = True

    design: Any = None
    parser: Any = None
    bitfile_name: str | None = None

    if TYPE_CHECKING:
        mem_dict: dict[str, Any]
        ip_dict: dict[str, Any]
        gpio_dict: dict[str, Any]
        interrupt_pins: dict[str, Any]
        interrupt_controllers: dict[str, Any]
        hierarchy_dict: dict[str, Any]
        timestamp: str

        @property
        def lock(self) -> Any: ...
        @property
        def bus(self) -> Bus: ...
        @property
        def clock(self) -> Clock: ...
        @property
        def generation(self) -> int: ...
        @generation.setter
        def generation(self, count: int) -> None: ...
        def get_bitfile_metadata(self, bitfile_name: str, partial: bool = False) -> Any: ...
        def prepare(self, design: Any) -> None: ...
        def has_capability(self, cap: str) -> bool: ...
        def mmap(self, base_addr: int, length: int) -> Any: ...
        def read_word(self, address: int) -> int: ...
        def write_word(self, address: int, value: int) -> None: ...
        def write_registers(self, address: int, data: bytes) -> None: ...

    @cached_property
    def devicetree_dict(self) -> dict[str, DeviceTreeSegment]:
        """The device tree overlays that were inserted, by name."""
        return {}

    # The dictionaries.

    def __getattr__(self, name: str) -> Any:
        # Of what describes the present design, when they are first asked for: most scripts never do, and they take time.
        if name in DICTIONARIES and (found := getattr(self.parser, name, None)) is not None:
            self.__dict__[name] = found
            return found
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def set_bitfile_name(self, bitfile_name: str) -> None:
        """Remember the bitstream, and make PYNQ's dictionaries of its design attributes of the device."""
        self.bitfile_name = bitfile_name
        self.parser = self.get_bitfile_metadata(bitfile_name)
        self._take(self.parser)

    def _take(self, parser: Any) -> None:
        for name in (*DICTIONARIES, "systemgraph"):
            value = getattr(parser, name, None)
            if value is not None:
                setattr(self, name, value)

    def reset(self, parser: Any = None, timestamp: str | None = None, bitfile_name: str | None = None) -> None:
        """Take over what `parser` (a `Design`, or whatever has PYNQ's dictionaries) says; to be called after a download.

        Without a parser the ``state`` in the dictionaries becomes None; where nothing describes the bitstream they become empty. A
        `timestamp` other than the last is another download: each handle that was made before it is stale, and waits for interrupts
        end with ``StaleOverlayError``.
        """
        if parser is not None:
            self._take(parser)
            described = getattr(parser, "design", parser)
            # Where interrupts and pins lead is the design's to say; where there is none the dictionaries are asked.
            self.design = described if hasattr(described, "address_map") else None
        elif self._is_described(bitfile_name):
            for name in DICTIONARIES:
                _clear_state(getattr(self, name, None))
        else:
            self.clear_dict()
        if bitfile_name is not None:
            self.bitfile_name = bitfile_name
        if timestamp is not None and timestamp != getattr(self, "timestamp", None):
            self.timestamp = timestamp
            self.generation += 1
            reason = f"{os.path.basename(self.bitfile_name) if self.bitfile_name else 'the device'} was loaded at {timestamp}"
            for told in tuple(self.__dict__.get("_watching_reset", ())):
                told(reason)

    def watch_reset(self, told: Callable[[str], object]) -> None:
        """Call ``told(reason)`` whenever `reset` is told of another download, on the thread that does so."""
        self.__dict__.setdefault("_watching_reset", []).append(told)

    def _is_described(self, bitfile_name: str | None) -> bool:
        name = bitfile_name or self.bitfile_name
        if self.design is not None or self.parser is not None:
            return True
        return name is not None and os.path.isfile(os.path.splitext(os.fspath(name))[0] + ".hwh")

    def clear_dict(self) -> None:
        """Make all dictionaries empty."""
        for name in DICTIONARIES:
            setattr(self, name, {})

    def post_download(self, bitstream: Any, parser: Any, name: str = "Unknown") -> None:
        """What follows a download: a full one gives `bitstream` its time stamp and resets the dictionaries. `name` is of no meaning."""
        if getattr(bitstream, "partial", False):
            return
        now = datetime.now()
        bitstream.timestamp = f"{now.year}/{now.month}/{now.day} {now.hour}:{now.minute}:{now.second} +{now.microsecond}"
        self.reset(parser, bitstream.timestamp, bitstream.bitfile_name)

    def update_partial_region(self, hier: str, parser: Any) -> None:
        """The region `hier` holds the design that `parser` is, or has; what is outside stays. None: nobody knows what it holds.

        To be called after a partial download. Raises ``ValueError`` where `parser` describes nothing, ``RuntimeError`` where no design is
        loaded, ``KeyError`` for a region that is not there and ``DesignError`` for a design that does not fit it.
        """
        from pynq_widgets.design import graft

        if self.design is None:
            raise RuntimeError(f"region {hier!r}: the device holds no design that is described, so nothing can be put into a region of it")
        described = getattr(parser, "design", parser)
        if parser is not None and not hasattr(described, "address_map"):
            raise ValueError(f"Cannot find HWH PR region parser: region {hier!r} was given the {type(parser).__name__} {parser!r}")
        self._take_regions(graft(self.design, hier, described))

    def _take_regions(self, design: Any) -> None:
        """The regions hold what `design` says; whoever has made something for them is told."""
        for name in DICTIONARIES:
            vars(self).pop(name, None)
        self.parser = design
        self.prepare(design)
        for told in tuple(self.__dict__.get("_watching_regions", ())):
            told()

    def watch_regions(self, told: Callable[[], object]) -> None:
        """Call ``told()`` whenever a region was given another module, perhaps with the bus held: it must be quick."""
        self.__dict__.setdefault("_watching_regions", []).append(told)

    # What is in the hardware.

    def load_ip_data(self, ip_name: str, data: str | os.PathLike[str], zero: bool = False) -> None:
        """Write the binary file `data` to the start of the IP or memory `ip_name`, padded with zeros to whole words.

        `zero` fills the rest of its addresses with zeros. The file's name becomes its ``state``. Raises ``KeyError`` for a name that
        is in neither dictionary and ``RuntimeError`` where the file is larger than the address range; nothing has been written then.
        """
        tables = [table for table in (getattr(self, "ip_dict", None), getattr(self, "mem_dict", None)) if table]
        entry = next((table[ip_name] for table in tables if ip_name in table), None)
        if entry is None:
            known = [name for table in tables for name in table]
            raise KeyError(f"no IP or memory {ip_name!r} is loaded{near_hint(ip_name, known)}")
        base, size = _first(entry, "phys_addr", "base_address"), _first(entry, "addr_range", "size")
        if base is None or size is None:
            raise RuntimeError(f"{ip_name} has no address range that data could be written to")
        with open(data, "rb") as file:
            content = file.read(size + 1)
        if len(content) > size:
            raise RuntimeError(f"Binary file too big for IP: {data} does not fit the {size} bytes of {ip_name}; nothing was written")
        self._put(base, content + bytes((size & ~3) - len(content) if zero else -len(content) % 4))
        entry["state"] = os.fspath(data)

    def _put(self, address: int, content: bytes) -> None:
        if not content:
            return
        words = tuple(memoryview(content).cast("I"))
        with self.lock:
            bus, start = bus_of(self), time.perf_counter()
            when, error = bus.stamp(), ""
            try:
                if self.has_capability("MEMORY_MAPPED"):
                    # Item by item: one access of the bus each.
                    memory = memoryview(self.mmap(address, len(content))).cast("B").cast("I")
                    for index, word in enumerate(words):
                        memory[index] = word
                else:
                    self.write_registers(address, content)
            except BaseException as failure:
                error = str(failure) or type(failure).__name__
                raise
            finally:
                bus.note("write", address, words, len(words), when, start, error)

    def shutdown(self) -> None:
        """Have the AXI shutdown managers of the loaded design (PG377) end all traffic, before the logic behind them is replaced.

        One that is not done within a second is warned of (``UserWarning``).
        """
        for path, base in self._shutdown_managers():
            self.write_word(base, 1)
            deadline = self.clock.now() + _SHUTDOWN_SECONDS
            while self.read_word(base) != _SHUT_DOWN:
                if self.clock.now() >= deadline:
                    warnings.warn(
                        f"{path}: no shutdown within {_SHUTDOWN_SECONDS:g} s. Something behind it does not finish its transfers, or the "
                        f"design that is loaded is not the one that is described",
                        UserWarning,
                        stacklevel=2,
                    )
                    break
                self.clock.sleep(0.001)

    def _shutdown_managers(self) -> Iterator[tuple[str, int]]:
        for path, entry in (getattr(self, "ip_dict", None) or {}).items():
            if str(entry.get("type")).startswith(_SHUTDOWN_MANAGERS) and "phys_addr" in entry:
                yield path, entry["phys_addr"]

    # The device tree.

    def insert_device_tree(self, abs_dtbo: str | os.PathLike[str]) -> None:
        """Insert the device tree overlay `abs_dtbo` (a path), in the place of one with its name. Errors are `DeviceTreeSegment`'s."""
        segment = DeviceTreeSegment(abs_dtbo)
        if self.in_device_tree:
            segment.remove()
            self.devicetree_dict.pop(segment.dtbo_name, None)
            segment.insert()
        self.devicetree_dict[segment.dtbo_name] = segment

    def remove_device_tree(self, abs_dtbo: str | os.PathLike[str]) -> None:
        """Remove the device tree overlay `abs_dtbo` (a path). Raises ``KeyError`` where this device inserted none of that name."""
        self._remove_segment(get_dtbo_base_name(abs_dtbo))

    def clear_devicetree(self) -> None:
        """Remove all device tree overlays that this device inserted, the last one first: a later one may build on an earlier one."""
        for name in reversed(list(self.devicetree_dict)):
            self._remove_segment(name)

    def _remove_segment(self, name: str) -> None:
        segment = self.devicetree_dict.get(name)
        if segment is None:
            raise KeyError(f"no device tree overlay {name!r} was inserted{near_hint(name, self.devicetree_dict)}")
        if self.in_device_tree:
            segment.remove()
        del self.devicetree_dict[name]


def _first(entry: dict[str, Any], *keys: str) -> int | None:
    return next((entry[key] for key in keys if entry.get(key) is not None), None)


def _clear_state(tree: Any) -> None:
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == "state":
                tree[key] = None
            else:
                _clear_state(value)
