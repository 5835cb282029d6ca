"""What one would look at of an I2C bus: a map of its addresses, who answers at them, and their registers one at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any

from pynq_widgets.widgets.panel import Panel

FIRST, LAST = 0x08, 0x77  # the others are reserved (NXP UM10204, section 3.1.12)
MOST = 32  # bytes that are read at once


class BusMap(Panel):
    """The 112 addresses of a bus. Nothing is put on it before somebody asks: a scan reads a byte from each address."""

    module = "panel.js"
    stylesheet = "panel.css"
    reads = ()
    rate = 0

    def __init__(self, ip: Any, **options: Any) -> None:
        self._said: dict[str, Any] | None = None
        super().__init__(ip, **options)
        ip.observe(self._scanned, "found")

    def close(self) -> None:
        """Ends it."""
        with contextlib.suppress(ValueError):  # it was ended before
            self.ip.unobserve(self._scanned, "found")
        super().close()

    def _scanned(self, _: Any) -> None:
        self.changed()

    def look(self) -> Mapping[str, Any]:
        return {
            "speed": f"{self.ip.frequency / 1000:g} kHz",
            "found": None if self.ip.found is None else list(self.ip.found),
            "names": self._names(),
            "answer": self._said,
        }

    def _names(self) -> dict[str, str]:
        """What the simulated device has on its bus, by address."""
        targets = getattr(self.model, "targets", {})
        return {str(address): type(target).__name__ for address, target in targets.items()}

    def facts(self) -> Iterable[tuple[str, str]]:
        yield "speed", f"{self.ip.frequency / 1000:g} kHz"
        if self.ip.found is None:
            yield "found", "not scanned yet"
        else:
            yield "found", ", ".join(f"{address:#04x}" for address in self.ip.found) or "nobody"

    def do_scan(self) -> None:
        """Find out who is there."""
        self.ip.scan(range(FIRST, LAST + 1))
        self._said = None

    def do_read(self, *, address: int, register: int, count: int) -> None:
        """Read `count` bytes (1 to 32) from `register` on, after a repeated start."""
        if not 1 <= count <= MOST:
            raise ValueError(f"1 to {MOST} bytes are read at once, not {count}")
        if not 0 <= register <= 0xFF:
            raise ValueError(f"a register is 0 to 0xff, not {register:#x}")
        data = self.ip.chip(address).write_read([register], count)
        self._said = {"address": address, "register": register, "data": list(data)}

    def do_write(self, *, address: int, register: int, value: int) -> None:
        """Write one byte to `register`."""
        self.ip.chip(address).write_byte_data(register, value)
        self._said = {"address": address, "register": register, "data": [value], "written": True}
