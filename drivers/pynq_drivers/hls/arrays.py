"""Arrays of an HLS core that lie in its own address space, as numpy has arrays.

Source: AMD UG1399, "S_AXILITE Control Register Map": the elements stand one after another from the lowest bit of the first word, each in
8, 16, 32 or 64 bits. The adapter takes whole words: of a word that is written in part, the rest is read first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pynq_drivers.hls.arguments import Argument
from pynq_widgets.design.c_types import CType

Array = npt.NDArray[Any]


class CoreArray:
    """An array argument: ``core.table[3]``, ``core.table[:] = values``, ``numpy.asarray(core.table)``. Each of these is on the bus.

    Where nobody has said what its elements are, it shows words of 32 bits, and takes arrays of numpy, as they lie in memory.
    """

    def __init__(self, argument: Argument, lock: Any) -> None:
        self._argument = argument
        self._lock = lock

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the elements as numpy shows them: of fixed point numbers, float64."""
        kind = self._argument.ctype
        return np.dtype(np.float64) if _fixed(kind) else self._raw

    @property
    def _raw(self) -> np.dtype[Any]:
        kind = self._argument.ctype
        return np.dtype(kind.dtype if kind is not None else "<u4")

    @property
    def shape(self) -> tuple[int]:
        return (len(self),)

    def __len__(self) -> int:
        kind = self._argument.ctype
        return kind.length if kind is not None and kind.length else self._argument.nbytes // self._raw.itemsize

    def read(self) -> Array:
        """All elements; one read a word."""
        return self._get(0, len(self))

    def write(self, values: npt.ArrayLike) -> None:
        """The first ``len(values)`` elements; one write a word. ``ValueError`` where they do not fit, and nothing is written."""
        data = self.encode(values)
        self.put(0, data)

    def encode(self, values: Any) -> bytes:
        """`values` as the core's memory holds them. ``TypeError`` where nobody has said what elements are, or they are of another kind."""
        title, kind = self._argument.title, self._argument.ctype
        if kind is None:
            if not isinstance(values, np.ndarray):
                raise TypeError(
                    f"the design does not tell what the elements of {title} are: give an array with its dtype (np.array(values, 'int16')) "
                    f"or say core.types({self._argument.signature_name}='int16[…]') first"
                )
            if values.dtype.hasobject or values.dtype.kind in "SUV":
                raise TypeError(f"{title} takes numbers, not elements of type {values.dtype}")
            data = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<"), copy=False)).tobytes()
        else:
            data = _elements(title, kind, self._raw, values).tobytes()
        if len(data) > self._argument.nbytes or (kind is not None and len(data) > len(self) * self._raw.itemsize):
            size = self._raw.itemsize if kind is not None else 1
            raise ValueError(
                f"{title} has {len(self) * self._raw.itemsize // size} {'elements' if kind else 'bytes'}, not {len(data) // size}"
            )
        return data

    def put(self, start: int, data: bytes) -> None:
        """Write `data` from byte `start` on."""
        mmio, base = self._argument.place.mmio, self._argument.offset
        with self._lock:
            before = start % 4
            if before:
                data = int(mmio.read(base + start - before)).to_bytes(4, "little")[:before] + data
                start -= before
            if len(data) % 4:
                data += int(mmio.read(base + start + len(data) // 4 * 4)).to_bytes(4, "little")[len(data) % 4 :]
            for position in range(0, len(data), 4):
                mmio.write(base + start + position, int.from_bytes(data[position : position + 4], "little"))

    def _get(self, first: int, count: int) -> Array:
        mmio, base, size = self._argument.place.mmio, self._argument.offset, self._raw.itemsize
        start = first * size // 4 * 4
        stop = -(-(first + count) * size // 4) * 4
        with self._lock:
            words = [mmio.read(base + position) for position in range(start, stop, 4)]
        raw = np.array(words, "<u4").view(np.uint8)[first * size - start :][: count * size].view(self._raw)
        return _values(self._argument.ctype, raw)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            first, stop, step = key.indices(len(self))
            low, high = (first, stop) if step > 0 else (stop + 1, first + 1)
            if high <= low:
                return _values(self._argument.ctype, np.zeros(0, self._raw))
            return self._get(low, high - low)[::step] if step > 0 else self._get(low, high - low)[::-1][::-step]
        index = self._index(key)
        return self._get(index, 1)[0].item()

    def __setitem__(self, key: Any, value: Any) -> None:
        kind = self._argument.ctype
        if isinstance(key, slice):
            first, stop, step = key.indices(len(self))
            if step != 1:
                raise ValueError(f"{self._argument.title} is written in one piece: slices have a step of 1, not {step}")
            count = max(0, stop - first)
            given = np.asarray(value) if kind is not None else value
            if kind is not None and np.ndim(given) == 0:
                given = np.full(count, given)
            data = self.encode(given)
            if len(data) != count * self._raw.itemsize:
                raise ValueError(
                    f"{self._argument.title}: {count} elements were to be written, {len(data) // self._raw.itemsize} were given"
                )
            self.put(first * self._raw.itemsize, data)
            return
        index = self._index(key)
        self.put(index * self._raw.itemsize, self.encode(np.array([value], None if kind is not None else "<u4")))

    def _index(self, key: Any) -> int:
        try:
            index = key.__index__()
        except AttributeError:
            raise TypeError(f"{self._argument.title} is indexed by whole numbers and slices, not {key!r}") from None
        if not -len(self) <= index < len(self):
            raise IndexError(f"{self._argument.title} has {len(self)} elements: there is none {index}")
        return int(index) % len(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if copy is False:
            raise ValueError(f"{self._argument.title} is on the device: an array of it is a copy")
        made = self.read()
        return made if dtype is None else made.astype(dtype)

    def __repr__(self) -> str:
        return f"<{self._argument.title}: {len(self)} × {self._raw.name}{'' if self._argument.ctype else ' (words; nobody said the type)'}>"


def _fixed(kind: CType | None) -> bool:
    return kind is not None and kind.kind in ("fixed", "ufixed")


def _elements(title: str, kind: CType, raw: np.dtype[Any], values: Any) -> Array:
    given = np.asarray(values)
    if given.dtype.kind not in "biuf" and given.size:
        raise TypeError(f"{title} holds {kind.element.name}, not {given.dtype}")
    flat = given.reshape(-1)
    if kind.kind == "float":
        with np.errstate(over="ignore"):
            made = flat.astype(raw)
        if not np.array_equal(np.isfinite(made), np.isfinite(flat)):
            raise ValueError(f"{title}: {kind.element.name} cannot hold values as large as {np.nanmax(np.abs(flat[np.isfinite(flat)]))!r}")
        return made
    low, high = kind.limits()
    if _fixed(kind):
        scaled = flat.astype(np.float64)
        if scaled.size and not (np.min(scaled) >= low and np.max(scaled) <= high):
            raise ValueError(f"{title}: {kind.element.name} holds {low:g} to {high:g}, not {_outside(scaled, low, high)!r}")
        return np.rint(scaled * 2.0 ** (kind.width - kind.whole)).astype(raw)
    if given.dtype.kind == "f" and given.size:
        raise TypeError(f"{title} holds whole numbers ({kind.element.name}), not {given.dtype}")
    if flat.size and not (int(flat.min()) >= low and int(flat.max()) <= high):
        raise ValueError(f"{title}: {kind.element.name} holds {low} to {high}, not {_outside(flat, low, high)!r}")
    return flat.astype(raw)


def _outside(values: Array, low: float, high: float) -> Any:
    return next(value for value in values.tolist() if not low <= value <= high)


def _values(kind: CType | None, raw: Array) -> Array:
    if kind is None or kind.kind == "float":
        return raw
    bits = 8 * raw.dtype.itemsize
    if kind.width and kind.width < bits:
        # What stands above the element's own bits means nothing.
        raw = raw << np.asarray(bits - kind.width).astype(raw.dtype) >> np.asarray(bits - kind.width).astype(raw.dtype)
    return raw * 2.0 ** (kind.whole - kind.width) if _fixed(kind) else raw
