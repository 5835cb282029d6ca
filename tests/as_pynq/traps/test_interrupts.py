"""Interrupts: wherever the controller stands, and whoever waited before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Write = Callable[..., Path]


async def _told(device: Any, interrupt: Any, pin: str) -> str:
    waiting = asyncio.ensure_future(interrupt.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    device.drive(pin, 1)
    await waiting
    device.drive(pin, 0)
    return "told"


CONTROLLERS = ["axi_intc_0", "irqs/axi_intc_0", "deep/down/there/axi_intc_0", "hier/axi_intc_0"]


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_an_interrupt_controller_inside_a_hierarchy(controller: str, pynq: Any, core: Any, write: Write, device: Any) -> None:
    """PYNQ 4.0.0: ``ol.hier.core`` raises KeyError: 'irqs/axi_intc_0' (issue 1433)."""
    cores = (core("hier/core", 0x43C0_0000, interrupts=("interrupt",)), core("other", 0x43C1_0000, interrupts=("interrupt", "error")))
    ol = pynq.Overlay(write(*cores, controller=controller))
    assert list(ol.interrupt_controllers) == [controller]
    assert ol.interrupt_controllers[controller]["parent"] == ""
    assert {pin: (entry["controller"], entry["index"]) for pin, entry in ol.interrupt_pins.items()} == {
        "hier/core/interrupt": (controller, 0),
        "other/interrupt": (controller, 1),
        "other/error": (controller, 2),
    }
    assert ol.hier.core.description["interrupts"]["interrupt"]["fullpath"] == "hier/core/interrupt"
    for interrupt, pin in (
        (ol.hier.core.interrupt, "hier/core/interrupt"),
        (ol.other.interrupt, "other/interrupt"),
        (pynq.Interrupt("other/error"), "other/error"),
    ):
        assert asyncio.run(_told(device, interrupt, pin)) == "told"


def test_interrupts_that_go_straight_to_the_processing_system(pynq: Any, core: Any, write: Write, device: Any) -> None:
    """PYNQ 4.0.0: ``ol.interrupt_pins`` is empty, and ``ol.hier.core.interrupt`` an AttributeError (issue 964)."""
    cores = (core("hier/core", 0x43C0_0000, interrupts=("interrupt",)), core("other", 0x43C1_0000, interrupts=("interrupt",)))
    ol = pynq.Overlay(write(*cores))
    assert {pin: (entry["controller"], entry["raw_irq"]) for pin, entry in ol.interrupt_pins.items()} == {
        "hier/core/interrupt": ("", 61),
        "other/interrupt": ("", 62),
    }
    assert asyncio.run(_told(device, ol.hier.core.interrupt, "hier/core/interrupt")) == "told"
    assert asyncio.run(_told(device, ol.other.interrupt, "other/interrupt")) == "told"


def test_the_processing_system_inside_a_hierarchy(pynq: Any, core: Any, write: Write, device: Any) -> None:
    """PYNQ 2.5 to 3.0: no IP and no interrupts are found, or KeyError (issues 620, 1075, 1408)."""
    path = write(core("core", 0x43C0_0000, interrupts=("interrupt",)), controller="axi_intc_0", host="zynq_core/processing_system7_0")
    ol = pynq.Overlay(path)
    assert list(ol.ip_dict) == ["core", "axi_intc_0", "zynq_core/processing_system7_0"]
    assert ol.zynq_core.processing_system7_0.description["type"] == "xilinx.com:ip:processing_system7:5.5"
    assert ol.clock_dict[0]["enable"] == 1
    assert asyncio.run(_told(device, ol.core.interrupt, "core/interrupt")) == "told"


@pytest.mark.parametrize("controller", ["axi_intc_0", ""])
def test_a_wait_in_each_of_two_event_loops(controller: str, pynq: Any, core: Any, write: Write, device: Any) -> None:
    """PYNQ 4.0.0: the second ``asyncio.run`` raises RuntimeError: ... is bound to a different event loop."""
    ol = pynq.Overlay(write(core("core", 0x43C0_0000, interrupts=("interrupt",)), controller=controller))
    interrupt = ol.core.interrupt
    for _ in range(3):
        assert asyncio.run(_told(device, interrupt, "core/interrupt")) == "told"


@pytest.mark.parametrize("controller", ["axi_intc_0", ""])
def test_a_wait_after_one_that_was_cancelled(controller: str, pynq: Any, core: Any, write: Write, device: Any) -> None:
    """PYNQ 4.0.0: the next wait is over at once, by the interrupt that the cancelled one had asked for (issue 847)."""
    ol = pynq.Overlay(write(core("core", 0x43C0_0000, interrupts=("interrupt",)), controller=controller))
    interrupt = ol.core.interrupt

    async def go() -> str:
        given_up = asyncio.ensure_future(interrupt.wait())
        await asyncio.sleep(0)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        device.drive("core/interrupt", 1)
        device.drive("core/interrupt", 0)
        for _ in range(10):
            await asyncio.sleep(0)
        return await _told(device, interrupt, "core/interrupt")

    assert asyncio.run(go()) == "told"
    assert asyncio.run(go()) == "told"


def test_two_wait_for_one_interrupt(pynq: Any, core: Any, write: Write, device: Any) -> None:
    """PYNQ 4.0.0: so too, through one object; here also where each has made its own."""
    ol = pynq.Overlay(write(core("core", 0x43C0_0000, interrupts=("interrupt",)), controller="irqs/axi_intc_0"))

    async def go() -> list[Any]:
        waits = [asyncio.ensure_future(each.wait()) for each in (ol.core.interrupt, pynq.Interrupt("core/interrupt"))]
        await asyncio.sleep(0)
        device.drive("core/interrupt", 1)
        return await asyncio.gather(*waits)

    assert asyncio.run(go()) == [None, None]


def test_a_wait_does_not_outlive_its_overlay(pynq: Any, core: Any, write: Write) -> None:
    """PYNQ 4.0.0: "waiting results in undefined behaviour": for ever, as nobody tells the event any more."""
    ol = pynq.Overlay(write(core("core", 0x43C0_0000, interrupts=("interrupt",)), controller="irqs/axi_intc_0"))
    interrupt = ol.core.interrupt

    async def go() -> None:
        waiting = asyncio.ensure_future(interrupt.wait())
        await asyncio.sleep(0)
        pynq.Overlay(write(core("core", 0x43C0_0000), name="other"))
        await waiting

    with pytest.raises(pynq.StaleOverlayError, match=r"small\.hwh was replaced by other\.hwh"):
        asyncio.run(go())


def test_a_pin_that_there_is_not(pynq: Any, core: Any, write: Write) -> None:
    """PYNQ 4.0.0: ValueError: No Pin of name ... found; here with the near ones."""
    pynq.Overlay(write(core("hier/core", 0x43C0_0000, interrupts=("interrupt",)), controller="irqs/axi_intc_0"))
    with pytest.raises(ValueError, match=r"^No Pin of name hier/core/interupt found.*hier/core/interrupt"):
        pynq.Interrupt("hier/core/interupt")
