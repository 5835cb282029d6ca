from __future__ import annotations

from collections.abc import Callable

import pytest

from pynq_widgets.design import Design, DesignError, Register

Small = Callable[..., Design]


def registers(design: Design, path: str) -> dict[str, Register]:
    return {register.name: register for register in design.modules[path].blocks[0].registers}


def test_by_offset_and_only_the_enabled_ones(small: Small) -> None:
    block = small().modules["io/buttons"].blocks[0]
    assert (block.name, block.interface, block.size, block.usage, block.access) == ("Reg", "s_axi", 4096, "register", "read-write")
    assert [(r.name, r.offset, r.width, r.reset_value) for r in block.registers] == [("GPIO DATA", 0, 4, 15), ("IP_ISR", 288, 2, 0)]


def test_fields_have_their_own_effects_and_descriptions(small: Small) -> None:
    first, second = registers(small(), "io/buttons")["IP_ISR"].fields
    assert first == ("Channel-1 status", 0, 1, "read-write", "of channel 1", None, "oneToToggle")
    assert (second.bit_offset, second.access, second.description, second.write_action) == (1, "read-only", "of channel 2", None)


def test_the_width_covers_the_fields(small: Small) -> None:
    isr = registers(small(), "io/buttons")["IP_ISR"]
    assert (isr.width, isr.size) == (2, 1)


@pytest.mark.parametrize("action", ["modify", "clear", "set"])
def test_a_read_action_guards_the_word(small: Small, action: str) -> None:
    design = small(('NAME="READ_ACTION" VALUE=""', f'NAME="READ_ACTION" VALUE="{action}"'))
    isr = registers(design, "io/buttons")["IP_ISR"]
    assert isr.reads_destroy
    assert isr.fields[0].read_action == action
    assert not registers(design, "io/buttons")["GPIO DATA"].reads_destroy


def test_ap_done_is_cleared_by_a_read_though_the_file_does_not_say_so(small: Small) -> None:
    found = registers(small(), "scale")
    assert found["CTRL"].reads_destroy
    assert found["CTRL"].fields[0].read_action == "clear"
    assert not found["factor"].reads_destroy


def test_a_core_that_is_not_from_hls_keeps_its_own_ap_done(small: Small) -> None:
    assert not registers(small(("maker:hls:scale:1.0", "maker:ip:scale:1.0")), "scale")["CTRL"].reads_destroy


def test_an_array_is_sized_in_bytes(small: Small) -> None:
    table = registers(small(), "scale")["Memory_table"]
    assert (table.is_memory, table.size, table.width) == (True, 1024, 8192)


def test_case_of_interfaces_does_not_matter(small: Small) -> None:
    module = small().modules["scale"]
    assert module.block("s_axi_control") is module.block("S_AXI_Control", "reg") is module.blocks[0]
    assert module.block("s_axi_table") is None


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        (
            '"ADDRESS_OFFSET" VALUE="288"',
            '"ADDRESS_OFFSET" VALUE="later"',
            "ADDRESS_OFFSET of register 'IP_ISR' is 'later', not a number",
        ),
        ('"ADDRESS_OFFSET" VALUE="288"', '"ADDRESS_OFFSET" VALUE=""', "ADDRESS_OFFSET of register 'IP_ISR' is '', not a number"),
        (
            '"ADDRESS_OFFSET" VALUE="288"',
            '"ADDRESS_OFFSET" VALUE="-4"',
            "ADDRESS_OFFSET of register 'IP_ISR' is '-4', which is not from 0 to 0xffffffffffffffff",
        ),
        (
            'NAME="BIT_WIDTH" VALUE="1"',
            'NAME="BIT_WIDTH" VALUE="1000000000"',
            "BIT_WIDTH of field 'Channel-1 status' of register 'IP_ISR' is '1000000000', which is not from 0 to 0x1000",
        ),
        ('RANGE="4096"', 'RANGE="lots"', "RANGE of address block 'Reg' is 'lots', not a number"),
    ],
)
def test_what_is_no_number_names_its_place(small: Small, line_of: Callable[[str], int], old: str, new: str, cause: str) -> None:
    with pytest.raises(DesignError) as caught:
        small((old, new))
    assert caught.value.cause == cause
    place = {"RANGE": 'RANGE="4096"', "BIT_WIDTH": 'FIELD NAME="Channel-1 status"'}.get(cause.split()[0], 'REGISTER NAME="IP_ISR"')
    assert caught.value.line == line_of(place)
    assert str(caught.value) == f"{caught.value.path}, line {caught.value.line}: {cause}"
