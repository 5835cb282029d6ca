"""Defining a class registers it, and its contract is checked then."""

from __future__ import annotations

from typing import Any

import pytest
from traitlets import HasTraits, Int

from pynq_widgets import DefaultHierarchy, DefaultIP
from pynq_widgets.overlay.binding import hierarchy_drivers, ip_drivers


def test_defining_registers_and_unregister_restores() -> None:
    before = ip_drivers.snapshot()

    class Driver(DefaultIP):
        bindto = ["a:b:c:1.0"]

    class Newer(DefaultIP):
        bindto = ["a:b:c:1.0"]

    assert ip_drivers.snapshot() == (Newer, Driver, *before)
    Newer.unregister()
    assert ip_drivers.snapshot() == (Driver, *before)
    Driver.unregister()
    assert ip_drivers.snapshot() == before


def test_only_a_class_that_states_bindto_itself_is_registered() -> None:
    class Driver(DefaultIP):
        bindto = ["a:b:c:1.0"]

    class Derived(Driver):
        pass

    assert Derived not in ip_drivers.snapshot()
    Derived.unregister()
    assert Driver in ip_drivers.snapshot()


def test_running_a_cell_twice_replaces() -> None:
    cell = "class Cell(DefaultIP):\n    bindto = ['a:b:c:1.0']\n"
    spaces: list[dict[str, Any]] = [{"DefaultIP": DefaultIP, "__name__": "__main__"} for _ in range(2)]
    before = ip_drivers.snapshot()
    for space in spaces:
        exec(cell, space)
    assert ip_drivers.snapshot() == (spaces[1]["Cell"], *before)
    spaces[1]["Cell"].unregister()
    assert ip_drivers.snapshot() == before


def test_a_function_that_makes_drivers_makes_several() -> None:
    def driver_for(vlnv: str) -> Any:
        class Made(DefaultIP):
            bindto = [vlnv]

        return Made

    before = ip_drivers.snapshot()
    first, other = driver_for("a:b:c:1.0"), driver_for("a:b:d:1.0")
    assert ip_drivers.snapshot() == (other, first, *before)
    again = driver_for("a:b:c:1.0")
    assert ip_drivers.snapshot() == (again, other, *before)


def test_a_broken_contract_is_no_class_and_no_registration() -> None:
    before = ip_drivers.snapshot()
    with pytest.raises(TypeError, match=r"^Driver.bindto must be a list of VLNV strings, not the str 'a:b:c:1.0': write bindto = "):

        class Driver(DefaultIP):
            bindto = "a:b:c:1.0"

    with pytest.raises(ValueError, match=r"^Other.bindto holds 'a:b:c', which is not a VLNV"):

        class Other(DefaultIP):
            bindto = ["a:b:c"]

    assert ip_drivers.snapshot() == before


def test_a_driver_is_plain_has_traits() -> None:
    class Driver(DefaultIP):
        bindto = ["a:b:c:1.0"]
        gain = Int(2)

    driver = Driver({"phys_addr": 0, "addr_range": 4}, gain=3)
    seen = []
    driver.observe(lambda change: seen.append(change.new), "gain")
    driver.gain = 5
    assert isinstance(driver, HasTraits)
    assert seen == [5]


def test_checkhierarchy_with_and_without_decorator() -> None:
    class With(DefaultHierarchy):
        @staticmethod
        def checkhierarchy(description: Any) -> bool:
            return True

    class Without(DefaultHierarchy):
        def checkhierarchy(description: Any) -> bool:  # type: ignore[override]  # noqa: N805
            return True

    assert hierarchy_drivers.snapshot()[:2] == (Without, With)
    assert With.checkhierarchy({}) is Without.checkhierarchy({}) is True  # type: ignore[arg-type]
    Without.unregister()
    assert hierarchy_drivers.snapshot()[0] is With


def test_default_hierarchy_itself_is_no_driver_and_says_no() -> None:
    assert DefaultHierarchy not in hierarchy_drivers.snapshot()
    assert DefaultHierarchy.checkhierarchy({}) is False


def test_checkhierarchy_of_another_shape_teaches() -> None:
    with pytest.raises(TypeError) as error:

        class Bad(DefaultHierarchy):
            def checkhierarchy(self, description: Any) -> bool:  # type: ignore[override]
                return True

    assert str(error.value).startswith("Bad.checkhierarchy must be a static method that takes one description, not (self, description")
    assert str(error.value).endswith("write\n    @staticmethod\n    def checkhierarchy(description):")


def test_class_docstrings_are_texts() -> None:
    class Documented(DefaultIP):
        """What it does."""

    class Undocumented(DefaultIP):
        pass

    assert Documented.__doc__ == "What it does."
    assert Undocumented.__doc__ is None
    assert (DefaultIP.__doc__ or "").startswith("Driver of an IP for which no more specific one is known")
    described = {"phys_addr": 0x1000, "addr_range": 64, "fullpath": "x", "type": "a:b:c:1.0"}
    assert (Documented(described).__doc__ or "").startswith("What it does.\n\nx: a:b:c:1.0\n")
    assert (Undocumented(described).__doc__ or "").startswith("x: a:b:c:1.0\n")
