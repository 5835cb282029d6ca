"""What one would look at of an AXI INTC: its inputs by name, what they are at, how often they came, and when."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from pynq_drivers.axi_intc import registers as r
from pynq_drivers.axi_intc.driver import KINDS, Line
from pynq_widgets.widgets import html
from pynq_widgets.widgets.panel import Group, Panel

SECONDS = 10.0  # that the timeline shows
STEPS = 240  # of the timeline: what falls into one step is one mark


class IntcPanel(Panel):
    """The inputs of an interrupt controller with their names, counts and a timeline.

    The counts and moments are those that the driver hears of, with no read. ISR, IER and MER, whose reads change nothing, are read while
    somebody looks: between two reads an input may come and go unseen, but not uncounted where somebody waits for it.
    """

    module = "panel.js"
    stylesheet = "panel.css"

    def __init__(self, ip: Any, **options: Any) -> None:
        self._seen: deque[tuple[float, int]] = deque(maxlen=2048)  # (seconds, ISR) at each change
        self._lock = threading.Lock()
        super().__init__(ip, **options)

    def groups(self) -> Iterable[Group]:
        return ((self.ip.registers, [handle.name for handle in (self._word(o) for o in self._words()) if handle is not None]),)

    def _words(self) -> tuple[int, ...]:
        return (r.ISR, r.IER, r.MER, r.IMR) if self.ip.is_fast else (r.ISR, r.IER, r.MER)

    def _word(self, offset: int) -> Any:
        return next((handle for handle in self.ip.registers.registers.values() if handle.offset == offset), None)

    def _value(self, offset: int) -> int | None:
        handle = self._word(offset)
        return None if handle is None else handle.value

    def tick(self) -> None:
        active = self._value(r.ISR)
        with self._lock:
            if active is not None and (not self._seen or self._seen[-1][1] != active):
                self._seen.append((self.device.clock.now(), active))

    def look(self) -> Mapping[str, Any]:
        active, enabled, master = (self._value(offset) for offset in (r.ISR, r.IER, r.MER))
        return {
            "lines": [self._facts_of(line) for line in self._lines()],
            "active": active,
            "enabled": enabled,
            "listening": None if master is None else master & 3 == 3,
            "takes": None if master is None else bool(master & r.HIE),
            "counts": list(self.ip.heard.counts),
            "timeline": self._timeline(),
            "about": self._about(),
        }

    def _lines(self) -> list[Line]:
        words = [self._value(offset) or 0 for offset in (r.ISR, r.IER, r.IMR)]
        lines: list[Line] = self.ip.lines_of(*words)
        return lines

    def _facts_of(self, line: Line) -> dict[str, Any]:
        return {"name": line.name, "kind": line.kind, "software": line.kind == KINDS[4], "fast": line.fast}

    def _about(self) -> str:
        said = []
        if self.ip.parent:
            said.append(f"leads to {self.ip.parent}")
        if self.ip.cascade:
            said.append(f"cascade mode, {'the first' if self.ip.cascade == 'first' else 'a further one'} of its chain")
        if self.ip.is_fast:
            said.append("has a fast mode")
        return ", ".join(said)

    def _timeline(self) -> dict[str, Any] | None:
        """Of each input the steps in which it was taken, and the stretches of steps in which it was seen active; None where there is
        nothing to show, so that a quiet controller sends nothing."""
        now = self.device.clock.now()
        begin = now - SECONDS
        marks: dict[int, set[int]] = {}
        for when, index in self.ip.heard.moments(begin):
            marks.setdefault(index, set()).add(_step(when, begin))
        with self._lock:
            seen = list(self._seen)
        stretches: dict[int, list[list[int]]] = {}
        for at, (when, active) in enumerate(seen):
            until = seen[at + 1][0] if at + 1 < len(seen) else now
            if until <= begin:
                continue
            for index in range(len(self.ip)):
                if active >> index & 1:
                    first, last = _step(max(when, begin), begin), _step(until, begin)
                    found = stretches.setdefault(index, [])
                    if found and found[-1][1] >= first:
                        found[-1][1] = last
                    else:
                        found.append([first, last])
        if not marks and not stretches:
            return None
        return {
            "seconds": SECONDS,
            "steps": STEPS,
            "marks": {str(index): sorted(steps) for index, steps in marks.items()},
            "active": {str(index): found for index, found in stretches.items()},
        }

    # What the page may ask.

    def do_enable(self, *, line: int, on: bool) -> None:
        """Enables an input, or disables it."""
        (self.ip.enable if on else self.ip.disable)(line)
        self._again(r.IER)

    def do_acknowledge(self, *, line: int) -> None:
        """Clears what is latched of an input."""
        self.ip.acknowledge(line)
        self._again(r.ISR)

    def do_trigger(self, *, line: int) -> None:
        """Raises a software interrupt."""
        self.ip.trigger(line)
        self._again(r.ISR)

    def do_listen(self) -> None:
        """Takes inputs, and switches the output on."""
        self.ip.listen()
        self._again(r.MER)

    def do_clear(self) -> None:
        """Counts anew from 0."""
        self.ip.heard.clear()

    def _again(self, offset: int) -> None:
        handle = self._word(offset)
        if handle is not None:
            handle.read()

    # What a saved notebook shows.

    def facts(self) -> Iterable[tuple[str, str]]:
        known = self._value(r.ISR) is not None
        for line in self._lines():
            state = f"{'active' if line.active else 'idle'}, {'enabled' if line.enabled else 'disabled'}" if known else "not read"
            yield f"{line.index} {line.name}", f"{line.kind}, {state}, taken {line.count} times"

    def markup(self) -> html.Markup:
        known = self._value(r.ISR) is not None
        rows = [
            (
                str(line.index),
                line.name,
                line.kind,
                ("active" if line.active else "idle") if known else "not read",
                ("yes" if line.enabled else "no") if known else "not read",
                str(line.count),
            )
            for line in self._lines()
        ]
        return html.table(("Input", "From", "Sensed as", "State", "Enabled", "Taken"), rows, mono=(1,))


def _step(when: float, begin: float) -> int:
    return min(STEPS - 1, max(0, int((when - begin) / SECONDS * STEPS)))
