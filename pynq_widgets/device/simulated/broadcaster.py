"""AXI4-Stream Broadcaster (AMD PG085): what comes in goes out at every output, as fast as the slowest takes it."""

from __future__ import annotations

from pynq_widgets.device.simulated.ipmodel import IPModel
from pynq_widgets.device.simulated.stream import forward


class Broadcaster(IPModel):
    """One slave, several masters. Outputs that the design connects to nothing are left out."""

    def on_stream(self, interface: str) -> None:
        self._pass()

    def on_space(self, interface: str) -> None:
        self._pass()

    def _pass(self) -> None:
        inputs, outputs = self.context.stream_interfaces
        if not inputs or not outputs:
            return
        source = self.context.stream(inputs[0])
        source.onward = tuple(self.context.stream(name) for name in outputs)
        while forward(source, source.onward) is not None:
            pass
