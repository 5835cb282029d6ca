"""Arrays in the core's own address space."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TABLE = ("Memory_table", 0x40, "read-write")  # 32 bytes, as small designs have them


@pytest.fixture
def bench(build: Any, core_block: Any, behaves: Any) -> Any:
    def sums(core: Any) -> None:
        core.total = int(core.array("table", "i2").sum())

    behaves(sums)
    return build(core_block(("total", 0x10, "read-only"), TABLE, interrupt=False))


def test_an_array_is_read_and_written_as_numpy_does_it(bench: Any) -> None:
    core = bench.overlay.core
    assert repr(core.table) == "<core.table: 8 × uint32 (words; nobody said the type)>"
    core.types(table="int16[9]", total="int32")
    assert repr(core.table) == "<core.table: 9 × int16>"
    core.table[:] = np.arange(-4, 5)
    assert core.table[:].tolist() == list(range(-4, 5))
    assert np.asarray(core.table).dtype == np.int16
    assert (core.table[0], core.table[-1], core.table[2:7:2].tolist(), core.table[::-4].tolist()) == (-4, 4, [-2, 0, 2], [4, 0, -4])
    assert core.call() == 0
    core.table[3] = 100
    assert core.call() == 101
    assert core.call(table=[1, 2, 3]) == 1 + 2 + 3 + 100 + 0 + 1 + 2 + 3 + 4
    core.table = np.ones(9, "i2")
    assert core.call() == 9
    assert len(core.table) == 9
    assert "table" in dir(core)


def test_each_word_is_on_the_bus_once(bench: Any) -> None:
    core = bench.overlay.core
    core.types(table="int16[9]")
    writes = [("write", 0x40, 0x00020001), ("write", 0x44, 0x00040003)]
    assert bench.accesses("core", lambda: core.table.write([1, 2, 3, 4])) == writes
    # A word that is written in part is read first: its other half is somebody else's.
    assert bench.accesses("core", lambda: core.table.__setitem__(3, 9)) == [("read", 0x44), ("write", 0x44, 0x00090003)]
    assert bench.accesses("core", lambda: core.table[1:3]) == [("read", 0x40), ("read", 0x44)]
    assert bench.accesses("core", lambda: repr(core.table)) == []


def test_what_does_not_fit_is_not_written(bench: Any) -> None:
    core = bench.overlay.core
    with pytest.raises(TypeError, match=r"the design does not tell what the elements of core\.table are"):
        core.table[:] = [1, 2]
    core.table.write(np.arange(8, dtype="u4"))  # the type of numpy says it
    assert core.table[7] == 7
    core.types(table="int16[9]")
    wrong: list[tuple[Any, type[Exception], str]] = [
        ([1] * 10, ValueError, "core.table has 9 elements, not 10"),
        ([40000], ValueError, "core.table: int16 holds -32768 to 32767, not 40000"),
        ([0.5], TypeError, "core.table holds whole numbers (int16), not float64"),
        (["a"], TypeError, "core.table holds int16, not <U1"),
    ]
    bench.device.log.clear()
    for values, kind, message in wrong:
        with pytest.raises(kind) as raised:
            core.start(table=values)
        assert message in str(raised.value)
    assert bench.device.log == []
    with pytest.raises(IndexError, match=r"core\.table has 9 elements: there is none 9"):
        core.table[9]
    with pytest.raises(ValueError, match=r"core\.table: 3 elements were to be written, 2 were given"):
        core.table[0:3] = [1, 2]
    with pytest.raises(ValueError, match=r"core\.table has 32 bytes in the design, but int64\[9\] has 72"):
        core.types(table="int64[9]")


@pytest.mark.parametrize("said", ["float[8]", "ap_fixed<16,8>[16]", "ap_int<12>[16]", "uint8[32]", "double[4]", "ap_ufixed<8,0>[4]"])
def test_elements_of_every_kind_come_back(bench: Any, said: str) -> None:
    core = bench.overlay.core
    core.types(table=said)
    kind = core.arguments["table"].ctype
    low, high = (-4, 3) if kind.kind == "float" else kind.limits()
    values = np.linspace(low, high, len(core.table))
    values = values if kind.kind in ("float", "fixed", "ufixed") else np.rint(values).astype(int)
    core.table[:] = values
    step = 2.0 ** (kind.whole - kind.width) if "fixed" in kind.kind else 1e-6
    assert np.max(np.abs(core.table[:] - values)) <= step
    assert core.table[0] == pytest.approx(values[0], abs=step)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(values=st.lists(st.integers(-(2**7), 2**7 - 1), min_size=30, max_size=30), first=st.integers(0, 29), count=st.integers(0, 30))
def test_a_part_leaves_the_rest_alone(bench: Any, values: list[int], first: int, count: int) -> None:
    core = bench.overlay.core
    core.types(table="int8[30]")
    before = np.arange(30, dtype="i1")
    core.table[:] = before
    part = values[first : first + count]
    core.table[first : first + len(part)] = part
    before[first : first + len(part)] = part
    assert core.table[:].tolist() == before.tolist()
