"""C types, as people and HLS write them."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.design.c_types import CType, CTypeError, parse


@pytest.mark.parametrize(
    ("said", "name", "dtype"),
    [
        ("float", "float32", "<f4"),
        ("double", "float64", "<f8"),
        ("half", "float16", "<f2"),
        ("f4", "float32", "<f4"),
        ("int", "int32", "<i4"),
        ("unsigned", "uint32", "<u4"),
        ("unsigned int", "uint32", "<u4"),
        ("unsigned long long int", "uint64", "<u8"),
        ("long long", "int64", "<i8"),
        ("signed char", "int8", "<i1"),
        ("short int", "int16", "<i2"),
        ("uint8_t", "uint8", "<u1"),
        ("std::uint16_t", "uint16", "<u2"),
        ("bool", "bool", "<u1"),
        ("const int &", "int32", "<i4"),
        ("const volatile float *", "const float32*", "<f4"),
        ("int16*", "int16*", "<i2"),
        ("ap_int<12>", "ap_int<12>", "<i2"),
        ("ap_uint< 5 > *", "ap_uint<5>*", "<u1"),
        ("ap_fixed<16, 6, AP_RND, AP_SAT>", "ap_fixed<16,6>", "<i2"),
        ("ap_ufixed<8,0>[4]", "ap_ufixed<8,0>[4]", "<u1"),
        ("float[3][3]", "float32[9]", "<f4"),
        ("int[]", "int32[]", "<i4"),
        ("void*", "void*", ""),
        ("ap_uint<512>*", "ap_uint<512>*", ""),
        (np.float32, "float32", "<f4"),
        (np.dtype("i2"), "int16", "<i2"),
        (bool, "bool", "<u1"),
    ],
)
def test_types_are_known_by_their_names(said: object, name: str, dtype: str) -> None:
    made = parse(said)
    assert (made.name, made.dtype) == (name, dtype)
    assert parse(made.name) == made  # and what it calls itself is one


@pytest.mark.parametrize(
    "said",
    [
        "",
        "flaot",
        "int**",
        "int*&",
        "ap_int",
        "ap_int<0>",
        "ap_int<8,4>",
        "ap_fixed<8>",
        "unsigned float",
        "int int x",
        "void[3]",
        "x" * 999,
        5,
        None,
    ],
)
def test_what_is_no_type_is_refused(said: object) -> None:
    with pytest.raises(CTypeError):
        parse(said)


@given(st.text(max_size=40))
def test_any_text_is_a_type_or_an_error(text: str) -> None:
    with suppress(CTypeError):  # and nothing else
        assert isinstance(parse(text), CType)


def test_the_width_of_pythons_own_types_is_the_registers() -> None:
    assert parse(float).of_width(64).name == "float64"
    assert parse(int).of_width(12).name == "ap_int<12>"
    with pytest.raises(CTypeError, match="no float has 12 bits"):
        parse(float).of_width(12)


def test_limits() -> None:
    assert parse("int8").limits() == (-128, 127)
    assert parse("ap_ufixed<8,4>").limits() == (0.0, 15.9375)
    assert parse("ap_fixed<8,4>").encode(-0.5) == 0xF8
    with pytest.raises(ValueError, match=r"ap_fixed<8,4> holds -8 to 7\.9375, not nan"):
        parse("ap_fixed<8,4>").encode(float("nan"))
    with pytest.raises(ValueError, match="bool holds 0 to 1, not 2"):
        parse("bool").encode(2)
    assert parse("bool").decode(1) is True
