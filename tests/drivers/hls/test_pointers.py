"""Buffers for pointers: addresses in two registers, coherence, and memory that stays while a core is at work in it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from pynq_drivers.hls.driver import HlsCore
from pynq_widgets import allocate
from pynq_widgets.device import BufferFreedError, NoAddressError, SimulatedDevice

IN = (("src_1", 0x10, "write-only"), ("src_2", 0x14, "write-only"))
OUT = (("dst_1", 0x1C, "write-only"), ("dst_2", 0x20, "write-only"))
N = ("n", 0x28, "write-only")
TAKES = 1e-3


def copies(core: Any) -> Iterator[float]:
    yield TAKES
    core.buffer(core.dst, core.n, "i4")[:] = core.buffer(core.src, core.n, "i4") + 1


@pytest.fixture
def bench(build: Any, core_block: Any, behaves: Any) -> Any:
    behaves(copies)
    return build(core_block(*IN, *OUT, N, master=True, interrupt=False))


def test_a_buffer_is_given_where_c_has_a_pointer(bench: Any) -> None:
    core = bench.overlay.core
    assert repr(core.arguments["src"]) == "<core.src: in pointer or 64 bits, at 0x10>"
    source, target = allocate(8, "i4", target=bench.device), allocate(8, "i4", target=bench.device)
    source[:] = range(8)
    assert core.call(source, target, 8) is None
    assert target.tolist() == list(range(1, 9))
    assert core.src == source.device_address  # one attribute of two registers
    assert core.call(src=source[4:], dst=target, n=2) is None  # a slice begins where it begins
    assert target[:2].tolist() == [5, 6]


def test_cacheable_buffers_are_flushed_before_and_invalidated_after(bench: Any) -> None:
    core = bench.overlay.core
    source, target = (allocate(8, "i4", target=bench.device, cacheable=True) for _ in range(2))
    source[:] = 7
    seen: list[tuple[int, int]] = []
    stop = target.on_change(lambda offset, nbytes: seen.append((offset, nbytes)))
    core.call(source, target, 8)
    stop()
    assert target.tolist() == [8] * 8
    assert seen[-1] == (0, 32)
    assert source.coherence.state == target.coherence.state == "same"


def test_what_is_const_is_not_invalidated(bench: Any) -> None:
    core = bench.overlay.core
    core.types(src="const int32*", dst="int32*")
    source, target = (allocate(8, "i4", target=bench.device, cacheable=True) for _ in range(2))
    source[:] = 7
    run = core.start(source, target, 8)
    assert [use.to_memory for use in run.uses] == [False, True]
    source[:] = 9  # the program prepares the next call meanwhile
    run.wait()
    assert source.tolist() == [9] * 8
    source.flags.writeable = False
    core.call(src=source)
    source.flags.writeable = True
    target.flags.writeable = False
    with pytest.raises(ValueError, match=r"core\.dst would write into an array that is read-only"):
        core.call(source, target, 8)


def test_memory_stays_while_the_core_is_at_work_in_it(bench: Any) -> None:
    core = bench.overlay.core
    source, target = allocate(8, "i4", target=bench.device), allocate(8, "i4", target=bench.device)
    address = target.device_address
    run = core.start(source, target, 8)
    assert [(t.title, t.to_memory, t.nbytes) for t in target.under_way] == [("core.dst", True, 32)]
    del source, target
    gc.collect()
    other = allocate(8, "i4", target=bench.device)
    assert other.device_address != address
    run.wait()
    assert not other.any()  # nobody else's memory was written
    assert all(use.done for use in run.uses)
    assert allocate(8, "i4", target=bench.device).device_address <= address  # and now it is given out again


def test_memory_goes_back_when_the_core_rests_and_nobody_has_it(bench: Any) -> None:
    core = bench.overlay.core
    left = bench.device.pool.left
    target = allocate(8, "i4", target=bench.device)
    core.call(allocate(8, "i4", target=bench.device), target, 8)
    core.call(src=target)
    del target
    gc.collect()
    assert bench.device.pool.left == left
    with pytest.raises(TypeError, match=r"^core\.src was not given, and the buffer that it was last given has gone: start\(src=…"):
        core.start()


def test_a_buffer_that_was_freed_while_in_use_goes_when_the_core_is_done(bench: Any) -> None:
    core = bench.overlay.core
    source, target = allocate(8, "i4", target=bench.device), allocate(8, "i4", target=bench.device)
    run = core.start(source, target, 8)
    with pytest.warns(RuntimeWarning, match=r"freed while core\.dst was at work in it"):
        target.freebuffer()
    run.wait()
    assert run.state == "done"
    with pytest.raises(BufferFreedError):
        core.start()  # the same arguments again, one of which is gone
    assert core.last_run is run


def test_what_is_no_buffer_is_told_apart(build: Any, core_block: Any, behaves: Any, bench: Any) -> None:
    core = bench.overlay.core
    buffer = allocate(8, "i4", target=bench.device)
    wrong: list[tuple[Any, type[Exception], str]] = [
        (
            np.zeros(8, "i4"),
            TypeError,
            "core.src takes pointer or 64 bits, not an array in the processor's own memory: the core reaches what allocate() gives",
        ),
        ([1, 2], TypeError, "core.src takes a buffer that allocate() gave; an address takes a whole number, not the list [1, 2]"),
        (buffer[::2], NoAddressError, "this view of shape (4,) and dtype int32 is strided"),
        (buffer + 1, TypeError, "core.src takes pointer or 64 bits, not an array in the processor's own memory"),
        (-1, ValueError, "core.src has 64 bits, 0 to 18446744073709551615: -1 does not fit"),
    ]
    for value, kind, message in wrong:
        with pytest.raises(kind) as raised:
            core.start(value, buffer, 8)
        assert message in str(raised.value), value
    core.types(n="int32")
    with pytest.raises(TypeError, match=r"^core\.n takes no buffer: it is int32$"):
        core.start(buffer, buffer, buffer)
    core.types(src="const float*")
    with pytest.raises(TypeError, match=r"core\.src is const float32\*, and the buffer holds int32: allocate\(shape, 'float32'\)"):
        core.start(buffer, buffer, 8)
    stranger = allocate(8, "i4", target=SimulatedDevice("stranger"))
    with pytest.raises(ValueError, match="the buffer is in the memory of another device"):
        core.start(allocate(8, "f4", target=bench.device), stranger, 8)
    assert bench.accesses("core", lambda: None) == []


def test_an_address_is_taken_as_it_is(bench: Any) -> None:
    core = bench.overlay.core
    source, target = allocate(8, "i4", target=bench.device), allocate(8, "i4", target=bench.device)
    run = core.start(source.device_address, target.device_address, 8)
    assert run.uses == ()
    run.wait()
    assert target.tolist() == [1] * 8


def test_a_core_without_a_master_takes_no_buffer(build: Any, core_block: Any, behaves: Any) -> None:
    behaves(lambda core: None)
    bench = build(core_block(*IN, interrupt=False))
    buffer = allocate(8, "i4", target=bench.device)
    with pytest.raises(TypeError, match=r"^core\.src takes no buffer: the core has no AXI master, by which it could reach memory$"):
        bench.overlay.core.start(buffer)


def test_a_pointer_to_one_value_is_the_value_beside_pointers_to_memory(build: Any, core_block: Any, behaves: Any) -> None:
    def counts(core: Any) -> None:
        core.buffer(core.dst, 2, "i4")[:] = core.scalar("x_i", "i4")
        core.x = core.scalar("x_i", "i4") - 1
        core.least = -0.5

    behaves(counts, "void core(int *dst, int *x, float *least)")
    halves = [("x_i", 0x20, "write-only"), ("x_o", 0x28, "read-only"), ("least", 0x30, "read-only")]
    bench = build(core_block(("dst", 0x10, "write-only"), *halves, master=True, interrupt=False))
    core = bench.overlay.core
    assert str(core.signature) == "(dst: 'int32*', x: 'int32') -> {'x': 'int32', 'least': 'float32'}"
    target = allocate(2, "i4", target=bench.device)
    assert core.call(target, -3) == {"x": -4, "least": -0.5}
    assert target.tolist() == [-3, -3]


def test_a_core_of_which_pynqs_dictionary_is_all_that_is_known(bench: Any) -> None:
    entry = dict(bench.overlay.design.ip_dict["core"])
    core = HlsCore({**entry, "device": bench.device})
    assert str(core.signature) == "(src: 'pointer or 64 bits', dst: 'pointer or 64 bits', n: '32 bits')"
    source, target = allocate(2, "i4", target=bench.device), allocate(2, "i4", target=bench.device)
    core.call(source, target, 2)
    assert target.tolist() == [1, 1]


def test_pointers_of_32_bits(build: Any, core_block: Any, behaves: Any) -> None:
    def fills(core: Any) -> None:
        core.buffer(core.dst, 4, "u2")[:] = core.scalar("value", "u2")

    behaves(fills)
    bench = build(core_block(("dst", 0x10, "write-only"), ("value", 0x18, "write-only"), master=True, interrupt=False))
    target = allocate(4, "u2", target=bench.device)
    bench.overlay.core.call(target, 3)
    assert target.tolist() == [3] * 4
