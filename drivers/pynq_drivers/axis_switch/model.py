"""What AXI4-Stream Switch does, for the simulated device.

Source: AMD PG085, AXI4-Stream Infrastructure IP Suite: "AXI4-Stream Switch", "Register Space", "Control Register", "MI_MUX Register",
"Routing". The guide gives no reset value of the MI_MUX registers; here every master interface is disabled until a route is committed.
"""

from __future__ import annotations

import re

from pynq_drivers import parameters
from pynq_drivers.axis_switch.registers import CONTROL, DISABLE, MUX, REG_UPDATE
from pynq_widgets.device import IPModel, ModelContext
from pynq_widgets.device.clock import Timer
from pynq_widgets.device.simulated.stream import StreamQueue, forward

_COMMIT_CYCLES = 16  # of soft reset after a commit


class AxisSwitchModel(IPModel):
    """Up to 16 slave and 16 master interfaces: routed by registers (ROUTING_MODE 1), which the user commits, or by TDEST."""

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        given = context.module.parameters
        slaves, masters = context.stream_interfaces
        self._slaves = {number: name for name in slaves if (number := _number(name)) is not None}
        self._masters = {number: name for name in masters if (number := _number(name)) is not None}
        self._by_register = parameters.integer(given, "ROUTING_MODE", 0) == 1
        self._whole_packets = parameters.integer(given, "ARB_ON_TLAST", 0) == 1
        self._ports = parameters.integer(given, "NUM_MI", 1)
        self._ranges = {
            number: (
                parameters.integer(given, f"M{number:02}_AXIS_BASETDEST", number),
                parameters.integer(given, f"M{number:02}_AXIS_HIGHTDEST", number),
            )
            for number in range(self._ports)
        }
        self._event: Timer | None = None
        self.routes: dict[int, int] = {}  # slave interface by master interface, as committed
        self.dropped = 0  # bytes whose TDEST leads nowhere

    def reset(self) -> None:
        if self._event is not None:
            self._event.cancel()
            self._event = None
        self._mux = [DISABLE] * 16
        self.routes.clear()
        self._owner: dict[int, int] = {}  # the slave interface whose packet a master interface is in
        self._next = 0

    # Registers.

    def read(self, interface: str, offset: int) -> int:
        if offset == CONTROL:
            return REG_UPDATE if self._event is not None else 0
        return self._mux[(offset - MUX) // 4] if MUX <= offset < MUX + 4 * self._ports else 0

    def write(self, interface: str, offset: int, value: int) -> None:
        if offset == CONTROL and value & REG_UPDATE:
            self._commit()
        elif MUX <= offset < MUX + 4 * self._ports:
            self._mux[(offset - MUX) // 4] = value & (DISABLE | 0xF)

    def _commit(self) -> None:
        """The routes as they stand in the registers count after a soft reset, in which nothing passes."""
        if self._event is not None:
            self._event.cancel()
        for slave in self.routes.values():
            self._in(slave).demand(0)
        self.routes.clear()
        wanted = dict(enumerate(self._mux[: self._ports]))
        duration = _COMMIT_CYCLES / self.context.frequency("aclk")
        self._event = self.context.clock.call_later(duration, lambda: self._committed(wanted))

    def _committed(self, wanted: dict[int, int]) -> None:
        self._event = None
        for master, value in wanted.items():
            slave = value & 0xF
            if value & DISABLE or slave in self.routes.values():
                continue  # of several masters that want one slave the lowest gets it
            self.routes[master] = slave
        self._pass()

    # Streams.

    def on_stream(self, interface: str) -> None:
        self._pass()

    def on_space(self, interface: str) -> None:
        self._pass()

    def _in(self, number: int) -> StreamQueue:
        return self.context.stream(self._slaves.get(number, f"S{number:02}_AXIS"))

    def _out(self, number: int) -> StreamQueue:
        return self.context.stream(self._masters.get(number, f"M{number:02}_AXIS"))

    def _pass(self) -> None:
        if self._by_register:
            self._pass_routed()
        else:
            while self._pass_addressed():
                pass

    def _pass_routed(self) -> None:
        for number in self._slaves:
            if number not in self.routes.values():
                self._in(number).dead_end = f"{self.context.path} routes its slave interface {number} nowhere"
        for master, slave in self.routes.items():
            if slave not in self._slaves or master not in self._masters:
                continue
            source = self._in(slave)
            source.dead_end = ""
            source.onward = (self._out(master),)
            while forward(source, source.onward) is not None:
                pass

    def _pass_addressed(self) -> bool:
        """One block of each slave interface, to where its TDEST leads; whether any went."""
        moved = False
        order = sorted(self._slaves)
        for slave in [*order[self._next :], *order[: self._next]]:
            source = self._in(slave)
            head = source.head
            if head is None:
                continue
            master = next((number for number, (low, high) in self._ranges.items() if low <= head.dest <= high), None)
            if master is None:
                self.context.assume(
                    f"TDEST {head.dest} of {self._slaves[slave]} leads to no master interface: what comes with it is dropped"
                )
                self.dropped += len(source.receive()[0])
                moved = True
                continue
            if self._owner.get(master, slave) != slave:
                continue
            source.onward = (self._out(master),)
            last = forward(source, source.onward)
            if last is None:
                continue
            moved = True
            if self._whole_packets and not last:
                self._owner[master] = slave
            else:
                self._owner.pop(master, None)
                self._next = (order.index(slave) + 1) % len(order)  # the next in turn
        return moved


def _number(interface: str) -> int | None:
    """Of ``S03_AXIS``, 3."""
    found = re.fullmatch(r"[SM](\d+)_AXIS", interface, re.IGNORECASE)
    return int(found[1]) if found else None
