"""Attributes that nobody has declared: from the design, when first asked for."""

from __future__ import annotations

import gc
import pickle
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from traitlets import HasTraits, Int, TraitError, dlink, link, observe

from pynq_widgets import DefaultIP, Overlay, SimulatedDevice
from pynq_widgets.design import AddressBlock, Field, Register
from pynq_widgets.overlay import binding
from pynq_widgets.overlay.traits import Bit, Word, from_design
from pynq_widgets.overlay.traits import Field as FieldTrait

Make = Callable[..., Any]
BASE = 0x43C0_0000


def field(name: str, low: int, width: int = 1, access: str = "read-write", read: str | None = None, write: str | None = None) -> Field:
    return Field(name, low, width, access, f"About {name}", read, write)  # type: ignore[arg-type]


def register(name: str, offset: int, *fields: Field, access: str = "read-write", width: int = 32, reset: int = 0) -> Register:
    destroys = any(each.read_action for each in fields)
    return Register(name, offset, width, access, reset, f"About {name}", fields, destroys)  # type: ignore[arg-type]


CORE = (
    register("CTRL", 0x0, field("ENABLE", 0), field("MODE", 4, 3), field("RESERVED", 8, 24, "read-only")),
    register("STATUS", 0x4, field("BUSY", 0, 1, "read-only"), field("DONE", 1, 1, "read-write", write="oneToClear"), access="read-write"),
    register("LOAD", 0x8, field("LOAD", 0, 32)),
    register("FIFO", 0xC, field("DATA", 0, 8, "read-only", read="pop"), access="read-only"),
    register("KEY", 0x10, access="write-only"),
    register("IVAR[0]", 0x14),
)
NAMES = ["CTRL", "CTRL_ENABLE", "CTRL_MODE", "STATUS", "STATUS_BUSY", "STATUS_DONE", "LOAD", "FIFO", "FIFO_DATA", "KEY", "IVAR_0_"]


def test_registers_and_fields_are_attributes(make_ip: Make, device: Any) -> None:
    ip = make_ip(CORE)
    device.words[BASE] = 0x35
    assert (ip.CTRL, ip.CTRL_ENABLE, ip.CTRL_MODE) == (0x35, True, 3)
    assert device.bus == [("read", BASE)] * 3
    device.log.clear()
    ip.CTRL_MODE = 5
    assert device.bus == [("read", BASE), ("write", BASE, b"\x55\x00\x00\x00")]
    device.log.clear()
    ip.LOAD = 7
    ip.IVAR_0_ = 9
    assert device.bus == [("write", BASE + 8, b"\x07\x00\x00\x00"), ("write", BASE + 0x14, b"\x09\x00\x00\x00")]


def test_which_there_are(make_ip: Make) -> None:
    """Reserved bits, and a field that is the whole register under its name, are none."""
    ip = make_ip(CORE)
    assert sorted(ip.traits()) == sorted(NAMES)
    assert list(ip._from_design.names) == NAMES
    kinds = {name: type(trait) for name, trait in ip.traits().items()}
    assert (kinds["CTRL"], kinds["CTRL_ENABLE"], kinds["CTRL_MODE"]) == (Word, Bit, FieldTrait)


def test_an_attribute_is_the_register_of_its_very_name(make_ip: Make) -> None:
    ip = make_ip((register("A B", 0x0), register("A_B", 0x4), register("GO", 0x8, field("ON", 0), field("AT", 1)), register("GO_ON", 0xC)))
    assert list(ip._from_design.names) == ["A_B", "GO", "GO_AT", "GO_ON"]
    for name in ("A_B", "GO_ON"):
        assert ip._from_design.names[name][:3] == ("word", name, None)
        assert getattr(ip.registers, name).name == name


def test_the_class_is_the_drivers_until_somebody_asks(make_ip: Make, device: Any) -> None:
    for asks in (
        lambda ip: ip.CTRL,
        lambda ip: setattr(ip, "LOAD", 1),
        lambda ip: ip.observe(print, "LOAD"),
        lambda ip: ip.observe(print, ["LOAD", "CTRL"]),
        lambda ip: ip.observe(print),
        lambda ip: dir(ip),
        lambda ip: ip.traits(),
        lambda ip: ip.trait_names(),
        lambda ip: ip.has_trait("LOAD"),
        lambda ip: ip.trait_metadata("LOAD", "help"),
        lambda ip: ip.set_trait("LOAD", 3),
        lambda ip: ip.known("LOAD"),
        lambda ip: ip.trait_has_value("LOAD"),
        lambda ip: ip.watch("LOAD").close(),
        lambda ip: ip.hold_trait_notifications(),
        lambda ip: ip.add_traits(mine=Int(2)),
        lambda ip: dlink((ip, "LOAD"), (Other(), "value")),
    ):
        ip = make_ip(CORE)
        repr(ip), ip.__doc__, ip.trait_page(), ip.register_notes(), ip.has_trait("nothing"), hasattr(ip, "nothing"), ip.registers
        assert type(ip) is DefaultIP
        asks(ip)
        assert type(ip) is not DefaultIP
        assert isinstance(ip, DefaultIP)
        assert ip.has_trait("LOAD")


class Other(HasTraits):
    value = Int()


def test_the_derived_class_is_the_drivers_in_all_but_the_traits(make_ip: Make) -> None:
    one, other = make_ip(CORE), make_ip(CORE)
    assert one.traits()
    assert other.traits()
    derived = type(one)
    assert derived is type(other)
    assert derived.__mro__[1] is DefaultIP
    for what in ("__name__", "__qualname__", "__module__", "__doc__"):
        assert getattr(derived, what) == getattr(DefaultIP, what)
    assert derived not in binding.ip_drivers.snapshot()
    assert repr(one) == "<DefaultIP hier/core at 0x43c00000, 64 KB>"
    assert DefaultIP.class_traits() == {}


def test_the_same_registers_give_the_same_class_whoever_read_them(make_ip: Make) -> None:
    again = pickle.loads(pickle.dumps(CORE))
    assert again[0] is not CORE[0]
    one, other = make_ip(CORE), make_ip(again)
    assert one.traits()
    assert other.traits()
    assert type(one) is type(other)
    different = make_ip(CORE[:2])
    assert different.traits()
    assert type(different) is not type(one)


def test_what_is_kept_has_a_bound(make_ip: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(from_design, "_KEPT", 3)
    monkeypatch.setattr(from_design, "_known", type(from_design._known)())
    for n in range(10):
        assert make_ip([register(f"R{n}", 0)]).has_trait(f"R{n}")
    gc.collect()
    assert len(from_design._known) == 3


# Links and observers.


def test_observe_and_link(make_ip: Make, device: Any) -> None:
    ip, seen, other = make_ip(CORE), [], Other()
    ip.observe(lambda change: seen.append((change.name, change.old, change.new)), ["LOAD"])
    link((ip, "LOAD"), (other, "value"))
    device.log.clear()
    other.value = 12
    assert device.bus == [("write", BASE + 8, b"\x0c\x00\x00\x00")]
    ip.LOAD = 13
    assert other.value == 13
    assert seen[-2:] == [("LOAD", 0, 12), ("LOAD", 12, 13)]


def test_a_guarded_word_gives_what_is_known(make_ip: Make, device: Any) -> None:
    ip = make_ip(CORE)
    assert ip.FIFO_DATA is None
    assert device.bus == []
    device.words[BASE + 0xC] = 0x42
    assert ip.registers.FIFO.read() == 0x42
    device.log.clear()
    value = ip.FIFO_DATA
    assert (int(value), value.state) == (0x42, "read")
    assert value.age >= 0
    assert device.bus == []
    with pytest.raises(
        ValueError, match=r"FIFO_DATA of hier/core cannot be watched: it is not read unasked \(reading takes a word from DATA\)"
    ):
        ip.watch("FIFO_DATA")


# Names that are taken.


TAKEN = ("read", "write", "device", "observe", "mmio", "traits", "registers", "watch", "class", "return", "_life", "__init__", "2nd")


def test_names_that_are_taken_have_an_underscore_behind_them(make_ip: Make, device: Any) -> None:
    ip = make_ip([register(name, 4 * n) for n, name in enumerate(TAKEN)])
    assert callable(ip.read)
    assert ip.device is device
    for n, name in enumerate(TAKEN[:10]):
        setattr(ip, f"{name}_", n + 1)
        assert device.words[BASE + 4 * n] == n + 1
        assert ip.registers[name].value == n + 1
    ip.r_life, ip.r__init__, ip.r2nd = 5, 6, 7
    assert [device.words[BASE + 4 * n] for n in (10, 11, 12)] == [5, 6, 7]
    assert ip._from_design.renamed["read"] == "read_"
    assert "read_  " in ip.trait_page()


def test_names_that_are_free_are_themselves(make_ip: Make, device: Any) -> None:
    ip = make_ip([register("width", 0), register("name", 4), register("size", 8)])
    ip.width, ip.name, ip.size = 1, 2, 3
    assert [device.words[BASE + 4 * n] for n in range(3)] == [1, 2, 3]


def test_a_pin_keeps_its_name(make_ip: Make) -> None:
    with pytest.warns(UserWarning, match="Interrupt interrupt not created"):  # there is no design on this device
        ip = make_ip([register("interrupt", 0)], interrupts=["interrupt"], on=SimulatedDevice("t"))
    assert "interrupt_" in dir(ip)
    assert ip.has_trait("interrupt_")
    assert not ip.has_trait("interrupt")


def test_two_registers_of_one_name(make_ip: Make, device: Any) -> None:
    ip = make_ip([register("DATA", 0), register("DATA", 4)])
    ip.DATA, ip.DATA_0x4 = 1, 2
    assert (device.words[BASE], device.words[BASE + 4]) == (1, 2)


def test_what_is_no_register_has_no_attribute(make_ip: Make) -> None:
    array = Register("Memory_lut", 0x40, 8192, "read-write", 0, "", (), False, True)
    ip = make_ip([register("A", 0), array, register("ODD", 0x12)])
    assert list(ip.traits()) == ["A"]


# Drivers.


def test_a_driver_that_states_none_has_its_own_attributes_alone(make_ip: Make, device: Any) -> None:
    class Pynq(DefaultIP):
        def __init__(self, description: Any) -> None:
            super().__init__(description)
            self.LOAD = 5
            self.width = 6
            self.CTRL_MODE = self.anything = 7

    ip = make_ip([*CORE, register("width", 0x20)], driver=Pynq)
    ip.STATUS = 1
    ip.LOAD += 1
    assert (ip.LOAD, ip.width, ip.CTRL_MODE, ip.STATUS) == (6, 6, 7, 1)
    assert device.bus == []
    assert type(ip) is Pynq
    assert ip.traits() == {}
    with pytest.raises(AttributeError, match=r"^hier/core \(Pynq\) has no attribute 'CTRL'"):
        _ = ip.CTRL
    assert Pynq.__setattr__ is object.__setattr__, "an assignment costs what it costs on any object"


def test_a_driver_that_states_one_has_the_rest_too_and_its_own_win(make_ip: Make, device: Any) -> None:
    class Stating(DefaultIP):
        LOAD = FieldTrait("LOAD", bits=(15, 0), unit="ticks", limits=(0, 100))
        CTRL_MODE = "mine"
        timer0: int

        def __init__(self, description: Any) -> None:
            super().__init__(description)
            self.timer0 = 1
            self.something = 2
            self._private = 3

        def STATUS(self) -> str:  # noqa: N802
            return "mine"

    ip = make_ip(CORE, driver=Stating)
    assert (ip.CTRL_MODE, ip.STATUS(), ip.timer0, ip.something) == ("mine", "mine", 1, 2)
    assert device.bus == []
    ip.CTRL_ENABLE = True
    ip.STATUS_ = 2
    assert device.words == {BASE: 1, BASE + 4: 2}
    ip.CTRL_MODE = "still mine"
    assert device.words[BASE] == 1
    with pytest.raises(TraitError, match=r"expected 0 to 100 ticks"):
        ip.LOAD = 101
    assert type(ip).__mro__[1] is Stating
    assert "LOAD_LOAD" not in ip.traits()


def test_a_subclass_without_traits_of_its_own_is_like_its_base(make_ip: Make, device: Any) -> None:
    class Plain(DefaultIP):
        pass

    class Stating(Plain):
        load = Word("LOAD")

    class Further(Stating):
        pass

    for driver, has in ((Plain, False), (Stating, True), (Further, True)):
        ip = make_ip(CORE, driver=driver)
        assert ip.has_trait("CTRL") is has
        assert (driver.__setattr__ is object.__setattr__) is not has


def test_the_setattr_of_another_base_is_called(make_ip: Make, device: Any) -> None:
    told = []

    class Mixin:
        def __setattr__(self, name: str, value: Any) -> None:
            told.append(name)
            super().__setattr__(name, value)

    class Driver(DefaultIP, Mixin):
        pass

    ip = make_ip(CORE, driver=Driver)
    ip.CTRL = 1
    assert "CTRL" in told
    assert device.bus == []


def test_validators_and_observers_of_the_class_serve_the_designs_traits(make_ip: Make, device: Any) -> None:
    class Stating(DefaultIP):
        load = Word("LOAD")
        seen: list[Any]

        @observe("load")
        def _on_load(self, change: Any) -> None:
            self.__dict__.setdefault("seen", []).append(change.new)

    ip = make_ip(CORE, driver=Stating)
    ip.LOAD = 4
    ip.load = 5
    assert ip.seen == [4, 5]


def test_first_values(make_ip: Make, device: Any) -> None:
    description = make_ip(CORE).description
    DefaultIP(description, LOAD=9)
    assert device.bus == [("write", BASE + 8, b"\x09\x00\x00\x00")]


# Slips.


def test_an_unknown_name_on_an_ip_without_driver_raises(make_ip: Make, device: Any) -> None:
    ip = make_ip(CORE)
    for name, near in (("LAOD", "'LOAD'"), ("CTRL_ENABEL", "'CTRL_ENABLE'"), ("register_mpa", "'register_map'")):
        with pytest.raises(AttributeError) as error:
            setattr(ip, name, 1)
        assert str(error.value).startswith(f"hier/core (DefaultIP) has no attribute {name!r} (did you mean {near}")
        assert "nothing was written" in str(error.value)
    with pytest.raises(
        AttributeError, match=r"^hier/core \(DefaultIP\) has no attribute 'colour': nothing was written\. What software keeps"
    ):
        ip.colour = 3
    assert device.bus == []
    ip._colour = 3
    ip.device = ip.device
    ip.description = ip.description
    assert ip._colour == 3


def test_an_unknown_name_without_registers_raises_too(device: Any) -> None:
    ip = DefaultIP({"phys_addr": BASE, "addr_range": 4, "fullpath": "core", "device": device})
    with pytest.raises(AttributeError, match=r"^core \(DefaultIP\) has no attribute 'colour'"):
        ip.colour = 3


def test_a_name_near_the_hardwares_on_a_driver_raises(make_ip: Make, device: Any) -> None:
    class Stating(DefaultIP):
        gain = Word("LOAD")
        laod: int = 0

    ip = make_ip(CORE, driver=Stating)
    for name, near in (("gian", "'gain'"), ("GAIN", "'gain'"), ("CTRL_MOED", "'CTRL_MODE'")):
        with pytest.raises(AttributeError) as error:
            setattr(ip, name, 1)
        assert str(error.value) == (
            f"hier/core (Stating) has no attribute {name!r} (did you mean {near}?): nothing was written. "
            f"If {name} is meant to be the driver's own, name it in the class body: {name} = None"
        )
    assert device.bus == []
    ip.laod = 1
    ip.colour = 2
    ip.colour = 3
    assert (ip.laod, ip.colour) == (1, 3)


def test_the_typo_that_is_read_names_the_attributes(make_ip: Make) -> None:
    with pytest.raises(AttributeError, match=r"has no attribute 'CTRL_ENABEL' \(did you mean 'CTRL_ENABLE'"):
        _ = make_ip(CORE).CTRL_ENABEL


# PYNQ's dictionaries, without a design.


def test_from_pynqs_dictionaries(device: Any) -> None:
    fields = {"GO": {"bit_offset": 0, "bit_width": 1, "access": "read-write", "description": ""}}
    registers = {"CTRL": {"address_offset": 4, "size": 32, "access": "read-write", "description": "", "fields": fields}}
    ip = DefaultIP({"phys_addr": BASE, "addr_range": 0x1000, "fullpath": "core", "device": device, "registers": registers})
    ip.CTRL_GO = True
    assert device.words[BASE + 4] == 1


# Real designs.


def test_every_ip_of_every_real_design(hwh_folder: Path) -> None:
    """Each IP with registers has its attributes and its page, and to list them touches no bus."""
    ips = attributes = 0
    for path in sorted(hwh_folder.glob("*.hwh")):
        device = SimulatedDevice(path.name)
        overlay = Overlay(path, device=device, download=False)
        for name, description in overlay.ip_dict.items():
            ip = DefaultIP(overlay._get_tree().descriptions.ip(name))
            if not ip._registers or ip._from_design is None:
                continue
            ips += 1
            page = ip.trait_page()
            assert type(ip) is DefaultIP
            listed = ip.__dir__()
            traits = ip.traits()
            attributes += len(traits)
            assert traits
            assert set(traits) <= set(listed)
            assert len(page.splitlines()) == len(traits) + 2, name
            for word in (repr(ip), ip.__doc__, str(ip.register_notes()), ip._ipython_key_completions_(), hasattr(ip, "nothing")):
                assert word is not None
            for attribute in traits:
                assert attribute.isidentifier()
                ip.known(attribute)
            assert description["type"]
        assert device.bus.statistics().total.transactions == 0
    assert ips > 200
    assert attributes > 5000


def test_the_first_attribute_of_a_large_ip(make_ip: Make) -> None:
    ip = make_ip([register(f"R{n}", 4 * n) for n in range(10_000)])
    assert ip.R9999 == 0
    assert len(ip.traits()) == 10_000


def test_a_block_is_the_primary_one(device: Any) -> None:
    blocks = (
        AddressBlock("Other", "s_other", 0x1000, "register", "read-write", (register("B", 0),)),
        AddressBlock("Reg", "s_axi", 0x1000, "register", "read-write", (register("A", 0),)),
    )
    ranges = [{"interface": "s_axi", "block": "Reg", "base": BASE, "size": 0x1000, "kind": "register"}]
    ip = DefaultIP(
        {
            "phys_addr": BASE,
            "addr_range": 0x1000,
            "device": device,
            "module": SimpleNamespace(blocks=blocks),
            "ranges": ranges,
            "registers": {"A": {}},
        }
    )
    assert list(ip.traits()) == ["A"]


@pytest.mark.parametrize("jedi", [True, False])
def test_completion_lists_the_names_and_reads_nothing(make_ip: Make, device: Any, jedi: bool) -> None:
    completer = pytest.importorskip("IPython.core.completer")
    ip = make_ip(CORE)
    shell = SimpleNamespace(magics_manager=SimpleNamespace(lsmagic=lambda: {"line": {}, "cell": {}}))
    complete = completer.IPCompleter(shell, {"ip": ip}, {})
    complete.use_jedi = jedi

    def completed(text: str) -> set[str]:
        with completer.provisionalcompleter():
            return {each.text.lstrip(".") for each in complete.completions(text, len(text))}

    assert {"CTRL", "CTRL_ENABLE", "CTRL_MODE", "FIFO", "FIFO_DATA"} <= completed("ip.")
    assert {"CTRL", "CTRL_ENABLE", "CTRL_MODE"} <= completed("ip.CTRL")
    for inside in ("ip.CTRL.", "ip.FIFO.", "ip.CTRL_ENABLE.", "x = ip.CTRL; x.", "[ip.CTRL][0].", "(ip.CTRL + 1)."):
        found = completed(inside)
        assert "bit_length" in found or not jedi, inside
    assert device.bus == []


def test_what_a_question_mark_shows_is_the_attribute_and_reads_nothing(make_ip: Make, device: Any) -> None:
    shell = pytest.importorskip("IPython.core.interactiveshell")
    ip = make_ip(CORE)
    assert "CTRL" in dir(ip)
    found = shell.InteractiveShell._getattr_property(ip, "CTRL")
    assert found is ip.traits()["CTRL"]
    assert device.bus == []
