from __future__ import annotations

from collections.abc import Callable

import pytest

from pynq_widgets.design import Design, DesignError

Small = Callable[..., Design]

BUTTONS = 'BASEVALUE="0x41200000" HIGHVALUE="0x4120FFFF"'


def test_every_range_of_every_slave(small: Small) -> None:
    assert [(r.slave, r.interface, r.block, r.base, r.size, r.kind) for r in small().address_map] == [
        ("io/buttons", "S_AXI", "Reg", 0x41200000, 0x10000, "register"),
        ("io/intc", "s_axi", "Reg", 0x41800000, 0x10000, "register"),
        ("scale", "s_axi_control", "Reg", 0x43C00000, 0x10000, "register"),
        ("scale", "s_axi_table", "Mem0", 0x43C10000, 0x2000, "memory"),
        ("bram", "S_AXI", "Mem0", 0x40000000, 0x2000, "memory"),
        ("M_OUT", "M_OUT", "Reg", 0x60000000, 0x10000, "register"),
    ]


def test_a_range_outside_has_no_module(small: Small) -> None:
    outside = small().address_map[-1]
    assert (outside.module, outside.high, outside.master, outside.master_interface) == (None, 0x6000FFFF, "ps", "M_AXI_GP0")


@pytest.mark.parametrize(
    "span",
    [
        'BASEVALUE="0x41800000" HIGHVALUE="0x4180FFFF"',
        'BASEVALUE="0x417F8000" HIGHVALUE="0x41807FFF"',
        'BASEVALUE="0x41800100" HIGHVALUE="0x418001FF"',
    ],
)
def test_two_slaves_at_one_address(small: Small, span: str) -> None:
    with pytest.raises(
        DesignError, match=r"small.hwh, line \d+: 'io/(buttons|intc)' at .* overlaps 'io/(buttons|intc)' at .* in the address map of 'ps'$"
    ):
        small((BUTTONS, span))


def test_the_message_of_an_overlap(small: Small, line_of: Callable[[str], int]) -> None:
    with pytest.raises(DesignError) as caught:
        small((BUTTONS, 'BASEVALUE="0x41808000" HIGHVALUE="0x41817FFF"'))
    assert (
        caught.value.cause
        == "'io/buttons' at 0x41808000..0x41817fff overlaps 'io/intc' at 0x41800000..0x4180ffff in the address map of 'ps'"
    )
    assert caught.value.line == line_of(BUTTONS)


def test_one_slave_may_stand_twice(small: Small) -> None:
    assert len(small(('BASEVALUE="0x43C10000" HIGHVALUE="0x43C11FFF"', 'BASEVALUE="0x43C00000" HIGHVALUE="0x43C01FFF"')).address_map) == 6


def test_instructions_and_data_are_two_spaces(small: Small) -> None:
    design = small(
        (BUTTONS, BUTTONS + ' IS_DATA="TRUE" IS_INSTRUCTION="FALSE"'),
        ('BASEVALUE="0x41800000" HIGHVALUE="0x4180FFFF"', BUTTONS + ' IS_DATA="FALSE" IS_INSTRUCTION="TRUE"'),
    )
    assert [span.base for span in design.address_map[:2]] == [0x41200000, 0x41200000]


@pytest.mark.parametrize(
    ("span", "cause"),
    [
        ('BASEVALUE="here" HIGHVALUE="0x1"', "BASEVALUE of 'io_buttons' is 'here', not a number"),
        ('HIGHVALUE="0x1"', "BASEVALUE of 'io_buttons' is missing, not a number"),
        ('BASEVALUE="0x10" HIGHVALUE="0x1"', "the address range of 'io_buttons' ends at 0x1, before it begins at 0x10"),
        (
            'BASEVALUE="0x0" HIGHVALUE="0x10000000000000000"',
            "HIGHVALUE of 'io_buttons' is '0x10000000000000000', which is not from 0 to 0xffffffffffffffff",
        ),
    ],
)
def test_a_range_that_is_none(small: Small, line_of: Callable[[str], int], span: str, cause: str) -> None:
    with pytest.raises(DesignError) as caught:
        small((BUTTONS, span))
    assert (caught.value.cause, caught.value.line) == (cause, line_of(BUTTONS))


def test_an_open_end_has_no_size(small: Small) -> None:
    span = small((BUTTONS, 'BASEVALUE="0x41200000" HIGHVALUE="0x"')).address_map[0]
    assert (span.base, span.size, span.high) == (0x41200000, 0, 0x41200000)


@pytest.mark.parametrize("kind", ["zynq_ultra_ps_e", "versal_cips", "microblaze", "xdma", "axi_pcie3", "jtag_axi"])
def test_who_may_be_the_host(small: Small, kind: str) -> None:
    design = small(('MODTYPE="processing_system7"', f'MODTYPE="{kind}"'))
    assert design.host is design.modules["ps"]
    assert len(design.address_map) == 6


def test_no_host(small: Small) -> None:
    design = small(('MODTYPE="processing_system7"', 'MODTYPE="axi_dma"'))
    assert (design.host, design.address_map, design.interrupts, design.gpio, design.ip_dict, design.clock_dict) == (
        None,
        (),
        (),
        (),
        {},
        {},
    )
    assert len(design.address_maps["ps"]) == 6


def test_a_container_and_what_stands_in_it_share_addresses(small: Small) -> None:
    design = small(
        ('FULLNAME="/bram" INSTANCE="bram"', 'BDTYPE="BLOCK_CONTAINER" FULLNAME="/io" INSTANCE="bram"'),
        ('BASEVALUE="0x40000000" HIGHVALUE="0x40001FFF"', BUTTONS),
    )
    assert [span.base for span in design.address_map if span.slave.startswith("io")] == [0x41200000, 0x41800000, 0x41200000]
