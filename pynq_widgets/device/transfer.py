"""What a driver shows of a transfer that it has under way in a buffer."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Transfer(Protocol):
    """One movement of data between a buffer and the hardware.

    A driver tells a buffer of it by ``buffer.begin_transfer(transfer)`` and ``buffer.end_transfer(transfer)``; whoever shows the buffer
    asks ``buffer.under_way``. None of these may disturb the hardware, nor take long: they are asked at screen rate.
    """

    @property
    def title(self) -> str:
        """Who moves the data, as the user calls it: ``'dma.recvchannel'``."""
        ...

    @property
    def to_memory(self) -> bool:
        """Whether the hardware writes the buffer; else it reads it."""
        ...

    @property
    def offset(self) -> int:
        """Where the transfer starts, in bytes from the start of the whole buffer."""
        ...

    @property
    def nbytes(self) -> int:
        """How many bytes it covers."""
        ...

    def position(self) -> int | None:
        """How many bytes are done; None where that cannot be known without disturbing the transfer."""
        ...

    @property
    def done(self) -> bool:
        """Whether it has ended, well or not."""
        ...

    @property
    def error(self) -> BaseException | None:
        """Why it failed; None while it runs, and where it did not."""
        ...
