"""What is said of C types, and what becomes of values by it."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from traitlets import TraitError

from pynq_drivers.hls.arguments import Argument, arguments_of
from pynq_widgets.design import Field, Register, hls
from pynq_widgets.design.c_types import CTypeError, parse


class Words:
    """Registers that are a dictionary."""

    mmio = None

    def __init__(self) -> None:
        self.words: dict[int, int] = {}

    def read(self, register: Any) -> int:
        return self.words[register.offset]

    def write(self, register: Any, value: int) -> None:
        assert 0 <= value < 1 << 32
        self.words[register.offset] = value

    def known(self, register: Any) -> int | None:
        return self.words.get(register.offset)


def register(name: str, offset: int, width: int = 32, access: str = "write-only") -> Register:
    fields = (Field(name, 0, width, access, "", None, None),) if width < 32 else ()  # type: ignore[arg-type]
    return Register(name, offset, 32, access, 0, "", fields, False)  # type: ignore[arg-type]


def argument(width: int, master: bool = False) -> tuple[Argument, Words]:
    words = -(-width // 32)
    registers = [register("x", 0x10, width)] if words == 1 else [register(f"x_{i + 1}", 0x10 + 4 * i) for i in range(words)]
    place = Words()
    return arguments_of("core", [(registers, place)], master)["x"], place


@given(width=st.sampled_from([1, 5, 8, 10, 16, 31, 32, 64, 96, 128]), data=st.data())
def test_whole_numbers_come_back_from_their_registers(width: int, data: Any) -> None:
    x, place = argument(width)
    value = data.draw(st.integers(-(1 << width - 1), (1 << width) - 1))
    x.put(x.encode(value))
    assert set(place.words) == {0x10 + 4 * i for i in range(-(-width // 32))}
    assert x.known() == value % (1 << width)
    assert x.value == value % (1 << width)  # with no sign, until somebody says that there is one
    if width > 1 and value < 1 << width - 1:
        x.set_type(int)
        assert x.value == value


@given(value=st.floats(width=32) | st.floats())
def test_floats_and_doubles_come_back(value: float) -> None:
    for width, code in ((32, "<f"), (64, "<d")):
        x, _ = argument(width)
        x.set_type(float)
        try:
            expected = struct.unpack(code, struct.pack(code, value))[0]
        except OverflowError:
            with pytest.raises(ValueError, match=r"core\.x: float32 cannot hold"):
                x.encode(value)
            continue
        x.value = value
        assert struct.pack(code, x.value) == struct.pack(code, expected)


@given(width=st.integers(2, 64), point=st.integers(0, 20), value=st.floats(-1000, 1000), signed=st.booleans())
def test_fixed_point_numbers_are_rounded_to_the_nearest(width: int, point: int, value: float, signed: bool) -> None:
    kind = parse(f"ap_{'' if signed else 'u'}fixed<{width},{width - point}>")
    low, high = kind.limits()
    if not low <= value <= high:
        with pytest.raises(ValueError, match="holds"):
            kind.encode(value)
    else:
        assert abs(kind.decode(kind.encode(value)) - value) <= 2.0**-point


@pytest.mark.parametrize(
    ("width", "said", "message"),
    [
        (32, "double", "core.x has 32 bits in the design, but float64 has 64"),
        (10, "int16", "core.x has 10 bits in the design, but int16 has 16"),
        (10, "ap_int<9>", "core.x has 10 bits in the design, but ap_int<9> has 9"),
        (10, float, "no float has 10 bits"),
        (32, "flaot32", "core.x: 'flaot32' is no type that is known here (did you mean 'float32', 'float'?)"),
        (32, "void", "core.x is an argument with registers: void is no type of it"),
        (32, 5, "core.x: expected a type such as 'float32', 'int16*' or 'ap_fixed<16,6>', not 5"),
    ],
)
def test_a_type_that_the_registers_contradict_is_refused(width: int, said: Any, message: str) -> None:
    x, _ = argument(width)
    with pytest.raises(CTypeError) as raised:
        x.set_type(said)
    assert message in str(raised.value)
    assert x.ctype is None


def test_numbers_of_numpy_are_numbers() -> None:
    x, _ = argument(32)
    assert x.encode(np.int8(-1)) == 0xFFFFFFFF
    assert x.encode(np.True_) == x.encode(True) == 1
    with pytest.raises(TypeError, match="does not tell that they are a float"):
        x.encode(np.float32(1))
    x.set_type(np.float32)
    assert x.encode(np.float64(1.5)) == x.encode(1.5) == 0x3FC00000
    assert x.encode(2) == 0x40000000
    with pytest.raises(TypeError, match=r"core\.x: float32 takes a number, not the str '1'"):
        x.encode("1")
    x.set_type("uint32")
    with pytest.raises(ValueError, match=r"core\.x: uint32 holds 0 to 4294967295, not -1"):
        x.encode(-1)


def test_the_order_is_that_of_the_function_only_where_the_design_tells_it() -> None:
    scalars = [register("a", 0x10), register("b", 0x18), register("c", 0x20, access="read-only")]
    told = arguments_of("core", [(scalars, Words())], False)
    assert told.bound((1, 2), {}) == {"a": 1, "b": 2}
    table = Register("Memory_t", 0x40, 256, "read-write", None, "", (), False, is_memory=True)
    mixed = arguments_of("core", [((*scalars, table), Words())], False)
    with pytest.raises(
        TypeError, match=r"does not tell in which order .* \(a=…, b=…, t=…\), or say its prototype: core\.types\('void f\(…\)'\)"
    ):
        mixed.bound((1,), {})
    mixed.order(["s", "t", "b", "a"])
    assert list(mixed.bound(([1], 2), {})) == ["t", "b"]
    apart = arguments_of("core", [(scalars, Words()), ((register("z", 0x10),), Words())], False)
    assert apart.ordered is None


def test_names_as_in_c_and_as_in_the_registers() -> None:
    every = arguments_of("core", [([register("length_r", 0x10), register("k_V", 0x18), register("in_r", 0x20)], Words())], False)
    assert list(every) == ["length", "k_V", "in"]
    assert every.bound((), {"length_r": 1, "k": 2, "in_": 3}) == {"length": 1, "k_V": 2, "in": 3}
    with pytest.raises(KeyError, match=r"core has no argument 'lenght' \(did you mean 'length'"):
        every["lenght"]
    assert repr(every) == "in 32 bits length at 0x10\nin 32 bits k_V    at 0x18\nin 32 bits in     at 0x20"
    assert hls.RETURN not in every


# In a design.


def test_types_said_by_name_or_by_a_prototype(build: Any, core_block: Any, behaves: Any) -> None:
    def scales(core: Any) -> None:
        core.y = core.x * core.gain

    behaves(scales, "void core(float gain, short x, float *y)")
    bench = build(core_block(("x", 0x10, "write-only"), ("gain", 0x18, "write-only"), ("y", 0x20, "read-only"), interrupt=False))
    core = bench.overlay.core
    # The model was told the prototype, and so the driver knows it, order and all.
    assert str(core.signature) == "(gain: 'float32', x: 'int16') -> 'float32'"
    assert core.call(0.5, -3) == -1.5
    assert core.arguments["gain"].value == 0.5
    core.arguments["gain"].value = 4
    assert core.call(x=2) == 8.0
    with pytest.raises(CTypeError, match=r"core\.x has 32 bits in the design, but float64 has 64"):
        core.types(gain="int32", x="double")
    assert core.arguments["gain"].describe() == "float32"  # all or nothing
    with pytest.raises(TypeError, match=r"core has no argument 'gian' \(did you mean 'gain'"):
        core.types(gian="float")
    with pytest.raises(CTypeError, match="core has no argument 'g'"):
        core.types("void core(float g)")
    core.types("float core(int x, float gain)")
    assert list(core.signature.parameters) == ["x", "gain"]


def test_a_header_beside_the_design_is_found(build: Any, core_block: Any, behaves: Any, tmp_path: Path) -> None:
    (tmp_path / "core.h").write_text(
        "#ifndef CORE_H\n#define N 8\ntypedef ap_int<32> number; // a comment, with core(int z)\n"
        'extern "C" {\n/* int core(int wrong); */ float core(const float gain, hls::stream<ap_axis<32,1,1,1>> &s, number x);\n}\n#endif\n'
    )

    def scales(core: Any) -> float:
        return float(core.scalar("gain", "f4") * core.scalar("x", "i4"))

    behaves(scales)
    bench = build(core_block(("ap_return", 0x10, "read-only"), ("gain", 0x18, "write-only"), ("x", 0x20, "write-only"), interrupt=False))
    assert str(bench.overlay.core.signature) == "(gain: 'float32', x: 'int32') -> 'float32'"
    assert bench.overlay.core.call(0.5, -3) == -1.5


def test_what_hls_wrote_beside_the_design_is_found_and_what_contradicts_is_left_out(
    build: Any, core_block: Any, behaves: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    arguments = {"x": {"index": "1", "direction": "in", "srcType": "double"}, "gain": {"index": "0", "direction": "in", "srcType": "float"}}
    (tmp_path / "hls_data.json").write_text(json.dumps({"Top": "core", "Args": arguments}))
    behaves(lambda core: None)
    core = build(core_block(("x", 0x10, "write-only"), ("gain", 0x18, "write-only"), interrupt=False)).overlay.core
    assert str(core.signature) == "(gain: 'float32', x: '32 bits')"
    assert "core.x has 32 bits in the design, but float64 has 64" in caplog.text


@pytest.mark.parametrize("text", ["{}", "[1]", "not json", '{"Top": "core", "Args": {"x": 3}}', "[" * 100_000])
def test_a_file_that_is_no_description_is_as_if_it_were_not_there(
    text: str, build: Any, core_block: Any, behaves: Any, tmp_path: Path
) -> None:
    (tmp_path / "hls_data.json").write_text(text)
    (tmp_path / "core.h").write_text("int other(int x);")
    behaves(lambda core: None)
    core = build(core_block(("x", 0x10, "write-only"), interrupt=False)).overlay.core
    assert core.arguments["x"].ctype is None
    assert core.call(1) is None


def test_attributes_are_what_the_arguments_are_in_c(build: Any, core_block: Any, behaves: Any) -> None:
    behaves(lambda core: None, "void core(int x, double big)")
    registers = [("x", 0x10, "write-only"), ("gain", 0x18, "write-only"), ("big_1", 0x20, "write-only"), ("big_2", 0x24, "write-only")]
    bench = build(core_block(*registers, interrupt=False))
    core = bench.overlay.core
    core.x, core.big = -3, 0.1
    assert (core.x, core.big) == (-3, 0.1)
    assert bench.device.read_word(0x43C0_0010) == 0xFFFFFFFD
    core.gain = 3  # whole numbers, until somebody says otherwise
    told: list[Any] = []
    core.observe(lambda change: told.append((change.old, change.new)), "gain")
    core.types(gain="float32")
    core.gain = 2.5
    assert (core.gain, core.arguments["gain"].value, told[-1][1]) == (2.5, 2.5, 2.5)
    with pytest.raises(TraitError, match=r"The 'x' trait of a HlsCore instance expected int32 \(core\.x: int32 takes a whole number"):
        core.x = 0.5
    assert core.x == -3


def test_another_core_of_the_same_registers_has_types_of_its_own(build: Any, core_block: Any, behaves: Any) -> None:
    behaves(lambda core: None)
    bench = build(core_block(("x", 0x10, "write-only"), interrupt=False))
    first = bench.overlay.core
    first.types(x="float32")
    first.x = 1.5
    second = build(core_block(("x", 0x10, "write-only"), interrupt=False)).overlay.core
    second.x = 3
    assert type(second) is type(first)  # one class for all cores of these registers
    assert second.x == 3
    assert first.arguments["x"].describe() == "float32"
