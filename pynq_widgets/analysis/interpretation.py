"""The same memory, taken for something else: another type, shape, byte order or number of channels, without a copy."""

from __future__ import annotations

import difflib
import math
import operator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .curve import Array, plain

ByteOrder = Literal["little", "big"]

_ORDERS = {"little": "<", "big": ">"}
_NAMES = [
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "complex64", "complex128"),
]


class InterpretationError(ValueError):
    """What was asked for does not fit the memory; the message says what would."""


@dataclass(frozen=True, eq=False)
class Interpretation:
    """How memory is to be read.

    `dtype`: the type of an element (default: the array's). `shape`: at most one -1, which takes what there is; memory behind the last
    element is left out. `byteorder`: `'little'`, `'big'` or None, as the type says. `channels`: how many interleaved signals; above 1 the
    answer has the shape (frames, channels). `offset`: bytes to leave out at the beginning.
    """

    dtype: Any = None
    shape: tuple[int, ...] | None = None
    byteorder: ByteOrder | None = None
    channels: int = 1
    offset: int = 0

    def __post_init__(self) -> None:
        if self.dtype is not None:
            object.__setattr__(self, "dtype", _dtype(self.dtype))
        if self.byteorder not in (None, *_ORDERS):
            raise InterpretationError(f"the byte order is 'little', 'big' or None, not {self.byteorder!r}")
        object.__setattr__(self, "channels", _count("channels", self.channels, 1))
        object.__setattr__(self, "offset", _count("offset", self.offset, 0))
        if self.shape is not None:
            object.__setattr__(self, "shape", _shape(self.shape))
            if self.channels > 1:
                raise InterpretationError(
                    f"give either a shape or channels: {self.channels} interleaved channels are the shape (-1, {self.channels}), "
                    f"channels one after the other are ({self.channels}, -1)"
                )

    def __eq__(self, other: object) -> bool:
        return self._all() == other._all() if isinstance(other, Interpretation) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._all())

    def _all(self) -> tuple[Any, ...]:
        # To numpy a type of None is float64: compared with it, that type is equal.
        return self.dtype is None, self.dtype or "", self.shape, self.byteorder, self.channels, self.offset

    def __str__(self) -> str:
        """In words: ``'int16, big-endian, 2 channels, from byte 4'``."""
        words = [] if self.dtype is None else [str(self.dtype.newbyteorder("=")) if self.dtype.names is None else str(self.dtype)]
        order = self.byteorder
        if order is None and self.dtype is not None and self.dtype.byteorder == ">":
            order = "big"
        words += [f"{order}-endian"] if order else []
        words += [" × ".join("…" if n < 0 else str(n) for n in self.shape) or "one element"] if self.shape is not None else []
        words += [f"{self.channels} channels"] if self.channels > 1 else []
        words += [f"from byte {self.offset}"] if self.offset else []
        return ", ".join(words) or "as it is"

    def of(self, array: Array) -> Array:
        """`array`'s memory read so: a plain array over the same memory, writable where `array` is.

        Without a shape or channels the array's own shape stays, its last axis longer or shorter where the new type needs that; where its
        rows are no whole number of new elements the answer is 1-D. Bytes that make no whole element (or frame) at the end are left out:
        `left_over` counts them. Raises ``InterpretationError`` where nothing fits, or where only a copy would do.
        """
        array = plain(np.asarray(array))
        dtype = self._element(array)
        if array.dtype.hasobject:
            raise InterpretationError(f"an array of Python objects ({array.dtype}) has no memory that could be read as something else")
        as_it_is = self.shape is None and self.channels == 1 and not self.offset
        if as_it_is and dtype.itemsize == array.dtype.itemsize:
            return array.view(dtype)
        if not array.flags.c_contiguous:
            return self._strided(array, dtype, as_it_is)
        row = array.shape[-1] * array.itemsize if array.ndim else array.itemsize
        if as_it_is and array.ndim > 1 and row % dtype.itemsize == 0:
            return array.view(dtype)
        memory = array.reshape(-1).view(np.uint8)
        shape = self._fit(memory.size, dtype)
        end = self.offset + math.prod(shape) * dtype.itemsize
        return memory[self.offset : end].view(dtype).reshape(shape)

    def left_over(self, array: Array) -> int:
        """How many of the bytes of `array` are left out at its end."""
        return max(int(array.nbytes) - self.offset - int(self.of(array).nbytes), 0)

    def _element(self, array: Array) -> np.dtype[Any]:
        dtype: np.dtype[Any] = array.dtype if self.dtype is None else self.dtype
        return dtype.newbyteorder("<" if self.byteorder == "little" else ">") if self.byteorder else dtype

    def _strided(self, array: Array, dtype: np.dtype[Any], as_it_is: bool) -> Array:
        """What is possible without a copy on a view with gaps: neighbours on the last axis taken together, or its elements regrouped."""
        if self.dtype is None or dtype.itemsize == array.itemsize:
            if array.ndim == 1 and self.offset % array.itemsize == 0:
                part = array[self.offset // array.itemsize :].view(dtype)
                shape = self._fit(part.nbytes + self.offset, dtype)
                return part[: math.prod(shape)].reshape(shape)  # a 1-D view with one stride can always be regrouped
        elif as_it_is and array.ndim and array.strides[-1] == array.itemsize and array.shape[-1] * array.itemsize % dtype.itemsize == 0:
            return array.view(dtype)
        raise InterpretationError(
            f"elements of {dtype} cannot be taken from a view with gaps (shape {array.shape}, strides {array.strides}) without a copy; "
            "interpret the whole array and slice that, or make a copy with np.ascontiguousarray"
        )

    def _fit(self, nbytes: int, dtype: np.dtype[Any]) -> tuple[int, ...]:
        """The shape of the answer in `nbytes` of memory, of which the offset is not yet taken."""
        room = nbytes - self.offset
        if room < 0 or (room < dtype.itemsize <= nbytes and self.shape is None):
            raise InterpretationError(f"an offset of {self.offset} bytes leaves no {dtype} in {nbytes} bytes of memory")
        count = room // dtype.itemsize
        if self.shape is None:
            if count < self.channels and nbytes:
                needed = self.channels * dtype.itemsize
                raise InterpretationError(f"{self._what(dtype)} needs {needed} bytes a frame; there are {room}")
            return (count // self.channels, self.channels) if self.channels > 1 else (count,)
        known = math.prod(n for n in self.shape if n >= 0)
        if -1 in self.shape:
            if known == 0:
                raise InterpretationError(f"in the shape {self.shape} -1 could be anything beside a 0; give a number")
            if count < known and nbytes:
                needed = known * dtype.itemsize
                raise InterpretationError(f"{self._what(dtype)} needs at least {needed} bytes; there are {room}: {count} elements")
            return tuple(count // known if n < 0 else n for n in self.shape)
        if count < known:
            raise InterpretationError(
                f"{self._what(dtype)} needs {known * dtype.itemsize} bytes; there are {room}, "
                f"enough for {count} elements" + _nearby_shape(self.shape, count)
            )
        return self.shape

    def _what(self, dtype: np.dtype[Any]) -> str:
        shape = "" if self.shape is None else f" of shape {self.shape}"
        return f"{dtype}{shape}" + (f" in {self.channels} channels" if self.channels > 1 else "")


def _nearby_shape(shape: tuple[int, ...], count: int) -> str:
    """The same shape with fewer rows, where that would fit."""
    below = math.prod(shape[1:])
    rows = count // below if below else 0
    return f" or the shape {(rows, *shape[1:])}" if len(shape) > 1 and rows else ""


def _dtype(wanted: Any) -> np.dtype[Any]:
    try:
        dtype: np.dtype[Any] = np.dtype(wanted)
    except (TypeError, ValueError, SyntaxError, AttributeError) as error:
        near = difflib.get_close_matches(str(wanted), _NAMES, 3, 0.4)
        raise InterpretationError(f"numpy knows no type {wanted!r}; try {' or '.join(map(repr, near or ['int16', 'float32']))}") from error
    if dtype.hasobject:
        raise InterpretationError(f"memory cannot be read as Python objects ({dtype})")
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        raise InterpretationError(f"the type {dtype} is an array in itself; give the type {base} and the shape {(-1, *shape)}")
    if dtype.itemsize == 0:
        raise InterpretationError(f"the type {dtype} has no size; give one, as in 'S16'")
    return dtype


def _count(name: str, value: Any, least: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise InterpretationError(f"{name} is a whole number from {least}, not {value!r}") from None
    if number < least:
        raise InterpretationError(f"{name} is a whole number from {least}, not {number}")
    return number


def _shape(shape: Any) -> tuple[int, ...]:
    try:
        sizes = (operator.index(shape),) if not isinstance(shape, (tuple, list)) else tuple(operator.index(n) for n in shape)
    except TypeError:
        raise InterpretationError(f"a shape is whole numbers such as (480, 640, 3), not {shape!r}") from None
    if any(n < -1 for n in sizes) or sizes.count(-1) > 1:
        raise InterpretationError(f"a shape has sizes from 0 and at most one -1, not {sizes}")
    return sizes
