"""The block-level control registers of an HLS core.

Source: AMD UG1399, "S_AXILITE Control Register Map": CTRL (``ap_start`` bit 0, ``ap_done`` 1, cleared by a read; ``ap_idle`` 2;
``ap_ready`` 3; ``ap_continue`` 4, of ap_ctrl_chain; ``auto_restart`` 7), GIER (0x4), IP_IER (0x8), IP_ISR (0xC, a written 1 toggles; or,
where the adapter was made so, cleared by a read).
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from pynq_drivers.hls.arguments import Place
from pynq_widgets.design import hls

START, DONE, IDLE, READY, CONTINUE, AUTO_RESTART = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 7
GIER, IER, ISR = 0x4, 0x8, 0xC
DONE_INTERRUPT = 1


class Control:
    """The control registers of one core. Nothing else in the process should read CTRL: a read takes ``ap_done`` away."""

    def __init__(self, registers: Any, place: Place) -> None:
        control = hls.control_register(registers)
        assert control is not None
        self._control = control
        self._place = place
        by_offset = {register.offset: register for register in registers}
        self._gier, self._ier, self._isr = (by_offset.get(at, SimpleNamespace(name="", offset=at)) for at in (GIER, IER, ISR))
        # Files call each bit of it one that a read modifies, whatever it is; that a written 1 toggles is said only where it is so.
        self._toggles = any(field.write_action == "oneToToggle" for field in getattr(self._isr, "fields", ()))
        self.chain = any(field.name.lower() == "ap_continue" for field in control.fields)
        self._interrupting = False

    def read(self) -> int:
        """CTRL, now. ``ap_done`` and ``ap_ready`` in it are gone from the core by this."""
        return self._place.read(self._control)

    @property
    def known(self) -> int | None:
        """What CTRL was when it was last read or written; no access."""
        return self._place.known(self._control)

    def start(self, auto_restart: bool = False) -> None:
        """Start it: one write."""
        self._place.write(self._control, START | (AUTO_RESTART if auto_restart else 0))

    def go_on(self, status: int) -> None:
        """What has been done is taken: of ap_ctrl_chain, which waits for that unless it restarts by itself."""
        if self.chain and not status & AUTO_RESTART:
            self._place.write(self._control, CONTINUE)
            self.read()  # the core held ap_done until now, so that the last read did not clear the adapter's bit

    def stop(self) -> None:
        """It does not start again by itself."""
        self._place.write(self._control, 0)

    # The interrupt.

    @property
    def interrupting(self) -> bool:
        """Whether the core has been told to raise its interrupt when it is done."""
        return self._interrupting

    def interrupt(self) -> None:
        """Raise the interrupt when it is done, from now on."""
        if not self._interrupting:
            self._place.write(self._ier, DONE_INTERRUPT)
            self._place.write(self._gier, 1)
            self._interrupting = True

    def forget(self) -> None:
        """The hardware is new, and was told nothing."""
        self._interrupting = False

    def acknowledge(self) -> bool:
        """Take the interrupt back; whether there was one. A bit that is not set is not written: that would set it."""
        pending = self._place.read(self._isr) & 3
        if not pending:
            return False
        # Where it is not known, a second look tells: an adapter that clears on read has done so.
        if (standing := pending if self._toggles else self._place.read(self._isr) & 3) != 0:
            self._place.write(self._isr, standing)
        return True


def in_words(status: int | None) -> str:
    """What CTRL says of where the core is."""
    if status is None:
        return "never looked at"
    if status & IDLE:
        return "started, and does not begin (ap_start=1, ap_idle=1)" if status & START else "idle"
    return "done (ap_done=1)" if status & DONE else "running (ap_idle=0)"
