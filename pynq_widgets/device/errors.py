"""What can go wrong where the hardware is."""

from __future__ import annotations


class BusError(RuntimeError):
    """An access that the bus could not carry out.

    `address` is the byte address as the master put it on the bus, `operation` is ``'read'`` or ``'write'``, and `hint` says what is
    near that address or what to try. `response` is how AXI puts it: ``'DECERR'`` where nothing is at that address, ``'SLVERR'`` where
    what is there could not. Where a behavioural model failed, its own exception is the cause.
    """

    def __init__(self, address: int, operation: str, hint: str = "", response: str = "DECERR") -> None:
        self.address = address
        self.operation = operation
        self.hint = hint
        self.response = response
        super().__init__(f"{operation} of 0x{address:08x} failed" + (f": {hint}" if hint else ""))

    def __reduce__(self) -> tuple[type[BusError], tuple[int, str, str, str]]:
        return type(self), (self.address, self.operation, self.hint, self.response)


class NoAddressError(AttributeError, ValueError):
    """The physical address of an array that has none was asked for: a copy, a result of arithmetic, or a strided view.

    It is an `AttributeError`, so that ``hasattr(array, "physical_address")`` answers the question, and a `ValueError`, as the
    refusal of an argument is.
    """


class BufferFreedError(RuntimeError):
    """A buffer was used, or freed again, after its memory had been given back."""


class PoolExhaustedError(MemoryError):
    """The contiguous pool cannot serve a request.

    `requested`, `left` and `largest` are in bytes; `holders` names who holds what, the largest first.
    """

    def __init__(
        self,
        requested: int,
        left: int,
        largest: int,
        total: int,
        holders: tuple[str, ...] = (),
        reason: str = "",
        *,
        bank: str = "DDR",
        aligned: int = 0,
    ) -> None:
        self.requested = requested
        self.left = left
        self.largest = largest
        self.total = total
        self.holders = holders
        self.bank = bank
        if requested > total or reason:
            hint = "ask for less"
        elif left >= requested:
            hint = "free buffers that lie between the free pieces (device.memory shows them)"
        else:
            hint = "free buffers"
        if bank == "DDR" and not reason:
            hint += (
                " or make the device with a larger pool, and allocate there: device = SimulatedDevice(pool_size=bytes), "
                "Overlay(path, device=device), allocate(..., target=device)"
            )
        place = "" if bank == "DDR" else f" in {bank}"
        how = f" at a multiple of {aligned:#x}" if aligned else ""
        held = f"; held by {'; '.join(holders)}" if holders else "; nothing is allocated"
        pieces = "; it is fragmented" if largest < requested <= left else ""
        because = f"; {reason}" if reason else f"{held}{pieces}"
        super().__init__(
            f"no contiguous block of {requested} bytes{how}{place}: {left} of {total} bytes are left, the largest block has {largest}"
            f"{because}. "
            f"Try to {hint}"
        )
