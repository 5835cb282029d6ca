"""Prototypes of C functions, and headers."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.design.c_prototype import Prototype, beside, read_hls_data, read_prototype
from pynq_widgets.design.c_types import CTypeError

HEADER = """
// int scale(int not_this);
#ifndef SCALE_H
#define SCALE_H
#include <hls_stream.h>
#define TAPS 9
#define MACRO(x) \\
    scale(x)
typedef ap_int<12> sample_t;
typedef sample_t in_t;
using sum_t = ap_fixed<16, 6>;
/* float scale(float); */
int helper(int x);
extern "C" {
float scale(float gain, const in_t *data, hls::stream<ap_axis<32, 1, 1, 1> > &in, short filter[TAPS], sum_t &sum,
            unsigned int n);
}
#endif
"""


def said(prototype: Prototype) -> dict[str, str | None]:
    return {name: None if kind is None else kind.name for name, kind in prototype.arguments.items()}


def test_a_header_is_read_as_c_reads_it() -> None:
    found = read_prototype(HEADER, "scale")
    assert found.returns is not None
    assert found.returns.name == "float32"
    assert said(found) == {
        "gain": "float32",
        "data": "const ap_int<12>*",
        "in": None,  # a stream has no register
        "filter": "int16[9]",
        "sum": "ap_fixed<16,6>",
        "n": "uint32",
    }


def test_one_function_need_not_be_named() -> None:
    found = read_prototype("void f(void)")
    assert (found.name, dict(found.arguments)) == ("f", {})
    assert said(read_prototype("int f(int a, float b[2][3]);")) == {"a": "int32", "b": "float32[6]"}


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("int x;", None, "this declares no function: 'int x;'"),
        ("int f(int a); int g(int a);", None, "several functions are declared there, f, g: say which"),
        ("int f(int a);", "g", "no function g is declared there"),
        ("int f(int);", None, "f: 'int' has no name, by which its register would be found"),
        ("int f(int a", None, "this declares no function"),
    ],
)
def test_what_is_no_prototype_is_said(text: str, name: str | None, message: str) -> None:
    with pytest.raises(CTypeError) as raised:
        read_prototype(text, name)
    assert message in str(raised.value)


@given(st.text(alphabet='int flo*&<>()[],;{}#\n/"ab_1', max_size=120))
def test_any_text_is_read_or_refused(text: str) -> None:
    for name in (None, "a"):
        with suppress(CTypeError):  # and nothing else
            assert isinstance(read_prototype(text, name), Prototype)


def test_what_is_large_takes_no_time() -> None:
    for text in (
        "int " * 50_000,
        "(" * 100_000,
        "a(" * 50_000,
        "int f(" + "int a," * 10_000,
        "typedef " * 20_000,
        "#define A B\n" * 20_000,
    ):
        with pytest.raises(CTypeError):
            read_prototype(text)


def test_what_hls_tells_of_a_function() -> None:
    told = {
        "Top": "f",
        "Args": {
            "b": {"index": "1", "direction": "in", "srcType": "float*"},
            "a": {"index": "0", "direction": "in", "srcType": "int"},
            "out": {"index": "2", "direction": "out", "srcType": "float*"},
            "s": {"index": "3", "direction": "in", "srcType": "stream<int>&"},
            "return": {"index": "4", "direction": "out", "srcType": "unsigned int"},
        },
    }
    found = read_hls_data(json.dumps(told))
    assert said(found) == {"a": "int32", "b": "const float32*", "out": "float32*", "s": None}
    assert found.returns is not None
    assert found.returns.name == "uint32"


def test_a_file_beside_a_design(tmp_path: Path) -> None:
    design = tmp_path / "design.hwh"
    assert beside(design, "scale") is None
    (tmp_path / "scale.h").write_text(HEADER)
    found = beside(design, "scale")
    assert found is not None
    assert found.name == "scale"
    assert beside(design, "../scale") is None
    assert beside(None, "scale") is None
    (tmp_path / "other.h").mkdir()
    assert beside(design, "other") is None
