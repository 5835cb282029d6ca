"""Whether there is anything at an address of the programmable logic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pynq_widgets.device.board.family import Family
from pynq_widgets.device.errors import BusError

if TYPE_CHECKING:
    from pynq_widgets.design import Design


class Reach:
    """What the processor reaches in the logic of `design`; `check` refuses what it does not.

    PYNQ maps any address. But an access to the logic where nothing answers ends in a bus error at best, and stops the processor for good
    where an interconnect does not decode it; nobody means that. So addresses are refused that go to the logic of this family (and only
    there) and where the address map of the loaded design has nothing at all. A range that begins or ends beside an IP is not.

    `design` is None after a download that failed: there is nothing in the logic then.
    """

    def __init__(self, design: Design | None, family: Family) -> None:
        self._design = design
        self._family = family
        self._ranges = [] if design is None else sorted((r.base, r.high, r.slave) for r in design.address_map)

    def check(self, address: int, length: int, operation: str) -> None:
        """`BusError` where `length` bytes at `address` lie in the logic, and nothing of the design in them."""
        last = address + max(length, 1) - 1
        if not (self._family.in_logic(address) and self._family.in_logic(last)):
            return
        if self._design is None:
            raise BusError(address, operation, "the last download failed, so there is nothing in the logic: load an overlay")
        if not self._ranges:
            return
        nearest = min(self._ranges, key=lambda r: max(r[0] - last, address - r[1], 0))
        if nearest[0] <= last and address <= nearest[1]:
            return
        raise BusError(
            address,
            operation,
            f"the design {self._design.name} has nothing there, and an access to logic that does not answer can stop the processor; the "
            f"nearest is {nearest[2]} at {nearest[0]:#x} to {nearest[1]:#x}. If the board holds another design, load its overlay, or set "
            "device.checks_addresses = False",
        )
