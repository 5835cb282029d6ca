"""The VDMAs of real designs bind, and carry a frame each way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pynq_drivers.axi_vdma.driver import AxiVDMA, VideoMode
from pynq_widgets import Overlay, SimulatedDevice
from pynq_widgets.device.clock import VirtualClock


def vdmas(overlay: Any) -> list[str]:
    """Paths of the VDMAs that software sees."""
    seen = {window.slave for window in overlay.design.address_map}
    return [path for path, module in overlay.design.modules.items() if ":axi_vdma:" in (module.vlnv or "") and path in seen]


def test_each_takes_and_gives_a_frame(hwh_folder: Path) -> None:
    found = reads = writes = 0
    mode = VideoMode(32, 6, 32)
    for file in sorted(hwh_folder.glob("*.hwh")):
        if b":axi_vdma:" not in file.read_bytes():
            continue
        device = SimulatedDevice("real VDMA", clock=VirtualClock(autojump=True))
        overlay = Overlay(file, device=device)
        for path in vdmas(overlay):
            vdma = overlay[path]
            assert type(vdma) is AxiVDMA, (file.name, path)
            found += 1
            vdma.registers.refresh()
            expected = {kind for kind in ("S2MM", "MM2S") if vdma.description["parameters"].get(f"C_INCLUDE_{kind}") == "1"}
            assert {channel.kind for channel in vdma.channels} == expected
            if hasattr(vdma, "writechannel"):
                vdma.writechannel.mode = mode
                vdma.writechannel.start()
                for _ in range(3):
                    vdma.writechannel.writeframe(vdma.writechannel.newframe(), timeout=1)
                writes += 1
            if hasattr(vdma, "readchannel"):
                vdma.readchannel.mode = mode
                vdma.readchannel.start()
                stream = device.stream(path, "S_AXIS_S2MM")
                picture = np.arange(6 * 128).astype("u1").reshape(6, 128)
                for row, line in enumerate(picture):
                    assert stream.send(bytes(line), user=int(row == 0)) == 128
                device.settle()
                got = vdma.readchannel.readframe(timeout=1)
                assert np.array_equal(got.reshape(6, 128), picture), (file.name, path)
                reads += 1
            vdma.stop()
        assert device.model_errors == [], file.name
        overlay.free()
    assert (found, reads, writes) == (11, 10, 9)
