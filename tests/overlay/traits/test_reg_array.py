from __future__ import annotations

import pytest
from traitlets import TraitError, validate

from pynq_widgets.access.describe import RegisterInfo
from pynq_widgets.overlay.traits import Field, FixedPoint, Hardware, RegArray, WideWord, Word

BLOCK = [RegisterInfo(f"C{index}", 4 * index) for index in range(4)] + [
    RegisterInfo("LOW", 0x10),
    RegisterInfo("HIGH", 0x20),
    RegisterInfo("FIFO", 0x30, reads_destroy=True),
]


class Ip(Hardware):
    coeffs = RegArray("C0", length=4, signed=True, limits=(-100, 100))
    named = RegArray("C{}", length=2)
    listed = RegArray(["LOW", "HIGH"], element=Field(bits=(11, 0), unit="mV"))
    spread = RegArray(0x40, length=3, stride=16, element=FixedPoint(fraction=8))
    packed = RegArray(0x80, length=6, stride=2, signed=True)
    wide = RegArray(0xA0, length=2, element=WideWord())
    mixed = RegArray(["LOW", "FIFO"])

    def __init__(self, mirror):
        self.registers = mirror

    @validate("coeffs")
    def _sum(self, proposal):
        if sum(proposal.value) > 200:
            raise TraitError(f"the sum {sum(proposal.value)} is more than 200")
        return proposal.value


@pytest.fixture
def ip(make):
    return make(Ip, BLOCK)


def test_an_element_is_one_access(ip, bus_spy):
    ip.coeffs[3] = -5
    assert bus_spy.taken() == [("write", 12, 0xFFFF_FFFB)]
    assert (ip.coeffs[3], ip.coeffs[-1]) == (-5, -5)
    assert bus_spy.taken() == [("read", 12, 4)] * 2
    ip.spread[2] = 1.5
    assert bus_spy.taken() == [("write", 0x60, 0x180)]
    ip.listed[1] = 100
    assert bus_spy.taken() == [("read", 0x20, 4), ("write", 0x20, 100)]


def test_slices_are_read_in_blocks_and_written_a_word_each(ip, bus_spy):
    ip.coeffs[1:3] = [7, 8]
    assert bus_spy.taken() == [("write", 4, 7), ("write", 8, 8)]
    assert ip.coeffs[1:] == [7, 8, 0]
    assert bus_spy.taken() == [("read", 4, 12)]
    assert (list(ip.coeffs), bus_spy.taken()) == ([0, 7, 8, 0], [("read", 0, 16)])
    assert (ip.coeffs[::-2], len(ip.coeffs)) == ([0, 7], 4)


def test_all_of_it_is_written_by_assignment_and_compared_as_a_sequence(ip, bus_spy):
    ip.coeffs = (1, 2, 3, 4)
    assert [entry[0] for entry in bus_spy.taken()] == ["write"] * 4
    assert ip.coeffs == [1, 2, 3, 4]
    assert ip.coeffs != [1, 2, 3]
    assert 3 in ip.coeffs
    ip.coeffs = ip.coeffs
    assert ip.named == [1, 2]


def test_nothing_is_written_where_one_of_them_does_not_fit(ip, bus_spy):
    for assign, text in (
        (
            lambda: setattr(ip, "coeffs", [1, 2, 101, 4]),
            "The 'coeffs' trait of an Ip instance expected -100 to 100 (its limits) at coeffs[2], not the list [1, 2, 101, 4]: "
            "nothing was written",
        ),
        (
            lambda: setattr(ip, "coeffs", [1]),
            "The 'coeffs' trait of an Ip instance expected 4 values, but got 1, not the list [1]: nothing was written",
        ),
        (lambda: setattr(ip, "coeffs", 1), "The 'coeffs' trait of an Ip instance expected 4 values, not 1: nothing was written"),
        (
            lambda: ip.coeffs.__setitem__(slice(0, 2), [1, 2, 3]),
            "The 'coeffs' trait of an Ip instance expected 2 values for [0:2], not the list [1, 2, 3]: nothing was written",
        ),
        (
            lambda: ip.coeffs.__setitem__(slice(0, 2), [1, 999]),
            "The 'coeffs[1]' trait of an Ip instance expected -100 to 100 (its limits), not 999: nothing was written",
        ),
        (
            lambda: ip.coeffs.__setitem__(0, "x"),
            "The 'coeffs[0]' trait of an Ip instance expected an int, not the str 'x': nothing was written",
        ),
        (lambda: setattr(ip, "coeffs", [100, 100, 100, 0]), "the sum 300 is more than 200"),
    ):
        with pytest.raises(TraitError) as refused:
            assign()
        assert str(refused.value) == text
    for index, kind in ((4, IndexError), (-5, IndexError), ("a", TypeError)):
        with pytest.raises(kind, match=r"its elements are 0 to 3$"):
            ip.coeffs[index]
    assert bus_spy.taken() == []


def test_elements_within_a_word(ip, bus_spy):
    ip.packed[1] = -2
    assert bus_spy.taken() == [("read", 0x80, 4), ("write", 0x80, 0xFFFE_0000)]
    ip.packed = [1, 2, 3, 4, 5, -6]
    assert [entry for entry in bus_spy.taken() if entry[0] == "write"] == [
        ("write", 0x80, 0x0002_0001),
        ("write", 0x84, 0x0004_0003),
        ("write", 0x88, 0xFFFA_0005),
    ]
    assert (ip.packed[:], bus_spy.taken()) == ([1, 2, 3, 4, 5, -6], [("read", 0x80, 12)])


def test_elements_of_two_words(ip, bus_spy):
    ip.wide[1] = 1 << 40
    assert ip.wide[:] == [0, 1 << 40]
    assert bus_spy.word(0xAC) == 1 << 8


def test_a_guarded_element_is_not_read(ip, bus_spy):
    assert ip.mixed[:] == [0, None]
    assert bus_spy.taken() == [("read", 0x10, 4)]


def test_observers_see_all_of_it(ip, bus_spy, changes):
    seen = changes(ip, "coeffs")
    ip.coeffs[1] = 5
    ip.coeffs = [1, 2, 3, 4]
    assert seen == [("coeffs", None, (None, 5, None, None)), ("coeffs", (None, 5, None, None), (1, 2, 3, 4))]


def test_held_elements_are_written_at_the_end(ip, bus_spy):
    with ip.hold_trait_notifications():
        ip.coeffs = [1, 2, 3, 4]
        ip.coeffs[2] = 9
        assert ip.coeffs[1:3] == [2, 9]
        assert bus_spy.taken() == []
    assert bus_spy.taken() == [("write", 0, 1), ("write", 4, 2), ("write", 12, 4), ("write", 8, 9)]


def test_pending_elements_of_a_transaction_are_seen(ip, bus_spy):
    with ip.transaction():
        ip.coeffs[1:3] = [5, 6]
        assert ip.coeffs[1:3] == [5, 6]
        assert bus_spy.taken() == []
    assert len(bus_spy.taken()) == 2


def test_repr_and_known_read_nothing(ip, bus_spy):
    ip.coeffs[1] = 5
    bus_spy.taken()
    assert repr(ip.coeffs) == "<coeffs: 4 of Word, last known [?, 5, ?, ?]>"
    known = ip.known("coeffs")
    assert (known.value, known.state) == ((None, 5, None, None), "never")
    assert ip.trait_defaults("coeffs") == (None,) * 4
    assert bus_spy.taken() == []


def test_an_array_of_words_is_what_it_is_without_an_element():
    trait = RegArray("A", length=2, unit="V", limits=(0, 5))
    assert isinstance(trait.element, Word)
    assert (trait.unit, trait.element.limits) == ("V", (0, 5))


def test_what_has_no_order_is_no_array(fir, bus_spy):
    bus_spy.taken()
    for assign, text in (
        (lambda: setattr(fir, "taps", {1, 2, 3, 4}), "expected 4 values in an order, not the set {1, 2, 3, 4}: nothing was written"),
        (lambda: fir.taps.__setitem__(slice(0, 2), {1: 2, 3: 4}), "expected values in an order, not the dict {1: 2, 3: 4}"),
    ):
        with pytest.raises(TraitError) as refused:
            assign()
        assert str(refused.value) == f"The 'taps' trait of a Fir instance {text}"
    assert bus_spy.taken() == []
