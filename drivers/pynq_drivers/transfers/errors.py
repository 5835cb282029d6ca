"""How transfers end that do not end well."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pynq_drivers.transfers.transfer import Transfer


class TransferError(RuntimeError):
    """The core reported an error, or a transfer can no longer come to its end.

    `status` is what the core's status register held, None where it was not asked; `transfer` is set where one is at fault.
    """

    transfer: Transfer | None = None

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class TransferCancelled(TransferError):
    """The transfer was given up by `cancel`, `stop` or `reset` before its end."""
