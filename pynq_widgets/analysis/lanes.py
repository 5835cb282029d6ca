"""Bits and fields over time, as a logic analyser shows them: runs of equal values, and columns too full of edges to tell them apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .curve import COLUMNS, Array, Floats, plain

MOST_ELEMENTS = 16  # lanes of one field that is an array
_BLOCK = 1 << 18  # bytes of words that are folded at once


@dataclass(frozen=True)
class Lane:
    """`width` bits from bit `low` (0: the least significant) of each word. `path`: the field of a structured type that is the word, by
    names and, where a field is an array, indices; empty for the element itself. `kind`: how a bus is read: `'u'` unsigned, `'i'` signed,
    `'f'` float."""

    name: str
    low: int
    width: int
    path: tuple[str | int, ...] = ()
    kind: str = "u"


@dataclass(frozen=True)
class LaneRuns:
    """Run `i` goes from sample ``x[i]`` to ``x[i + 1]`` with ``value[i]``; where ``busy[i]`` it has more edges than its columns can show,
    and the value is the one it ends with. `step`: samples a column."""

    x: Floats
    value: Array
    busy: npt.NDArray[np.bool_]
    step: int


def lanes_of(dtype: Any) -> tuple[Lane, ...]:
    """The lanes of elements of `dtype`: a bit each of a number, or each number in a structure (a flag is a bit, others are buses).

    Empty where there are none (complex, text, dates).
    """
    dtype = np.dtype(dtype)
    if dtype.names is not None:
        return tuple(_fields(dtype, (), ""))
    if dtype.kind == "b":
        return (Lane("level", 0, 1),)
    return tuple(Lane(f"bit {i}", i, 1) for i in range(8 * dtype.itemsize)) if _has_bits(dtype) else ()


def reduce_lane(data: Array, lane: Lane, start: int = 0, stop: int | None = None, columns: int = COLUMNS) -> LaneRuns:
    """One lane of the 1-D `data` from sample `start` to `stop` at about `columns` columns; see `reduce_lanes`."""
    return reduce_lanes(data, [lane], start, stop, columns)[0]


def reduce_lanes(data: Array, lanes: Sequence[Lane], start: int = 0, stop: int | None = None, columns: int = COLUMNS) -> list[LaneRuns]:
    """Several lanes of the 1-D `data`, for which each word is read once.

    Where there are more samples than columns, a column with one edge begins a run, and one with several is busy: a pulse shorter than a
    column is never lost. Columns begin at whole multiples of their width and may reach out of the range by less than one. Raises
    ``ValueError`` for another number of dimensions and for a lane that the type of `data` does not have.
    """
    data = checked(data, columns)
    start = min(max(start, 0), data.size)
    stop = data.size if stop is None else min(max(stop, start), data.size)
    step = max(1, -(-(stop - start) // columns))
    start -= start % step
    stop = min(-(-stop // step) * step, data.size) if stop > start else start
    words = checked_words(data, lanes)
    folded = {path: fold(word, [mask_of(lane) for lane in lanes if lane.path == path], start, stop, step) for path, word in words.items()}
    return [runs_of(lane, folded[lane.path], start, stop, step) for lane in lanes]


def checked(data: Array, columns: int) -> Array:
    """`data` as a plain array, if lanes can be made of its shape."""
    data = plain(np.asarray(data))
    if data.ndim != 1:
        raise ValueError(f"lanes expected a 1-D array, not one of shape {data.shape}")
    if columns < 1:
        raise ValueError(f"lanes expected at least 1 column, not {columns}")
    return data


def checked_words(data: Array, lanes: Sequence[Lane]) -> dict[tuple[str | int, ...], Array]:
    """The words that `lanes` are of, by their paths, if `data` has these lanes."""
    words = {lane.path: words_of(data, lane) for lane in lanes}
    for lane in lanes:
        bits = 8 * words[lane.path].itemsize
        if lane.low < 0 or lane.width < 1 or lane.low + lane.width > bits:
            last = lane.low + lane.width - 1
            raise ValueError(f"lane {lane.name!r} has bits {lane.low} to {last}; {_said(lane)} has bits 0 to {bits - 1}")
        if lane.kind == "f" and (lane.low or lane.width != bits or bits < 16):
            raise ValueError(f"lane {lane.name!r} can be read as a float only if it is a whole float")
    return words


@dataclass
class Columns:
    """Of each column: the last word, the bits that changed in it, those that did twice, and for each bus (by its mask) at how many
    samples it changed."""

    last: Any
    changed: Any
    twice: Any
    times: dict[int, npt.NDArray[np.int64]]

    @classmethod
    def empty(cls, words: Array, masks: list[int], number: int) -> Columns:
        """`number` columns in which nothing has been seen yet."""
        wide = np.dtype(f"u{words.itemsize}")
        buses = {mask: np.zeros(number, np.int64) for mask in masks if mask & (mask - 1)}
        return cls(np.zeros(number, wide), np.zeros(number, wide), np.zeros(number, wide), buses)

    def put(self, here: slice, found: Columns) -> npt.NDArray[np.bool_]:
        """Take over some columns; which of them were not so before."""
        pairs = [(self.last, found.last), (self.changed, found.changed), (self.twice, found.twice)]
        different = np.zeros(found.last.size, bool)
        for old, new in [*pairs, *((self.times[mask], times) for mask, times in found.times.items())]:
            different |= old[here] != new
            old[here] = new
        return different


def fold(words: Array, masks: list[int], start: int, stop: int, step: int) -> Columns:
    number = -(-(stop - start) // step)
    wide = np.dtype(f"u{words.itemsize}")
    buses = {mask: wide.type(mask) for mask in masks if mask & (mask - 1)}
    found = Columns.empty(words, masks, number)
    before: Any = None
    if start:
        before = np.array(words[start - 1 : start], dtype=words.dtype.newbyteorder("=")).view(wide)
    for first, end, width in _pieces(start, stop, step, words.itemsize):
        block = np.array(words[first:end], dtype=words.dtype.newbyteorder("=")).view(wide)
        edges = np.empty_like(block)
        np.bitwise_xor(block[1:], block[:-1], out=edges[1:])
        edges[0] = 0 if before is None else block[0] ^ before[0]
        before = block[-1:]
        column = (first - start) // step
        table = edges.reshape(-1, width)
        here = slice(column, column + table.shape[0])
        for mask, bits in buses.items():
            found.times[mask][here] += np.count_nonzero(table & bits, axis=1)
        changed, twice = fold_table(table)
        found.twice[here] |= twice | (found.changed[here] & changed)
        found.changed[here] |= changed
        found.last[here] = block[width - 1 :: width]
    return found


def _pieces(start: int, stop: int, step: int, itemsize: int) -> Iterator[tuple[int, int, int]]:
    """(first, end, width of its rows) of what is folded at once: several whole columns, or a part of one."""
    at_once = max(1, _BLOCK // itemsize)
    if step > at_once:
        for column in range(start, stop, step):
            for first in range(column, min(column + step, stop), at_once):
                end = min(first + at_once, column + step, stop)
                yield first, end, end - first
        return
    at_once -= at_once % step
    whole = stop - (stop - start) % step
    for first in range(start, whole, at_once):
        yield first, min(first + at_once, whole), step
    if whole < stop:
        yield whole, stop, stop - whole


def fold_table(edges: Any) -> tuple[Any, Any]:
    """Which bits are set in any word of each row, and which in at least two: halves laid over each other until a column is left."""
    changed, twice = edges, np.zeros((edges.shape[0], 1), edges.dtype)
    while changed.shape[1] > 1:
        half = changed.shape[1] // 2
        left, right = changed[:, :half], changed[:, half : 2 * half]
        both = left & right
        if twice.shape[1] > 1:
            both |= twice[:, :half]
            both |= twice[:, half : 2 * half]
        else:
            both[:, :1] |= twice
        either = left | right
        if changed.shape[1] % 2:
            odd = changed[:, -1:]
            both[:, :1] |= either[:, :1] & odd
            either[:, :1] |= odd
            if twice.shape[1] > 1:
                both[:, :1] |= twice[:, -1:]
        changed, twice = either, both
    return changed[:, 0], twice[:, 0]


def runs_of(lane: Lane, columns: Columns, start: int, stop: int, step: int) -> LaneRuns:
    mask = mask_of(lane)
    bits = columns.last.dtype.type(mask)
    changed = (columns.changed & bits) != 0
    busy = columns.times[mask] > 1 if mask in columns.times else (columns.twice & bits) != 0
    number = busy.size
    begins = np.ones(number, bool)
    begins[1:] = (busy[1:] != busy[:-1]) | (changed[1:] & ~busy[1:])
    at = np.flatnonzero(begins)
    ends = np.append(at[1:], number) - 1 if number else at
    x = np.append(start + step * at.astype(np.float64), float(stop)) if number else np.empty(0)
    return LaneRuns(x, _values(lane, columns.last[ends]), busy[at], step)


def _values(lane: Lane, words: Any) -> Array:
    wide = words.dtype.type
    if lane.kind == "f":
        values: Array = words.view(f"f{words.itemsize}")
        return values
    numbers = (words >> wide(lane.low)) & wide((1 << lane.width) - 1)
    if lane.kind == "i":
        shift = np.int64(64 - lane.width)
        return np.asarray((numbers.astype(np.uint64).view(np.int64) << shift) >> shift)
    return np.asarray(numbers.astype(np.uint64) if lane.width == 64 else numbers.astype(np.int64))


def mask_of(lane: Lane) -> int:
    return ((1 << lane.width) - 1) << lane.low


def words_of(data: Array, lane: Lane) -> Array:
    words: Any = data
    for part in lane.path:
        if isinstance(part, str):
            if words.dtype.names is None or part not in words.dtype.names:
                raise ValueError(f"lane {lane.name!r} is of the field {part!r}, which {data.dtype} does not have")
            words = words[part]
        else:
            if words.ndim < 2 or not 0 <= part < words.shape[1]:
                raise ValueError(f"lane {lane.name!r} is of element {part} of {_said(lane)}, which {data.dtype} does not have")
            words = words[:, part]
    if words.ndim != 1 or not _has_bits(words.dtype):
        raise ValueError(f"lanes are of integers, flags and floats of up to 64 bits, not of {words.dtype}")
    return words  # type: ignore[no-any-return]


def _has_bits(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "biuf" and dtype.itemsize in (1, 2, 4, 8)


def _said(lane: Lane) -> str:
    return "the field " + ".".join(str(part) for part in lane.path) if lane.path else "the element"


def _fields(dtype: np.dtype[Any], path: tuple[str | int, ...], name: str) -> Iterator[Lane]:
    if dtype.names is not None:
        for field in dtype.names:
            yield from _fields(dtype[field], (*path, field), f"{name}.{field}" if name else field)
    elif dtype.subdtype is not None:
        base, shape = dtype.subdtype
        if len(shape) == 1:
            for i in range(min(shape[0], MOST_ELEMENTS)):
                yield from _fields(base, (*path, i), f"{name}[{i}]")
    elif _has_bits(dtype):
        yield Lane(name, 0, 1 if dtype.kind == "b" else 8 * dtype.itemsize, path, "u" if dtype.kind == "b" else dtype.kind)
