"""Wires of a GPIO channel, and what can be done with them by their direction.

Source: AMD PG144, AXI GPIO v2.0: "Register Space" (GPIO_DATA, GPIO_TRI).
"""

from __future__ import annotations

import contextlib
import operator
from typing import TYPE_CHECKING

from pynq_drivers import waiting

if TYPE_CHECKING:
    from pynq_drivers.axi_gpio.channel import Channel


class Wires:
    """Some wires of a channel next to one another; the lowest index is the least significant bit."""

    def __init__(self, parent: Channel, start: int, stop: int) -> None:
        self._parent = parent
        self._start = start
        self._stop = stop
        self._mask = (1 << (stop - start)) - 1

    def __len__(self) -> int:
        return self._stop - self._start

    def __repr__(self) -> str:
        wires = f"wire {self._start}" if len(self) == 1 else f"wires {self._start} to {self._stop - 1}"
        return f"<{type(self).__name__} {wires} of {self._parent.name}>"


class Input(Wires):
    """Wires that are read. Given to `setdirection`; not made by hand."""

    def read(self) -> int:
        """The level of the wires; one bus read."""
        return self._parent.read() >> self._start & self._mask

    async def wait_for_value_async(self, value: int, timeout: float | None = None) -> None:
        """Returns when the wires read `value`.

        Raises RuntimeError where the core's interrupt is not connected and TimeoutError where `timeout` seconds have passed.
        """
        self._fits(value)
        deadline = waiting.Deadline(self._parent.clock, timeout)
        while (seen := self.read()) != value:
            if deadline.passed():
                raise self._missed(value, seen, timeout)
            with contextlib.suppress(TimeoutError):  # said after a last look at the wires
                await self._parent.wait_for_interrupt_async(deadline.left())

    def wait_for_value(self, value: int, timeout: float | None = None) -> None:
        """As `wait_for_value_async`, for code that is no coroutine. With no interrupt the wires are looked at every millisecond.

        Tasks of asyncio go on meanwhile, unless their event loop runs already, as in a notebook: there, await the other one. Raises
        TimeoutError where `timeout` seconds have passed.
        """
        self._fits(value)
        channel = self._parent
        loop = waiting.loop_with_tasks() if channel.has_interrupts else None
        if loop is not None:
            loop.run_until_complete(self.wait_for_value_async(value, timeout))
            return
        deadline = waiting.Deadline(channel.clock, timeout)
        while (seen := self.read()) != value:
            if deadline.passed():
                raise self._missed(value, seen, timeout)
            if channel.has_interrupts:
                with contextlib.suppress(TimeoutError):  # said after a last look at the wires
                    channel.wait_for_interrupt(deadline.left())
            else:
                channel.clock.sleep(deadline.slice(1e-3))

    def _fits(self, value: int) -> None:
        if not 0 <= value <= self._mask:
            raise ValueError(f"{self!r} can never read {value!r}: expected 0 to {self._mask:#x}")

    def _missed(self, value: int, seen: int, timeout: float | None) -> TimeoutError:
        return TimeoutError(f"{self!r} did not read {value:#x} within {timeout} s; it reads {seen:#x}")


class Output(Wires):
    """Wires that are driven. Given to `setdirection`; not made by hand."""

    def read(self) -> int:
        """What the wires are driven to."""
        return self.driven()

    def driven(self) -> int:
        """What the wires are driven to, or will be once they are outputs."""
        return self._parent.driven() >> self._start & self._mask

    def write(self, val: int) -> None:
        """Drives the wires to `val`; ValueError, and nothing written, where it has more bits than there are wires."""
        self._parent.write(self._placed(val), self._mask << self._start)

    def _placed(self, val: int) -> int:
        """`val` at the bits of these wires in the channel's word."""
        try:
            val = operator.index(val)
        except TypeError:
            raise TypeError(f"{self!r} is written with an int, not the {type(val).__name__} {val!r}") from None
        if val > self._mask:
            raise ValueError(f"{val} too large for {len(self)} bits")
        if val < 0:
            raise ValueError(f"{self!r} cannot be driven to {val}: expected 0 to {self._mask:#x}")
        return val << self._start

    def on(self) -> None:
        """Drives all of the wires to 1."""
        self.write(self._mask)

    def off(self) -> None:
        """Drives all of the wires to 0."""
        self.write(0)

    def toggle(self) -> None:
        """Inverts all of the wires; no other write to the channel comes between."""
        with self._parent.lock:
            self.write(~self._parent.driven() >> self._start & self._mask)


class InOut(Input, Output):
    """Wires that are an input after `read` and an output after `write`."""

    def __init__(self, parent: Channel, start: int, stop: int) -> None:
        super().__init__(parent, start, stop)
        self._trimask = self._mask << start

    def read(self) -> int:
        """Makes inputs of the wires and reads them."""
        self._parent.set_trimask(self._trimask, self._trimask)
        return super().read()

    def write(self, val: int) -> None:
        """Drives the wires to `val` and makes outputs of them."""
        self._parent.drive(self._placed(val), self._trimask)


DIRECTIONS: dict[str, type[Wires]] = {"in": Input, "out": Output, "inout": InOut}
