"""What one would look at of an AXI Timer: where its counters stand, and the wave that they make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pynq_drivers.axi_timer.quantity import seconds_of
from pynq_drivers.axi_timer.registers import ARHT, CASC, ENIT, ENT, MDT, STRIDE, TCR, TCSR, TINT, TLR, UDT, mode_of
from pynq_drivers.axi_timer.wave import wave_of
from pynq_widgets.analysis.units import engineering
from pynq_widgets.widgets import html
from pynq_widgets.widgets.panel import Panel

_SEEN = 0.2  # seconds: a hand that goes round faster cannot be followed, and is not drawn


class TimerPanel(Panel):
    """A dial for each counter, and the wave of the PWM with its period and duty.

    TCSR, TCR and TLR of each counter are read while somebody looks; TLR not where a captured count is held until it is read.
    """

    module = "panel.js"
    stylesheet = "panel.css"

    def groups(self) -> tuple[()]:
        # Reads of neighbours are joined over what lies between them, and TLR must be left out at times: `tick` reads each by itself.
        return ()

    def tick(self) -> None:
        for base in self._bases():
            control = self._read(base + TCSR)
            self._read(base + TCR)
            if not (control & MDT and not control & ARHT):
                self._read(base + TLR)

    def _bases(self) -> tuple[int, ...]:
        return (0,) if self.ip.timer1 is None else (0, STRIDE)

    def _word(self, offset: int) -> Any:
        return next((handle for handle in self.ip.registers.registers.values() if handle.offset == offset), None)

    def _read(self, offset: int) -> int:
        handle = self._word(offset)
        return int(self.ip.read(offset) if handle is None else handle.read())

    def _value(self, offset: int) -> int | None:
        handle = self._word(offset)
        return None if handle is None else handle.value

    # What the page is told.

    def look(self) -> Mapping[str, Any]:
        control = self._value(TCSR)
        joined = bool(control is not None and control & CASC and self.ip.cascade is not None)
        parts = [("cascade", 0)] if joined else [(f"timer{at}", base) for at, base in enumerate(self._bases())]
        return {
            "frequency": self._frequency(),
            "counters": [self._counter(name, base) for name, base in parts],
            "wave": self._wave(),
            "can_pwm": self.ip.timer1 is not None,
            "can_join": self.ip.cascade is not None,
            "joined": joined,
            "hand": self._hand(),
        }

    def _frequency(self) -> float | None:
        try:
            return float(self.ip.frequency)
        except ValueError:
            return None  # the design does not say; the panel shows clocks then

    def _counter(self, name: str, base: int) -> dict[str, Any]:
        counter = getattr(self.ip, name)
        control, count, load = (self._value(base + word) for word in (TCSR, TCR, TLR))
        if name == "cascade":
            count, load = (self._whole(word) for word in (TCR, TLR))
        told: dict[str, Any] = {"name": name, "bits": counter._width, "read": control is not None, "count": count, "load": load}
        if control is None or count is None:
            return told
        mode, frequency = mode_of(control), self._frequency()
        told |= {"mode": mode, "running": bool(control & ENT), "ended": bool(control & TINT), "interrupts": bool(control & ENIT)}
        if load is None or frequency is None:
            return told
        if mode == "capture":
            return told | {"captured": load / frequency if control & TINT or load else None, "whole": None, "left": None}
        top = (1 << counter._width) - 1
        clocks = load if control & UDT else top - load
        left = count if control & UDT else top - count
        # Right after its end a counter that counts down stands at its top.
        done = left > clocks
        whole = (clocks + counter._overhead) / frequency
        hidden = whole < _SEEN and bool(control & ENT) and mode != "one-shot"
        return told | {"whole": whole, "left": None if hidden else 0.0 if done else (left + 1) / frequency, "captured": None}

    def _whole(self, word: int) -> int | None:
        low, high = self._value(word), self._value(STRIDE + word)
        return None if low is None or high is None else high << 32 | low

    def _wave(self) -> dict[str, float] | None:
        bases, frequency = self._bases(), self._frequency()
        controls = [self._value(base + TCSR) for base in bases]
        loads = [self._value(base + TLR) for base in bases]
        known = tuple(each for each in controls if each is not None), tuple(each for each in loads if each is not None)
        if frequency is None or len(known[0]) != 2 or len(known[1]) != 2:
            return None
        wave = wave_of(known[0], known[1], (1 << self.ip.timer0._width) - 1, frequency)
        return None if wave is None else {"period": wave.period, "high": wave.high, "duty": wave.duty}

    def _hand(self) -> list[str | None] | None:
        """For each counter why its capture pin cannot be moved here, None where it can; None on a board."""
        if not hasattr(self.device, "drive"):
            return None
        return [self._why_not(at) for at in range(len(self._bases()))]

    def _why_not(self, number: int) -> str | None:
        module, design = self.ip.description.get("module"), self.ip.description.get("design")
        port = module.ports.get(f"capturetrig{number}") if module is not None else None
        if port is None:
            return "the design has no such pin"
        net = design.nets.get(port.net) if port.net is not None else None
        driver = None if net is None else net.driver
        return None if driver is None or driver.module is None else f"driven by {driver.module} in this design"

    # What the page may ask.

    def do_start(self, *, counter: str, mode: str, time: str) -> None:
        """Starts an interval, or one after the other, of the time that somebody typed."""
        if mode not in ("one_shot", "periodic"):
            raise ValueError(f"a counter can be started as 'one_shot' or 'periodic', not {mode!r}")
        getattr(self._named(counter), mode)(seconds_of(time), interrupt=self.ip.interrupt_pin is not None)
        self.tick()

    def do_capture(self, *, counter: str) -> None:
        """Counts up from 0, and keeps the count of each event."""
        self._named(counter).capture(interrupt=self.ip.interrupt_pin is not None)
        self.tick()

    def do_stop(self, *, counter: str) -> None:
        """Stops a counter where it stands."""
        self._named(counter).stop()
        self.tick()

    def do_join(self, *, on: bool) -> None:
        """Makes one counter of 64 bits of both, or two again; stopped, at 0."""
        if self.ip.cascade is None:
            raise RuntimeError(f"{self.path}: in this design there are no two counters of 32 bits to be joined")
        self.ip.stop()
        (self.ip.cascade if on else self.ip.timer0).load(0)
        self.tick()

    def do_clear(self, *, counter: str) -> None:
        """Takes note of an end: the interrupt goes low."""
        self._named(counter).clear()
        self.tick()

    def do_pwm(self, *, period: str, duty: float) -> None:
        """Puts a wave on ``pwm0``; `duty` in percent."""
        self.ip.pwm(seconds_of(period), duty / 100)
        self.tick()

    def do_silence(self) -> None:
        """Ends the wave."""
        self.ip.stop()
        self.tick()

    def do_event(self, *, number: int) -> None:
        """Moves the capture pin of a counter of the simulated device, there and back."""
        hand = self._hand()
        if hand is None:
            raise RuntimeError(f"{self.path}: on hardware, only what is connected to the capture pin moves it")
        if not 0 <= number < len(hand) or hand[number] is not None:
            raise ValueError(
                f"{self.path}: capturetrig{number} cannot be moved here: {hand[number] if number in (0, 1) else 'no such pin'}"
            )
        pin = f"{self.path}/capturetrig{number}"
        level = self.device.probe(pin)
        self.device.drive(pin, 1 - level & 1)
        self.device.drive(pin, level & 1)
        self.tick()

    def _named(self, name: str) -> Any:
        known = [each for each in ("timer0", "timer1", "cascade") if getattr(self.ip, each) is not None]
        if name not in known:
            raise ValueError(f"{self.path} has {', '.join(known)}, not {name!r}")
        return getattr(self.ip, name)

    # What a saved notebook shows.

    def facts(self) -> Iterable[tuple[str, str]]:
        told = self.look()
        for counter in told["counters"]:
            yield counter["name"], _said(counter)
        wave = told["wave"]
        if told["can_pwm"]:
            text = "none" if wave is None else f"{engineering(1 / wave['period'], 'Hz')}, high for {wave['duty']:.1%}"
            yield "wave on pwm0", text

    def markup(self) -> html.Markup:
        return html.table(("", ""), self.facts())


def _said(counter: Mapping[str, Any]) -> str:
    if not counter["read"]:
        return "not read"
    said = [counter["mode"], "runs" if counter["running"] else "stands still", f"at {counter['count']:,}"]
    if counter.get("whole") is not None:
        said.append(f"of {engineering(counter['whole'], 's')}")
    if counter.get("captured") is not None:
        said.append(f"captured {engineering(counter['captured'], 's')}")
    if counter["ended"]:
        said.append("has come to its end" if counter["mode"] != "capture" else "an event came")
    return ", ".join(said)
