"""AXI INTC, the model: each register of PG099 with its reset value, access and side effect."""

from typing import Any

import pytest

ISR, IPR, IER, IAR, SIE, CIE, IVR, MER, IMR, ILR = range(0x0, 0x28, 4)
NONE = 0xFFFF_FFFF


class Lines:
    """A controller whose input wires the test holds."""

    def __init__(self, bench: Any, name: str = "ctl") -> None:
        self.bench, self.name = bench, name
        self.base = bench.overlay.ip_dict[name]["phys_addr"]
        self.level = 0

    def read(self, offset: int) -> int:
        word: int = self.bench.device.read_word(self.base + offset)
        return word

    def write(self, offset: int, value: int) -> None:
        self.bench.device.write_word(self.base + offset, value)

    def pins(self, level: int) -> None:
        self.level = level
        self.bench.device.drive(f"{self.name}/intr", level)

    @property
    def irq(self) -> int:
        level: int = self.bench.device.probe(f"{self.name}/irq")
        return level


@pytest.fixture
def controller(build: Any, block: Any) -> Any:
    def make(**parameters: Any) -> Lines:
        given = {"C_NUM_INTR_INPUTS": 4, "C_KIND_OF_INTR": "0xFFFFFFF0", **parameters}
        pins = (("intr", "I"), ("irq", "O"))
        return Lines(build(block("ctl", "xilinx.com:ip:axi_intc:4.1", 0x4181_0000, given, pins=pins), autojump=False))

    return make


def test_reset_values(controller: Any) -> None:
    lines = controller()
    assert [lines.read(offset) for offset in range(0, 0x28, 4)] == [0, 0, 0, 0, 0, 0, NONE, 0, 0, 0]
    assert lines.irq == 0


def test_inputs_are_taken_once_the_hardware_enable_is_set(controller: Any) -> None:
    lines = controller()
    lines.pins(0b0101)
    assert lines.read(ISR) == 0
    lines.write(MER, 2)
    assert lines.read(ISR) == 0b0101
    lines.write(MER, 0)
    assert lines.read(MER) == 2  # HIE stays until reset


def test_pending_is_status_and_enable(controller: Any) -> None:
    lines = controller()
    lines.write(MER, 3)
    lines.pins(0b0110)
    assert (lines.read(IPR), lines.read(IVR), lines.irq) == (0, NONE, 0)
    lines.write(IER, 0b1100)
    assert (lines.read(IPR), lines.read(IVR), lines.irq) == (0b0100, 2, 1)
    lines.write(SIE, 0b0010)
    assert (lines.read(IER), lines.read(IVR)) == (0b1110, 1)  # the lowest index comes first
    lines.write(CIE, 0b1111)
    assert (lines.read(IER), lines.irq) == (0, 0)


def test_the_master_enable_gates_the_output_alone(controller: Any) -> None:
    lines = controller()
    lines.write(MER, 2)
    lines.write(IER, 0xF)
    lines.pins(1)
    assert (lines.read(IPR), lines.irq) == (1, 0)
    lines.write(MER, 3)
    assert lines.irq == 1


def test_a_level_is_latched_and_comes_back_while_it_is_high(controller: Any) -> None:
    lines = controller()
    lines.write(MER, 3)
    lines.write(IER, 1)
    lines.pins(1)
    lines.write(IAR, 1)
    assert (lines.read(ISR), lines.irq) == (1, 1)
    lines.pins(0)
    assert lines.read(ISR) == 1
    lines.write(IAR, 1)
    assert (lines.read(ISR), lines.irq) == (0, 0)


def test_an_edge_is_taken_once(controller: Any) -> None:
    lines = controller(C_KIND_OF_INTR="0xFFFFFFFF")
    lines.write(MER, 3)
    lines.write(IER, 1)
    lines.pins(1)
    assert lines.read(ISR) == 1
    lines.write(IAR, 1)
    assert lines.read(ISR) == 0  # still high, but no edge
    lines.pins(0)
    lines.pins(1)
    assert lines.read(ISR) == 1


def test_polarity(controller: Any) -> None:
    lines = controller(C_KIND_OF_INTR="0xFFFFFFF1", C_KIND_OF_EDGE="0xFFFFFFFE", C_KIND_OF_LVL="0xFFFFFFFD")
    lines.pins(0b0011)
    lines.write(MER, 3)
    assert lines.read(ISR) == 0
    lines.pins(0b0000)  # a falling edge on 0, a low level on 1
    assert lines.read(ISR) == 0b0011


def test_software_may_play_the_inputs_before_they_are_connected(controller: Any) -> None:
    lines = controller(C_NUM_SW_INTR=2)
    lines.write(IER, 0x3F)
    lines.write(ISR, 0x3F)
    assert (lines.read(ISR), lines.irq) == (0x3F, 0)
    lines.write(IAR, 0x3F)
    lines.write(MER, 3)
    lines.write(ISR, 0x3F)
    assert lines.read(ISR) == 0x30  # afterwards its own lines alone
    assert lines.irq == 1


def test_registers_that_are_not_built_in(controller: Any) -> None:
    lines = controller(C_HAS_IPR=0, C_HAS_SIE=0, C_HAS_CIE=0, C_HAS_IVR=0)
    lines.write(MER, 3)
    lines.write(SIE, 1)
    assert lines.read(IER) == 0
    lines.write(IER, 1)
    lines.write(CIE, 1)
    lines.pins(1)
    assert (lines.read(IER), lines.read(IPR), lines.read(IVR), lines.irq) == (1, 0, 0, 1)


def test_the_interrupt_level_holds_back_lower_priorities(controller: Any) -> None:
    lines = controller(C_HAS_ILR=1)
    assert lines.read(ILR) == NONE
    lines.write(MER, 3)
    lines.write(IER, 0xF)
    lines.write(ILR, 2)
    lines.pins(0b1100)
    assert (lines.irq, lines.read(IVR)) == (0, NONE)
    lines.pins(0b1110)
    assert (lines.irq, lines.read(IVR)) == (1, 1)


def test_vectors_of_the_fast_mode_are_kept(controller: Any) -> None:
    lines = controller(C_HAS_FAST=1)
    assert lines.read(0x100) == 0x10
    lines.write(0x104, 0x1234)
    lines.write(IMR, 0b10)
    assert (lines.read(0x104), lines.read(IMR)) == (0x1234, 0b10)


def test_more_inputs_than_there_are_do_not_exist(controller: Any) -> None:
    lines = controller()
    lines.write(IER, NONE)
    assert lines.read(IER) == 0xF


# Each register of PG099, "Register Space": offset, reset value, what of it bits can be written to by the bus (4 inputs, fast mode, ILR),
# or what else it is, and the test above that has its side effect.
TABLE = {
    "ISR": (0x00, 0, 0xF, "test_software_may_play_the_inputs_before_they_are_connected"),
    "IPR": (0x04, 0, 0, "test_pending_is_status_and_enable"),
    "IER": (0x08, 0, 0xF, "test_pending_is_status_and_enable"),
    "IAR": (0x0C, None, "write-only", "test_a_level_is_latched_and_comes_back_while_it_is_high"),
    "SIE": (0x10, None, "write-only", "test_pending_is_status_and_enable"),
    "CIE": (0x14, None, "write-only", "test_pending_is_status_and_enable"),
    "IVR": (0x18, NONE, 0, "test_pending_is_status_and_enable"),
    "MER": (0x1C, 0, 0x3, "test_inputs_are_taken_once_the_hardware_enable_is_set"),
    "IMR": (0x20, 0, 0xF, "test_vectors_of_the_fast_mode_are_kept"),
    "ILR": (0x24, NONE, NONE, "test_the_interrupt_level_holds_back_lower_priorities"),
    **{f"IVAR{i}": (0x100 + 4 * i, 0x10, NONE, "test_vectors_of_the_fast_mode_are_kept") for i in range(4)},
}


def test_each_register_of_the_guide(controller: Any) -> None:
    lines = controller(C_HAS_FAST=1, C_HAS_ILR=1)
    mirror = lines.bench.overlay.ctl.registers
    assert {name: handle.offset for name, handle in mirror.registers.items()} == {name: row[0] for name, row in TABLE.items()}
    for name, (offset, reset, writable, test) in TABLE.items():
        assert test in globals()
        if isinstance(writable, str):
            assert mirror.registers[name].access == writable
            continue
        assert lines.read(offset) == reset, name
        kept = {"MER": 0b10}.get(name, 0)  # HIE stays until reset
        played = {"ISR": lines.read(0x00)}.get(name, 0)
        lines.write(offset, NONE)
        assert lines.read(offset) == (NONE if name == "IVR" else reset | writable | played), name
        if writable:
            lines.write(offset, 0)
            assert lines.read(offset) == kept, name
            lines.write(offset, reset or 0)
