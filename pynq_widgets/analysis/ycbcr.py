"""YCbCr to RGB (ITU-R BT.601-7, BT.709-6) by tables, a few rows at a time so that all that is at work stays in the cache."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Span = Literal["limited", "full"]

MATRICES = {"BT.601": (0.299, 0.114), "BT.709": (0.2126, 0.0722)}  # the shares of red and blue in Y
_BITS = 5  # of fraction: the sum of the largest Y and colour just fits 16 bits with a sign
_AT_ONCE = 1 << 15  # pixels

_Table = npt.NDArray[np.int16]


@dataclass(frozen=True)
class _Tables:
    y: _Table
    red: _Table  # by Cr
    green: tuple[_Table, _Table]  # by Cb, by Cr
    blue: _Table  # by Cb


@lru_cache(maxsize=4)
def _tables(span: Span, matrix: str) -> _Tables:
    if matrix not in MATRICES:
        raise ValueError(f"the matrix is {' or '.join(map(repr, MATRICES))}, not {matrix!r}")
    if span not in ("limited", "full"):
        raise ValueError(f"the span is 'limited' or 'full', not {span!r}")
    red, blue = MATRICES[matrix]
    green = 1 - red - blue
    code = np.arange(256.0)
    colour = (code - 128) * (255 / 224 if span == "limited" else 1)
    y = (code - 16) * (255 / 219) if span == "limited" else code

    def table(values: Any) -> _Table:
        fixed: _Table = np.rint(values * (1 << _BITS)).astype(np.int16)
        return fixed

    return _Tables(
        table(y + 0.5),
        table(2 * (1 - red) * colour),
        (table(-2 * blue * (1 - blue) / green * colour), table(-2 * red * (1 - red) / green * colour)),
        table(2 * (1 - blue) * colour),
    )


def convert(y: Any, cb: Any, cr: Any, span: Span, matrix: str) -> npt.NDArray[np.uint8]:
    """RGB, rows x columns x 3, of three planes of 8 bits of one shape, rows x columns."""
    tables = _tables(span, matrix)
    answer = np.empty((*y.shape, 3), np.uint8)
    for rows in _slices(*y.shape):
        _fill(tables, (tables.y.take(y[rows]),), cb[rows], cr[rows], (answer[rows],))
    return answer


def convert_packed(pixels: Any, order: tuple[int, ...], span: Span, matrix: str) -> npt.NDArray[np.uint8]:
    """RGB, rows x columns x 3, of bytes of shape rows x columns (an even number) x 2. `order`: which of the four bytes of two pixels is
    the first Y, Cb and Cr; the second Y is two after the first."""
    tables = _tables(span, matrix)
    rows_of, columns = pixels.shape[:2]
    answer = np.empty((rows_of, columns, 3), np.uint8)
    y, cb, cr = order
    for rows in _slices(rows_of, columns):
        pairs = pixels[rows].reshape(rows.stop - rows.start, columns // 2, 4)
        out = answer[rows].reshape(rows.stop - rows.start, columns // 2, 6)
        levels = tables.y.take(pairs[..., y]), tables.y.take(pairs[..., y + 2])
        _fill(tables, levels, pairs[..., cb], pairs[..., cr], (out[..., :3], out[..., 3:]))
    return answer


def _fill(tables: _Tables, levels: tuple[Any, ...], cb: Any, cr: Any, answers: tuple[Any, ...]) -> None:
    """Pixels that share their colour, of different levels of Y."""
    work = np.empty_like(levels[0])
    colours = tables.red.take(cr), tables.green[0].take(cb) + tables.green[1].take(cr), tables.blue.take(cb)
    for channel, colour in enumerate(colours):
        for level, answer in zip(levels, answers, strict=True):
            np.add(level, colour, out=work)
            np.maximum(work, 0, out=work)
            np.minimum(work, (256 << _BITS) - 1, out=work)
            np.right_shift(work, _BITS, out=work)
            answer[..., channel] = work


def _slices(rows: int, columns: int) -> list[slice]:
    at_once = max(1, _AT_ONCE // max(columns, 1))
    return [slice(row, min(row + at_once, rows)) for row in range(0, rows, at_once)]
