"""What a driver class states is checked where it is defined; PYNQ's drivers are not refused."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from pynq_widgets import DefaultHierarchy, DefaultIP
from pynq_widgets.design import Register
from pynq_widgets.overlay.binding import ip_drivers
from pynq_widgets.overlay.traits import Word

REGISTER = Register("CTRL", 0, 32, "read-write", 0, "", (), False)


def define(base: type = DefaultIP, **body: Any) -> Any:
    return type(base)("Driver", (base,), {"__module__": __name__, "__qualname__": "Driver", **body})


METHOD = "    @classmethod\n    def {0}(cls, description):"


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (
            {"guards": ["FIFO"]},
            TypeError,
            "Driver.guards must map the names of registers to the reason why they are not read unasked, not the list ['FIFO']: "
            "write guards = {'FIFO': 'a read takes a word out'}",
        ),
        ({"guards": {3: "why"}}, TypeError, "Driver.guards must have names of registers as keys, not 3"),
        (
            {"guards": {"FIFO": True}},
            TypeError,
            "Driver.guards['FIFO'] must be the reason in words, which people are shown in place of the value, not True",
        ),
        ({"needs_address": 0}, TypeError, "Driver.needs_address must be True or False, not the int 0"),
        (
            {"register_layout": {"CTRL": 0}},
            TypeError,
            "Driver.register_layout must be a sequence of pynq_widgets.design.Register, or a class method that makes it of the "
            "description, not dict: {'CTRL': 0}",
        ),
        (
            {"register_layout": ["CTRL"]},
            TypeError,
            "Driver.register_layout must hold pynq_widgets.design.Register, not the str 'CTRL'",
        ),
        (
            {"register_layout": classmethod(lambda cls: ())},
            TypeError,
            "Driver.register_layout is called with the description of the IP, which (cls) does not take: write\n"
            + METHOD.format("register_layout"),
        ),
        (
            {"register_layout": lambda self, description: ()},
            TypeError,
            "Driver.register_layout is asked of the class, before there is an instance: write\n" + METHOD.format("register_layout"),
        ),
        (
            {"restore_order": "CTRL"},
            TypeError,
            "Driver.restore_order must list names ('REGISTER' or 'REGISTER.FIELD'), not 'CTRL'",
        ),
        (
            {"restore_order": ("CTRL", "CTRL")},
            ValueError,
            "Driver.restore_order holds 'CTRL' more than once, and each is written once",
        ),
        (
            {"configuration": {"CTRL": 1}, "guards": {}},
            TypeError,
            "Driver.configuration must map names ('REGISTER' or 'REGISTER.FIELD') to True or False, not {'CTRL': 1}",
        ),
        (
            {"configuration": classmethod(lambda cls: {})},
            TypeError,
            "Driver.configuration is called with the description of the IP, which (cls) does not take: write\n"
            + METHOD.format("configuration"),
        ),
        (
            {"configuration": lambda self: {}, "guards": {}},
            TypeError,
            "Driver.configuration is a method of the instance, but save() and restore() ask the class, before there is an instance: write\n"
            + METHOD.format("configuration")
            + "\nor a mapping such as {'CTRL.MODE': True}",
        ),
        (
            {"panel": lambda self, width: None, "load": Word("CTRL")},
            TypeError,
            "Driver.panel is called without arguments, to be shown beside the tree, but it is (self, width): write def panel(self), "
            "or give the others defaults",
        ),
        (
            {"bindto": ["a:b:c:1.0", "a:b:c:1.0"], "guards": {}},
            ValueError,
            "Driver.bindto holds 'a:b:c:1.0' more than once: was another type or version meant?",
        ),
    ],
)
def test_a_mistake_is_told_where_the_class_is_defined(body: dict[str, Any], kind: type[Exception], said: str) -> None:
    before = ip_drivers.snapshot()
    with pytest.raises(kind) as error:
        define(**body)
    assert str(error.value) == said
    assert ip_drivers.snapshot() == before


def test_an_async_panel_is_told_of() -> None:
    async def panel(self: Any) -> None: ...

    with pytest.raises(TypeError, match=r"^Driver.panel is an async function, which nobody awaits: write def panel\(self\)$"):
        define(panel=panel, guards={})


@pytest.mark.parametrize(
    "body",
    [
        {"guards": {"FIFO": "a read takes a word out"}},
        {"needs_address": False},
        {"register_layout": (REGISTER,)},
        {"register_layout": ()},
        {"register_layout": classmethod(lambda cls, description: [REGISTER])},
        {"register_layout": staticmethod(lambda description: [REGISTER])},
        {"restore_order": ["CTRL", "CTRL.ENABLE"]},
        {"configuration": {"CTRL": False}},
        {"configuration": classmethod(lambda cls, description: {})},
        {"panel": lambda self: None},
        {"panel": lambda self, width=3, **more: None},
        {"panel": property(lambda self: 3)},
        {"panel": None},
    ],
)
def test_what_is_right_is_taken(body: dict[str, Any]) -> None:
    assert define(**body).__name__ == "Driver"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"panel": lambda self, width: None}, r"^Driver.panel is called without arguments"),
        ({"configuration": lambda self, value: None}, r"^Driver.configuration is a method of the instance"),
        ({"configuration": property(lambda self: None)}, r"^Driver.configuration is a property"),
        ({"bindto": ["a:b:c:1.0", "a:b:c:1.0"]}, r"^Driver.bindto holds 'a:b:c:1.0' more than once"),
    ],
)
def test_a_driver_that_states_nothing_of_ours_is_warned_and_defined(body: dict[str, Any], said: str) -> None:
    with pytest.warns(UserWarning, match=said):
        driver = define(**body)
    driver.unregister()


def test_its_own_configuration_is_no_statement() -> None:
    from pynq_widgets.live.configuration import Statement, stated

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        method = define(configuration=lambda self, value: {"CTRL": True})
        attribute = define(configuration=property(lambda self: {"CTRL": True}))
    assert stated(method, {}) == stated(attribute, {}) == Statement({}, ())


def test_the_panel_of_a_hierarchy() -> None:
    with pytest.warns(UserWarning, match=r"^Driver.panel is called without arguments"):
        define(DefaultHierarchy, panel=lambda self, width: None)
