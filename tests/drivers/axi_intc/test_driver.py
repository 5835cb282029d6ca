"""AXI INTC, the driver: a view that changes nothing."""

import asyncio
from typing import Any

from pynq_drivers.axi_intc.driver import AxiIntc, Line


def test_lines_with_their_sources(build: Any, gpio_block: Any, timer_block: Any) -> None:
    bench = build(gpio_block(C_ALL_INPUTS=1), timer_block())
    intc = bench.overlay.intc
    assert isinstance(intc, AxiIntc)
    assert len(intc) == 2
    assert intc.sources == {0: "gpio/ip2intc_irpt", 1: "timer/interrupt"}
    assert intc.lines == [Line(0, "gpio/ip2intc_irpt", False, False, False), Line(1, "timer/interrupt", False, False, False)]
    assert not intc.listening


def test_looking_is_two_reads_and_no_write(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block())
    assert bench.accesses("intc", lambda: bench.overlay.intc.lines) == [("read", 0x00), ("read", 0x08)]


def test_it_shows_who_waits(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block(C_ALL_INPUTS=1))
    overlay = bench.overlay

    async def scene() -> None:
        waiting = asyncio.create_task(overlay.gpio.channel1.wait_for_interrupt_async())
        await asyncio.sleep(0)
        assert (overlay.intc.enabled, overlay.intc.pending, overlay.intc.listening) == (1, 0, True)
        bench.model("gpio").set_inputs(1)
        await waiting

    asyncio.run(scene())
    assert (overlay.intc.enabled, overlay.intc.pending) == (0, 0)


def test_its_state_is_attributes_where_the_design_lists_no_registers_too(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block())
    intc, seen = bench.overlay.intc, []
    intc.observe(lambda change: seen.append(change.new), "enabled")
    assert bench.accesses("intc", lambda: (intc.active, intc.enabled)) == [("read", 0x00), ("read", 0x08)]
    intc.enabled = 1
    assert seen == [0, 1]
    assert set(intc.registers.registers) >= {"active", "enabled"}
