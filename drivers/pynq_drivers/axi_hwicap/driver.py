"""What software does with the AXI HWICAP: words to and from the device's own configuration port.

Source: AMD PG134, AXI HWICAP v3.0: "Register Space", "Programming Sequence"; from memory. Words as in UG470 and UG570.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from pynq_drivers import parameters, waiting
from pynq_drivers.axi_hwicap import registers as r
from pynq_drivers.configuration import SYNC, words_of
from pynq_widgets.design import regions_of
from pynq_widgets.overlay import DefaultIP

_NOOP, _DUMMY, _BUS = 0x2000_0000, 0xFFFF_FFFF, 0x0000_00BB
_READ_PACKET = 0x2800_0001


class AxiHwIcap(DefaultIP):
    """AXI HWICAP: a partial bitstream goes to the device past the processor's own configuration port.

    ``hwicap.load('partial.bit')`` configures; what the overlay has in the region after that, ``ol.pr_download(region, 'partial.bit',
    program=False)`` says (the simulated device finds it out by itself, where the file stands beside the overlay's).

    Attributes
    ----------
    write_depth, read_depth : int
        Words that its FIFOs hold.
    """

    bindto = ["xilinx.com:ip:axi_hwicap:3.0"]
    register_layout = r.LAYOUT
    configuration = {"CR": False, "SZ": False, "WF": False, "ISR": False}

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        given = description.get("parameters") or {}
        self.write_depth = parameters.integer(given, "C_WRITE_FIFO_DEPTH", 64)
        self.read_depth = parameters.integer(given, "C_READ_FIFO_DEPTH", 128)

    @property
    def done(self) -> bool:
        """Whether nothing goes on at the port. One bus read."""
        return bool(self.read(r.SR) & r.DONE)

    @property
    def vacancy(self) -> int:
        """Words that the write FIFO takes now. One bus read."""
        return self.read(r.WFV)

    @property
    def occupancy(self) -> int:
        """Words that wait in the read FIFO. One bus read."""
        return self.read(r.RFO)

    def reset(self, timeout: float = 1.0) -> None:
        """Forget what is in the core: its registers and FIFOs."""
        waiting.check(timeout)
        self.write(r.CR, r.SW_RESET)
        self._until(r.SW_RESET, timeout, "did not come out of reset")

    def abort(self, timeout: float = 1.0) -> int:
        """Break off what goes on at the port; what the port said of it (ASR)."""
        waiting.check(timeout)
        self.write(r.CR, r.ABORT)
        self._until(r.ABORT, timeout, "did not abort")
        return self.read(r.ASR)

    def send(self, words: Iterable[int], timeout: float | None = 10.0) -> int:
        """Put 32-bit `words` to the configuration port; how many there were.

        They go in as many as the write FIFO takes, and each lot is done before the next. Raises ``ValueError`` for what is no word, before
        the first is written, and ``TimeoutError`` after `timeout` seconds: then the words of the present lot may be on their way.
        """
        waiting.check(timeout)
        listed = [_checked(word) for word in words]
        deadline = waiting.Deadline(self.device.clock, timeout)
        at = 0
        while at < len(listed):
            room = self.vacancy
            if not room:
                self._wait(deadline, lambda: self.vacancy > 0, f"its write FIFO has taken {at} of {len(listed)} words and no more")
                continue
            for word in listed[at : at + room]:
                self.write(r.WF, word)
            self.write(r.CR, r.WRITE)
            at += room
            sent = min(at, len(listed))
            self._wait(deadline, lambda: not self.read(r.CR) & r.WRITE, f"the port has not taken the words up to {sent} of {len(listed)}")
        return len(listed)

    def load(self, bitfile: str | os.PathLike[str], timeout: float | None = 60.0) -> int:
        """Configure a part of the device with the partial bitstream of a ``.bit`` or ``.bin`` file; how many words that were.

        The region is not decoupled by this: see :meth:`.DefaultHierarchy.download`. Raises ``DesignError`` for a file that is none,
        or is for another part; nothing has been written then.
        """
        design = self.description.get("design")
        return self.send(words_of(bitfile, getattr(design, "part", "")), timeout)

    def receive(self, count: int, timeout: float | None = 1.0) -> list[int]:
        """`count` words of the configuration port, after a packet that asked for them was sent.

        Raises ``ValueError`` for more than the read FIFO holds or the size register counts, ``TimeoutError``.
        """
        most = min(self.read_depth, (1 << r.SIZE_BITS) - 1)
        if not hasattr(count, "__index__") or not 1 <= count <= most:
            raise ValueError(f"{self._fullpath} brings 1 to {most} words at once, not {count!r}")
        waiting.check(timeout)
        deadline = waiting.Deadline(self.device.clock, timeout)
        self.write(r.SZ, count)
        self.write(r.CR, r.READ)
        self._wait(deadline, lambda: not self.read(r.CR) & r.READ, f"the port has not brought {count} words")
        return [self.read(r.RF) for _ in range(min(count, self.occupancy))]

    def configuration_register(self, number: int) -> int:
        """What the configuration register `number` (0 to 31; UG470 table 5-23, UG570 table 9-19) of the device holds."""
        if number not in range(32):
            raise ValueError(f"a configuration register has a number from 0 to 31, not {number!r}")
        self.send([_DUMMY, SYNC, _NOOP, _READ_PACKET | number << 13, _NOOP, _NOOP])
        (value,) = self.receive(1) or (0,)
        self.send([0x3000_8001, 13, _NOOP, _NOOP])  # CMD <- DESYNC
        return value

    def panel(self) -> Any:
        """Which module stands in which region; None where the design has no regions."""
        design = self.description.get("design")
        if self.description.get("overlay") is None or design is None or not (regions_of(design) or design.regions):
            return None
        from pynq_widgets.widgets.region_panel import RegionPanel

        return RegionPanel.of(self)

    def _until(self, bit: int, timeout: float, why: str) -> None:
        waiting.until(
            self.device.clock,
            lambda: not self.read(r.CR) & bit,
            timeout,
            f"{self._fullpath} {why} within {timeout} s: is its clock running?",
        )

    def _wait(self, deadline: waiting.Deadline, done: Any, why: str) -> None:
        while not done():
            if deadline.passed():
                raise TimeoutError(f"{self._fullpath}: {why}")
            self.device.clock.sleep(waiting.LOOK)


def _checked(word: Any) -> int:
    if not hasattr(word, "__index__") or not 0 <= int(word) <= 0xFFFF_FFFF:
        raise ValueError(f"the configuration port takes words of 32 bits, 0 to 0xffffffff, not {word!r}")
    return int(word)
