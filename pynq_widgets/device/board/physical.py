"""Physical memory through ``/dev/mem``: whole pages, shared by whoever asks for the same ones, unmapped with the last who has them."""

from __future__ import annotations

import errno
import mmap
import os
import threading
from weakref import WeakValueDictionary

from pynq_widgets.device.board.linux import Linux

PAGE = mmap.PAGESIZE


class PhysicalMemory:
    """Maps physical addresses below 2 ** `address_bits`.

    The mappings are uncached (``O_SYNC``): on registers only aligned accesses of whole words are allowed, which is what
    ``memoryview.cast('I')`` does at an index.
    """

    def __init__(self, linux: Linux, address_bits: int = 40) -> None:
        self._linux = linux
        self._limit = 1 << address_bits
        self._lock = threading.Lock()
        self._mapped: WeakValueDictionary[tuple[int, int], mmap.mmap] = WeakValueDictionary()  # by first byte and one past the last

    @property
    def mappings(self) -> tuple[tuple[int, int], ...]:
        """What is mapped now, as (first byte, one past the last)."""
        with self._lock:
            return tuple(sorted(self._mapped))

    def map(self, base: int, length: int) -> memoryview:
        """The `length` bytes at the physical address `base` (a multiple of 4), live.

        ``ValueError`` for an address that cannot be, ``PermissionError`` or ``OSError`` that tells what the kernel has against it.
        """
        if base % 4:
            raise ValueError(f"the bus has words of 32 bits: {base:#x} is no multiple of 4")
        if base < 0 or length < 0 or base + length > self._limit:
            raise ValueError(f"{length:#x} bytes at {base:#x} are not below {self._limit:#x}, where the addresses of this processor end")
        if length == 0:
            return memoryview(b"")
        first, end = base & -PAGE, (base + length + PAGE - 1) & -PAGE
        with self._lock:
            found = [(low, pages) for (low, up), pages in self._mapped.items() if low <= first and end <= up]
            if found:
                low, pages = found[0]
            else:
                low, pages = first, self._open(first, end)
                self._mapped[first, end] = pages
        return memoryview(pages)[base - low : base - low + length]

    def _open(self, first: int, end: int) -> mmap.mmap:
        path = self._linux.path("/dev/mem")
        try:
            handle = os.open(path, os.O_RDWR | os.O_SYNC)
        except PermissionError:
            raise PermissionError(
                errno.EACCES, "registers are reached through this file, which is root's: run Python, or Jupyter, as root (sudo -E)", path
            ) from None
        try:
            return mmap.mmap(handle, end - first, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE, offset=first)
        except PermissionError:
            raise PermissionError(
                errno.EPERM,
                f"the kernel does not let {first:#x} to {end - 1:#x} be mapped: memory that is its own (CONFIG_STRICT_DEVMEM), or a device "
                "that one of its drivers has",
                path,
            ) from None
        except (OSError, ValueError, OverflowError) as error:
            raise OSError(errno.EINVAL, f"{first:#x} to {end - 1:#x} cannot be mapped: {error}", path) from None
        finally:
            os.close(handle)
