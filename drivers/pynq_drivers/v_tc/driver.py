"""What software does with the Video Timing Controller: says what picture comes in, and makes the timing of one.

Source: AMD PG016, Video Timing Controller v6.2: "Register Space", "Programming Sequence" (from memory).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pynq_drivers import parameters, waiting
from pynq_drivers.clocked import Clocked
from pynq_widgets.overlay.traits import Bit

from . import registers as r
from .timing import MODES, Timing, named

__all__ = ["MODES", "Detector", "Generator", "Timing", "VideoTimingController"]


class _Half:
    def __init__(self, ip: VideoTimingController, base: int, name: str, bit: int) -> None:
        self._ip = ip
        self._base = base
        self._name = name
        self._bit = bit

    def __repr__(self) -> str:
        return f"<{self._ip._fullpath}.{self._name}>"

    def _word(self, offset: int) -> int:
        return self._ip.read(self._base + offset)

    @property
    def timing(self) -> Timing:
        """The timing in the registers. ValueError where they hold none, as those of a detector that never saw a picture."""
        with self._ip.device.lock:
            return r.decoded(self._word)

    @property
    def running(self) -> bool:
        """Whether the core and this half of it are enabled."""
        return self._ip.read(r.CONTROL) & (r.ENABLED | self._bit) == r.ENABLED | self._bit

    def start(self) -> None:
        """Lets it run, and the core; what is in the registers counts from the next picture on."""
        self._ip._set(r.ENABLED | r.UPDATE | self._bit, 0)

    def stop(self) -> None:
        """Stops this half."""
        self._ip._set(0, self._bit)


class Detector(_Half):
    """What comes in: ``vtc.detector.wait()``, ``vtc.detector.timing``."""

    @property
    def locked(self) -> bool:
        """Whether a stable picture comes in."""
        return bool(self._word(r.TIMING) & r.LOCKED)

    def wait(self, timeout: float = 10.0) -> Timing:
        """Waits for a stable picture, and says its timing. TimeoutError after `timeout` seconds."""
        clock = self._ip.device.clock
        deadline = waiting.Deadline(clock, timeout)
        while not self.locked:
            if deadline.passed():
                what = "no picture comes in" if self.running else "it does not run: call start() first"
                raise TimeoutError(f"{self._ip._fullpath}.detector found no stable picture within {timeout} s: {what}")
            clock.sleep(deadline.slice(1e-3))
        return self.timing


class Generator(_Half):
    """What is made: ``vtc.generator.set('1920x1080')``, ``start()``."""

    def set(self, mode: str | Timing) -> None:
        """Puts a timing, or a mode by its name (`MODES`), into the registers; it counts from the next picture on.

        ValueError for a mode that there is not, and one that is larger than the design's ``C_MAX_PIXELS`` and ``C_MAX_LINES``.
        """
        timing = named(mode)
        most = self._ip.largest
        if timing.total_width > most[0] or timing.total_height > most[1]:
            raise ValueError(f"{timing} is more than {self._ip._fullpath} can do in this design: {most[0]}x{most[1]} with blanking")
        with self._ip.device.lock:
            self._ip._set(0, r.UPDATE)
            for offset, value in r.encoded(timing).items():
                self._ip.write(self._base + offset, value)
            self._ip._set(r.SOURCES | r.UPDATE, 0)

    @property
    def rate(self) -> float:
        """Pictures a second at the clock of the design (see `VideoTimingController.frequency`)."""
        return self._ip.frequency / self.timing.clocks


class VideoTimingController(Clocked):
    """Video Timing Controller.

    Attributes
    ----------
    detector : Detector or None
        None where the design has none.
    generator : Generator or None
        None where the design has none.
    frequency : float
        Of the pixel clock, in Hz: the design's, unless it is set (connectors choose it when they run).
    largest : tuple of int
        Pixels of a line and lines of a picture, with blanking, that the core can count.
    """

    bindto = [f"xilinx.com:ip:v_tc:{version}" for version in ("6.0", "6.1", "6.2")]
    clock_pin = "clk"
    clock_name = "pixel clock"

    detector: Detector | None = None
    generator: Generator | None = None

    enabled = Bit("CONTROL", "ENABLE", help="The core runs")
    locked = Bit("DETECTOR_STATUS", "LOCKED", help="The detector has found a stable picture")

    @classmethod
    def register_layout(cls, description: Mapping[str, Any]) -> Any:
        """The registers of the parts that the design has."""
        return r.layout(r.Parts(description.get("parameters") or {}))

    # What runs is set last, and the events are no setting.
    restore_order = ("CONTROL.GENERATE", "CONTROL.DETECT", "CONTROL.ENABLE")
    configuration = {"STATUS": False, "ERROR": False, "CONTROL.RESET": False, "CONTROL.FRAME_RESET": False}

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        parts = r.Parts(description.get("parameters") or {})
        self.detector = Detector(self, r.DETECTOR, "detector", r.DETECT) if parts.detector else None
        self.generator = Generator(self, r.GENERATOR, "generator", r.GENERATE) if parts.generator else None
        given = parts.given
        self.largest = (parameters.integer(given, "C_MAX_PIXELS", 4096), parameters.integer(given, "C_MAX_LINES", 4096))

    @property
    def interrupt_pin(self) -> Any:
        """The interrupt, to be waited for; None where it is not connected."""
        return self["irq"] if "irq" in self._interrupts else None

    def events(self) -> list[str]:
        """What has happened since it was last asked for, by the names of the bits in ``STATUS``; it is cleared by writing it back."""
        with self.device.lock:
            word = self.read(r.STATUS)
            if word:
                self.write(r.STATUS, word)
        fields = self.registers["STATUS"].fields.values()
        return [field.name for field in fields if word >> field.info.bit_offset & 1] if word else []

    def reset(self) -> None:
        """Stops the core, and puts the design's values into its registers."""
        self.write(r.CONTROL, r.RESET)

    def _set(self, on: int, off: int) -> None:
        with self.device.lock:
            self.write(r.CONTROL, self.read(r.CONTROL) & ~(off | r.RESET | r.FRAME_RESET) | on)
