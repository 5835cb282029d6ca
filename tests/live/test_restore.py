from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynq_widgets.access.describe import FieldInfo, RegisterInfo
from pynq_widgets.access.errors import StaleOverlayError
from pynq_widgets.live import Restored, RestoreError, Snapshot, State, StateError, load, save, take
from pynq_widgets.live.restore import restore
from pynq_widgets.live.state import ALL, Value


def state(held, **more):
    return State({path: {name: Value(value, ALL) for name, value in values.items()} for path, values in held.items()}, **more)


def writes(spy):
    return [entry for entry in spy.taken() if entry[0] == "write"]


def test_what_was_saved_is_written_where_it_differs_and_read_back(make_mirror, bus_spy, tmp_path):
    mirror = make_mirror(bus_spy)
    bus_spy.put(0x8, 1000)
    bus_spy.put(0x18, 3)
    save(take({"ip": mirror}), tmp_path / "state.yaml")
    bus_spy.put(0x8, 5)
    bus_spy.taken()
    report = restore({"ip": mirror}, load(tmp_path / "state.yaml"))
    assert bus_spy.taken() == [("read", 0x0, 12), ("read", 0x14, 8), ("write", 0x8, 1000), ("read", 0x8, 4)]
    assert [tuple(write) for write in report.written] == [("ip", "LOAD", 0x4000_0008, 5, 1000, 0xFFFF_FFFF)]
    assert report.unchanged == (("ip", "CTRL"), ("ip", "FLAGS"), ("ip", "LIMIT"))
    assert report.left_out == {}
    assert report.refused == ()
    assert report.complete
    assert report.title == "1 register written, 3 unchanged, 0 left out"
    assert "wrote ip.LOAD at 0x40000008: 0x5 → 0x3e8" in repr(report)
    assert bus_spy.bus.statistics().by_who["restore"].writes == 1


def test_bits_that_are_no_configuration_stay_as_they_are(make_mirror, bus_spy):
    mirror = make_mirror(bus_spy)
    bus_spy.put(0x14, 0x0000_0F01)  # DONE is set, and bits that no field has
    restore({"ip": mirror}, state({"ip": {"FLAGS": 0xF1}}))
    # DONE is cleared by a one: a zero is written to it.
    assert writes(bus_spy) == [("write", 0x14, 0x0000_0FF0)]


def test_a_snapshot_can_be_put_back(make_mirror, bus_spy):
    mirror = make_mirror(bus_spy)
    before = take({"ip": mirror})
    mirror["LOAD"].write(9)
    mirror["LIMIT"].write(9)
    report = restore({"ip": mirror}, before)
    assert take({"ip": mirror}) == before
    assert report.left_out == {"ip": {"COUNT": "it is read-only"}}
    assert not report.complete


def test_addresses_ascend_and_what_starts_something_comes_last(make_mirror, bus_spy):
    first, second = make_mirror(bus_spy, at=0x100), make_mirror(bus_spy)
    report = restore(
        {"b": first, "a": second},
        state({"b": {"LIMIT": 1, "CTRL": 0x81, "LOAD": 2}, "a": {"LOAD": 3, "CTRL": 0x82}}),
    )
    assert writes(bus_spy) == [
        ("write", 0x0, 0x02),
        ("write", 0x8, 3),
        ("write", 0x100, 0x01),
        ("write", 0x108, 2),
        ("write", 0x118, 1),
        ("write", 0x0, 0x82),
        ("write", 0x100, 0x81),
    ]
    assert [(write.path, write.register, write.before, write.after) for write in report.written if write.register == "CTRL"] == [
        ("a", "CTRL", 0, 2),
        ("b", "CTRL", 0, 1),
        ("a", "CTRL", 2, 0x82),
        ("b", "CTRL", 1, 0x81),
    ]
    assert report.title == "5 registers written, 0 unchanged, 0 left out"


def test_what_is_to_stop_stops_before_the_rest_is_changed(make_mirror, bus_spy):
    mirror = make_mirror(bus_spy)
    bus_spy.put(0x0, 0x81)
    restore({"ip": mirror}, state({"ip": {"LOAD": 7, "CTRL": 0x01}}))
    assert writes(bus_spy) == [("write", 0x0, 0x01), ("write", 0x8, 7)]


def test_a_driver_states_the_order(make_mirror, bus_spy):
    class Driver:
        restore_order = ("LIMIT", "LOAD", "FLAGS.MASK")

    restore({"ip": make_mirror(bus_spy)}, state({"ip": {"CTRL": 0x83, "LOAD": 1, "FLAGS": 0x10, "LIMIT": 2}}), drivers={"ip": Driver})
    assert writes(bus_spy) == [
        ("write", 0x0, 0x03),
        ("write", 0x18, 2),
        ("write", 0x8, 1),
        ("write", 0x0, 0x83),
        ("write", 0x14, 0x10),
    ]


def test_nothing_is_written_in_a_dry_run(make_mirror, bus_spy):
    mirror = make_mirror(bus_spy)
    report = restore({"ip": mirror}, state({"ip": {"LOAD": 7, "CTRL": 0x81}}), dry_run=True)
    assert writes(bus_spy) == []
    assert [(write.register, write.before, write.after) for write in report.written] == [("CTRL", 0, 1), ("LOAD", 0, 7), ("CTRL", 1, 0x81)]
    assert report.title == "2 registers would be written, 0 unchanged, 0 left out"
    assert not report.complete
    assert "would write ip.LOAD at 0x40000008: 0x0 → 0x7" in repr(report)


def test_what_the_hardware_does_not_take_is_told(make_mirror, make_spy):
    class Narrow(make_spy):
        def write_registers(self, address, data):
            super().write_registers(address, bytes([data[0] & 0x0F, *data[1:]]) if address % 0x100 == 8 else data)

    spy = Narrow()
    report = restore({"ip": make_mirror(spy)}, state({"ip": {"LOAD": 0x33, "LIMIT": 5}}))
    assert [tuple(refusal) for refusal in report.refused] == [("ip", "LOAD", 0x33, 0x03, 0xFFFF_FFFF)]
    assert report.title == "2 registers written, 0 unchanged, 0 left out, 1 did not take"
    assert "did not take: ip.LOAD holds 0x3 after 0x33 (bits 0xffffffff)" in repr(report)
    assert not report.complete


def test_what_cannot_be_restored_is_left_out_with_the_reason(make_mirror, bus_spy):
    mirror = make_mirror(bus_spy)
    report = restore(
        {"hier/ip": mirror, "other": make_mirror(bus_spy, at=0x100)},
        state(
            {
                "hier/ip": {"COUNT": 1, "FIFO": 1, "KEY": 1, "LAOD": 1, "LOAD": 0},
                "hier/pi": {"A": 1, "B": 2},
                "other": {"LOAD": 1},
            },
            types={"hier/ip": "me:x:core:1.0", "other": "me:x:core:1.0"},
        ),
        types={"hier/ip": "me:x:core:2.0", "other": "me:x:another:1.0"},
        name="demo",
    )
    assert report.left_out == {
        "hier/ip": {
            "COUNT": "it is read-only",
            "FIFO": "it is read-only",
            "KEY": "it is write-only, and so a command for all that the design says",
            "LAOD": "the design has no such register (did you mean 'LOAD'?)",
        },
        "hier/pi": dict.fromkeys("AB", "demo has no IP 'hier/pi' with registers (did you mean 'hier/ip'?)"),
        "other": {"LOAD": "it is a me:x:another:1.0 here, and was a me:x:core:1.0"},
    }
    assert writes(bus_spy) == []
    assert ("hier/pi.A, B", "demo has no IP 'hier/pi' with registers (did you mean 'hier/ip'?)") in report.reasons()
    assert "left out: hier/pi.A, B: demo has no IP" in repr(report)


def test_a_register_of_which_too_few_bits_were_saved(make_mirror, bus_spy):
    mirror = make_mirror(bus_spy)
    held = State({"ip": {"FLAGS": Value(0x10, 0x30), "CTRL": Value(0x1, 0x3), "LOAD": Value(1, 1)}})
    report = restore({"ip": mirror}, held)
    assert report.left_out == {
        "ip": {
            "FLAGS": "the state holds only its bits 0x30, and no field whole",
            "LOAD": "the state holds only its bits 0x1, and no field whole",
        }
    }
    assert writes(bus_spy) == [("write", 0x0, 0x1)]


def test_a_value_that_does_not_fit_stops_it_before_the_first_write(make_mirror, bus_spy):
    with pytest.raises(StateError) as caught:
        restore({"ip": make_mirror(bus_spy)}, state({"ip": {"CTRL": 1, "LIMIT": 0x1_0000, "LOAD": 1 << 40}}, source="state.yaml"))
    assert str(caught.value) == (
        "state.yaml: nothing was written: ip.LIMIT has 16 bits, 0x10000 does not fit; ip.LOAD has 32 bits, 0x10000000000 does not fit"
    )
    assert bus_spy.taken() == []


def test_a_state_of_another_design_is_an_error(make_mirror, bus_spy):
    with pytest.raises(StateError) as caught:
        restore({"ip": make_mirror(bus_spy)}, state({"motor": {"CTRL": 1}}, name="motors", source="state.yaml"), name="demo")
    assert str(caught.value) == (
        "state.yaml: it is of design motors, and no IP of it is in demo: motor: demo has no IP 'motor' with registers (it has ip)"
    )
    assert bus_spy.taken() == []


def test_nothing_to_restore(make_mirror, bus_spy):
    report = restore({"ip": make_mirror(bus_spy)}, State({}))
    assert report.title == "0 registers written, 0 unchanged, 0 left out"
    assert report.complete
    assert bus_spy.taken() == []


def test_only_states_and_snapshots(make_mirror):
    with pytest.raises(TypeError, match=r"restore takes a state or a snapshot, not the dict \{\}"):
        restore({}, {})


def test_a_bus_that_cannot_be_read_stops_it_before_the_first_write(make_mirror, bus_spy):
    bus_spy.failing.add(bus_spy.base + 0x18)
    with pytest.raises(RestoreError) as caught:
        restore({"ip": make_mirror(bus_spy)}, state({"ip": {"LOAD": 1, "LIMIT": 2}}))
    assert str(caught.value) == "nothing was written: the registers could not be read: bus error at 0x40000018"
    assert caught.value.report.written == ()
    assert writes(bus_spy) == []


@pytest.mark.parametrize("error", [OSError("the cable is out"), KeyboardInterrupt()])
def test_a_bus_that_fails_midway_is_told_with_what_was_written(make_mirror, make_spy, error):
    class Failing(make_spy):
        def write_registers(self, address, data):
            super().write_registers(address, data)
            if address % 0x100 == 8:
                raise error

    spy = Failing()
    mirror = make_mirror(spy)
    with pytest.raises(RestoreError if isinstance(error, OSError) else KeyboardInterrupt) as caught:
        restore({"ip": mirror}, state({"ip": {"CTRL": 0x81, "LOAD": 2, "LIMIT": 3}}))
    told = "restoring stopped at ip.LOAD (at 0x40000008): the cable is out; 1 register written before it, 3 registers not: see report"
    if isinstance(error, OSError):
        assert str(caught.value) == told
        report = caught.value.report
        assert isinstance(report, Restored)
        assert [write.register for write in report.written] == ["CTRL"]
        assert [write.register for write in report.pending] == ["LOAD", "LIMIT", "CTRL"]
        assert not report.complete
        assert "not written: ip.LIMIT" in repr(report)
    assert mirror["LIMIT"].value == 0
    assert [entry[1] for entry in writes(spy)] == [0x0, 0x8]


def test_a_read_back_that_fails_is_told_and_no_error(make_mirror, make_spy):
    class Deaf(make_spy):
        def write_registers(self, address, data):
            super().write_registers(address, data)
            self.failing.add(self.base + 8)

    report = restore({"ip": make_mirror(Deaf())}, state({"ip": {"LOAD": 2, "LIMIT": 3}}))
    assert [write.register for write in report.written] == ["LOAD", "LIMIT"]
    assert report.unverified["ip"]["LOAD"] == "bus error at 0x40000008"
    assert report.refused == ()


def test_an_argument_that_is_write_only_is_written_and_cannot_be_verified(make_mirror, bus_spy):
    kinds = {"fir": "xilinx.com:hls:fir:1.0"}
    mirror = make_mirror(bus_spy)
    report = restore({"fir": mirror}, state({"fir": {"KEY": 5}}), types=kinds)
    assert bus_spy.taken() == [("write", 0x10, 5)]
    assert report.unverified == {"fir": {"KEY": "write-only"}}
    again = restore({"fir": mirror}, state({"fir": {"KEY": 5}}), types=kinds)
    assert again.unchanged == (("fir", "KEY"),)


FIELDS = (FieldInfo("A", 0, 4), FieldInfo("EN", 4, 1), FieldInfo("S", 5, 3, "read-only"), FieldInfo("W", 8, 2, write_action="oneToClear"))
KINDS = [
    RegisterInfo("R0", 0, fields=FIELDS),
    RegisterInfo("R1", 4),
    RegisterInfo("R2", 8, access="read-only"),
    RegisterInfo("R3", 12, fields=(FieldInfo("X", 0, 8, read_action="clear"),)),
    RegisterInfo("START", 16),
]
WRITABLE = {"R0": 0x1F, "R1": 0xFFFF_FFFF, "START": 0xFFFF_FFFF}
words = st.dictionaries(st.sampled_from([info.name for info in KINDS]), st.integers(0, 0xFFFF_FFFF))


@settings(deadline=None)
@given(words, st.lists(st.integers(0, 0xFFFF_FFFF), min_size=5, max_size=5))
def test_every_register_is_accounted_for_once_and_nothing_else_changes(held, there):
    from pynq_widgets.access import MMIO, Mirror
    from pynq_widgets.device import Device

    class Memory(Device):
        capabilities = {"REGISTER_RW": True}
        words = {4 * index: value for index, value in enumerate(there)}

        def read_registers(self, address, length):
            assert not address <= 12 < address + length, "a guarded word was read"
            return b"".join(self.words[at].to_bytes(4, "little") for at in range(address, address + length, 4))

        def write_registers(self, address, data):
            assert address in (0, 4, 16)
            value = int.from_bytes(data, "little")
            assert address or not value & 0x300, "a one was written where it acts"
            self.words[address] = value | (there[0] & 0x3E0 if address == 0 else 0)

    mirror = Mirror(MMIO(0, 20, Memory("memory")), KINDS)
    report = restore({"ip": mirror}, Snapshot({"ip": held}))
    told = [*{write.register for write in report.written}, *(name for _, name in report.unchanged), *report.left_out.get("ip", {})]
    assert sorted(told) == sorted(held)
    assert report.refused == ()
    for index, info in enumerate(KINDS):
        mask = WRITABLE.get(info.name, 0) if info.name in held else 0
        now = Memory.words[4 * index]
        assert now & mask == held.get(info.name, 0) & mask
        assert now & ~mask == there[index] & ~mask


def test_an_overlay_that_has_gone_is_told_as_such(make_mirror, bus_spy):
    mirror = make_mirror(bus_spy)
    mirror.mmio.invalidate("it was freed")
    with pytest.raises(StaleOverlayError, match="has gone: it was freed"):
        restore({"ip": mirror}, State({"ip": {"LOAD": Value(1, ALL)}}))
    assert bus_spy.taken() == []
