"""Which driver is chosen and why: pure decisions, no overlay."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.overlay.binding import (
    NO_ADDRESS,
    Candidate,
    Choice,
    Drivers,
    Registry,
    checked_bindto,
    choose_hierarchy,
    choose_ip,
    full_name,
)

GPIO = "xilinx.com:ip:axi_gpio:2.0"


class Default:
    pass


class First:
    pass


class Second:
    pass


def nothing() -> list[Candidate]:
    return []


def never() -> list[Candidate]:
    raise AssertionError("packages are not looked at where an own class fits exactly")


def test_exact_version_is_taken_and_packages_are_not_asked() -> None:
    choice = choose_ip("leds", GPIO, [Candidate(First, (GPIO,))], never, Default)
    assert choice == Choice(First, "bindto has xilinx.com:ip:axi_gpio:2.0")


def test_newest_of_two_is_taken_and_the_reason_says_so() -> None:
    own = [Candidate(Second, (GPIO,)), Candidate(First, (GPIO,))]
    assert choose_ip("leds", GPIO, own, never, Default) == Choice(Second, "bindto has xilinx.com:ip:axi_gpio:2.0, first of 2")


def test_a_package_s_class_that_is_imported_already_counts_once() -> None:
    own = [Candidate(First, (GPIO,), "package a"), Candidate(First, (GPIO,), "package a")]
    assert choose_ip("leds", GPIO, own, never, Default) == Choice(First, "bindto has xilinx.com:ip:axi_gpio:2.0 (from package a)")


def test_own_class_wins_over_a_package() -> None:
    own, packaged = [Candidate(First, (GPIO,))], [Candidate(Second, (GPIO,), "package x")]
    assert choose_ip("leds", GPIO, own, lambda: packaged, Default).driver is First


def test_exact_version_of_a_package_wins_over_an_own_class_of_another_version() -> None:
    own, packaged = [Candidate(First, ("xilinx.com:ip:axi_gpio:1.0",))], [Candidate(Second, (GPIO,), "package x")]
    choice = choose_ip("leds", GPIO, own, lambda: packaged, Default)
    assert choice == Choice(Second, "bindto has xilinx.com:ip:axi_gpio:2.0 (from package x)")


def test_other_version_warns_and_falls_back() -> None:
    own = [Candidate(First, ("xilinx.com:ip:axi_gpio:1.0", "xilinx.com:ip:other:1.0"))]
    with pytest.warns(UserWarning, match=r"driver found for") as seen:
        choice = choose_ip("leds", GPIO, own, nothing, Default)
    assert [str(w.message) for w in seen] == [
        "IP leds is of type xilinx.com:ip:axi_gpio:2.0 and driver found for [xilinx.com:ip:axi_gpio:1.0]. "
        "Use ignore_version=True to use this driver."
    ]
    assert choice.driver is Default
    assert choice.reason == f"{full_name(First)} is for [xilinx.com:ip:axi_gpio:1.0], not {GPIO}; ignore_version=True would use it"


def test_other_version_is_used_with_ignore_version() -> None:
    own = [Candidate(First, ("xilinx.com:ip:axi_gpio:1.0",))]
    choice = choose_ip("leds", GPIO, own, nothing, Default, ignore_version=True)
    assert choice == Choice(First, f"bound to [xilinx.com:ip:axi_gpio:1.0] and used for {GPIO} because of ignore_version=True")


def test_nothing_known() -> None:
    assert choose_ip("leds", GPIO, [], nothing, Default) == Choice(Default, f"no driver is known for {GPIO}")


@pytest.mark.parametrize("vlnv", [None, ""])
def test_no_type_in_the_design(vlnv: str | None) -> None:
    choice = choose_ip("box", vlnv, [Candidate(First, (GPIO,))], never, Default)
    assert choice == Choice(Default, "the design gives this block no type (VLNV), so no driver can name it")


def test_a_block_without_address_takes_only_a_driver_that_needs_none() -> None:
    class Streams:
        needs_address = False

    assert choose_ip("core", GPIO, [Candidate(First, (GPIO,))], nothing, Default, addressed=False) == Choice(Default, NO_ADDRESS)
    own = [Candidate(First, (GPIO,)), Candidate(Streams, (GPIO,))]
    assert choose_ip("core", GPIO, own, never, Default, addressed=False).driver is Streams
    packaged = [Candidate(First, (GPIO,), "package p"), Candidate(Streams, (GPIO,), "package p")]
    assert choose_ip("core", GPIO, [], lambda: packaged, Default, addressed=False).driver is Streams


def test_a_type_that_is_no_vlnv_is_matched_whole() -> None:
    assert choose_ip("x", "My IP Type", [Candidate(First, ("My IP Type",))], never, Default).driver is First
    assert choose_ip("x", "My Other Type", [Candidate(First, ("My IP Type",))], nothing, Default).driver is Default


@given(st.lists(st.sampled_from(["1.0", "2.0", "2.1"]), max_size=5), st.sampled_from(["1.0", "2.0", "2.1"]), st.booleans())
def test_choice_is_the_first_exact_then_the_first_other(versions: list[str], wanted: str, ignore: bool) -> None:
    own = [Candidate(type(f"D{n}", (), {}), (f"a:b:c:{version}",)) for n, version in enumerate(versions)]
    exact = [c.driver for c, v in zip(own, versions, strict=True) if v == wanted]
    if exact:
        expected: Any = exact[0]
    elif own and ignore:
        expected = own[0].driver
    else:
        expected = Default
    if own and not exact and not ignore:
        with pytest.warns(UserWarning, match=r"driver found for"):
            got = choose_ip("x", f"a:b:c:{wanted}", own, nothing, Default, ignore)
    else:
        got = choose_ip("x", f"a:b:c:{wanted}", own, nothing, Default, ignore)
    assert got.driver is expected


# bindto


@pytest.mark.parametrize("good", [[GPIO], (GPIO,), {GPIO}, [], ["My IP Type"], ["xilinx.com:ip:x:1.00.a"]])
def test_bindto_that_is_accepted(good: Any) -> None:
    assert checked_bindto("D", good) == tuple(good)


def test_bindto_as_a_string_teaches() -> None:
    with pytest.raises(TypeError) as error:
        checked_bindto("D", GPIO)
    assert str(error.value) == f"D.bindto must be a list of VLNV strings, not the str '{GPIO}': write bindto = ['{GPIO}']"


def test_bindto_of_another_type_or_with_other_items() -> None:
    with pytest.raises(TypeError, match=r"^D.bindto must be a list of VLNV strings, not int: 3$"):
        checked_bindto("D", 3)
    with pytest.raises(TypeError, match=r"^D.bindto must hold strings, not the int 3$"):
        checked_bindto("D", [GPIO, 3])


@pytest.mark.parametrize("bad", ["", "  ", "xilinx.com:ip:axi_gpio", "a:b:c:d:e", "a::c:1.0", ":::"])
def test_malformed_vlnv_teaches(bad: str) -> None:
    with pytest.raises(ValueError, match=r"is not a VLNV; expected 'vendor:library:name:version' as in 'xilinx.com:ip:axi_gpio:2.0'"):
        checked_bindto("D", [bad])


# Registry


def test_registry_is_newest_first_and_removing_restores() -> None:
    registry = Registry()
    registry.add(First)
    registry.add(Second)
    before = registry.snapshot()
    assert before == (Second, First)
    registry.remove(Second)
    assert registry.snapshot() == (First,)
    registry.remove(Second)
    assert registry.snapshot() == (First,)
    assert before == (Second, First)


def test_same_name_in_same_module_replaces() -> None:
    registry = Registry()
    one, two = (type("Driver", (), {"__module__": "__main__", "__qualname__": "Driver"}) for _ in range(2))
    other = type("Driver", (), {"__module__": "elsewhere", "__qualname__": "Driver"})
    registry.add(one)
    registry.add(other)
    registry.add(two)
    assert registry.snapshot() == (two, other)


# Hierarchies


class Yes:
    @staticmethod
    def checkhierarchy(description: Any) -> bool:
        return "x" in description["ip"]


class Broken:
    @staticmethod
    def checkhierarchy(description: Any) -> bool:
        return bool(description["no such key"])


def test_first_hierarchy_driver_that_says_yes() -> None:
    assert choose_hierarchy("h", {"ip": {"x": {}}}, [Yes], Default) == Choice(Yes, "checkhierarchy returned True")
    assert choose_hierarchy("h", {"ip": {}}, [Yes], Default) == Choice(Default, "no driver's checkhierarchy returned True")
    assert choose_hierarchy("h", {"ip": {}}, [], Default) == Choice(Default, "no hierarchy driver is known")


def test_checkhierarchy_that_raises_is_warned_about_and_skipped() -> None:
    with pytest.warns(UserWarning, match=r"checkhierarchy raised") as seen:
        choice = choose_hierarchy("h", {"ip": {"x": {}}}, [Broken, Yes], Default)
    assert choice.driver is Yes
    assert str(seen[0].message) == (
        f"{full_name(Broken)}.checkhierarchy raised KeyError: 'no such key' for hierarchy h; it is skipped where it raises."
    )
    with pytest.warns(UserWarning, match=r"is skipped where it raises"):
        choice = choose_hierarchy("h", {"ip": {}}, [Broken], Default)
    assert choice.reason == f"no driver's checkhierarchy returned True ({full_name(Broken)} raised KeyError: 'no such key')"


# Drivers


def test_drivers_are_a_mapping_and_a_table() -> None:
    drivers = Drivers(["a", "hier/b"], lambda path: Choice(First if path == "a" else Default, f"why {path}"))
    assert dict(drivers) == {"a": (First, "why a"), "hier/b": (Default, "why hier/b")}
    name = full_name(First)
    assert repr(drivers).splitlines()[0] == f"a       {name:<{len(full_name(Default))}}  why a"
    with pytest.raises(KeyError) as error:
        drivers["hier/c"]
    assert error.value.args == ("no IP or hierarchy 'hier/c' in this overlay (did you mean 'hier/b'?)",)
    assert repr(Drivers([], lambda path: Choice(First, ""))) == "no IP and no hierarchy"
    silent = Drivers(["a", "b"], lambda path: Choice(Default, NO_ADDRESS if path == "b" else "x"))
    assert repr(silent).endswith("and 1 blocks without an address that software sees")
