"""What contradicts itself is told when the class is made."""

from __future__ import annotations

import copy

import pytest
from traitlets import HasTraits

from pynq_widgets.overlay.traits import (
    Bit,
    Counter,
    EnumField,
    Field,
    FixedPoint,
    Float32,
    Hardware,
    HardwareTrait,
    RegArray,
    WideWord,
    Word,
)
from pynq_widgets.overlay.traits.reg_array import Bank


@pytest.mark.parametrize(
    ("declare", "error", "text"),
    [
        (lambda: Word(3.5), TypeError, "Word(3.5): the register is a name or an offset in bytes, not 3.5"),
        (lambda: Word(6), ValueError, "Word(6): the offset 0x6 is not that of a word: it must be a multiple of 4"),
        (lambda: Word("A", bits=3), TypeError, "Word('A'): bits of a register are a Field; a Word is all of it"),
        (lambda: Field("A", bits=(0, 15)), ValueError, "Field('A'): bits=(0, 15) are (high, low): did you mean (15, 0)?"),
        (lambda: Field("A", bits=(1, 2, 3)), TypeError, "Field('A'): bits=(1, 2, 3) is not (high, low)"),
        (lambda: Field("A", bits=64), ValueError, "Field('A'): bits=64: a register has bits 0 to 31, at most 63"),
        (lambda: Field("A", bits=2.5), TypeError, "Field('A'): bits=2.5 is not a bit number, (high, low) or a field's name"),
        (
            lambda: Field("A", bits=(3, 0), access="readonly"),
            ValueError,
            "Field('A'): access='readonly' is not one of 'read-only', 'read-write', 'write-only' (did you mean 'read-only', 'write-only'?)",
        ),
        (
            lambda: Word("A", onread="pops"),
            ValueError,
            "Word('A'): onread='pops' is not one of 'none', 'clear', 'modify', 'pop' (did you mean 'pop'?)",
        ),
        (
            lambda: Word("A", access="read-only", onwrite="1-to-clear"),
            ValueError,
            "Word('A'): what a write does (onwrite='1-to-clear') contradicts access='read-only'",
        ),
        (
            lambda: Word("A", access="read-only", verify=True),
            ValueError,
            "Word('A'): verify=True contradicts access='read-only': nothing is written that could be verified",
        ),
        (
            lambda: Word("A", access="write-only", onread="pop"),
            ValueError,
            "Word('A'): what a read does (onread='pop') contradicts access='write-only'",
        ),
        (
            lambda: Word("A", onwrite="push", verify=True),
            ValueError,
            "Word('A'): verify=True reads back what was written, which this register does not give unharmed",
        ),
        (lambda: Word("A", poll=500), ValueError, "Word('A'): poll=500 is not a rate of 0.1 to 200 Hz"),
        (
            lambda: Word("A", poll=5, onread="clear"),
            ValueError,
            "Word('A'): poll=5 contradicts onread='clear': such a word is never read unasked",
        ),
        (lambda: Word("A", scale=0), ValueError, "Word('A'): scale=0 would make every value the same"),
        (lambda: Word("A", scale="x"), TypeError, "Word('A'): scale='x' is not a finite number"),
        (lambda: Word("A", limits=5), TypeError, "Word('A'): limits=5 are not two finite numbers (low, high)"),
        (lambda: Word("A", limits=(5, 1)), ValueError, "Word('A'): limits=(5, 1) are (low, high): the first is greater than the second"),
        (
            lambda: Field("A", bits=(3, 0), limits=(0, 16)),
            ValueError,
            "Field('A'): limits=(0, 16) are not both within what 4 bits can hold: 0 to 15 (4 bits)",
        ),
        (
            lambda: Field("A", bits=(7, 0), scale=0.5, limits=(0, 200)),
            ValueError,
            "Field('A'): limits=(0, 200) are not both within what 8 bits can hold: 0 to 127.5 (8 bits)",
        ),
        (lambda: Field("A", bits=(3, 0), rounding="up"), ValueError, "Field('A'): rounding='up' is not one of 'exact', 'nearest'"),
        (lambda: Bit("A", bits=(1, 0)), ValueError, "Bit('A'): a Bit is one bit, not 2: use a Field"),
        (lambda: Bit("A", 1, scale=2), TypeError, "Bit('A'): scale means nothing for a bit"),
        (lambda: EnumField("A", 0, labels=["a", "b", "c"]), ValueError, "EnumField('A'): label 'c' is 2, which does not fit 1 bit"),
        (lambda: EnumField("A", 0, labels=["a", "a"]), ValueError, "EnumField('A'): label 'a' stands twice"),
        (lambda: EnumField("A", 0, labels="ab"), TypeError, "EnumField('A'): labels='ab' is one text, not a list of names"),
        (lambda: EnumField("A", 0, labels={"a": -1}), TypeError, "EnumField('A'): the value of label 'a' is -1, not a number of 0 or more"),
        (lambda: EnumField("A", 0, labels=[]), ValueError, "EnumField('A'): no labels"),
        (lambda: FixedPoint("A", fraction=1.5), ValueError, "FixedPoint('A'): fraction=1.5 is not a number of bits behind the point"),
        (lambda: Float32("A", scale=2), TypeError, "Float32('A'): scale means nothing for a register that is a float"),
        (lambda: Counter("A", modulus=1), ValueError, "Counter('A'): modulus=1 is not a number of 2 or more"),
        (lambda: Counter("A", (3, 0), modulus=17), ValueError, "Counter('A'): modulus=17 is more than 4 bits can count"),
        (lambda: Counter("A", signed=True), ValueError, "Counter('A'): a counter is not signed"),
        (lambda: WideWord("A", "A"), ValueError, "WideWord('A'): the low and the high half are one register"),
        (
            lambda: WideWord("A", reading="once"),
            ValueError,
            "WideWord('A'): reading='once' is not one of 'high-low-high', 'low-high', 'high-low'",
        ),
        (lambda: WideWord("A", limits=(0, 1 << 64)), ValueError, None),
        (lambda: RegArray("A"), ValueError, "RegArray('A'): length=None is not a number of elements"),
        (lambda: RegArray(["A", "B"], length=3), ValueError, "RegArray(['A', 'B']): 2 registers are listed, and length=3"),
        (
            lambda: RegArray("A", 2, element=Word("B")),
            ValueError,
            "RegArray('A'): the element has a register ('B'); its registers are the array's",
        ),
        (lambda: RegArray("A", 2, stride=6), ValueError, "RegArray('A'): stride=6 is not 1, 2 or a multiple of 4 bytes from 4 on"),
        (lambda: RegArray("A", 2, element=Word(), unit="V"), TypeError, "RegArray('A'): unit belongs to the element"),
        (lambda: RegArray("A", 2, stride=2, element=Word(limits=(0, 1 << 20))), ValueError, None),
    ],
)
def test_a_declaration_that_contradicts_itself(declare, error, text):
    with pytest.raises(error) as refused:
        declare()
    if text is not None:
        assert str(refused.value) == text


def test_bits_that_overlap_are_told_with_the_class():
    with pytest.raises(ValueError, match=r"^Both: low \(bits 7\.\.0\) and high \(bits 15\.\.4\) overlap in register 'A'$"):

        class Both(Hardware):
            low = Field("A", bits=(7, 0))
            high = Field("A", bits=(15, 4))


def test_bits_within_bits_and_the_same_bits_are_views_of_one_thing():
    class Views(Hardware):
        byte = Field("A", bits=(7, 0))
        signed = Field("A", bits=(7, 0), signed=True)
        nibble = Field("A", bits=(3, 0))
        other = Field("B", bits=(9, 4))

    assert sorted(Views.class_traits()) == ["byte", "nibble", "other", "signed"]


def test_a_class_without_registers_cannot_have_them():
    with pytest.raises(TypeError, match=r"^Plain\.gain is a Word, which stands for a register: its class must be a DefaultIP$"):

        class Plain(HasTraits):
            gain = Word("A")


def test_a_declaration_says_what_it_is():
    trait = Field("GAIN", bits=(3, 0), unit="dB", help="Gain of the first stage")
    assert repr(trait) == "<Field('GAIN')>"
    assert (trait.help, trait.__doc__, trait.info()) == ("Gain of the first stage", "Gain of the first stage", "0 to 15 dB (4 bits)")
    assert (trait.register, trait.bits, trait.unit, trait.read_only) == ("GAIN", (3, 0), "dB", False)


@pytest.mark.parametrize(
    ("trait", "values"),
    [
        (Word("A"), int),
        (Field("A", bits=(3, 0), scale=0.5), float),
        (Bit("A", 0), bool),
        (EnumField("A", bits=(1, 0), labels=["a", "b"]), str),
        (FixedPoint("A", fraction=8), float),
        (Float32("A"), float),
        (Counter("A"), int),
        (WideWord("A"), int),
        (RegArray("A", length=2), Bank),
    ],
)
def test_a_trait_is_a_property_that_tells_the_type_of_its_values(trait: HardwareTrait, values: type) -> None:
    assert isinstance(trait, property)
    assert trait.fget.__annotations__["return"] is values
    assert trait.fset is not None
    assert Word("A", access="read-only").fset is None


def test_a_copy_of_a_trait_is_one_of_its_own() -> None:
    trait = Field("A", bits=(3, 0), unit="dB", help="text")
    other = copy.copy(trait)
    other.register = "B"
    other.tag(sync=True)
    assert "sync" not in trait.metadata
    assert (trait.register, other.unit, other.help, other.bits) == ("A", "dB", "text", (3, 0))
