from __future__ import annotations

from traitlets import Int

from pynq_widgets.access import Mirror, RegisterMap, planner
from pynq_widgets.access.describe import FieldInfo, RegisterInfo
from pynq_widgets.design import AddressBlock, Register
from pynq_widgets.design import Field as DesignField
from pynq_widgets.overlay.traits import Bit, Counter, Field, Hardware, RegArray, WideWord, Word, corrected

CTRL = Register(
    "CTRL",
    0,
    32,
    "read-write",
    0,
    "",
    (
        DesignField("GO", 0, 1, "read-write", "", None, None),
        DesignField("DATA", 8, 8, "read-write", "", None, None),
        DesignField("GONE", 16, 1, "read-only", "", "clear", None),
    ),
    True,
)
DATA = Register("DATA", 4, 32, "read-write", None, "", (), False)
ARRAY = Register("Memory_h", 0x40, 8 * 8, "read-write", None, "", (), False, True)
BLOCK = AddressBlock("Reg", "S_AXI", 0x100, "register", "read-write", (CTRL, DATA, ARRAY))


def by_name(block):
    return {register.name: register for register in getattr(block, "registers", block)}


def traits(**declared):
    return type("Ip", (Hardware,), declared).class_traits()


def test_traits_that_state_nothing_new_leave_the_block_itself():
    declared = traits(go=Bit("CTRL", "GO"), data=Word("DATA"), byte=Field("CTRL", bits=(15, 8)), absent=Word("GONE"), number=Int())
    assert corrected(BLOCK, declared) is BLOCK


def test_a_word_that_gives_its_contents_away_is_guarded():
    after = by_name(corrected(BLOCK, traits(data=Word("DATA", onread="pop", onwrite="push"))))
    assert planner.guard(after["DATA"]) == "reading takes a word from DATA"
    assert after["DATA"].fields == (DesignField("DATA", 0, 32, "read-write", "", "pop", "push"),)
    assert after["CTRL"] is CTRL


def test_a_write_only_word():
    after = by_name(corrected(BLOCK, traits(data=Word("DATA", access="write-only"))))
    assert (after["DATA"].access, planner.guard(after["DATA"])) == ("write-only", "write-only")


def test_a_design_that_is_too_careful_is_corrected_too():
    gone = by_name(corrected(BLOCK, traits(gone=Bit("CTRL", "GONE", onread="none"))))["CTRL"]
    assert (gone.reads_destroy, planner.guard(gone)) == (False, None)


def test_what_is_stated_of_a_field():
    after = by_name(corrected(BLOCK, traits(go=Bit("CTRL", 0, onwrite="1-to-clear", access="read-write"))))["CTRL"]
    assert after.fields[0] == DesignField("GO", 0, 1, "read-write", "", None, "oneToClear")
    assert after.reads_destroy


def test_bits_that_the_design_has_no_field_for_get_one_with_what_holds_around_them():
    declared = traits(
        nibble=Field("CTRL", bits=(11, 8), help="The low half"),
        top=Field("CTRL", bits=(31, 24), access="read-only"),
        low=Field("DATA", bits=(3, 0), onwrite="1-to-set"),
        GO=Field("CTRL", bits=(1, 0)),
    )
    after = by_name(corrected(BLOCK, declared))
    assert after["CTRL"].fields[:3] == CTRL.fields
    assert set(after["CTRL"].fields[3:]) == {
        DesignField("nibble", 8, 4, "read-write", "The low half", None, None),
        DesignField("top", 24, 8, "read-only", "", None, None),
        DesignField("GO_", 0, 2, "read-write", "", None, None),
    }
    assert after["DATA"].fields == (DesignField("low", 0, 4, "read-write", "", None, "oneToSet"),)
    assert not after["DATA"].reads_destroy


def test_registers_that_the_design_does_not_have():
    declared = traits(hidden=Word(0x20, access="read-only", help="Undocumented"), wide=WideWord(0x30), n=Counter(0x24, bits=(7, 0)))
    after = by_name(corrected(BLOCK, declared))
    assert after["hidden"] == Register("hidden", 0x20, 32, "read-only", None, "Undocumented", (), False)
    assert (after["wide_low"].offset, after["wide_high"].offset) == (0x30, 0x34)
    assert after["n"].fields == (DesignField("n", 0, 8, "read-write", "", None, None),)
    assert [register.offset for register in corrected(BLOCK, declared).registers] == [0, 4, 0x20, 0x24, 0x30, 0x34, 0x40]


def test_an_ip_of_which_the_design_tells_nothing():
    block = corrected(None, traits(hidden=Word(0x20)))
    assert isinstance(block, AddressBlock)
    assert [register.name for register in block.registers] == ["hidden"]
    assert corrected(None, traits(number=Int())) is None


def test_an_array_of_an_hls_core_becomes_its_elements():
    after = by_name(corrected(BLOCK, traits(h=RegArray("Memory_h", length=2))))
    assert [(after[name].offset, after[name].width) for name in ("Memory_h", "h[1]")] == [(0x40, 32), (0x44, 32)]
    assert planner.guard(after["Memory_h"]) is None


def test_an_array_of_an_hls_core_is_read_and_written():
    class Core(Hardware):
        h = RegArray("Memory_h", length=4, stride=2, signed=True)

        def __init__(self, mirror):
            self.registers = mirror

    memory = bytearray(0x100)
    core = Core(Mirror(memory, corrected(BLOCK, Core.class_traits())))
    core.h = [1, -1, 2, -2]
    assert memory[0x40:0x48] == bytes.fromhex("0100 ffff 0200 feff")
    assert core.h == [1, -1, 2, -2]


def test_pynqs_dictionaries_and_lists_of_registers():
    entries = {"DATA": {"address_offset": 4, "size": 32, "access": "read-write", "fields": {}}}
    assert corrected(entries, traits(data=Word("DATA"))) is entries
    after = corrected(entries, traits(data=Word("DATA", onread="clear")))
    assert planner.guard(after[0]) == "reading clears DATA"
    registers = [RegisterInfo("DATA", 4, fields=(FieldInfo("A", 0, 4),))]
    assert corrected(registers, traits(a=Field("DATA", "A", onread="clear")))[0].reads_destroy


def test_mirror_and_register_map_are_made_from_it():
    block = corrected(BLOCK, traits(data=Word("DATA", onread="pop"), low=Field("CTRL", bits=(31, 24))))
    memory = bytearray(0x100)
    mirror = Mirror(memory, block)
    assert mirror["DATA"].guard == "reading takes a word from DATA"
    mirror["CTRL"].write_field("low", 7)
    assert memory[3] == 7
    assert RegisterMap.create_subclass("ip", block)(memoryview(memory).cast("I")).CTRL.low == 7
