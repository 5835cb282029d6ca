"""AXI INTC, the driver: looking changes nothing; by hand, an access each."""

import asyncio
from typing import Any

import pytest

from pynq_drivers.axi_intc.driver import AxiIntc, Line
from pynq_widgets import Overlay


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
    assert {name: handle.offset for name, handle in intc.registers.registers.items()} == {
        name: 4 * at for at, name in enumerate(("ISR", "IPR", "IER", "IAR", "SIE", "CIE", "IVR", "MER"))
    }


# By hand.


def controller(build: Any, block: Any, **parameters: Any) -> Any:
    given = {"C_NUM_INTR_INPUTS": 4, "C_KIND_OF_INTR": "0xFFFFFFF5", **parameters}
    return build(block("ctl", "xilinx.com:ip:axi_intc:4.1", 0x4181_0000, given, pins=(("intr", "I"), ("irq", "O"))))


def test_enabling_and_acknowledging_are_one_write_each(build: Any, gpio_block: Any, timer_block: Any) -> None:
    bench = build(gpio_block(C_ALL_INPUTS=1), timer_block())
    intc = bench.overlay.intc
    assert bench.accesses("intc", lambda: intc.enable("timer", 0)) == [("write", 0x10, 0b11)]
    assert bench.accesses("intc", lambda: intc.disable("timer/interrupt")) == [("write", 0x14, 0b10)]
    assert bench.accesses("intc", lambda: intc.acknowledge(1)) == [("write", 0x0C, 0b10)]
    assert bench.accesses("intc", lambda: intc.listen()) == [("write", 0x1C, 3)]
    assert (intc.enabled, intc.listening) == (1, True)


def test_a_core_without_sie_and_cie_is_enabled_by_ier(build: Any, block: Any) -> None:
    bench = controller(build, block, C_HAS_SIE=0, C_HAS_CIE=0)
    ctl = bench.overlay.ctl
    assert bench.accesses("ctl", lambda: ctl.enable(1, 3)) == [("read", 8), ("write", 8, 0b1010)]
    assert bench.accesses("ctl", lambda: ctl.disable(3)) == [("read", 8), ("write", 8, 0b0010)]
    assert not {"SIE", "CIE"} & set(ctl.registers.registers)


def test_levels_edges_and_software_are_told_apart(build: Any, block: Any) -> None:
    bench = controller(build, block, C_NUM_SW_INTR=2, C_KIND_OF_EDGE="0xFFFFFFFE", C_KIND_OF_LVL="0xFFFFFFFD")
    ctl = bench.overlay.ctl
    kinds = ["falling edge", "low level", "rising edge", "high level", "software", "software"]
    assert [line.kind for line in ctl.lines] == kinds
    assert [line.edge for line in ctl.lines] == [True, False, True, False, False, False]
    assert [line.name for line in ctl.lines] == ["not connected"] * 4 + ["software"] * 2
    assert (ctl.cascade, ctl.parent, ctl.controllers, ctl.is_fast, ctl.fast_lines) == ("", None, {}, False, 0)


def test_software_raises_its_own_and_before_they_are_taken_those_of_pins(build: Any, block: Any) -> None:
    bench = controller(build, block, C_NUM_SW_INTR=2)
    ctl = bench.overlay.ctl
    ctl.trigger(0, 4)
    assert ctl.active == 0b10001
    ctl.listen()
    ctl.trigger(5)
    assert ctl.active == 0b110001
    with pytest.raises(RuntimeError) as error:
        ctl.trigger(5, 1)
    assert str(error.value) == (
        "ctl: input 1 is a pin's, and only its pin raises it once inputs are taken (MER.HIE); those of software are 4 to 5"
    )
    ctl.acknowledge(4, 5)
    ctl.enable(5)
    assert ctl.active == 1
    ctl.trigger(5)
    assert ctl.pending == 0b100000
    assert bench.device.probe("ctl/irq") == 1


def test_fast_mode_is_told_apart(build: Any, block: Any) -> None:
    bench = controller(build, block, C_HAS_FAST=1, C_IVAR_RESET_VALUE="0x20")
    ctl = bench.overlay.ctl
    ctl.write(0x20, 0b0100)
    assert ctl.is_fast
    assert [line.fast for line in ctl.lines] == [False, False, True, False]
    assert ctl.vector(2) == 0x20
    plain = controller(build, block).overlay.ctl
    with pytest.raises(RuntimeError, match=r"^ctl has no fast mode in this design \(C_HAS_FAST\), so its inputs have no vectors$"):
        plain.vector(2)


def test_cascade_is_what_the_core_was_built_for(build: Any, block: Any) -> None:
    assert controller(build, block, C_EN_CASCADE_MODE=1, C_CASCADE_MASTER=1).overlay.ctl.cascade == "first"
    assert controller(build, block, C_EN_CASCADE_MODE=1, C_CASCADE_MASTER=0).overlay.ctl.cascade == "further"


def test_a_chain_of_controllers_is_found_in_the_design(build: Any, block: Any, timer_block: Any) -> None:
    second = block("second", "xilinx.com:ip:axi_intc:4.1", 0x4181_0000, {"C_NUM_INTR_INPUTS": 1}, ("irq",), pins=(("intr", "I"),))
    overlay = build(timer_block(), second).overlay
    assert overlay.intc.controllers == {1: "second"}
    assert [line.name for line in overlay.intc.lines] == ["timer/interrupt", "second"]
    assert (overlay.second.parent, overlay.intc.parent) == ("intc", None)
    overlay.intc.enable("second")
    assert overlay.intc.enabled == 0b10


@pytest.mark.parametrize(
    ("action", "error", "message"),
    [
        (lambda i: i.enable(), ValueError, "intc.enable() takes at least one input: 0 to 1, or what drives it"),
        (lambda i: i.enable(2), ValueError, "intc has the inputs 0 to 1, not 2"),
        (lambda i: i.disable(-1), ValueError, "intc has the inputs 0 to 1, not -1"),
        (
            lambda i: i.acknowledge("timre/interrupt"),
            ValueError,
            "intc has no input from 'timre/interrupt' (did you mean 'timer/interrupt'?); it has gpio/ip2intc_irpt, timer/interrupt",
        ),
        (lambda i: i.enable(1.5), TypeError, "'float' object cannot be interpreted as an integer"),
        (lambda i: i.kind_of(7), ValueError, "intc has the inputs 0 to 1, not 7"),
    ],
)
def test_mistakes_are_told_and_nothing_is_written(
    build: Any, gpio_block: Any, timer_block: Any, action: Any, error: type[Exception], message: str
) -> None:
    bench = build(gpio_block(C_ALL_INPUTS=1), timer_block())

    def attempt() -> None:
        with pytest.raises(error) as caught:
            action(bench.overlay.intc)
        assert str(caught.value) == message

    assert bench.accesses("intc", attempt) == []


# What it hears.


def test_interrupts_are_counted_without_a_read_of_the_driver_s(build: Any, gpio_block: Any, timer_block: Any) -> None:
    bench = build(gpio_block(C_ALL_INPUTS=1), timer_block())
    intc, timer = bench.overlay.intc, bench.overlay.timer
    assert intc.heard.counts == (0, 0)
    start = bench.clock.now()
    timer.timer0.periodic(1e-3)
    before = bench.device.bus.statistics().by_who.get("user")
    for _ in range(3):
        timer.timer0.wait(timeout=1)
    assert intc.heard.counts == (0, 3)
    times = [when - start for when, index in intc.heard.moments() if index == 1]
    assert times == pytest.approx([1e-3, 2e-3, 3e-3], abs=1e-6)
    assert bench.accesses("intc", lambda: intc.heard.counts) == []
    assert before is not None
    assert intc.heard.moments(since=bench.clock.now()) == []
    intc.heard.clear()
    assert (intc.heard.counts, intc.heard.moments()) == ((0, 0), [])


def test_several_wait_for_one_and_it_counts_once(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block(C_ALL_INPUTS=1))
    overlay = bench.overlay
    pin = overlay.gpio["ip2intc_irpt"]
    overlay.gpio.write(0x11C, 1 << 31)
    overlay.gpio.write(0x128, 1)

    async def scene() -> None:
        waiting = [asyncio.create_task(pin.wait()) for _ in range(3)]
        await asyncio.sleep(0)
        bench.model("gpio").set_inputs(1)
        await asyncio.gather(*waiting)

    _ = overlay.intc
    asyncio.run(scene())
    assert overlay.intc.heard.counts == (1,)


def test_the_next_overlay_s_interrupts_are_not_counted_by_the_old_driver(build: Any, timer_block: Any) -> None:
    bench = build(timer_block())
    old = bench.overlay.intc
    overlay = Overlay(bench.device.design.path, device=bench.device)
    overlay.timer.timer0.one_shot(1e-3)
    _ = overlay.intc
    overlay.timer.timer0.wait(timeout=1)
    assert overlay.intc.heard.counts == (1,)
    assert old.heard.counts == (0,)


def test_a_tape_has_what_it_had_before(build: Any, timer_block: Any) -> None:
    bench = build(timer_block())
    _ = bench.overlay.intc
    bench.overlay.timer.timer0.one_shot(1e-3)
    bench.overlay.timer.timer0.wait(timeout=1)
    kinds = {entry.event for entry in bench.overlay.tape.conversation().entries if hasattr(entry, "event")}
    assert kinds == {"armed", "told"}
