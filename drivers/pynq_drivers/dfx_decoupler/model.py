"""What a decoupler does, for the simulated device.

Source: AMD PG375, Dynamic Function eXchange Decoupler 1.0: "Register Space", "Port Descriptions" (``s_<interface>`` on the static side,
``rp_<interface>`` on the region's); from memory. Coupled, everything goes through; decoupled, no stream does: TVALID and TREADY are held
low. Register interfaces of the region are reached by their addresses all the same: the simulated device decodes those for itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from pynq_drivers.dfx_decoupler.registers import CONTROL, DECOUPLE, DECOUPLE_PIN, STATUS_PIN
from pynq_widgets.device import IPModel
from pynq_widgets.device.simulated.stream import forward


class DfxDecouplerModel(IPModel):
    """Worked by its register and its pin, ORed; ``decouple_status`` follows."""

    def reset(self) -> None:
        self._asked = False
        self._follow()

    @property
    def decoupled(self) -> bool:
        """Whether nothing goes through."""
        ports = {name.lower() for name in self.context.module.ports}
        pin = DECOUPLE_PIN in ports and bool(self.context.signal_in(DECOUPLE_PIN).value & 1)
        return self._asked or pin

    def read(self, interface: str, offset: int) -> int:
        return DECOUPLE if offset == CONTROL and self.decoupled else 0

    def write(self, interface: str, offset: int, value: int) -> None:
        if offset == CONTROL:
            self._asked = bool(value & DECOUPLE)
            self._follow()

    def on_signal(self, pin: str, value: int) -> None:
        if pin.lower() == DECOUPLE_PIN:
            self._follow()

    def on_stream(self, interface: str) -> None:
        self._pass()

    def on_space(self, interface: str) -> None:
        self._pass()

    def _follow(self) -> None:
        if any(name.lower() == STATUS_PIN for name in self.context.module.ports):
            self.context.signal_out(STATUS_PIN).set(self.decoupled)
        self._pass()

    def _pairs(self) -> Iterator[tuple[str, str]]:
        """Slave interface and the master interface on the other side."""
        slaves, masters = self.context.stream_interfaces
        by_name = {name.lower(): name for name in masters}
        for slave in slaves:
            side, _, name = slave.lower().partition("_")
            other = by_name.get(f"{'rp' if side == 's' else 's'}_{name}")
            if other is not None:
                yield slave, other

    def _pass(self) -> None:
        apart = self.decoupled
        for slave, master in self._pairs():
            source = self.context.stream(slave)
            if apart:
                source.dead_end = f"{self.context.path} is decoupled"
                source.demand(0)
                continue
            source.dead_end = ""
            source.onward = (self.context.stream(master),)
            while forward(source, source.onward) is not None:
                pass
