"""The words of a bus as something that can be indexed like an array."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, overload

from .port import Port

if TYPE_CHECKING:
    import numpy as np

_ITEM_BYTES = {"u4": 4, "uint32": 4, "<u4": 4, "I": 4, "u8": 8, "uint64": 8, "<u8": 8, "Q": 8}


def _item_bytes(dtype: object) -> int:
    name = getattr(dtype, "str", None) or getattr(dtype, "__name__", None) or str(dtype)
    try:
        return _ITEM_BYTES[name]
    except KeyError:
        raise ValueError(f"registers can be seen as 'u4' or 'u8' words, not as {dtype!r}") from None


class BusArray:
    """Array-like view of words behind a bus: each item is one transaction.

    A slice is a view too and reads nothing; ``tolist()``, iteration and ``numpy.asarray`` read their words, one by one. `repr` reads
    nothing, since a read can change the hardware.
    """

    __slots__ = ("_item", "_port", "_positions")

    def __init__(self, port: Port, itemsize: int = 4, positions: range | None = None) -> None:
        self._port = port
        self._item = itemsize
        self._positions = positions  # of the items within the port, where it is not all of them

    @property
    def itemsize(self) -> int:
        """Bytes of one item: 4, or 8 in a view of 64-bit words."""
        return self._item

    @property
    def dtype(self) -> np.dtype[Any]:
        """numpy's dtype of one item."""
        import numpy as np

        return np.dtype(f"u{self._item}")

    @property
    def nbytes(self) -> int:
        """Size of the range in bytes."""
        return len(self) * self._item

    @property
    def size(self) -> int:
        """Number of items."""
        return len(self)

    @property
    def shape(self) -> tuple[int]:
        """Number of items, as numpy has it."""
        return (len(self),)

    def __len__(self) -> int:
        return 4 * len(self._port.words) // self._item if self._positions is None else len(self._positions)

    def view(self, dtype: object = "u4") -> Any:
        """The same range as 32-bit (``'u4'``) or 64-bit (``'u8'``) words, or as their halves (``'u2'``, written in pairs)."""
        if (getattr(dtype, "__name__", None) or getattr(dtype, "str", None) or dtype) in ("u2", "uint16", "<u2", "H"):
            from .halves import HalfWords

            return HalfWords(self.view() if self._item != 4 else self)
        if self._positions is not None:
            raise ValueError("a slice with a step cannot be seen as words of another size; take the view first, then the slice")
        return BusArray(self._port, _item_bytes(dtype))

    def _index(self, index: object) -> int:
        position = operator.index(index)  # type: ignore[arg-type]
        length = len(self)
        if not -length <= position < length:
            raise IndexError(f"index {position} is outside the {length} words at {self._port.base:#010x}")
        return position % length

    @overload
    def __getitem__(self, index: int) -> int: ...

    @overload
    def __getitem__(self, index: slice) -> BusArray: ...

    def __getitem__(self, index: int | slice) -> int | BusArray:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step != 1 or self._positions is not None:
                return BusArray(self._port, self._item, self._all()[index])
            words = self._item // 4
            return BusArray(self._port.part(start * words, max(stop - start, 0) * words), self._item)
        position = self._all()[self._index(index)]
        return self._port.read(position) if self._item == 4 else self._port.read64(2 * position)

    def __setitem__(self, index: int | slice, value: Any) -> None:
        if isinstance(index, slice):
            positions = range(*index.indices(len(self)))
            values = list(value) if hasattr(value, "__len__") or hasattr(value, "__iter__") else [value] * len(positions)
            if len(values) != len(positions):
                raise ValueError(f"{len(values)} values were given for {len(positions)} words")
        else:
            positions, values = range(position := self._index(index), position + 1), [value]
        # All values are looked at before the first is written: a bad one leaves nothing half-written.
        checked = [self._fitting(item) for item in values]
        within = self._all()
        for position, item in zip((within[position] for position in positions), checked, strict=True):
            if self._item == 4:
                self._port.write(position, item)
            else:
                self._port.write64(2 * position, item)

    def _all(self) -> range:
        return range(len(self)) if self._positions is None else self._positions

    def _fitting(self, value: Any) -> int:
        try:
            number = operator.index(value)
        except TypeError:
            raise TypeError(f"a word must be an int, not the {type(value).__name__} {value!r}") from None
        if not 0 <= number < 1 << 8 * self._item:
            raise ValueError(f"{number} does not fit a word of {8 * self._item} bits (unsigned)")
        return number

    def __iter__(self) -> Iterator[int]:
        for position in range(len(self)):
            yield self[position]

    def tolist(self) -> list[int]:
        """All items, each read once."""
        return list(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        import numpy as np

        if copy is False:
            raise ValueError("words behind a bus cannot be a numpy array without a copy")
        return np.array(self.tolist(), dtype=dtype or self.dtype)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """``numpy.copyto(array, values)`` writes; what other functions of numpy get is a copy of the words."""
        import numpy as np

        if function is not np.copyto:
            return function(*_copied(args), **{name: _copied([value])[0] for name, value in kwargs.items()})
        given = dict(zip(("dst", "src", "casting", "where"), args, strict=False)) | kwargs
        target, source = given["dst"], np.asarray(given["src"])
        if not isinstance(target, BusArray):
            return np.copyto(target, source, **{name: value for name, value in given.items() if name in ("casting", "where")})
        where = np.broadcast_to(given.get("where", True), target.shape)
        values = np.broadcast_to(source, target.shape).tolist()
        chosen = [(position, target._fitting(values[position])) for position in np.flatnonzero(where).tolist()]
        for position, value in chosen:
            target[position] = value
        return None

    def __repr__(self) -> str:
        return f"<{len(self)} words of {8 * self._item} bits at {self._port.base:#010x}, not read>"


def _copied(values: Any) -> list[Any]:
    import numpy as np

    def copied(value: Any) -> Any:
        if isinstance(value, BusArray):
            return np.asarray(value)
        return type(value)(map(copied, value)) if type(value) in (list, tuple) else value

    return [copied(value) for value in values]
