"""The Mutex core, both sides; the registers of PG117."""

from __future__ import annotations

from typing import Any

import pytest

# Offset, reset value, bits that software sets; the mutexes themselves are not written by all ones, and have tests of their own.
ROWS: dict[str, tuple[int, int | None, int | str]] = {
    **{f"MUTEX_{n}": (0x100 * n, 0, 0x1FF) for n in range(3)},
    **{f"USER_{n}": (0x100 * n + 4, 0, 0xFFFF_FFFF) for n in range(3)},
}


@pytest.fixture
def bench(build: Any, block: Any) -> Any:
    return build(
        block(
            "mutex",
            "xilinx.com:ip:mutex:2.1",
            0x4380_0000,
            {"C_NUM_MUTEX": 3, "C_ENABLE_USER": 1},
            interface="S0_AXI",
            clocks=("S0_AXI_ACLK",),
        )
    )


def test_each_register(bench: Any) -> None:
    ip = bench.overlay.mutex
    assert {name: handle.offset for name, handle in ip.registers.registers.items()} == {name: row[0] for name, row in ROWS.items()}
    for name, (offset, reset, writable) in ROWS.items():
        assert ip.read(offset) == reset, name
        ip.write(offset, 0xFFFF_FFFF)
        assert ip.read(offset) == writable, name
        if name.startswith("USER"):
            ip.write(offset, 0)
            assert ip.read(offset) == 0


def test_it_is_the_first_ones(bench: Any) -> None:
    ip = bench.overlay.mutex
    ip.write(0x100, 7 << 1 | 1)
    for value in (3 << 1 | 1, 3 << 1, 0, 1):
        ip.write(0x100, value)
        assert ip.read(0x100) == 7 << 1 | 1, "another's write is ignored"
    ip.write(0x100, 7 << 1)
    assert ip.read(0x100) == 7 << 1
    ip.write(0x100, 3 << 1 | 1)
    assert ip.read(0x100) == 3 << 1 | 1


def test_take_and_give_back(bench: Any) -> None:
    mutex = bench.overlay.mutex
    assert len(mutex) == 3
    assert [lock.number for lock in mutex] == [0, 1, 2]
    with mutex[1] as lock:
        assert (lock.locked, lock.owner, lock.mine) == (True, 1, True)
        assert not bench.model("mutex").take(1, owner=2)
        lock.user = 42
        assert lock.user == 42
        with pytest.raises(RuntimeError, match=r"^mutex\[1\] is processor 1's already: it cannot be taken twice$"):
            lock.acquire()
    assert (lock.locked, lock.owner) == (False, None)
    assert bench.accesses("mutex", lock.try_acquire) == [("read", 0x100), ("write", 0x100, 3), ("read", 0x100)]


def test_another_has_it(bench: Any) -> None:
    mutex, model = bench.overlay.mutex, bench.model("mutex")
    assert model.take(0, owner=5)
    with pytest.raises(TimeoutError, match=r"^mutex\[0\] was not to be had within 0\.1 s: processor 5 has it$"):
        mutex[0].acquire(timeout=0.1)
    with pytest.raises(RuntimeError, match=r"^mutex\[0\] is processor 5's, not that of processor 1, which wants to release it$"):
        mutex[0].release()
    bench.clock.call_later(0.5, lambda: model.release(0, owner=5))
    mutex[0].acquire(timeout=1)
    assert mutex[0].mine
    mutex[0].release()
    with pytest.raises(RuntimeError, match=r"^mutex\[0\] is nobody's, not that"):
        mutex[0].release()


def test_who_one_is(bench: Any) -> None:
    mutex = bench.overlay.mutex
    mutex.cpu_id = 200
    mutex[2].acquire()
    assert mutex[2].owner == 200
    with pytest.raises(ValueError, match=r"^an owner of mutex is a number of 0 to 255, not 256$"):
        mutex.cpu_id = 256


def test_what_there_is_not(bench: Any, build: Any, block: Any) -> None:
    with pytest.raises(IndexError, match=r"^mutex has the mutexes 0 to 2, not 3$"):
        bench.overlay.mutex[3]
    with pytest.raises(ValueError, match=r"^mutex has the mutexes 0 to 2, not 3$"):
        bench.model("mutex").take(3, owner=1)
    plain = build(block("mutex", "xilinx.com:ip:mutex:2.1", 0x4380_0000, {"C_NUM_MUTEX": 2, "C_ENABLE_USER": 0}, interface="S0_AXI"))
    with pytest.raises(AttributeError, match=r"^mutex\[0\] has no user data in this design"):
        plain.overlay.mutex[0].user


def test_a_saved_overlay_takes_no_lock(bench: Any, tmp_path: Any) -> None:
    mutex = bench.overlay.mutex
    mutex[0].acquire()
    bench.overlay.save(tmp_path / "state.yaml")
    mutex[0].release()
    bench.overlay.restore(tmp_path / "state.yaml")
    assert not mutex[0].locked
