"""The address map as one master sees it: the host, or a DMA in the logic."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from pynq_widgets.device.errors import BusError


class Target(Protocol):
    """What stands behind a range. Offsets are in bytes from the start of the range; words have 32 bits."""

    def read(self, offset: int) -> int: ...
    def write(self, offset: int, value: int) -> None: ...
    def read_bytes(self, offset: int, length: int) -> bytes | memoryview: ...
    def write_bytes(self, offset: int, data: bytes | memoryview) -> None: ...
    def view(self, offset: int, length: int) -> memoryview | None:
        """The bytes themselves, writable and live, if they lie in one piece; else None."""
        ...


@dataclass(slots=True)
class Window:
    """One range of a map. `target` makes the target when the range is first touched."""

    name: str
    base: int
    size: int
    target: Callable[[], Target]

    @property
    def high(self) -> int:
        return self.base + self.size - 1

    def __str__(self) -> str:
        return f"{self.name} 0x{self.base:08x}..0x{self.high:08x}"


class AddressDecoder:
    """Finds the window of an address. Where windows overlap, the smaller one answers."""

    def __init__(self, windows: Iterable[Window]) -> None:
        self.windows = sorted((w for w in windows if w.size > 0), key=lambda w: (w.base, w.size))
        self._over: list[Window] = []
        self._owners: list[Window] = []
        self.targets: list[Target | None] = []
        self._place()

    def _place(self) -> None:
        made = {id(owner): target for owner, target in zip(self._owners, self.targets, strict=True)}
        segments = _flatten(self.windows, self._over)
        self.bases = [base for base, _, _ in segments]
        self.highs = [high for _, high, _ in segments]
        self._owners = [owner for _, _, owner in segments]
        self.targets = [made.get(id(owner)) for owner in self._owners]
        self.origins = [owner.base for owner in self._owners]

    def renew(self, windows: Iterable[Window]) -> None:
        """Let these be the windows; of those that were there already (the same objects) the targets stay."""
        self.windows = sorted((w for w in windows if w.size > 0), key=lambda w: (w.base, w.size))
        self._place()

    def cover(self, window: Window) -> None:
        """Let `window` answer in its range, whatever else is there: the newest that covers an address does."""
        self._over.append(window)
        self._place()

    def uncover(self, window: Window) -> None:
        """What was there before `cover` answers again."""
        self._over.remove(window)
        self._place()

    def find(self, address: int, operation: str) -> int:
        """The number of the segment that holds `address`; `BusError` if none does."""
        i = bisect_right(self.bases, address) - 1
        if i < 0 or address > self.highs[i]:
            raise BusError(address, operation, self._nearest(address))
        return i

    def target(self, i: int) -> Target:
        target = self.targets[i]
        if target is None:
            owner = self._owners[i]
            target = owner.target()
            for j, other in enumerate(self._owners):
                if other is owner:
                    self.targets[j] = target
        return target

    def _nearest(self, address: int) -> str:
        if not self.windows:
            return "there is nothing on this bus"
        nearest = min(self.windows, key=lambda w: (max(w.base - address, address - w.high), w.base))
        return f"nothing is there; nearest: {nearest}"

    # Whole accesses; the host's word accesses are in the device, which takes fewer steps.

    def read(self, address: int, nbytes: int) -> bytes | memoryview:
        """`nbytes` bytes at `address`, over as many ranges as they span."""
        parts: list[bytes | memoryview] = []
        for target, offset, take in self._pieces(address, nbytes, "read"):
            parts.append(target.read_bytes(offset, take))
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def write(self, address: int, data: bytes | bytearray | memoryview) -> None:
        """Write the bytes of `data` at `address`, over as many ranges as they span; nothing is written if part of them is nowhere."""
        source = memoryview(data)
        if source.format != "B" or source.ndim != 1:
            source = source.cast("B")
        done = 0
        for target, offset, take in list(self._pieces(address, len(source), "write")):
            target.write_bytes(offset, source[done : done + take])
            done += take

    def view(self, address: int, nbytes: int) -> memoryview:
        """The bytes themselves, live and writable; `BusError` where they do not lie in one piece of memory."""
        i = self.find(address, "read")
        view = None
        if address + nbytes - 1 <= self.highs[i]:
            view = self.target(i).view(address - self.origins[i], nbytes)
        if view is None:
            raise BusError(address, "read", f"{nbytes} bytes from here are not one piece of memory; was the address given by allocate()?")
        return view

    def wrote(self, address: int, nbytes: int) -> None:
        """A master wrote `nbytes` bytes at `address` through a view."""
        for target, offset, take in self._pieces(address, nbytes, "write"):
            tell = getattr(target, "wrote", None)
            if tell is not None:
                tell(offset, take)

    def _pieces(self, address: int, nbytes: int, operation: str) -> Iterable[tuple[Target, int, int]]:
        while nbytes > 0:
            i = self.find(address, operation)
            take = min(nbytes, self.highs[i] - address + 1)
            yield self.target(i), address - self.origins[i], take
            address += take
            nbytes -= take


def _flatten(windows: list[Window], over: list[Window]) -> list[tuple[int, int, Window]]:
    """Segments in order, none over another; those of `over`, the last first, before all others."""
    if not over and all(a.high < b.base for a, b in pairwise(windows)):
        return [(w.base, w.high, w) for w in windows]
    edges = sorted({edge for w in (*windows, *over) for edge in (w.base, w.high + 1)})
    segments: list[tuple[int, int, Window]] = []
    for low, up in pairwise(edges):
        owner = next((w for w in reversed(over) if w.base <= low and up - 1 <= w.high), None)
        owner = owner or min((w for w in windows if w.base <= low and up - 1 <= w.high), key=lambda w: w.size, default=None)
        if owner is None:
            continue
        if segments and segments[-1][2] is owner and segments[-1][1] == low - 1:
            segments[-1] = (segments[-1][0], up - 1, owner)
        else:
            segments.append((low, up - 1, owner))
    return segments


class FaultyRange:
    """A range that answers every access with an error; `hit` is called before each."""

    def __init__(self, base: int, hint: str, response: str, hit: Callable[[], None]) -> None:
        self._base = base
        self._hint = hint
        self._response = response
        self._hit = hit

    def _refuse(self, offset: int, operation: str) -> BusError:
        self._hit()
        return BusError(self._base + offset, operation, self._hint, self._response)

    def read(self, offset: int) -> int:
        raise self._refuse(offset, "read")

    def write(self, offset: int, value: int) -> None:
        raise self._refuse(offset, "write")

    def read_bytes(self, offset: int, length: int) -> bytes | memoryview:
        raise self._refuse(offset, "read")

    def write_bytes(self, offset: int, data: bytes | memoryview) -> None:
        raise self._refuse(offset, "write")

    def view(self, offset: int, length: int) -> memoryview | None:
        raise self._refuse(offset, "read")


class ModelFailure(Exception):
    """A model raised; its cause is what it raised. The device makes a `BusError` of it, which knows the address."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class MasterMemory:
    """What a master reaches: ``read(address, nbytes)``, ``write(address, data)``.

    An access to nothing is a `BusError`, and so is one to a model that fails (`response` ``'SLVERR'``), of which `failed` is told.
    """

    def __init__(self, decoder: AddressDecoder, failed: Callable[[BaseException], object] | None = None) -> None:
        self.decoder = self._decoder = decoder
        self._failed = failed
        # For monitors of the bus. What is read or written through a kept view is not known here, but for what `wrote` tells.
        self.reads = self.writes = self.bytes_read = self.bytes_written = 0

    def _error(self, address: int, operation: str, failure: ModelFailure) -> BusError:
        cause = failure.__cause__ or failure
        if self._failed is not None:
            self._failed(cause)
        return BusError(address, operation, f"the model of {failure.path} failed: {cause!r}", "SLVERR")

    def read(self, address: int, nbytes: int) -> bytes | memoryview:
        """`nbytes` bytes at `address`, as this master addresses them; perhaps a live view of memory."""
        try:
            data = self._decoder.read(address, nbytes)
        except ModelFailure as failure:
            raise self._error(address, "read", failure) from failure.__cause__
        self.reads += 1
        self.bytes_read += nbytes
        return data

    def write(self, address: int, data: bytes | bytearray | memoryview) -> None:
        """Write the bytes of `data` at `address`, as this master addresses them."""
        try:
            self._decoder.write(address, data)
        except ModelFailure as failure:
            raise self._error(address, "write", failure) from failure.__cause__
        self.writes += 1
        self.bytes_written += memoryview(data).nbytes

    def view(self, address: int, nbytes: int) -> memoryview:
        """The memory itself, live and writable, where it lies in one piece; else `BusError`."""
        return self._decoder.view(address, nbytes)

    def wrote(self, address: int, nbytes: int) -> None:
        """Say that these bytes were written through a view that is kept: whoever listens to a buffer there is told."""
        self._decoder.wrote(address, nbytes)
        self.writes += 1
        self.bytes_written += nbytes
