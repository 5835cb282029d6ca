from __future__ import annotations

import os
import stat
import sys

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pynq_widgets.live import Snapshot, State, StateError, load, save, take
from pynq_widgets.live.state import ALL, FORMAT, Value, parse

HEAD = f"format: {FORMAT}\nregisters:\n"


@pytest.fixture
def mirror(make_mirror, bus_spy):
    bus_spy.put(0x0, 0x181)
    bus_spy.put(0x8, 1000)
    bus_spy.put(0x14, 0x31)
    return make_mirror(bus_spy)


def test_configuration_is_saved_and_status_is_not(mirror, tmp_path):
    mirror["KEY"].write(5)
    taken = take({"hier/ip": mirror}, "demo", types={"hier/ip": "me.org:test:core:1.0"})
    saved = save(taken, tmp_path / "state.yaml")
    text = (tmp_path / "state.yaml").read_text()
    assert yaml.safe_load(text)["registers"] == {
        "hier/ip": {
            "type": "me.org:test:core:1.0",
            "values": {
                "CTRL": {"value": 0x81, "bits": 0x83},
                "LOAD": 1000,
                "FLAGS": {"value": 0x30, "bits": 0xF0},
                "LIMIT": 0,
            },
        }
    }
    assert "LOAD: 0x000003E8" in text
    assert "CTRL: {value: 0x00000081, bits: 0x00000083}" in text
    assert saved.left_out == {
        "hier/ip": {
            "COUNT": "it is read-only",
            "FIFO": "it is read-only",
            "KEY": "it is write-only, and so a command for all that the design says",
        }
    }
    assert saved.registers == 4
    assert saved.title == f"4 registers of 1 IP saved in {tmp_path / 'state.yaml'}, 3 left out"
    assert "left out: hier/ip.COUNT: it is read-only" in repr(saved)


def test_it_is_read_back_as_it_was_saved(mirror, tmp_path):
    taken = take({"hier/ip": mirror}, "demo", types={"hier/ip": "me.org:test:core:1.0"})
    saved = save(taken, tmp_path / "state.yaml")
    read = load(tmp_path / "state.yaml")
    assert read == saved.state
    assert read.values["hier/ip"]["LOAD"] == Value(1000, ALL)
    assert (read.name, read.types, read.source) == ("demo", {"hier/ip": "me.org:test:core:1.0"}, str(tmp_path / "state.yaml"))
    assert read.saved == saved.state.saved
    assert repr(read) == f"<State of demo: 4 registers of 1 IP, saved {read.saved}>"


def test_an_argument_of_an_hls_core_is_saved_though_it_is_write_only(mirror, tmp_path):
    mirror["KEY"].write(5)
    taken = take({"fir": mirror}, types={"fir": "xilinx.com:hls:fir:1.0"})
    assert save(taken, tmp_path / "state.yaml").state.values["fir"]["KEY"] == Value(5, ALL)


def test_one_that_was_never_written_is_left_out(mirror, tmp_path):
    taken = take({"fir": mirror}, types={"fir": "xilinx.com:hls:fir:1.0"})
    assert save(taken, tmp_path / "s.yaml").left_out["fir"]["KEY"] == "it was not written since the overlay was loaded"


def test_a_driver_knows_better(mirror, tmp_path):
    class Driver:
        configuration = {"LOAD": False, "CTRL.EN": False, "FLAGS.DONE": True, "COUNT": True, "FIFO": True}

    saved = save(take({"ip": mirror}), tmp_path / "state.yaml", {"ip": Driver})
    assert saved.state.values["ip"] == {"CTRL": Value(1, 3), "FLAGS": Value(0x31, 0xF1), "LIMIT": Value(0, ALL)}
    assert saved.left_out["ip"]["LOAD"] == "its driver says that it is not configuration"
    assert saved.left_out["ip"]["FIFO"] == "it is read-only"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("configuration", ["LOAD"], "Driver.configuration must map names ('REGISTER' or 'REGISTER.FIELD') to True or False, not ['LOAD']"),
        ("configuration", {"LOAD": 1}, "Driver.configuration must map names"),
        ("restore_order", "LOAD", "Driver.restore_order must list names ('REGISTER' or 'REGISTER.FIELD'), not 'LOAD'"),
        ("restore_order", [1], "Driver.restore_order must list names"),
    ],
)
def test_a_driver_that_states_something_else_is_told(mirror, tmp_path, name, value, told):
    with pytest.raises(TypeError) as caught:
        save(take({"ip": mirror}), tmp_path / "state.yaml", {"ip": type("Driver", (), {name: value})})
    assert str(caught.value).startswith(told)
    assert not (tmp_path / "state.yaml").exists()


def test_what_the_bus_refused_is_left_out_with_its_reason(mirror, bus_spy, tmp_path):
    bus_spy.failing.add(bus_spy.base + 8)
    saved = save(take({"ip": mirror}), tmp_path / "state.yaml")
    assert "LOAD" not in saved.state.values["ip"]
    assert saved.left_out["ip"]["LOAD"] == "bus error at 0x40000008"


def test_a_file_is_replaced_as_a_whole_or_not_at_all(mirror, tmp_path, monkeypatch):
    target = tmp_path / "state.yaml"
    target.write_text("what was there")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        save(take({"ip": mirror}), target)
    assert target.read_text() == "what was there"
    assert [file.name for file in tmp_path.iterdir()] == ["state.yaml"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes are those of POSIX")
def test_others_may_read_the_file_as_any_other(mirror, tmp_path):
    save(take({"ip": mirror}), tmp_path / "state.yaml")
    (tmp_path / "plain").write_text("")
    assert stat.S_IMODE((tmp_path / "state.yaml").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_a_folder_that_is_not_there(mirror, tmp_path):
    with pytest.raises(FileNotFoundError):
        save(take({"ip": mirror}), tmp_path / "none" / "state.yaml")
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.yaml")
    with pytest.raises(StateError, match="this is no file"):
        load(tmp_path)


names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=12)
states = st.dictionaries(names, st.dictionaries(names, st.integers(0, 2**64 - 1), min_size=1, max_size=4), max_size=4)


@settings(deadline=None)
@given(states, names)
def test_any_names_and_values_come_back(held, design):
    from pynq_widgets.access.describe import RegisterInfo
    from pynq_widgets.live.state import _configuration, _text

    details = {path: {name: RegisterInfo(name, 0, 64) for name in registers} for path, registers in held.items()}
    state, left_out = _configuration(Snapshot(held, name=design, details=details), {})
    read = parse(_text(state))
    assert read == state
    assert {path: {name: value.value for name, value in values.items()} for path, values in read.values.items()} == {
        path: {name: value for name, value in values.items() if name not in left_out.get(path, {})}
        for path, values in held.items()
        if set(values) - set(left_out.get(path, {}))
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", f"state: expected a state file ('format: {FORMAT}'), found 'NoneType'"),
        ("[1, 2]", f"state: expected a state file ('format: {FORMAT}'), found 'list'"),
        ("format: pynq_widgets state 9\n", f"state: expected a state file ('format: {FORMAT}'), found 'pynq_widgets state 9'"),
        ("a: [1", "state, line 1: no YAML that can be used: expected ',' or ']', but got '<stream end>'"),
        ("a: b: c", "state, line 1: no YAML that can be used: mapping values are not allowed here"),
        ("--- 1\n--- 2", "state, line 2: no YAML that can be used: but found another document"),
        (
            "!!python/object/apply:os.system ['true']",
            "state, line 1: no YAML that can be used: could not determine a constructor for the tag",
        ),
        ("\x00", "state: no YAML that can be used: special characters are not allowed"),
        (f"format: {FORMAT}\n", "state: 'registers' must map paths of IPs to their registers, not be None"),
        (f"format: {FORMAT}\nregisters: 3", "state: 'registers' must map paths of IPs to their registers, not be 3"),
        (HEAD.replace("registers", "regs"), "state: unknown key 'regs': expected format, design, saved, registers"),
        (HEAD + "  ip: 3", "state: ip must have 'values', which map registers to numbers, not be 3"),
        (HEAD + "  ip: {values: [1]}", "state: ip must have 'values', which map registers to numbers, not be a dict of 1"),
        (HEAD + "  3: {values: {A: 1}}", "state: 3 is no path of an IP"),
        (HEAD + "  ip: {values: {}, more: 1}", "state: unknown key 'more' of ip: expected type, values"),
        (HEAD + "  ip: {type: 3, values: {}}", "state: the type of ip must be a text, not 3"),
        (HEAD + "  ip: {values: {on: 1}}", "state: True is no name of a register of ip (names such as 0x10, on and 1_0 need quotes)"),
        (HEAD + "  ip: {values: {A: x}}", "state: ip.A must be a whole number such as 0x1F, not 'x'"),
        (HEAD + "  ip: {values: {A: 1.5}}", "state: ip.A must be a whole number such as 0x1F, not 1.5"),
        (HEAD + "  ip: {values: {A: true}}", "state: ip.A must be a whole number such as 0x1F, not True"),
        (HEAD + "  ip: {values: {A: .nan}}", "state: ip.A must be a whole number such as 0x1F, not nan"),
        (HEAD + "  ip: {values: {A: -1}}", "state: ip.A must be 0 to 0xFFFFFFFFFFFFFFFF, not a number of 1 bits below 0"),
        (HEAD + "  ip: {values: {A: 0x1" + "0" * 16 + "}}", "state: ip.A must be 0 to 0xFFFFFFFFFFFFFFFF, not a number of 65 bits"),
        (HEAD + "  ip: {values: {A: 0x" + "F" * 9999 + "}}", "state: ip.A must be 0 to 0xFFFFFFFFFFFFFFFF, not a number of 39996 bits"),
        (HEAD + "  ip: {values: {A: {value: 1}}}", "state: ip.A must be a number or {value: ..., bits: ...}, not have the keys 'value'"),
        (HEAD + "  ip: {values: {A: {value: 3, bits: 2}}}", "state: ip.A: its value 0x3 has ones outside its bits 0x2"),
        (HEAD + "  ip: {values: {A: {value: 3, bits: x}}}", "state: ip.A must be a whole number such as 0x1F, not 'x'"),
        (HEAD + "  ip: {values: {A: 1, A: 2}}", "state, line 3: no YAML that can be used: 'A' stands twice"),
        ("a: {<<: {x: 1}}", "state, line 1: no YAML that can be used: merge keys (<<) have no place in a state file"),
        ("? [1]\n: 2", "state, line 1: no YAML that can be used: found unhashable key"),
        (f"design: 3\n{HEAD}  ip: {{values: {{}}}}", "state: 'design' must be a text, not 3"),
        ("format: 2001-99-99\n", "state: a value that cannot be read: month must be in 1..12"),
        ("[" * 5000, "state: nested too deeply"),
    ],
)
def test_a_file_from_a_stranger_is_refused_with_the_reason(text, told):
    with pytest.raises(StateError) as caught:
        parse(text)
    assert str(caught.value).startswith(told)
    assert len(str(caught.value)) < 400


def test_a_number_of_too_many_digits_is_refused():
    with pytest.raises(StateError):
        parse(HEAD + "  ip: {values: {A: " + "9" * 20_000 + "}}")


def test_a_file_of_absurd_size_is_not_read(tmp_path):
    with open(tmp_path / "large.yaml", "wb") as file:
        file.truncate((4 << 20) + 1)
    with pytest.raises(StateError, match=r"4194305 bytes are too many for a state file \(at most 4194304\)"):
        load(tmp_path / "large.yaml")


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "state.yaml").write_bytes(b"format: \xff")
    with pytest.raises(StateError, match=r"no text in UTF-8 \(byte 8\)"):
        load(tmp_path / "state.yaml")


@pytest.mark.parametrize(
    "more",
    [
        "  a: &a {values: {R: 1}}\n  b: *a",  # a file of megabytes could mean a million IPs of a million registers each
        "  a: {values: &v {R: 1}}\n  b: {values: *v}",
        "  a: &a {values: *a}",
        "  a: {values: {R: &n 1, S: *n}}",
    ],
)
def test_aliases_have_no_place(more):
    with pytest.raises(
        StateError, match=r"^state, line [56]: no YAML that can be used: aliases \(\*[avn]\) have no place in a state file$"
    ):
        parse("format: pynq_widgets state 1\ndesign: d\nsaved: x\nregisters:\n" + more)


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["format", "registers", "values", "ip", "type", "value", "bits", "design"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(st.text(max_size=200) | documents.map(yaml.safe_dump))
def test_whatever_a_file_holds_it_is_a_state_or_a_clear_error(text):
    try:
        state = parse(f"format: {FORMAT}\n{text}")
    except StateError as error:
        refused = str(error)
    else:
        refused = "state"
        assert isinstance(state, State)
        assert all(0 <= value.value < 1 << 64 for values in state.values.values() for value in values.values())
    assert refused.startswith("state")
