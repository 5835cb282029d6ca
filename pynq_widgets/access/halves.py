"""Words of a bus seen as halves of 16 bits, as tables in cores hold them, two in a word."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from .array import BusArray


class HalfWords:
    """``array.view('u2')``: reading one reads its word; they are written in pairs, since the bus writes whole words."""

    __slots__ = ("_words",)
    itemsize = 2

    def __init__(self, words: BusArray) -> None:
        self._words = words

    def __len__(self) -> int:
        return 2 * len(self._words)

    @property
    def shape(self) -> tuple[int]:
        """Number of halves, as numpy has it."""
        return (len(self),)

    def _pairs(self, index: slice) -> slice:
        """The words of a slice; ``ValueError`` where these are not whole."""
        start, stop, step = index.indices(len(self))
        if step != 1 or start % 2 or stop % 2:
            raise ValueError(
                f"halves {start} to {stop} of words are no whole words: take them from an even one to an even one, without a step"
            )
        return slice(start // 2, stop // 2)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return HalfWords(self._words[self._pairs(index)])
        position = operator.index(index)
        if not -len(self) <= position < len(self):
            raise IndexError(f"index {position} is outside the {len(self)} halves of words")
        position %= len(self)
        return self._words[position // 2] >> 16 * (position % 2) & 0xFFFF

    def __setitem__(self, index: slice, value: Any) -> None:
        if not isinstance(index, slice):
            raise ValueError("half a word cannot be written by itself: write two, array[2 * n : 2 * n + 2] = (low, high)")
        words = self._pairs(index)
        count = 2 * len(range(*words.indices(len(self._words))))
        values = list(value) if hasattr(value, "__iter__") else [value] * count
        if len(values) != count:
            raise ValueError(f"{len(values)} values were given for {count} halves of words")
        numbers = [operator.index(number) for number in values]
        for number in numbers:
            if not 0 <= number <= 0xFFFF:
                raise ValueError(f"{number} does not fit 16 bits (unsigned)")
        self._words[words] = [low | high << 16 for low, high in zip(numbers[::2], numbers[1::2], strict=True)]

    def __iter__(self) -> Iterator[int]:
        for word in self._words:
            yield word & 0xFFFF
            yield word >> 16

    def tolist(self) -> list[int]:
        """All of them; each word is read once."""
        return list(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        import numpy as np

        if copy is False:
            raise ValueError("words behind a bus cannot be a numpy array without a copy")
        return np.array(self.tolist(), dtype=dtype or np.uint16)

    def __repr__(self) -> str:
        return f"<{len(self)} halves of words, not read>"
