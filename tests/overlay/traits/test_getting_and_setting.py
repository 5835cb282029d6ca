from __future__ import annotations

import numpy as np
import pytest
from traitlets import TraitError, validate

from pynq_widgets.access import StaleOverlayError, VerifyError
from pynq_widgets.access.describe import RegisterInfo
from pynq_widgets.overlay.traits import Field, Hardware, LastKnown, Word


def refused(ip, name, value):
    with pytest.raises(TraitError) as error:
        setattr(ip, name, value)
    return str(error.value)


def test_get_is_one_read_and_set_one_write(fir, bus_spy):
    bus_spy.put(0x18, 77)
    assert (fir.length, bus_spy.taken()) == (77, [("read", 0x18, 4)])
    fir.offset = -2
    assert bus_spy.taken() == [("write", 0x60, 0xFFFF_FFFE)]
    assert (fir.offset, bus_spy.taken()) == (-2, [("read", 0x60, 4)])


def test_a_field_is_one_read_and_one_write_of_its_word(fir, bus_spy):
    bus_spy.put(4, 0xAAAA_5555)
    fir.gain = 9
    fir.level = 12.5
    assert bus_spy.taken() == [("read", 4, 4), ("write", 4, 0xAAAA_5559), ("read", 4, 4), ("write", 4, 0xAAAA_1959)]
    assert (fir.gain, fir.level) == (9, 12.5)


def test_bits_that_a_one_clears_are_written_as_zeros(fir, bus_spy):
    bus_spy.put(0, 0x1100)
    fir.mode = "fast"
    fir.go = True
    assert bus_spy.taken() == [("read", 0, 4), ("write", 0, 0x120), ("read", 0, 4), ("write", 0, 0x121)]
    fir.done = True
    assert bus_spy.taken() == [("read", 0, 4), ("write", 0, 0x1121)]


def test_the_same_value_again_is_written_again(fir, bus_spy):
    fir.offset = 5
    fir.offset = 5
    assert bus_spy.taken() == [("write", 0x60, 5), ("write", 0x60, 5)]


def test_what_does_not_fit_is_refused_before_anything_is_written(fir, bus_spy):
    assert refused(fir, "gain", 99) == "The 'gain' trait of a Fir instance expected 0 to 15 (4 bits), not 99: nothing was written"
    assert refused(fir, "gain", "x") == "The 'gain' trait of a Fir instance expected an int, not the str 'x': nothing was written"
    assert refused(fir, "gain", 1.0) == "The 'gain' trait of a Fir instance expected an int, not 1.0: nothing was written"
    assert refused(fir, "length", 4097) == (
        "The 'length' trait of a Fir instance expected 0 to 4096 bytes (its limits), not 4097: nothing was written"
    )
    assert refused(fir, "level", 31) == (
        "The 'level' trait of a Fir instance expected 0 to 30 dB (its limits, in steps of 0.5 dB), not 31: nothing was written"
    )
    assert refused(fir, "mode", "fats") == (
        "The 'mode' trait of a Fir instance expected one of 'off', 'slow', 'fast' (did you mean 'fast'?), not the str 'fats': "
        "nothing was written"
    )
    assert refused(fir, "busy", True) == "The 'busy' trait of a Fir instance is read-only: True was not written"
    assert refused(fir, "status", 1) == "The 'status' trait of a Fir instance is read-only: 1 was not written"
    assert refused(fir, "factor", float("nan")).endswith(
        "expected a finite number of 32 bits (up to ±3.4028e+38), not nan: nothing was written"
    )
    assert bus_spy.taken() == []


def test_numpy_numbers_are_numbers(fir):
    fir.gain = np.uint8(7)
    fir.level = np.float64(2.5)
    fir.go = np.bool_(True)
    assert (fir.gain, fir.level, fir.go) == (7, 2.5, True)


def test_a_guarded_word_gives_what_is_known_of_it(fir, bus_spy, clock):
    assert fir.fifo is None
    assert fir.key is None
    fir.key = 6
    clock.advance(2)
    assert bus_spy.taken() == [("write", 12, 6)]
    known = fir.key
    assert isinstance(known, LastKnown)
    assert isinstance(known, int)
    assert (known, known + 1, known.age, known.when, known.state, str(known)) == (6, 7, 2.0, 0.0, "written", "6")
    assert repr(known) == "6 (written, 2.0 s ago; not read, write-only: registers['KEY'].read() reads it)"
    bus_spy.put(8, 41)
    assert fir.registers["FIFO"].read() == 41
    assert (fir.fifo, fir.fifo.state) == (41, "read")
    assert bus_spy.taken() == [("read", 8, 4)]


def test_what_is_known_is_told_without_a_read(fir, bus_spy, clock):
    assert fir.known("gain") == (None, "never", None, None, "")
    fir.gain = 3
    clock.advance(1)
    bus_spy.taken()
    assert fir.known("gain") == (3, "written", 1.0, 0.0, "")
    fir.registers.mark_stale("reset")
    assert fir.known("gain") == (3, "stale", 1.0, 0.0, "reset")
    assert bus_spy.taken() == []
    with pytest.raises(AttributeError, match=r"^Fir has no hardware attribute 'gian' \(did you mean 'gain'\?\)$"):
        fir.known("gian")


def test_a_bus_that_fails_leaves_all_as_it_was(fir, bus_spy, changes):
    fir.offset = 1
    seen = changes(fir)
    bus_spy.failing.add(0x4000_0060)
    with pytest.raises(OSError, match="bus error"):
        fir.offset = 2
    assert fir.known("offset").value == 1
    with pytest.raises(OSError, match="bus error"):
        fir.offset
    assert seen == []


def test_a_handle_of_a_gone_overlay_says_so(fir, bus_spy):
    bus_spy.generation += 1
    with pytest.raises(StaleOverlayError):
        fir.gain
    with pytest.raises(StaleOverlayError):
        fir.offset = 1


def test_verify_reads_back(fir, bus_spy, changes):
    seen = changes(fir, "length")
    fir.length = 8
    assert bus_spy.taken() == [("write", 0x18, 8), ("read", 0x18, 4)]
    bus_spy.on_read = lambda address: bus_spy.put(0x18, 3)
    with pytest.raises(VerifyError):
        fir.length = 9
    assert (seen[0], fir.known("length").value) == (("length", None, 8), 3)
    assert seen[-1][2] == 3


def test_nothing_enters_the_values_that_traitlets_keeps(fir):
    fir.gain = 3
    fir.mode
    assert fir._trait_values == {}
    assert fir.has_trait("gain")
    assert not fir.has_trait("gian")
    assert fir.trait_has_value("gain")
    assert not fir.trait_has_value("offset")


def test_defaults_are_what_the_design_says_of_a_reset(fir, bus_spy):
    assert fir.trait_defaults("mode") == "fast"
    assert fir.trait_defaults("go") is False
    assert fir.trait_defaults("gain") is None
    assert fir.trait_defaults()["mode"] == "fast"
    assert bus_spy.taken() == []


def test_trait_values_reads_in_blocks_and_nothing_guarded(fir, bus_spy):
    bus_spy.put(4, 0x0207)
    values = fir.trait_values()
    assert values["gain"] == 7
    assert values["level"] == 1.0
    assert values["taps"] == (0, 0, 0, 0)
    assert values["fifo"] is None
    taken = bus_spy.taken()
    assert taken == [
        ("read", 0, 8),
        ("read", 24, 12),
        ("read", 0x60, 12),
        ("read", 0x80, 16),
        ("read", 20, 4),
        ("read", 16, 4),
        ("read", 20, 4),
    ]


def test_trait_values_leaves_out_what_cannot_be_read(fir, bus_spy):
    bus_spy.failing.add(0x4000_0004)
    values = fir.trait_values()
    assert "gain" not in values
    assert values["offset"] == 0


def test_repr_and_completion_read_nothing(fir, bus_spy):
    repr(fir)
    dir(fir)
    repr(fir.taps)
    fir.traits()
    assert bus_spy.taken() == []


def test_first_values_are_written_once_each_after_all_were_validated(make, fir_class, bus_spy):
    made = make(fir_class, gain=3, level=1.5, offset=9)
    assert bus_spy.taken() == [("read", 4, 4), ("write", 4, 0x0303), ("write", 0x60, 9)]
    assert (made.gain, made.level, made.offset) == (3, 1.5, 9)
    bus_spy.taken()
    with pytest.raises(TraitError, match="nothing was written"):
        make(fir_class, gain=3, offset=1 << 40)
    assert bus_spy.taken() == []


def test_set_trait_assigns(fir, bus_spy):
    fir.set_trait("gain", 4)
    assert bus_spy.taken() == [("read", 4, 4), ("write", 4, 4)]
    with pytest.raises(TraitError, match="is read-only"):
        fir.set_trait("status", 4)
    with pytest.raises(TraitError, match="does not have a trait"):
        fir.set_trait("gian", 4)


def test_traitlets_own_set_never_writes(fir, bus_spy):
    with pytest.raises(TraitError, match="set by assigning to it alone"):
        type(fir).gain.set(fir, 4)
    assert bus_spy.taken() == []


def test_the_class_validators_see_a_value_before_it_is_written(make, bus_spy):
    class Even(Hardware):
        gain = Field("GAIN", bits=(3, 0))

        def __init__(self, mirror):
            self.registers = mirror

        @validate("gain")
        def _even(self, proposal):
            if proposal.value == 13:
                raise TraitError("13 is unlucky")
            return proposal.value + proposal.value % 2

    ip = make(Even)
    ip.gain = 4
    ip.gain = 5
    assert bus_spy.taken() == [("read", 4, 4), ("write", 4, 4), ("read", 4, 4), ("write", 4, 6)]
    with pytest.raises(TraitError, match=r"^13 is unlucky$"):
        ip.gain = 13
    assert refused(ip, "gain", 15).endswith("expected 0 to 15 (4 bits), not 16: nothing was written")
    assert bus_spy.taken() == []
    with ip.cross_validation_lock:
        ip.gain = 13
    assert ip.gain == 13


def test_an_attribute_whose_register_this_version_lacks(make, bus_spy):
    class Other(Hardware):
        gian = Word("GAIM")
        high = Field("GAIN", bits=(40, 33))
        what = Field("CTRL", "MOOD")
        nothing = Field("CTRL")
        far = Word("LO", limits=(0, 1 << 40))

        def __init__(self, mirror):
            self.registers = mirror

    ip = make(Other)
    for name, text in (
        ("gian", "The 'gian' trait of an Other instance stands for register 'GAIM', which this IP does not have (did you mean 'GAIN'?)"),
        ("high", "The 'high' trait of an Other instance stands for bits 40..33 of register GAIN, which has 32 bits"),
        (
            "what",
            "The 'what' trait of an Other instance stands for field 'MOOD' of register CTRL, which it does not have (did you mean 'MODE'?)",
        ),
        (
            "nothing",
            "The 'nothing' trait of an Other instance stands for a field of register CTRL with its name, which there is not: "
            "say bits=(high, low) or bits='FIELD'",
        ),
    ):
        with pytest.raises(AttributeError) as error:
            getattr(ip, name)
        assert str(error.value) == text
        with pytest.raises(AttributeError):
            setattr(ip, name, 1)
        assert not hasattr(ip, name)
    with pytest.raises(AttributeError, match="does not fit its register"):
        ip.far
    assert ip.trait_values() == {}
    assert bus_spy.taken() == []


def test_a_register_is_found_by_offset_and_by_its_name_in_other_capitals(make, bus_spy):
    class Other(Hardware):
        by_offset = Word(0x18)
        length = Word()
        small = Word("length")

        def __init__(self, mirror):
            self.registers = mirror

    ip = make(Other)
    bus_spy.put(0x18, 5)
    assert (ip.by_offset, ip.length, ip.small) == (5, 5, 5)


def test_a_word_of_a_narrow_register_takes_no_more_than_it_has_and_reads_all(make, bus_spy):
    class Narrow(Hardware):
        wires = Word("WIRES")
        wider = Word("WIRES", limits=(0, 100))

        def __init__(self, mirror):
            self.registers = mirror

    ip = make(Narrow, [RegisterInfo("WIRES", 0, width=4)])
    ip.wires = 15
    bus_spy.taken()
    assert refused(ip, "wires", 16) == "The 'wires' trait of a Narrow instance expected 0 to 15 (4 bits), not 16: nothing was written"
    assert bus_spy.taken() == []
    bus_spy.put(0, 0x77)
    assert (ip.wires, bus_spy.taken()) == (0x77, [("read", 0, 4)])
    ip.wider = 100
    assert bus_spy.taken() == [("write", 0, 100)]


def test_a_get_of_bits_that_a_transaction_has_already_reads_nothing(fir, bus_spy):
    with fir.transaction():
        fir.gain = 5
        assert fir.gain == 5
        assert bus_spy.taken() == []
        assert fir.level == 0
        assert bus_spy.taken() == [("read", 4, 4)]
    assert bus_spy.taken() == [("read", 4, 4), ("write", 4, 5)]


def test_a_signed_word_has_its_sign_where_its_register_ends(make, bus_spy):
    class Narrow(Hardware):
        offset = Word("OFFSET", signed=True)

        def __init__(self, mirror):
            self.registers = mirror
            super().__init__()

    ip = make(Narrow, [RegisterInfo("OFFSET", 0, width=16)])
    bus_spy.put(0, 0xFFFE)
    assert ip.offset == -2
    bus_spy.taken()
    ip.offset = -3
    assert bus_spy.taken() == [("write", 0, 0xFFFD)]
    assert ip.known("offset").value == -3
    with pytest.raises(TraitError) as refused:
        ip.offset = -32769
    assert str(refused.value) == (
        "The 'offset' trait of a Narrow instance expected -32768 to 32767 (16 bits, signed), not -32769: nothing was written"
    )
