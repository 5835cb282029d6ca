"""A real board: the processing system that this Python runs on, under Linux, and its programmable logic."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pynq_widgets.device.board.family import Family, family_of
from pynq_widgets.device.board.linux import Linux
from pynq_widgets.device.contract import Device

if TYPE_CHECKING:
    from pynq_widgets.design import Design
    from pynq_widgets.device.board.memory import ContiguousMemory
    from pynq_widgets.device.board.physical import PhysicalMemory
    from pynq_widgets.device.board.reach import Reach
    from pynq_widgets.device.buffer import PynqBuffer

_MANAGER = "/sys/class/fpga_manager/fpga0"
_AS_ROOT = "run Python, or Jupyter, as root (sudo -E)"
_KEPT = 64  # pages that single words were read from


def _path_of(bitstream: Any) -> str:
    path: str | os.PathLike[str] = getattr(bitstream, "bitfile_name", bitstream)
    return os.fspath(path)


def missing(linux: Linux) -> str:
    """What a board lacks to be used from here, and what to do; '' where it lacks nothing."""
    why = linux.why_not("/dev/mem", os.O_RDWR | os.O_SYNC)
    if why is not None:
        return f"/dev/mem, through which registers are reached, cannot be opened ({why}): {_AS_ROOT}"
    if not linux.exists(_MANAGER):
        return f"the kernel has no {_MANAGER}, through which bitstreams are loaded: it needs CONFIG_FPGA, as PYNQ's images have it"
    why = linux.why_not(f"{_MANAGER}/firmware", os.O_WRONLY)
    if why is not None:
        return f"{_MANAGER}/firmware, through which bitstreams are loaded, cannot be opened ({why}): {_AS_ROOT}"
    return ""


class BoardDevice(Device):
    """The board that this Python runs on: a Zynq-7000, Zynq UltraScale+ or Versal under Linux.

    Registers are reached through ``/dev/mem``, bitstreams loaded by the kernel's FPGA manager, buffers taken from XRT or u-dma-buf.
    Interrupts, pins and clocks are those of Linux and of the processing system, as for any device that says nothing of them.

    Attributes
    ----------
    family : Family
        Of which family the processing system is; ``RuntimeError`` when the device is made where it is none.
    arch : str
        The kernel's name of the processor: ``'armv7l'`` or ``'aarch64'``.
    checks_addresses : bool
        Whether addresses of the logic at which the loaded design has nothing are refused (`BusError`).
    linux : Linux
        Where the kernel's files are.
    """

    kind = "board"
    needs_bitstream = True
    linux: ClassVar[Linux] = Linux()
    _probe_priority_ = 50

    @classmethod
    def _probe_(cls) -> list[Device]:
        family = family_of(cls.linux)
        if family is None:
            return []
        lacks = missing(cls.linux)
        if lacks:
            warnings.warn(
                f"this is a {family.title}, but its logic is not used: {lacks}. The simulated device stands in for it",
                RuntimeWarning,
                stacklevel=2,
            )
            return []
        return [cls()]

    def __init__(self, index: int = 0, tag: str = "board") -> None:
        super().__init__(tag.format(index))
        family = family_of(self.linux)
        if family is None:
            known = ", ".join(self.linux.compatible) or "nothing"
            raise RuntimeError(
                f"{type(self).__name__} is the board that Python runs on, a Zynq-7000, Zynq UltraScale+ or Versal under Linux; this is a "
                f"machine of the type {self.linux.machine!r}, whose device tree says {known}. SimulatedDevice() works anywhere"
            )
        self.family: Family = family
        self.arch = self.linux.machine
        self.capabilities: Mapping[str, bool] = {"MEMORY_MAPPED": True, "REGISTER_RW": False, "CALLABLE": False}
        self.checks_addresses = True
        self.generation = 0
        self._physical: PhysicalMemory | None = None
        self._pages: dict[int, memoryview] = {}
        self._reach: Reach | None = None
        self._memory: ContiguousMemory | None = None
        self._narrow: set[str] = set()
        self.watch_generation(self._pages.clear)

    @property
    def name(self) -> str:
        """What the board is called: by ``BOARD`` in the environment, as PYNQ has it, by its device tree, or by its host name."""
        told = (
            os.environ.get("BOARD") or self.linux.text("/proc/device-tree/chosen/pynq_board") or self.linux.text("/proc/device-tree/model")
        )
        return told or self.linux.text("/proc/sys/kernel/hostname") or self.tag

    # The bus.

    @property
    def physical(self) -> PhysicalMemory:
        """The physical memory, and what of it is mapped."""
        if self._physical is None:
            from pynq_widgets.device.board.physical import PhysicalMemory

            self._physical = PhysicalMemory(self.linux, self.family.address_bits)
        return self._physical

    def mmap(self, base_addr: int, length: int) -> Any:
        """The `length` bytes at the physical address `base_addr`, as a numpy array of 32-bit words.

        The mapping ends with the last array over it. Items are read and written as one access each; slices are for memories, not for
        registers. `BusError` where the loaded design has nothing there (see `checks_addresses`), ``ValueError`` for an address that
        cannot be, ``OSError`` for one that the kernel does not give.
        """
        self._check(base_addr, length, "mapping")
        import numpy as np  # with the first range that is mapped

        return np.frombuffer(self.physical.map(base_addr, length & ~3), "<u4")

    def _mapped(self, address: int) -> Any:
        self._check(address, 4, "access")
        from pynq_widgets.device.board.physical import PAGE

        page = address & -PAGE
        words = self._pages.get(page)
        if address % 4:
            raise ValueError(f"the bus has words of 32 bits: {address:#x} is no multiple of 4")
        if words is None:
            if len(self._pages) >= _KEPT:
                self._pages.clear()
            words = self._pages[page] = self.physical.map(page, PAGE).cast("I")
        return words[(address & (PAGE - 1)) >> 2 :]

    def _check(self, address: int, length: int, operation: str) -> None:
        if self._reach is not None and self.checks_addresses:
            self._reach.check(address, length, operation)

    # The logic.

    def prepare(self, design: Design) -> None:
        """The logic holds `design`; nothing is read or written."""
        from pynq_widgets.device.board.reach import Reach

        self.design = design
        self._reach = Reach(design, self.family)

    def get_bitfile_metadata(self, bitfile_name: str, partial: bool = False) -> Any:
        """The design that belongs to the bitstream; it has PYNQ's dictionaries."""
        from pynq_widgets.design import read_design

        return read_design(bitfile_name)

    def check_bitstream(self, bitstream: Any) -> None:
        """`DesignError` unless `bitstream` can be one for this board. Nothing is touched."""
        from pynq_widgets.device.board.images import image_of

        image_of(_path_of(bitstream), self.family)

    def download(self, bitstream: Any, parser: Any = None) -> None:
        """Have the kernel load `bitstream` (with ``bitfile_name`` and ``partial``, or a path) into the logic.

        The file is looked at before anything is touched. Before a full one device tree overlays are removed, AXI shutdown managers asked
        to end all traffic, and all handles become stale; after it the ports of the processing system get the widths that `parser` (a
        `Design`) has. `DesignError` for a file that is no bitstream for this board, `DownloadError` where the kernel did not take it:
        what the logic holds then is not known.
        """
        from pynq_widgets.device.board.images import image_of
        from pynq_widgets.device.board.manager import FpgaManager
        from pynq_widgets.device.board.ports import set_widths, widths_of

        partial = bool(getattr(bitstream, "partial", False))
        image = image_of(_path_of(bitstream), self.family)
        with self.lock:
            if not partial:
                self._leave()
            placed = FpgaManager(self.linux).load(image, partial)
            self._reach = None  # what the region of a partial one has is not in the address map of the design around it
            design = getattr(parser, "design", parser)
            if not partial and hasattr(design, "address_map"):
                self.prepare(design)
                widths = widths_of(design, self._narrow)
                set_widths(self, widths)
                if self.family.name == "zynq":
                    self._narrow = {width.port for width in widths if width.value}
            if not isinstance(bitstream, (str, os.PathLike)):
                bitstream.binfile_name, bitstream.firmware_path = image.name, placed
                self.post_download(bitstream, parser, self.name)
            elif not partial:
                self.reset(parser, bitfile_name=_path_of(bitstream))

    def _leave(self) -> None:
        """Nobody is to touch what the logic holds: it is about to go, and whatever follows may fail."""
        self.clear_devicetree()
        # Not what set_bitfile_name may have said of the next one.
        self.ip_dict = {} if self.design is None else self.design.ip_dict
        self.shutdown()
        self.clear_dict()
        from pynq_widgets.device.board.reach import Reach

        self.design = self.parser = None
        self._reach = Reach(None, self.family)
        self.generation += 1

    def close(self) -> None:
        """Let go of what the device itself has mapped; arrays that are held stay."""
        self._pages.clear()

    # Buffers.

    @property
    def memory(self) -> ContiguousMemory:
        """Where buffers come from; ``RuntimeError`` where there is neither XRT nor u-dma-buf."""
        with self.lock:
            if self._memory is None:
                from pynq_widgets.device.board.memory import memory_of

                self._memory = memory_of(self.linux, self)
            return self._memory

    @property
    def default_memory(self) -> BoardDevice:
        """What PYNQ's drivers allocate from when they name no bank: the contiguous memory of the processing system."""
        return self

    def allocate(
        self, shape: Any, dtype: Any = "u4", *, cacheable: bool = False, name: str | None = None, align: int = 4096, **kwargs: Any
    ) -> PynqBuffer:
        """A physically contiguous array, all 0, of XRT or u-dma-buf.

        `pointer` and `cache` are what PYNQ's video drivers reuse frames by (`recycled`). ``MemoryError`` where there is no room,
        ``RuntimeError`` where there is neither of the two.
        """
        if kwargs:
            if kwargs.keys() <= {"pointer", "cache"}:
                from pynq_widgets.device.recycling import recycled

                return recycled(self.allocate, shape, dtype, cacheable=cacheable, name=name, align=align, **kwargs)
            raise TypeError(f"allocate() of a board does not know {', '.join(kwargs)}; it takes cacheable, name and align")
        return self.memory.allocate(shape, dtype, cacheable=bool(cacheable), name=name, align=align)

    def flush(self, bo: Any, offset: int, vaddr: int, nbytes: int) -> None:
        """What the processor wrote in `nbytes` at `offset` of the buffer goes to memory."""
        self.memory.flush(bo, offset, nbytes)

    def invalidate(self, bo: Any, offset: int, vaddr: int, nbytes: int) -> None:
        """What the logic wrote in `nbytes` at `offset` of the buffer is read from memory."""
        self.memory.invalidate(bo, offset, nbytes)


EmbeddedDevice = BoardDevice
