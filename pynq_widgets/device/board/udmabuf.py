"""Buffers in a region of ``u-dma-buf``, a kernel module that makes contiguous memory a device file.

Source: the read-me of u-dma-buf (https://github.com/ikwzm/udmabuf), "Device file" and "Coherency of data on DMA buffer and CPU cache".
"""

from __future__ import annotations

import fcntl
import logging
import mmap
import os
import weakref
from typing import Any

from pynq_widgets.device.board.linux import Linux
from pynq_widgets.device.buffer import PynqBuffer
from pynq_widgets.device.errors import BufferFreedError
from pynq_widgets.device.simulated.allocation import Allocation, buffer_in
from pynq_widgets.device.simulated.pool import PAGE, ContiguousPool

_log = logging.getLogger(__name__)

CLASSES = ("/sys/class/u-dma-buf", "/sys/class/udmabuf")

_LINE = 64  # bytes; the cache lines of these processors have 32 or 64
_BOTH_WAYS = 0
_WRITE_COMBINE = 2


def regions(linux: Linux) -> list[str]:
    """The regions that there are (``'/sys/class/u-dma-buf/udmabuf0'``), the largest first."""
    found = []
    for folder in CLASSES:
        try:
            names = os.listdir(linux.path(folder))
        except OSError:
            continue
        for name in sorted(names):
            size, address = linux.number(f"{folder}/{name}/size"), linux.number(f"{folder}/{name}/phys_addr")
            if size and address is not None and linux.exists(f"/dev/{name}"):
                found.append((-size, f"{folder}/{name}"))
    return [place for _, place in sorted(found)]


class UdmabufMemory:
    """One region, given out in pages. `place` is its folder of attributes.

    A buffer that is not cacheable is seen past the cache (write-combining), and is coherent; a cacheable one is to be flushed and
    invalidated, unless the hardware keeps the region coherent.
    """

    title = "u-dma-buf"

    def __init__(self, linux: Linux, place: str, device: Any) -> None:
        self._linux = linux
        self._place = place
        name = os.path.basename(place)
        size, base = linux.number(f"{place}/size") or 0, linux.number(f"{place}/phys_addr") or 0
        self._file = linux.path(f"/dev/{name}")
        self._size = size & -PAGE
        self._hardware = linux.number(f"{place}/dma_coherent") == 1
        self._lock_region()
        self._cached = self._map(0)
        self._past: memoryview | None = None
        self._past_asked = False
        self._with_lines = False  # whether buffers may have left lines in the cache
        self.pool = ContiguousPool(base, self._size, name=name, device=device, storage=self._cached)

    def _lock_region(self) -> None:
        """No other process may give out the same memory; `BlockingIOError` where one does. Ends with this object, or the process."""
        handle = os.open(self._file, os.O_RDWR)
        weakref.finalize(self, os.close, handle)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _map(self, flags: int) -> memoryview:
        handle = os.open(self._file, os.O_RDWR | flags)
        try:
            return memoryview(mmap.mmap(handle, self._size, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE))
        finally:
            os.close(handle)

    def _past_the_cache(self) -> memoryview | None:
        """The region past the cache; None where it cannot be had.

        In the mode that u-dma-buf begins with it would be memory of devices, in which numpy's accesses are not allowed.
        """
        if not self._past_asked:
            self._past_asked = True
            try:
                if ((self._linux.number(f"{self._place}/sync_mode") or 0) & 3) != _WRITE_COMBINE:
                    self._linux.write(f"{self._place}/sync_mode", str(_WRITE_COMBINE))
                self._past = self._map(os.O_SYNC)
                # Another process may have left lines in the cache.
                for owner in ("device", "cpu"):
                    self._sync(owner, 0, self._size)
            except (OSError, RuntimeError) as error:
                self._past = None
                _log.warning("%s cannot be mapped past the cache (%s): all its buffers are cacheable", self._file, error)
        return self._past

    def allocate(self, shape: Any, dtype: Any, cacheable: bool = False, name: str | None = None, align: int = PAGE) -> PynqBuffer:
        """An array, all 0. `PoolExhaustedError` (a `MemoryError`) where the region has no room."""
        if self._hardware:
            return buffer_in(self.pool, shape, dtype, False, True, name, align)
        past = None if cacheable else self._past_the_cache()
        if past is None:
            self._with_lines = True
        buffer = buffer_in(self.pool, shape, dtype, False, past is not None, name, align, past)
        made = buffer.bo
        if past is None:
            self.flush(made, 0, made.nbytes)
        elif self._with_lines:
            # Who had the pages before may have left lines in the cache: they would go to memory later, over what is there then.
            self._sync("device", made.address - self.pool.base, made.size)
            self._sync("cpu", made.address - self.pool.base, made.size)
            made.on_host()[:] = 0
        return buffer

    def flush(self, bo: Any, offset: int, nbytes: int) -> None:
        """What the host wrote goes to memory."""
        self._sync("device", self._place_of(bo) + offset, nbytes)

    def invalidate(self, bo: Any, offset: int, nbytes: int) -> None:
        """What is in memory comes to the host."""
        self._sync("cpu", self._place_of(bo) + offset, nbytes)

    def _place_of(self, bo: Any) -> int:
        """Where in the region the buffer object `bo` begins."""
        if not isinstance(bo, Allocation) or bo.pool is not self.pool:
            raise TypeError(f"this is no buffer of {self.pool.name}: {bo!r}")
        if bo.freed:
            raise BufferFreedError(f"use after free: {bo!r}")
        return bo.address - self.pool.base

    def _sync(self, owner: str, start: int, nbytes: int) -> None:
        if nbytes == 0:
            return
        first, end = start & -_LINE, (start + nbytes + _LINE - 1) & -_LINE
        # One write, with the place in it: attributes for offset and size are shared by all processes.
        word = (end - first) | _BOTH_WAYS << 2 | 1
        try:
            self._linux.write(f"{self._place}/sync_for_{owner}", f"0x{first:08X}{word:08X}")
        except OSError as error:
            what = "flushed" if owner == "device" else "invalidated"
            raise RuntimeError(f"{nbytes} bytes at {start:#x} of {self._file} could not be {what}: {error.strerror or error}") from error
