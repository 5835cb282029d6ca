"""The example of docs/simulated-device.md about serial buses runs as it stands there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pynq_widgets import Overlay, SimulatedDevice
from pynq_widgets.device.clock import VirtualClock

ROOT = Path(__file__).resolve().parents[3]


def test_what_hangs_on_serial_buses() -> None:
    page = (ROOT / "docs" / "simulated-device.md").read_text(encoding="utf-8")
    code = next(part for part in page.split("```python\n")[1:] if "axi_iic.chips" in part).split("```")[0]
    device = SimulatedDevice("page", clock=VirtualClock(autojump=True))
    overlay = Overlay(ROOT / "notebooks" / "designs" / "serial.hwh", device=device)
    space: dict[str, Any] = {"device": device}
    exec(code, space)
    assert overlay.iic.scan() == [0x48, 0x50]
    assert str(overlay.spi.flash().identify()) == "20 ba 18 (Micron, 16 MiB)"
    assert overlay.uart.readline() == b"hello\n"
    overlay.uart.write(b"and back")
    assert overlay.uart.receive(8) == b"and back"
