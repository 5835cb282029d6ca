"""What a driver derives: the registers of a channel that carries transfers out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pynq_drivers.transfers.queue import TransferQueue
    from pynq_drivers.transfers.transfer import Transfer


class Carrier(ABC):
    """What carries transfers out: a channel of a core, by its registers. All of it is called under the lock of the device."""

    title: str  # 'dma.recvchannel'
    device: Any
    interrupt: Any = None  # an `Interrupt`, where the design connects it
    # Whether `bytes_done`, `ended` and `begin` only touch registers and never wait: then what is queued begins as the interrupt comes.
    prompt = False

    @abstractmethod
    def room(self, transfer: Transfer) -> bool:
        """Whether the hardware takes `transfer` now; False leaves it queued until one before it has ended."""

    @abstractmethod
    def begin(self, transfer: Transfer) -> None:
        """Put `transfer` on the hardware. Whatever it raises fails that transfer alone and comes to the caller."""

    @abstractmethod
    def bytes_done(self, transfer: Transfer) -> int | None:
        """How many bytes `transfer`, the oldest under way, moved; None while it is not over. At most one read of the status register.

        Raises `TransferError` where it will never be over; everything that is under way or queued then fails with it.
        """

    def ended(self, transfer: Transfer) -> None:  # noqa: B027, most have nothing to do
        """`transfer` has ended well: acknowledge its interrupt, take back its descriptors. The next ones are begun after this."""

    @abstractmethod
    def abort(self, transfer: Transfer) -> None:
        """Stop `transfer`, which is under way, and all that is under way with it, and be ready for the next `begin`."""

    @abstractmethod
    def why(self, transfer: Transfer) -> str:
        """What `transfer` waits for, in words."""

    @property
    def neighbours(self) -> tuple[TransferQueue, ...]:
        """Queues of other channels of the core: who waits for one lets the others go on, too, since one may wait for the other."""
        return ()

    def position(self, transfer: Transfer) -> int | None:
        """Bytes that are done of a transfer under way; reads no register and takes no lock; None where that cannot be known."""
        return None
