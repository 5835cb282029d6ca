"""Observers and links: told of each change once, whoever made it, with one write of the bus for one change."""

from __future__ import annotations

import copy
import gc
import logging
import pickle
import threading
import weakref

import pytest
from traitlets import All, Float, HasTraits, Int, TraitError, Unicode, directional_link, dlink, link, observe

from pynq_widgets.overlay.traits import Field, Hardware


class Slider(HasTraits):
    value = Int()


class Text(HasTraits):
    value = Unicode()


def writes(bus_spy):
    return [entry for entry in bus_spy.taken() if entry[0] == "write"]


def test_a_change_is_told_once_and_the_same_value_not_again(fir, bus_spy, changes):
    seen = changes(fir, "gain")
    fir.gain = 3
    fir.gain = 3
    fir.gain = 4
    assert seen == [("gain", None, 3), ("gain", 3, 4)]
    assert len(writes(bus_spy)) == 3


def test_what_goes_past_the_mirror_is_told_while_somebody_observes(fir, bus_spy, changes):
    mmio = fir.registers.mmio
    seen = changes(fir, "gain")
    mmio.write(4, 5)
    assert (mmio.read(4), seen) == (5, [("gain", None, 5)])
    assert len(bus_spy.taken()) == 2
    slider = Slider()
    linked = link((fir, "gain"), (slider, "value"))
    bus_spy.taken()
    mmio.write(4, 7)
    assert (slider.value, len(bus_spy.taken())) == (7, 1)
    linked.unlink()
    fir.unobserve_all()
    public = mmio._port
    assert (fir.registers.port is public, public.words is public._own) == (True, True)


def test_whoever_changes_a_register_tells(fir, bus_spy, changes):
    seen = changes(fir, "gain", "level")
    fir.registers["GAIN"].write(0x0205)
    bus_spy.put(4, 0x0206)
    fir.gain
    bus_spy.put(4, 0x0407)
    fir.registers.refresh()
    assert seen == [("gain", None, 5), ("level", None, 1.0), ("gain", 5, 6), ("gain", 6, 7), ("level", 1.0, 2.0)]
    assert bus_spy.taken()[-3:] != []


def test_a_sibling_in_the_word_that_did_not_change_is_not_told(fir, changes):
    fir.gain = 1
    seen = changes(fir)
    fir.level = 3
    assert seen == [("level", 0.0, 3.0)]


def test_a_failed_write_tells_nobody(fir, bus_spy, changes):
    fir.offset = 1
    seen = changes(fir)
    bus_spy.failing.add(0x4000_0060)
    with pytest.raises(OSError, match="bus error"):
        fir.offset = 2
    bus_spy.failing.clear()
    fir.offset = 3
    assert seen == [("offset", 1, 3)]


def test_who_no_longer_observes_is_not_told(fir):
    seen = []
    fir.observe(seen.append, names="gain")
    fir.gain = 1
    fir.unobserve(seen.append, names="gain")
    fir.gain = 2
    fir.observe(seen.append, names=All)
    fir.gain = 3
    fir.unobserve_all()
    fir.gain = 4
    assert [change.new for change in seen] == [1, 3]


def test_observers_of_the_class(make):
    class Fir(Hardware):
        gain = Field("GAIN", bits=(3, 0))
        missing = Field("GONE", bits=(3, 0))

        def __init__(self, mirror, **traits):
            self.seen = []
            self.registers = mirror
            super().__init__(**traits)

        @observe("gain", "missing")
        def _note(self, change):
            self.seen.append((change.old, change.new))

    ip = make(Fir)
    ip.registers["GAIN"].write(3)
    ip.gain = 4
    assert ip.seen == [(None, 3), (3, 4)]
    assert make(Fir, gain=9).seen == [(None, 9)]
    with pytest.raises(AttributeError, match="'missing' trait of a Fir instance stands for register 'GONE'"):
        ip.observe(print, names="missing")


def test_links_work_both_ways_with_one_write_for_one_change(fir, bus_spy):
    for make_link, ends in (
        (link, lambda slider: ((fir, "gain"), (slider, "value"))),
        (link, lambda slider: ((slider, "value"), (fir, "gain"))),
    ):
        fir.gain = 2
        slider = Slider(value=2)
        linked = make_link(*ends(slider))
        bus_spy.taken()
        slider.value = 7
        assert bus_spy.taken() == [("read", 4, 4), ("write", 4, 7)]
        fir.gain = 9
        assert slider.value == 9
        assert bus_spy.taken() == [("read", 4, 4), ("write", 4, 9)]
        fir.registers["GAIN"].write(5)
        assert slider.value == 5
        assert bus_spy.taken() == [("write", 4, 5)]
        linked.unlink()


def test_directional_links(fir, bus_spy):
    text, slider = Text(), Slider()
    dlink((fir, "gain"), (text, "value"), str)
    directional_link((slider, "value"), (fir, "gain"))
    bus_spy.taken()
    slider.value = 6
    assert (text.value, bus_spy.taken()) == ("6", [("read", 4, 4), ("write", 4, 6)])


def test_two_ip_linked_to_each_other(make, fir_class, fir, bus_spy):
    class Other(Hardware):
        volume = Field(0x100, bits=(3, 0))

        def __init__(self, mirror):
            self.registers = mirror

    other = make(Other)
    link((fir, "gain"), (other, "volume"))
    bus_spy.taken()
    fir.gain = 6
    assert bus_spy.taken() == [("read", 4, 4), ("write", 4, 6), ("read", 0x100, 4), ("write", 0x100, 6)]
    other.volume = 3
    assert bus_spy.taken() == [("read", 0x100, 4), ("write", 0x100, 3), ("read", 4, 4), ("write", 4, 3)]


def test_two_attributes_of_one_ip_linked_to_each_other(fir, bus_spy):
    link((fir, "gain"), (fir, "offset"))
    dlink((fir, "offset"), (fir, "factor"), float)
    bus_spy.taken()
    fir.gain = 3
    assert writes(bus_spy) == [("write", 4, 3), ("write", 0x60, 3), ("write", 0x68, 0x4040_0000)]
    fir.offset = 2
    assert writes(bus_spy) == [("write", 0x60, 2), ("write", 4, 2), ("write", 0x68, 0x4000_0000)]
    with fir.transaction():
        fir.gain = 5
    assert writes(bus_spy) == [("write", 4, 5), ("write", 0x60, 5), ("write", 0x68, 0x40A0_0000)]


def test_a_link_to_a_counter_that_runs_on_does_not_break(fir, bus_spy, caplog):
    slider = Slider()
    link((fir, "count"), (slider, "value"))

    def run_on(address):
        bus_spy.put(0x20, bus_spy.word(0x20) + 1)

    bus_spy.on_read = run_on
    for expected in (1, 2, 3):
        bus_spy.taken()
        assert fir.count == expected
        assert slider.value == expected
        assert bus_spy.taken() == [("read", 0x20, 4)]
    assert caplog.text == ""


def test_a_refused_value_of_a_slider_is_told_there(fir, bus_spy):
    slider = Slider()
    link((fir, "gain"), (slider, "value"))
    bus_spy.taken()
    with pytest.raises(TraitError, match="expected 0 to 15"):
        slider.value = 16
    assert bus_spy.taken() == []


def test_a_fixed_point_value_beside_a_slider_of_floats(fir, bus_spy):
    class Floats(HasTraits):
        value = Float()

    slider = Floats()
    link((fir, "ratio"), (slider, "value"))
    bus_spy.taken()
    slider.value = 0.3
    assert len(writes(bus_spy)) == 1
    assert fir.ratio == 77 / 256


def test_an_observer_that_fails_harms_nobody(fir, bus_spy, changes, caplog):
    def fails(change):
        raise RuntimeError("no such light")

    fir.observe(fails, names="gain")
    seen = changes(fir, "gain")
    with caplog.at_level(logging.ERROR):
        fir.gain = 3
    assert seen == [("gain", None, 3)]
    assert "an observer of Fir.gain failed" in caplog.text
    assert "no such light" in caplog.text
    assert len(writes(bus_spy)) == 1


def test_an_observer_may_write_another_attribute_and_the_same(fir, bus_spy, changes):
    def follow(change):
        fir.offset = change.new * 2

    def even(change):
        if change.new % 2:
            fir.gain = change.new + 1
            assert fir.gain == change.new + 1

    fir.observe(even, names="gain")
    fir.observe(follow, names="gain")
    seen = changes(fir, "gain", "offset")
    fir.gain = 3
    # What an observer changes is told within, as traitlets has it; the trait that is being told is told again after that.
    assert seen == [("offset", None, 6), ("gain", None, 3), ("offset", 6, 8), ("gain", 3, 4)]
    assert (fir.gain, fir.offset) == (4, 8)


def test_observers_that_never_agree_are_stopped(fir, caplog):
    fir.observe(lambda change: setattr(fir, "offset", fir.offset + 1), names="offset")
    fir.offset = 1
    assert "its observers change it again each time they are told" in caplog.text


def test_while_it_is_told_a_get_gives_the_value_told_and_reads_nothing(fir, bus_spy):
    got = []

    def look(change):
        bus_spy.put(4, 0)
        got.append((fir.gain, change.new))

    fir.observe(look, names="gain")
    bus_spy.taken()
    fir.gain = 5
    assert got == [(5, 5)]
    assert bus_spy.taken() == [("read", 4, 4), ("write", 4, 5)]


def test_another_thread_reads_the_hardware_while_one_is_told(fir, bus_spy):
    got = []

    def look(change):
        other = threading.Thread(target=lambda: got.append(fir.gain))
        bus_spy.put(4, 2)
        other.start()
        other.join()

    fir.observe(look, names="gain")
    fir.gain = 5
    assert got[0] == 2


def test_writes_from_many_threads_are_one_bus_write_each_and_nobody_waits_for_ever(fir, bus_spy):
    sliders = [Slider() for _ in range(3)]
    for slider in sliders:
        dlink((fir, "gain"), (slider, "value"))
    start = threading.Barrier(4)
    bus_spy.taken()

    def work(value):
        start.wait()
        for step in range(50):
            fir.gain = (value + step) % 16

    threads = [threading.Thread(target=work, args=(4 * number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert len(writes(bus_spy)) == 200
    assert {slider.value for slider in sliders} == {fir.gain}


def test_two_threads_whose_observers_write_each_others_attributes_do_not_lock(fir, bus_spy):
    """One holds the lock of the bus while it is told, the other is told by an observer that wants the bus."""
    lock = fir.registers.port.lock
    fir.observe(lambda change: setattr(fir, "offset", change.new), names="gain")
    fir.observe(lambda change: fir.gain, names="offset")

    def holding():
        for step in range(50):
            with lock:
                fir.offset = step

    def plain():
        for step in range(50):
            fir.gain = step % 16

    threads = [threading.Thread(target=holding), threading.Thread(target=plain)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)


def test_an_instance_that_nobody_holds_goes_though_its_mirror_stays(fir_class, make, bus_spy):
    ip = make(fir_class)
    mirror = ip.registers
    ip.observe(print, names="gain")
    ip.gain = 1
    gone = weakref.ref(ip)
    del ip
    gc.collect()
    assert gone() is None
    mirror["GAIN"].write(2)
    assert mirror._observers == []


def test_a_copy_has_observers_of_its_own(fir, bus_spy):
    seen, others = [], []
    fir.observe(lambda change: seen.append((change.owner, change.new)), names="gain")
    other = copy.copy(fir)
    other.observe(lambda change: others.append((change.owner, change.new)), names="gain")
    other.gain = 3
    assert (seen, others) == ([(fir, 3)], [(other, 3)])
    assert other.registers is fir.registers
    for fails in (copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="is a handle to hardware: it can be neither pickled nor copied deeply"):
            fails(fir)


def test_what_a_trait_states_is_metadata(fir):
    assert sorted(fir.traits(unit="dB")) == ["level"]
    assert sorted(fir.traits(limits=lambda limits: limits is not None)) == ["length", "level"]
    assert fir.trait_metadata("length", "unit") == "bytes"
    assert fir.trait_metadata("gain", "unit") is None
