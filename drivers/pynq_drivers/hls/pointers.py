"""Buffers that an HLS core is given the addresses of.

Source: AMD UG1399, "AXI4 Master Interface" (``m_axi``, ``offset=slave``: the address is in a register of the control interface).
What the core does with the memory the design does not tell: it is flushed before, and invalidated after, unless it is said to be ``const``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pynq_drivers.hls.arguments import Argument
from pynq_drivers.transfers.holding import Holding
from pynq_drivers.transfers.limits import Reach, span_of


class Use:
    """A buffer in which a core is at work (`pynq_widgets.device.transfer.Transfer`, and held as such while it is)."""

    def __init__(self, argument: Argument, array: Any, device: Any, reaches: tuple[Reach, ...]) -> None:
        kind = argument.ctype
        if not argument.is_pointer and (kind is not None or not argument.has_master):
            why = "has no AXI master, by which it could reach memory" if not argument.has_master else f"is {argument.describe()}"
            raise TypeError(f"{argument.title} takes no buffer: {'the core' if not argument.has_master else 'it'} {why}")
        self.to_memory = kind is None or not kind.const
        span = span_of(argument.title, device, array, to_memory=self.to_memory)
        _check_elements(argument, array)
        self.title = argument.title
        self.address = _seen(argument.title, span, reaches)
        if self.address >> argument.width:
            raise ValueError(f"{argument.title} has {argument.width} bits, and the buffer is at {self.address:#x}")
        self.nbytes, self.offset = span.nbytes, span.offset
        self.array = array
        self.over = True
        self.done = False
        self.error: BaseException | None = None
        self._holding: Holding | None = None

    def position(self) -> None:
        """Nobody knows how far a core is."""
        return None

    def __repr__(self) -> str:
        return f"<{self.nbytes} bytes at {self.address:#x} for {self.title}>"

    def begin(self, device: Any) -> None:
        """The core is about to be told of it: it sees what is in it now, and the memory is nobody else's until the end."""
        self.array.flush()
        self.array.begin_transfer(self) if hasattr(self.array, "begin_transfer") else None
        self.over = self.done = False
        self._holding = Holding.of(device)
        self._holding.add(self)

    def refresh(self) -> None:
        """The core has written: who looks at the buffer sees it."""
        if self.to_memory and self.array is not None and not getattr(self.array, "freed", False):
            self.array.invalidate()

    def end(self, error: BaseException | None = None) -> None:
        """The core is at rest."""
        self.over, self.error = True, error
        self.let_go()

    # What `Holding` asks for.

    def let_go(self) -> None:
        """The hardware is not at work in it any longer."""
        self.done = True
        if self._holding is not None:
            self._holding.discard(self)
        end = getattr(self.array, "end_transfer", None)
        if end is not None:
            end(self)
        self.array = None

    def lost(self, at_rest: bool, region: str = "") -> None:
        """The overlay has gone with the core at work."""
        self.over = True
        if at_rest:
            self.let_go()


def _check_elements(argument: Argument, array: Any) -> None:
    kind = argument.ctype
    if kind is None or not kind.element.dtype or kind.kind == "void":
        return
    wanted, given = np.dtype(kind.element.dtype), array.dtype
    if wanted.itemsize != given.itemsize or (wanted.kind == "f") != (given.kind in "fc"):
        raise TypeError(f"{argument.title} is {argument.describe()}, and the buffer holds {given}: allocate(shape, '{wanted.name}')")


def _seen(title: str, span: Any, reaches: tuple[Reach, ...]) -> int:
    """Where the core sees the buffer, by the first of its masters that reaches it."""
    trouble: ValueError | None = None
    for reach in reaches:
        seen = reach.seen(span.address)
        try:
            reach.check(title, seen, span.nbytes)
        except ValueError as error:
            trouble = trouble or error
        else:
            return seen
    if trouble is not None:
        raise trouble
    return int(span.address)
