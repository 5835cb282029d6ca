"""What the traits tell whoever shows the registers."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import pytest

from pynq_widgets import DefaultIP
from pynq_widgets.design import Field, Register
from pynq_widgets.overlay.traits import Bit, Counter, EnumField, FixedPoint, Float32, HardwareTrait, WideWord, Word
from pynq_widgets.overlay.traits import Field as FieldTrait
from pynq_widgets.overlay.traits.notes import FORMATS, Note, form, note_of

Make = Callable[..., Any]


def register(name: str, offset: int, *fields: Field) -> Register:
    return Register(name, offset, 32, "read-write", 0, "", fields, False)


CORE = (
    register("CTRL", 0, Field("GO", 0, 1, "read-write", "", None, None), Field("MODE", 4, 2, "read-write", "", None, None)),
    register("LEVEL", 4),
    register("COUNT", 8),
    register("read", 12),
)


class Speed(Enum):
    SLOW = 0
    FAST = 3


class Driver(DefaultIP):
    mode = EnumField("CTRL", "MODE", labels=Speed)
    level = FieldTrait("LEVEL", bits=(15, 0), unit="mV", scale=0.5, limits=(0, 100))
    count = Counter("COUNT", unit="frames")
    older = Word("OLDER")


def test_notes_of_a_driver(make_ip: Make, device: Any) -> None:
    notes = make_ip(CORE, driver=Driver).register_notes()
    assert notes == {
        "CTRL": {"MODE": Note("mode", format="enum", labels={0: "SLOW", 3: "FAST"})},
        "LEVEL": {"level": Note("level", "mV", 0.5, "dec", {}, (0, 100))},
        "COUNT": {"": Note("count", "frames", None, "dec")},
        "read": {"": Note("read_")},
    }
    assert device.bus == []


def test_an_ip_without_driver_has_notes_only_where_they_tell_more(make_ip: Make) -> None:
    assert make_ip(CORE).register_notes() == {"read": {"": Note("read_")}}
    assert make_ip(CORE, driver=type("Pynq", (DefaultIP,), {})).register_notes() == {}


def test_the_halves_of_one_argument_have_its_name(make_ip: Make) -> None:
    halves = (register("x_1", 0x10, Field("x", 0, 32, "write-only", "", None, None)), register("x_2", 0x14))
    assert make_ip(halves, "a:hls:b:1.0").register_notes() == {"x_1": {"": Note("x")}, "x_2": {"": Note("x")}}


@pytest.mark.parametrize(
    ("trait", "expected"),
    [
        (Word("A"), "hex"),
        (Word("A", signed=True), "signed"),
        (Word("A", unit="ms"), "dec"),
        (FieldTrait("A", bits=(3, 0), limits=(0, 5)), "dec"),
        (Bit("A", 0), "bool"),
        (EnumField("A", bits=(1, 0), labels=["off", "on"]), "enum"),
        (FixedPoint("A", fraction=8), "fixed"),
        (Float32("A"), "float"),
        (Counter("A"), "dec"),
        (WideWord("A", "B"), "hex"),
    ],
)
def test_forms(trait: HardwareTrait, expected: str) -> None:
    assert form(trait) == expected
    assert expected in FORMATS


def test_the_step_of_a_fixed_point_is_its_scale() -> None:
    assert note_of("a", FixedPoint("A", fraction=2, unit="V")) == Note("a", "V", 0.25, "fixed", signed=True)
    assert note_of("a", FixedPoint("A", fraction=2, signed=False)).signed is False
    assert note_of("a", FixedPoint("A", fraction=2, scale=10)).scale == 2.5
