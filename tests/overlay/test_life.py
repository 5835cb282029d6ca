"""What happens to those who wait when an overlay ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import DefaultIP, Overlay, StaleOverlayError
from pynq_widgets.access import MMIO
from pynq_widgets.device import SimulatedDevice
from pynq_widgets.overlay import life


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (lambda overlay, path: overlay.free(), "demo.hwh was freed with free()"),
        (lambda overlay, path: overlay.download(), "demo.hwh was downloaded again"),
        (lambda overlay, path: Overlay(path, device=overlay.device), "demo.hwh was loaded again as another Overlay object"),
    ],
)
def test_who_waits_for_an_interrupt_is_told_that_the_overlay_has_gone(demo_design: Path, end: Callable[..., Any], reason: str) -> None:
    overlay = Overlay(demo_design, device=SimulatedDevice("t"))

    async def main() -> None:
        waiting = asyncio.ensure_future(overlay.timer.interrupt.wait())
        await asyncio.sleep(0)
        end(overlay, demo_design)
        with pytest.raises(StaleOverlayError) as raised:
            await asyncio.wait_for(waiting, 20)
        assert str(raised.value) == f"Interrupt invalidated by Overlay change: {reason}"

    asyncio.run(main())


def test_who_holds_the_bus_may_ask_what_is_loaded_while_another_overlay_is(demo_design: Path) -> None:
    overlay = Overlay(demo_design, device=SimulatedDevice("t"))
    device = overlay.device
    with pytest.raises(TimeoutError):
        overlay.timer.interrupt.wait_blocking(0)  # from now on ending the overlay needs the bus
    ending = threading.Event()

    class Holder:
        def _forget(self) -> None:
            ending.set()

    holder = Holder()
    overlay._life.holders.add(holder)
    loading = threading.Thread(target=lambda: life.begin(device, "other.hwh"), daemon=True)
    answers: list[bool] = []
    asking = threading.Thread(target=lambda: answers.append(overlay.is_loaded()), daemon=True)
    with device.lock:
        loading.start()
        assert ending.wait(20)
        asking.start()
        asking.join(20)
        assert answers == [False]
    loading.join(20)
    assert not loading.is_alive()


def test_an_overlay_that_goes_while_a_driver_is_made_is_what_the_error_says(demo_design: Path) -> None:
    device = SimulatedDevice("t")

    class Reloads(DefaultIP):
        bindto = ["xilinx.com:ip:axi_timer:2.0"]

        def __init__(self, description: dict[str, Any], touch: bool = True) -> None:
            super().__init__(description)
            Overlay(demo_design, device=device)
            if touch:
                self.read(0)

    class ReloadsOnly(Reloads):
        bindto = ["xilinx.com:ip:axi_gpio:2.0"]

        def __init__(self, description: dict[str, Any]) -> None:
            super().__init__(description, touch=False)

    try:
        for name in ("timer", "leds"):
            overlay = Overlay(demo_design, device=device)
            for _ in range(2):
                with pytest.raises(StaleOverlayError, match=r"demo\.hwh was loaded again as another Overlay object"):
                    getattr(overlay, name)
    finally:
        Reloads.unregister()
        ReloadsOnly.unregister()


def test_a_download_past_every_overlay_ends_what_is_held(demo_design: Path) -> None:
    device = SimulatedDevice("t")
    overlay = Overlay(demo_design, device=device)
    mmio, registers, gpio = overlay.leds.mmio, overlay.leds.register_map, overlay.leds.registers
    mmio.write(0, 5)
    device.download(parser=overlay.design)
    for touch in (lambda: mmio.write(0, 5), lambda: registers.GPIO_DATA[:], gpio.refresh, lambda: overlay.leds):
        with pytest.raises(StaleOverlayError, match=r"demo\.hwh was replaced by a download that no Overlay object made"):
            touch()
    assert device.probe("leds/gpio_io_o") == 0


def test_an_overlay_that_downloads_itself_again_keeps_its_registers(demo_design: Path) -> None:
    overlay = Overlay(demo_design, device=SimulatedDevice("t"))
    mmio = overlay.leds.mmio
    mmio.write(0, 5)
    overlay.download()
    assert mmio.read(0) == 0
    assert overlay.is_loaded()


def test_what_is_made_of_a_handle_ends_with_it_and_what_is_given_too_late_is_born_stale(demo_design: Path) -> None:
    overlay = Overlay(demo_design, device=SimulatedDevice("t"))
    mmio, held = overlay.leds.mmio, overlay._life
    part, whole = mmio.array[1:3], mmio.array
    reason = r"demo\.hwh was freed with free\(\)"
    overlay.free()
    late = held.give(MMIO(mmio.base_addr, mmio.length, overlay.device))
    for touch in (lambda: part[0], lambda: whole[0], lambda: late.read(0), lambda: late.write(0, b"1234"), lambda: mmio.read(0, 8)):
        with pytest.raises(StaleOverlayError, match=reason):
            touch()
    overlay.device.bus.counting = True
    with pytest.raises(StaleOverlayError, match=reason):
        mmio.read(0)
    assert overlay.device.bus.statistics().total.transactions == 0


def test_handles_given_while_a_life_ends_are_all_stale() -> None:
    device = SimulatedDevice("t")
    for _ in range(20):
        held = life.Life("a.hwh", 0, device)
        given: list[MMIO] = []
        ready = threading.Event()

        def give(held: life.Life = held, given: list[MMIO] = given, ready: threading.Event = ready) -> None:
            for _ in range(200):
                given.append(held.give(MMIO(0x4000_0000, 4, device)))
                ready.set()

        giving = threading.Thread(target=give)
        giving.start()
        assert ready.wait(20)
        held.end("it was replaced")
        giving.join(20)
        assert len(given) == 200
        assert all(mmio._port.is_stale for mmio in given)


def test_no_handle_reaches_the_next_design_as_soon_as_it_is_there(demo_design: Path) -> None:
    class Watched(SimulatedDevice):
        free = True

        def download(self, bitstream: Any, parser: Any = None) -> None:
            super().download(bitstream, parser)
            other = threading.Thread(target=self.look)
            other.start()
            other.join()

        def look(self) -> None:
            self.free = self.lock.acquire(blocking=False)
            if self.free:
                self.lock.release()

    raised = []

    class Telling(Overlay):
        def _tell_device(self, before: int, source: Any, design: Any) -> None:
            # Nobody has begun the new life yet, and others come on the bus already.
            if mmio is not None:
                with pytest.raises(StaleOverlayError) as caught:
                    mmio.read(0)
                raised.append(str(caught.value))
            super()._tell_device(before, source, design)

    device, mmio = Watched("watched"), None
    mmio = Telling(demo_design, device=device)["leds"].mmio
    Telling(demo_design, device=device)
    assert not device.free
    assert "on device 'watched' has gone: demo.hwh was loaded again as another Overlay object" in raised[0]
