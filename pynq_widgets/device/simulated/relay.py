"""IP in a reconfigurable region that passes its stream on: a model of its own, where outside of regions such IP is a part of the wire.

Whoever sends into a region keeps its connection when the region gets another module, so that connection has to end at the region.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pynq_widgets.device.simulated.ipmodel import IPModel
from pynq_widgets.device.simulated.stream import forward

if TYPE_CHECKING:
    from pynq_widgets.device.simulated.ipmodel import ModelContext

    Base = IPModel
else:
    Base = object


class Relaying(Base):
    """For a class of models: the one stream that comes in goes out unchanged."""

    context: ModelContext

    def on_stream(self, interface: str) -> None:
        self._pass()

    def on_space(self, interface: str) -> None:
        self._pass()

    def _pass(self) -> None:
        (inlet,), (outlet,) = self.context.stream_interfaces
        source = self.context.stream(inlet)
        source.onward = (self.context.stream(outlet),)
        while forward(source, source.onward) is not None:
            pass


class Relay(Relaying, IPModel):
    """Nothing but that."""


def relaying(kind: type[IPModel] | None) -> type[IPModel]:
    """The models of `kind` with their stream passed on."""
    return Relay if kind is None else type(f"Relaying{kind.__name__}", (Relaying, kind), {"__doc__": kind.__doc__})
