from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.widgets.typed import parse_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("26", 26),
        ("007", 7),
        ("1_000", 1000),
        (" 0x1A ", 26),
        ("0XfF", 255),
        ("0x_1", None),
        ("0xDEAD_BEEF", 0xDEADBEEF),
        ("0b1_1010", 26),
        ("0b 1", None),
        ("0o17", 15),
        ("0xDEAD BEEF", 0xDEADBEEF),
        ("1.5", None),
        ("1e3", None),
        ("0x", None),
        ("0b12", None),
        ("FF", None),
        ("１", None),
        ("True", None),
    ],
)
def test_what_is_a_number(text: str, value: int | None) -> None:
    if value is None:
        with pytest.raises(ValueError, match=re.escape(f"{text.strip()!r} is not a number; expected decimal, 0x… or 0b…")):
            parse_value(text)
    else:
        assert parse_value(text) == value


@pytest.mark.parametrize("radix", ["hex", "dec", "signed", "bin", "float", "enum"])
def test_nothing_typed_says_so(radix: str) -> None:
    with pytest.raises(ValueError, match=r"^nothing is typed; expected a number, as in 26, 0x1A, 0b1_1010$"):
        parse_value("  ", radix, labels={0: "off"})


def test_a_negative_number_says_so() -> None:
    with pytest.raises(ValueError, match=r"^'-1' is negative; expected 0 or more"):
        parse_value(" -1")


def test_a_flood_of_digits_is_refused_before_it_is_read() -> None:
    with pytest.raises(ValueError, match=r"has 1000000 characters; expected a number of at most 120$"):
        parse_value("9" * 1_000_000)


@given(st.integers(0, 2**64 - 1), st.sampled_from(["d", "#x", "#X", "#b", "_d", "#_x", "#_b", "#o"]))
def test_each_way_to_write_a_number_is_read_back(value: int, spec: str) -> None:
    assert parse_value(format(value, spec)) == value


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_a_clear_error(text: str) -> None:
    try:
        value = parse_value(text)
    except ValueError as refused:
        told = str(refused)
    else:
        told = "expected" if value >= 0 else ""
    assert "expected" in told


@pytest.mark.parametrize(
    ("text", "radix", "width", "value"),
    [
        ("-1", "signed", 32, 0xFFFF_FFFF),
        ("-0x80", "signed", 8, 0x80),
        ("255", "signed", 8, 255),
        ("1.5", "float", 32, 0x3FC0_0000),
        ("-inf", "float", 64, 0xFFF0_0000_0000_0000),
        ("0.5", "float", 16, 0x3800),
        ("0x10", "float", 32, 0x10),
        ("12", "float", 8, 12),
        ("FAST", "enum", 3, 5),
        ("3", "enum", 3, 3),
    ],
)
def test_a_value_is_typed_as_it_is_shown(text: str, radix: str, width: int, value: int) -> None:
    assert parse_value(text, radix, width, {0: "off", 5: "fast"}) == value


@pytest.mark.parametrize(
    ("text", "radix", "width", "told"),
    [
        ("-129", "signed", 8, "'-129' does not fit 8 signed bits; expected -128 to 127"),
        ("1e39", "float", 32, "'1e39' does not fit a float of 32 bits"),
        ("1e9", "float", 16, "'1e9' does not fit a float of 16 bits"),
        ("x", "float", 32, "'x' is not a number; expected one such as 1.5, -2e-3, inf, nan, or its bits as 0x…"),
        ("fats", "enum", 3, "'fats' is no label and no number; expected 'fast', … or a number"),
        ("-1", "hex", 32, "'-1' is negative; expected 0 or more (the bits of the register as a whole number)"),
    ],
)
def test_what_does_not_fit_says_what_does(text: str, radix: str, width: int, told: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
        parse_value(text, radix, width, {0: "off", 5: "fast"})
