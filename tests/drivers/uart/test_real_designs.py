"""Serial cores of real designs that software sees come to life: driver, model, panel, and something said over each."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path
from typing import Any

from pynq_widgets import Overlay, SimulatedDevice, showing
from pynq_widgets.device.clock import VirtualClock

NAMES = {"axi_iic": "AxiIIC", "axi_uart16550": "AxiUart16550", "axi_uartlite": "AxiUartLite"}


def lives(device: SimulatedDevice, ip: Any, path: str) -> None:
    ip.registers.refresh()
    assert len(ip.registers.registers) >= 4
    model: Any = device.model_of(path)
    assert "text/html" in showing.mimebundle(ip.panel())
    if hasattr(model, "line"):
        model.line.connect(model.line)
        ip.write("said\n")
        assert ip.readline() == b"said\n"
    else:
        assert ip.scan(range(0x48, 0x4A)) == []


def test_serial_cores_of_every_real_design(hwh_folder: Path) -> None:
    counts: Counter[str] = Counter()
    for path in sorted(hwh_folder.glob("*.hwh")):
        text = path.read_text(encoding="utf-8-sig")
        if not any(f":ip:{name}:" in text for name in NAMES):
            continue
        device = SimulatedDevice("serial", clock=VirtualClock(autojump=True))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other IP
            overlay: Any = Overlay(path, device=device)
        for name, entry in overlay.ip_dict.items():
            kind = (str(entry["type"]) + "::").split(":")[2]
            if kind in NAMES:
                assert type(overlay[name]).__name__ == NAMES[kind], (path.name, name)
                lives(device, overlay[name], name)
                counts[kind] += 1
        assert device.model_errors == [], path.name
    assert counts == {"axi_iic": 5, "axi_uart16550": 2, "axi_uartlite": 1}
