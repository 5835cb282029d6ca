"""What software does with the Clocking Wizard: says what clocks it makes, and makes others where the design lets it.

Source: AMD PG065, Clocking Wizard v6.0: "Register Space", "Dynamic Reconfiguration through AXI4-Lite" (from memory): the dividers are
written, a write of 3 to the load register puts them to work, and the clocks are good when LOCKED says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pynq_drivers import waiting
from pynq_widgets.analysis.units import engineering
from pynq_widgets.overlay import DefaultIP
from pynq_widgets.overlay.traits import Bit

from . import registers as r
from .dividers import Dividers, best, for_output


class Output:
    """One clock that comes out: ``wizard.outputs[0].frequency``.

    Attributes
    ----------
    name : str
        The pin: ``'clk_out1'``.
    asked, got : float
        The frequency that the designer asked for, and the one that the design's dividers make, in Hz.
    phase, duty : float
        In degrees and percent, as designed.
    """

    def __init__(self, wizard: ClockingWizard, index: int) -> None:
        made = wizard._made
        self._wizard = wizard
        self._index = index
        self.name = made.port(index)
        self.asked, self.got = made.asked(index), made.got(index)
        self.phase, self.duty = made.phase(index), made.duty(index)

    @property
    def frequency(self) -> float:
        """In Hz: of the dividers in the registers, where the design lets software change them; else the design's."""
        wizard = self._wizard
        if not wizard.reconfigurable:
            return self.got
        with wizard.device.lock:
            multiply, divide = r.multiplier_of(wizard.read(r.FEEDBACK))
            out = r.divider_of(wizard.read(r.OUTPUTS + r.STRIDE * self._index))
        return Dividers(multiply, divide, out).frequency(wizard.source)

    def __repr__(self) -> str:
        asked = "" if abs(self.asked - self.got) < 0.5 else f" ({engineering(self.asked, 'Hz', 6)} asked for)"
        return f"<{self._wizard._fullpath}.{self.name}: {engineering(self.got, 'Hz', 6)}{asked} in the design>"


class ClockingWizard(DefaultIP):
    """Clocking Wizard: ``wizard.outputs``, ``wizard.locked``, ``wizard.set_frequency(74.25e6)``.

    Attributes
    ----------
    outputs : list of Output
        The clocks that it makes.
    source : float
        Of the clock that comes in, in Hz: the design's.
    reconfigurable : bool
        Whether software can change the clocks in this design.
    """

    bindto = [f"xilinx.com:ip:clk_wiz:{version}" for version in ("5.1", "5.2", "5.3", "5.4", "6.0")]
    needs_address = False  # without registers the design still tells what clocks it makes

    outputs: list[Output]
    source: float
    reconfigurable: bool

    locked = Bit("STATUS", "LOCKED", help="The clocks are those that were asked for")

    # A clock is set by set_frequency, which waits for it; a restored word would not be put to work.
    configuration = {"LOAD": False}

    @classmethod
    def register_layout(cls, description: Mapping[str, Any]) -> Any:
        """The registers that the design has: of a change of the clocks, and of a watch over them."""
        return r.layout(r.Made(description.get("parameters") or {}))

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        self._made = r.Made(description.get("parameters") or {})
        self.source = self._made.source
        self.reconfigurable = self._made.reconfigurable and self._has_address
        self.outputs = [Output(self, index) for index in range(self._made.outputs)]

    def set_frequency(self, hertz: float, output: int = 1, *, tolerance: float = 0.01, timeout: float = 0.1) -> float:
        """Makes `output` (1: ``clk_out1``) a clock of `hertz`, and gives the frequency that it has then.

        A core with one output gets all its dividers anew. With several the others stay as they are, and only this one's divider is
        chosen. ValueError where nothing comes as near as `tolerance` (0.01: a percent); RuntimeError where the design does not let
        software change the clocks; TimeoutError where they are not good after `timeout` seconds.
        """
        self._changeable()
        if output not in range(1, len(self.outputs) + 1):
            raise ValueError(f"{self._fullpath} has the outputs 1 to {len(self.outputs)}, not {output!r}")
        if not hertz > 0:
            raise ValueError(f"a clock of {self._fullpath} has more than 0 Hz, not {hertz!r}")
        fine = output == 1 and not self._made.pll
        with self.device.lock:
            found: Dividers | None
            if len(self.outputs) == 1:
                found = best(self.source, hertz, self._made.vco, not self._made.pll)
            else:
                found = for_output(self.source, hertz, *r.multiplier_of(self.read(r.FEEDBACK)), fine)
            if found is None or abs(found.frequency(self.source) / hertz - 1) > tolerance:
                near = "none" if found is None else engineering(found.frequency(self.source), "Hz", 6)
                raise ValueError(
                    f"{self._fullpath} cannot make {engineering(hertz, 'Hz', 6)} of {engineering(self.source, 'Hz', 6)}: nearest is {near}"
                )
            if len(self.outputs) == 1:
                self.write(r.FEEDBACK, r.feedback(found.multiply, found.divide))
            self.write(r.OUTPUTS + r.STRIDE * (output - 1), r.output(found.out))
            self.write(r.LOAD, r.START | r.OWN)
        self.wait(timeout)
        return self.outputs[output - 1].frequency

    def restore_design(self, timeout: float = 0.1) -> None:
        """Puts the clocks of the design to work again."""
        self._changeable()
        self.write(r.RESET, r.RESET_WORD)
        self.wait(timeout)

    def wait(self, timeout: float = 0.1) -> None:
        """Waits until the clocks are good. TimeoutError after `timeout` seconds."""
        trouble = f"{self._fullpath} did not lock within {timeout} s: does its clock of {engineering(self.source, 'Hz', 6)} come in?"
        waiting.until(self.device.clock, lambda: self.read(r.STATUS) & r.LOCKED, timeout, trouble)

    def _changeable(self) -> None:
        if not self.reconfigurable:
            why = "it was made without Dynamic Reconfiguration" if self._has_address else "software sees no address of it"
            raise RuntimeError(f"the clocks of {self._fullpath} are fixed in this design: {why}")
