"""What the models of serial ports share: a transmitter that takes its time, and the line."""

from __future__ import annotations

from abc import abstractmethod

from pynq_drivers.uart.frame import Format, Received
from pynq_drivers.uart.line import Line
from pynq_widgets.device import IPModel, ModelContext
from pynq_widgets.device.clock import Timer


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

    def _out(self, value: int) -> None:
        self._shifting = None
        self.shifted(value)
        self.transmit()
