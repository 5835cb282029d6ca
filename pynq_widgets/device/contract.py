"""The `Device` contract: PYNQ's, with defaults for what PYNQ's does not have.

A class derived from PYNQ's shape (``capabilities``, ``mmap`` or ``read_registers``/``write_registers``, ``allocate``, ``flush``,
``invalidate``, ``download``) works here as it is: the lock, the clock and the word accesses are added by the base class.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from pynq_widgets.device.bus import Bus
from pynq_widgets.device.clock import Clock, WallClock
from pynq_widgets.device.loaded import Loaded

if TYPE_CHECKING:
    from pynq_widgets.design import Design, InterruptLine
    from pynq_widgets.device.buffer import PynqBuffer
    from pynq_widgets.device.coherence import Coherence

MIO_PINS = 78
"""The most GPIO that a processing system has before its first EMIO pin (Zynq UltraScale+); they are counted from -1 downwards."""


class InterruptSource(Protocol):
    """One interrupt line of the processing system, with the manners of Linux UIO.

    The line is masked at first. `enable` unmasks it. When it is high (or, for an edge, has risen) and unmasked, it masks itself and
    tells each subscriber once.
    """

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call `callback()` each time the interrupt is told, from whatever thread that is; the result takes it back."""
        ...

    def enable(self) -> None:
        """Unmask the line; where it is (still) high it is told at once."""
        ...


_before_reload: Any = globals().get("DeviceMeta")


class DeviceMeta(type):
    """Finds the devices: each class that defines ``_probe_`` and ``_probe_priority_`` (the lowest number comes first)."""

    # People reload this module: devices that have been found are the same ones afterwards, and the one that was chosen still is.
    _probing: ClassVar[dict[int, DeviceMeta]] = _before_reload._probing if _before_reload else {}
    _found: ClassVar[dict[DeviceMeta, list[Device]]] = _before_reload._found if _before_reload else {}
    _chosen: ClassVar[Device | None] = _before_reload._chosen if _before_reload else None

    def __init__(cls, name: str, bases: tuple[type, ...], attributes: dict[str, Any]) -> None:
        super().__init__(name, bases, attributes)
        if "_probe_" not in attributes:
            return
        if "_probe_priority_" not in attributes:
            raise TypeError(f"{name} defines _probe_ but no _probe_priority_: give it a number (the lowest is tried first)")
        priority = attributes["_probe_priority_"]
        other = DeviceMeta._probing.get(priority)
        if other is not None and other.__name__ != name:
            raise RuntimeError(
                f"Multiple Device subclasses with same priority: {name} and {other.__name__} both have _probe_priority_ = {priority}"
            )
        if other is not None:
            DeviceMeta._found.pop(other, None)
        DeviceMeta._probing[priority] = cls

    @property
    def devices(cls) -> list[Device]:
        """All devices of this system, the preferred one first; the simulated device is always there, and last.

        A class is probed when this is first asked after its definition. A probe that raises is warned of and finds nothing.
        """
        # They define themselves as devices on import; imported here, since they need this module.
        import pynq_widgets.device.simulated

        if sys.platform == "linux" and os.uname().machine.startswith(("arm", "aarch64")):
            import pynq_widgets.device.board.device  # noqa: F401  # nobody else pays for it

        devices: list[Device] = []
        for priority in sorted(DeviceMeta._probing):
            probed = DeviceMeta._probing[priority]
            if probed not in DeviceMeta._found:
                try:
                    DeviceMeta._found[probed] = list(probed._probe_() or [])  # type: ignore[attr-defined]
                except Exception as error:
                    DeviceMeta._found[probed] = []
                    warnings.warn(f"{probed.__name__} could not look for its devices: {error!r}", RuntimeWarning, stacklevel=2)
            devices += DeviceMeta._found[probed]
        return devices

    @property
    def active_device(cls) -> Device:
        """The device that is meant where none is named.

        The first of `devices`, until another is set; setting None returns to that.
        """
        if DeviceMeta._chosen is not None:
            return DeviceMeta._chosen
        return cls.devices[0]

    @active_device.setter
    def active_device(cls, device: Device | None) -> None:
        DeviceMeta._chosen = device

    @property
    def chosen_device(cls) -> Device | None:
        """The device that `active_device` was set to; None where nobody has set one."""
        return DeviceMeta._chosen


class Device(Loaded, metaclass=DeviceMeta):
    """Where a design runs. `tag` is a name of the device that no other has."""

    kind: str = "board"
    capabilities: Mapping[str, bool] = {}

    # Class attributes, so that a subclass may forget to call our __init__.
    design: Design | None = None
    # What `allocate(shape, dtype)` does where nothing else is said, for whoever has checked both; None: `allocate` has to be asked.
    quick: Callable[[tuple[int, ...], Any], PynqBuffer] | None = None

    def __init__(self, tag: str, warn: bool = False) -> None:
        if type(tag) is not str:
            raise ValueError("Argument 'tag' must be a string")
        self.tag = tag
        self.parser = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {getattr(self, 'tag', '?')!r} ({self.kind})>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Device:
        return self  # descriptions refer to it, and are copied; there is one device

    def __reduce__(self) -> Any:
        # Also reached from a handle or a dictionary that is sent to another process, where there is no such device.
        raise TypeError(
            f"{self!r} and what refers to it stand for hardware and cannot be pickled: in another process, load the overlay there, "
            "or send it values"
        )

    @property
    def generation(self) -> int:
        """How many full downloads there have been. A handle that was made for another number is stale."""
        return int(self.__dict__.get("_generation", 0))

    @generation.setter
    def generation(self, count: int) -> None:
        self.__dict__["_generation"] = count
        for told in tuple(self.__dict__.get("_watching_generation", ())):
            told()

    def watch_generation(self, told: Callable[[], object]) -> None:
        """Call `told()` whenever `generation` is set, on the thread that does so."""
        self.__dict__.setdefault("_watching_generation", []).append(told)

    # What PYNQ's Device has.

    def has_capability(self, cap: str) -> bool:
        """Whether the device has the capability `cap` (``'MEMORY_MAPPED'``, ``'REGISTER_RW'``, ...)."""
        return bool(self.capabilities.get(cap, False))

    def mmap(self, base_addr: int, length: int) -> Any:
        """The bus as an array of 32-bit words; for devices with the capability ``MEMORY_MAPPED``."""
        raise RuntimeError(f"{self!r} has no memory that can be mapped")

    def read_registers(self, address: int, length: int) -> bytes:
        """`length` bytes of the bus at `address`; for devices with the capability ``REGISTER_RW``."""
        raise RuntimeError(f"{self!r} cannot read registers")

    def write_registers(self, address: int, data: bytes) -> None:
        """Put `data` on the bus at `address`; for devices with the capability ``REGISTER_RW``."""
        raise RuntimeError(f"{self!r} cannot write registers")

    def allocate(self, shape: Any, dtype: Any, **kwargs: Any) -> PynqBuffer:
        """An array in memory that the device reaches, by default in `default_memory`, as with PYNQ."""
        memory = getattr(self, "default_memory", None)
        if memory is None:
            raise RuntimeError(f"{self!r} has no memory to allocate from: it defines neither allocate nor default_memory")
        buffer: PynqBuffer = memory.allocate(shape, dtype, **kwargs)
        return buffer

    def flush(self, bo: Any, offset: int, vaddr: int, nbytes: int) -> None:
        """Make what the host wrote in `nbytes` at `offset` of the buffer object `bo` visible to the device."""
        raise RuntimeError(f"{self!r} cannot flush a buffer")

    def invalidate(self, bo: Any, offset: int, vaddr: int, nbytes: int) -> None:
        """Make what the device wrote in `nbytes` at `offset` of the buffer object `bo` visible to the host."""
        raise RuntimeError(f"{self!r} cannot invalidate a buffer")

    def download(self, bitstream: Any, parser: Any = None) -> None:
        """Put the logic of `bitstream` on the device."""
        raise RuntimeError(f"{self!r} cannot load a bitstream")

    def get_bitfile_metadata(self, bitfile_name: str, partial: bool = False) -> Any:
        """What describes the bitstream, if the device knows better than the files beside it."""
        return None

    def close(self) -> None:
        """Nothing to do; PYNQ's is deprecated as well."""

    # What is ours.

    @property
    def lock(self) -> Any:
        """The one lock of this device's bus (re-entrant): hold it for accesses that must not be parted."""
        try:
            return self.__dict__["_lock"]
        except KeyError:
            return self.__dict__.setdefault("_lock", threading.RLock())

    @property
    def bus(self) -> Bus:
        """The account of this device's bus, with its lock: who asked for what, how long it took, what failed."""
        try:
            bus: Bus = self.__dict__["_bus"]
        except KeyError:
            bus = self.__dict__.setdefault("_bus", Bus(self))
        return bus

    @property
    def clock(self) -> Clock:
        """The time of this device. Its events run under the lock of the bus: what they and others hold cannot cross."""
        try:
            clock: Clock = self.__dict__["_clock"]
        except KeyError:
            clock = self.__dict__.setdefault("_clock", WallClock(self.lock))
        return clock

    def coherence_of(self, bo: Any, offset: int, nbytes: int) -> Coherence | None:
        """Which side of `nbytes` at `offset` of the buffer object `bo` is newer, offsets counted from `offset`; None: not known here."""
        return None

    def device_side(self, bo: Any, offset: int, nbytes: int) -> memoryview | None:
        """What the device sees of `nbytes` at `offset` of the buffer object `bo`, live and read-only; None: it cannot be looked at."""
        return None

    def prepare(self, design: Design) -> None:
        """Make ready for the accesses to `design`. Nothing is read from hardware."""
        self.design = design

    def read_word(self, address: int) -> int:
        """The 32-bit word at `address` (a multiple of 4): one access of the bus."""
        with self.lock:
            if self.has_capability("MEMORY_MAPPED"):
                word: int = self._mapped(address)[0]
                return word
            data = self.read_registers(address, 4)
            if len(data) != 4:
                raise OSError(f"device answered {len(data)} bytes to a read of 4 bytes at {address:#010x}")
            return int.from_bytes(data, "little")

    def write_word(self, address: int, value: int) -> None:
        """Write the 32-bit `value` at `address` (a multiple of 4): one access of the bus."""
        with self.lock:
            if self.has_capability("MEMORY_MAPPED"):
                self._mapped(address)[0] = value
            else:
                self.write_registers(address, value.to_bytes(4, "little"))

    def _mapped(self, address: int) -> Any:
        # Item access on memoryview.cast('I') is one 32-bit access of the bus; numpy's and ctypes' own stores need not be.
        return memoryview(self.mmap(address, 4)).cast("B").cast("I")

    def interrupt_source(self, line: InterruptLine) -> InterruptSource:
        """The line of the processing system on which `line` arrives, be it through controllers.

        A class that does not define this has the interrupts of Linux: `access.Interrupt` finds and opens their UIO devices.
        """
        raise RuntimeError(f"{self!r} tells of no interrupts by itself: wait with access.Interrupt, which asks Linux (UIO)")

    def gpio_read(self, index: int) -> int:
        """The level (0 or 1) of GPIO `index` of the processing system, counted from its first EMIO pin as in the design (MIO: below 0)."""
        raise RuntimeError(f"{self!r} has no GPIO")

    def gpio_write(self, index: int, value: int) -> None:
        """Drive GPIO `index` of the processing system to `value` (0 or 1)."""
        raise RuntimeError(f"{self!r} has no GPIO")

    def get_rails(self) -> Mapping[str, Any] | None:
        """The power rails by name, where the device tells its own; None: those that this machine has, as Linux knows them."""
        return None
