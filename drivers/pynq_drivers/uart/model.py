"""What the models of serial ports share: a transmitter that takes its time, and the line."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property

from pynq_drivers.uart.frame import Format, Received
from pynq_drivers.uart.line import Line
from pynq_widgets.device import IPModel, ModelContext
from pynq_widgets.device.clock import Timer

OUTPUTS, INPUTS = ("tx", "sout"), ("rx", "sin")


class UartModel(IPModel):
    """A serial port: ``line`` is its other end (`Line`)."""

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        self._shifting: Timer | None = None
        self.line = Line(self, context.clock, context.from_outside, context.path)

    @property
    @abstractmethod
    def baud(self) -> float:
        """Bits a second, 0 where the core has no clock for them."""

    @property
    @abstractmethod
    def format(self) -> Format:
        """How it frames characters."""

    @abstractmethod
    def arrived(self, got: Received) -> None:
        """A character came in."""

    @abstractmethod
    def next_character(self) -> int | None:
        """The character to be shifted out next, which leaves the FIFO; None where there is none."""

    @abstractmethod
    def shifted(self, value: int) -> None:
        """A character is out."""

    def reset(self) -> None:
        self.line.reset()
        self.stop_transmitter()

    def stop_transmitter(self) -> None:
        """What is being shifted out is lost."""
        if self._shifting is not None:
            self._shifting.cancel()
            self._shifting = None

    @property
    def is_shifting(self) -> bool:
        """Whether a character is on its way out."""
        return self._shifting is not None

    def transmit(self) -> None:
        """Goes on with what is to be sent."""
        if self._shifting is not None or not self.baud:
            return
        value = self.next_character()
        if value is not None:
            self._shifting = self.context.clock.call_later(self.format.length / self.baud, lambda: self._out(value))

    def send(self, levels: tuple[int, ...]) -> None:
        """A frame is out: at the other end, and at the serial ports that the design connects to the output."""
        self.line.came_out(levels)
        for line in self._wired:
            line.enter(levels, self.baud)

    @cached_property
    def _wired(self) -> tuple[Line, ...]:
        """The lines of the ports whose input the design connects to this one's output (it may be its own)."""
        module, design = self.context.module, self.context.design
        port = next((module.ports[name] for name in OUTPUTS if name in module.ports), None)
        net = design.nets.get(port.net) if port is not None and port.net else None
        ends = [pin.module for pin in net.sinks if pin.port in INPUTS and pin.module] if net is not None else []
        models = (self if end == self.context.path else self.context.model_of(end) for end in ends)
        return tuple(model.line for model in models if isinstance(model, UartModel))

    def _out(self, value: int) -> None:
        self._shifting = None
        self.shifted(value)
        self.transmit()
