"""The common blocks of every real design come to life: driver, model, a safe look at all registers."""

from pathlib import Path
from typing import Any

import pytest

from pynq_drivers.axi_bram_ctrl.driver import AxiBram
from pynq_drivers.axi_dma.driver import AxiDMA
from pynq_drivers.axi_gpio.driver import AxiGPIO
from pynq_drivers.axi_intc.driver import AxiIntc
from pynq_drivers.axi_timer.driver import AxiTimer
from pynq_widgets import Overlay, SimulatedDevice
from pynq_widgets.device.clock import VirtualClock

DRIVERS = {"axi_bram_ctrl": AxiBram, "axi_dma": AxiDMA, "axi_gpio": AxiGPIO, "axi_intc": AxiIntc, "axi_timer": AxiTimer}


def _common_blocks(device: SimulatedDevice, overlay: Any) -> dict[str, type]:
    """Paths of the common blocks that software sees, and the driver that each should have."""
    design = device.design
    assert design is not None
    seen = {window.slave for window in design.address_map}
    kinds = {path: (module.vlnv or "::::").split(":")[2] for path, module in design.modules.items()}
    return {path: DRIVERS[kind] for path, kind in kinds.items() if path in seen and kind in DRIVERS and path in overlay.drivers}


def _reached(overlay: Any, path: str) -> Any:
    for name in path.split("/"):
        overlay = overlay[name]
    return overlay


def test_driver_and_model_of_every_common_block(hwh_folder: Path) -> None:
    counts: dict[type, int] = {}
    for path in sorted(hwh_folder.glob("*.hwh")):
        device = SimulatedDevice("real designs", clock=VirtualClock())
        overlay = Overlay(path, device=device)
        for name, driver in _common_blocks(device, overlay).items():
            ip = _reached(overlay, name)
            assert type(ip) is driver, (path.name, name)
            counts[type(ip)] = counts.get(type(ip), 0) + 1
            assert device.model_of(name) is not None, (path.name, name)
            if ip.description.get("registers"):
                ip.registers.refresh()
            if isinstance(ip, AxiIntc):
                assert len(ip.lines) == len(ip)
        assert device.model_errors == [], path.name
    assert counts == {AxiDMA: 68, AxiGPIO: 40, AxiIntc: 24, AxiBram: 29}


def test_the_whole_loop_of_the_demonstration_design(demo_design: Path) -> None:
    """allocate → DMA → filter → DMA → interrupt → await."""
    import asyncio

    import numpy as np

    from pynq_widgets import allocate

    clock = VirtualClock()
    device = SimulatedDevice("demo loop", clock=clock)
    overlay = Overlay(demo_design, device=device)
    dma, fir = overlay["filter"].dma, overlay["filter"].fir
    samples, result = allocate(256, "i2", target=device), allocate(256, "i2", target=device)
    samples[:] = np.arange(256)
    assert dma.recvchannel.limits.longest == (1 << 23) - 1

    async def time_passes() -> None:
        while True:
            clock.advance(1e-6)
            await asyncio.sleep(0)

    async def scene() -> None:
        passing = asyncio.create_task(time_passes())
        dma.recvchannel.transfer(result)
        dma.sendchannel.transfer(samples)
        fir.write(0x00, 1)  # ap_start
        await asyncio.gather(dma.sendchannel.wait_async(timeout=1), dma.recvchannel.wait_async(timeout=1))
        passing.cancel()

    asyncio.run(scene())
    assert dma.recvchannel.transferred == result.nbytes
    assert device.model_errors == []


def test_a_timer_of_the_demonstration_design_interrupts(demo_design: Path) -> None:
    clock = VirtualClock(autojump=True)
    overlay = Overlay(demo_design, device=SimulatedDevice("demo timer", clock=clock))
    overlay.timer.timer0.periodic(0.25)
    for _ in range(4):
        overlay.timer.timer0.wait(timeout=1)
    assert clock.now() == pytest.approx(1.0)
