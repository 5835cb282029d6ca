"""Calling a core: starting it, waiting for it, and never losing its end."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from pynq_drivers.hls.driver import HlsCore
from pynq_widgets import DefaultIP, Overlay
from pynq_widgets.access import StaleOverlayError

A, B, C = ("a", 0x10, "write-only"), ("b", 0x18, "write-only"), ("c", 0x20, "read-only")
C_VALID = ("c_ctrl", 0x24, "read-only", (("c_ap_vld", 0, 1),))
RETURN = ("ap_return", 0x10, "read-only")
TAKES = 1e-3


def slowly_adds(core: Any) -> Iterator[float]:
    yield TAKES
    core.c = core.a + core.b


@pytest.fixture
def adder(build: Any, core_block: Any, behaves: Any) -> Any:
    """A core that adds its arguments in a millisecond."""

    def make(**options: Any) -> Any:
        behaves(slowly_adds)
        autojump = options.pop("autojump", True)
        return build(core_block(A, B, C, C_VALID, **options), autojump=autojump)

    return make


def test_a_core_is_called_by_name_and_in_the_order_of_its_registers(adder: Any) -> None:
    core = adder().overlay.core
    assert type(core) is HlsCore
    assert core.call(a=3, b=4) == 7
    assert core.call(5, 6) == 11
    assert core.call(b=1) == 6  # a is what it was
    assert core.result == 6
    assert str(core.signature) == "(a: '32 bits', b: '32 bits') -> '32 bits'"
    assert inspect.signature(core.start).parameters.keys() == {"args", "auto_restart", "arguments"}


def test_the_bus_sees_nothing_but_what_a_call_needs(adder: Any) -> None:
    bench = adder(interrupt=False)
    core = bench.overlay.core
    core.call(a=1, b=2)
    run: list[Any] = []
    begun = bench.accesses("core", lambda: run.append(core.start(a=3, b=4)))
    # Whether it stands idle; the arguments; ap_start. Valid bits are down since the last run was taken.
    assert begun == [("read", 0), ("write", 0x10, 3), ("write", 0x18, 4), ("write", 0, 1)]
    bench.clock.advance(TAKES)
    assert bench.accesses("core", run[0].wait) == [("read", 0), ("read", 0x24), ("read", 0x20)]
    assert bench.accesses("core", run[0].wait) == []
    assert bench.accesses("core", lambda: repr((core, run[0], core.arguments, core.signature, core.result, dir(core)))) == []


def test_wrong_arguments_write_nothing(adder: Any) -> None:
    bench = adder()
    core = bench.overlay.core
    wrong: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"a": 1, "x": 2}, TypeError, "core has no argument 'x' (it has a, b, c)"),
        ({"a": 1, "c": 2}, TypeError, "core.c is what the core gives: it is read, not given"),
        ({"a": 1}, TypeError, "core.b was not given, and nothing was written to it before: start(a=…, b=…)"),
        ({"a": 1, "b": 1 << 32}, ValueError, "core.b has 32 bits, -2147483648 to 4294967295: 4294967296 does not fit"),
        ({"a": 1, "b": "2"}, TypeError, "core.b takes a whole number, not the str '2'"),
        ({"a": 1, "b": [1, 2]}, TypeError, "core.b takes a whole number, not the list [1, 2]"),
        ({"a": 1, "b": np.arange(3)}, TypeError, "core.b takes one number (32 bits), not an array"),
        (
            {"a": 1, "b": 2.0},
            TypeError,
            "core.b has 32 bits, and the design does not tell that they are a float: say so first, core.types(b='float32') "
            "(or 'ap_fixed<32,…>'), or give a whole number instead of 2.0",
        ),
    ]
    for arguments, kind, message in wrong:
        with pytest.raises(kind) as raised:
            core.start(**arguments)
        assert message in str(raised.value), arguments
    with pytest.raises(TypeError, match=r"core takes 2 arguments \(a, b\), 3 were given"):
        core.start(1, 2, 3)
    with pytest.raises(TypeError, match=r"core\.a was given twice"):
        core.start(1, a=2)
    assert bench.accesses("core", lambda: None) == []
    assert core.last_run is None


def test_what_was_given_by_attributes_need_not_be_given_again(adder: Any) -> None:
    core = adder().overlay.core
    core.a, core.b = 20, 22
    assert core.call() == 42
    core.a = 0
    assert core.call() == 22


def test_a_core_that_runs_is_not_started_again(adder: Any) -> None:
    bench = adder(autojump=False)
    core = bench.overlay.core
    run = core.start(1, 2)
    with pytest.raises(RuntimeError, match=r"^core is still at run 1: wait\(\), or await done\(\), first$"):
        core.start(5, 6)
    assert core.a == 1
    with pytest.raises(RuntimeError, match="core is still running: wait"):
        run.result
    bench.clock.advance(TAKES)
    assert core.start(5, 6).number == 2  # the end of the first was seen, and kept
    assert run.result == 3


def test_ap_done_that_somebody_else_has_read_is_not_lost(adder: Any) -> None:
    bench = adder(interrupt=False)
    core = bench.overlay.core
    run = core.start(1, 2)
    bench.clock.advance(2 * TAKES)
    assert core.read(0) & 2  # and so cleared it
    assert run.wait(timeout=0) == 3


def test_displays_do_not_take_ap_done(adder: Any) -> None:
    bench = adder(autojump=False)
    core = bench.overlay.core
    run = core.start(1, 2)
    bench.clock.advance(TAKES)
    looked = bench.accesses(
        "core", lambda: (repr(core.register_map), core.snapshot(), core.registers.refresh(), core.ap_done, core.ap_idle)
    )
    assert ("read", 0) not in looked
    assert run.done


def test_a_timeout_is_of_the_devices_clock_and_says_what_the_core_is_at(adder: Any) -> None:
    bench = adder(interrupt=False)
    core = bench.overlay.core
    core.start(1, 2)
    before = bench.clock.now()
    with pytest.raises(TimeoutError, match=r"^core was not done within 0\.0005 s: it is running \(ap_idle=0\)$"):
        core.wait(timeout=TAKES / 2)
    assert bench.clock.now() - before == pytest.approx(TAKES / 2)
    assert core.wait(timeout=TAKES) == 3
    with pytest.raises(ValueError, match="a timeout is 0 or more seconds, or None to wait for ever, not -1"):
        core.wait(timeout=-1)


def test_nothing_to_wait_for_is_said(adder: Any) -> None:
    core = adder().overlay.core
    with pytest.raises(RuntimeError, match=r"^core was not started: call start\(\) first$"):
        core.wait()
    with pytest.raises(AttributeError, match="core has no result: it was not started yet"):
        core.result


def test_a_core_that_its_registers_started_can_be_waited_for(adder: Any) -> None:
    core = adder().overlay.core
    core.write(0x10, 30)
    core.write(0x18, 12)
    core.write(0, 1)
    assert core.wait(timeout=1) == 42
    core.ap_start = True
    assert core.wait(timeout=1) == 42
    core.write(0, 1)
    with pytest.raises(RuntimeError, match=r"core is running \(ap_idle=0\), and was not started here"):
        core.start(1, 2)


def test_interrupts_are_waited_for_without_polling(adder: Any) -> None:
    bench = adder()
    core = bench.overlay.core
    run = core.start(1, 2)
    reads = [access for access in bench.accesses("core", lambda: run.wait(1)) if access == ("read", 0)]
    assert len(reads) == 2  # one look, and one when it rang
    # The interrupt is enabled once, and taken back by toggling what is set.
    assert ("write", 0xC, 1) in bench.accesses("core", lambda: core.call(3, 4))
    assert bench.device.read_word(0x43C0_000C) == 0
    assert ("write", 4, 1) not in bench.accesses("core", lambda: core.call(3, 4))


def test_a_lost_interrupt_costs_half_a_second_and_a_broken_one_no_busy_loop(adder: Any) -> None:
    bench = adder()
    core = bench.overlay.core
    with bench.device.faults.lost_interrupt("core", "interrupt"):
        assert core.call(1, 2, timeout=2) == 3
    assert 0.4 < bench.clock.now() < 0.7
    bench.device.model_of("core").context.interrupt("interrupt").set(True)  # high, and nobody knows why
    core.start(3, 4)
    looks = bench.accesses("core", lambda: core.wait(1))
    assert core.result == 7
    assert len(looks) < 80


def scene_of(coroutine: Any) -> Any:
    async def within() -> Any:
        return await asyncio.wait_for(coroutine, 10)

    return asyncio.run(within())


@pytest.mark.parametrize("interrupt", [True, False])
def test_any_number_awaits_one_run_and_a_cancelled_one_takes_only_itself_back(adder: Any, interrupt: bool) -> None:
    bench = adder(autojump=False, interrupt=interrupt)
    core = bench.overlay.core

    async def scene() -> None:
        run = core.start(20, 22)
        waits = [asyncio.create_task(core.done()), asyncio.create_task(run.wait_async()), asyncio.create_task(core.done(timeout=5))]
        short = asyncio.create_task(core.done(timeout=TAKES / 4))
        given_up = asyncio.create_task(core.done())
        await asyncio.sleep(0)
        given_up.cancel()
        for _ in range(100):
            bench.clock.advance(TAKES / 50)
            for _ in range(5):
                await asyncio.sleep(0)
        assert await asyncio.gather(*waits) == [42, 42, 42]
        assert given_up.cancelled()
        with pytest.raises(TimeoutError):
            await short
        assert not run.listeners
        assert await run == 42  # awaited afterwards, too

    scene_of(scene())


def test_threads_and_loops_wait_side_by_side(adder: Any) -> None:
    bench = adder(autojump=False)
    core = bench.overlay.core
    run = core.start(1, 2)
    answers: list[int] = []
    ready = threading.Barrier(4)

    def wait() -> None:
        ready.wait()
        answers.append(run.wait())

    threads = [threading.Thread(target=wait) for _ in range(3)]
    for thread in threads:
        thread.start()
    ready.wait()
    while any(thread.is_alive() for thread in threads):
        bench.clock.advance(TAKES / 10)
        for thread in threads:
            thread.join(0.001)
    assert answers == [3, 3, 3]


def test_waits_end_when_the_overlay_goes(adder: Any, tmp_path: Any) -> None:
    bench = adder(autojump=False)
    core = bench.overlay.core

    async def scene() -> None:
        run = core.start(1, 2)
        waiting = asyncio.create_task(run.wait_async())
        for _ in range(3):
            await asyncio.sleep(0)
        Overlay(tmp_path / "small.hwh", device=bench.device)
        with pytest.raises(StaleOverlayError):
            await waiting
        with pytest.raises(StaleOverlayError):
            core.start(1, 2)
        assert run.state == "failed"
        with pytest.raises(StaleOverlayError):
            run.result
        with pytest.raises(StaleOverlayError):
            core.start(b=2)
        with pytest.raises(StaleOverlayError):
            core.wait()
        assert repr(core) == "<HlsCore core at 0x43c00000, 64 KB, stale>"

    scene_of(scene())


def test_the_logic_is_loaded_again_under_the_same_overlay(adder: Any) -> None:
    bench = adder()
    core = bench.overlay.core
    assert core.call(1, 2) == 3
    run = core.start()
    bench.overlay.download()
    with pytest.raises(TypeError, match=r"^core\.a was not given, and nothing was written to it before"):
        core.start(b=2)  # the registers are new
    assert run.state == "failed"
    with pytest.raises(StaleOverlayError, match=r"^core was at run 2 when the logic was loaded again: start it again$"):
        run.wait()
    before = bench.clock.now()
    assert core.call(3, 4) == 7
    assert bench.clock.now() - before == pytest.approx(TAKES)  # by its interrupt, which was enabled again


def test_what_the_core_returns_comes_first_and_several_outputs_by_name(build: Any, core_block: Any, behaves: Any) -> None:
    def gives(core: Any) -> int:
        core.y = 5
        return 0xFFFFFFFF

    behaves(gives)
    core = build(core_block(RETURN, ("y", 0x18, "read-only"), ("y_ctrl", 0x1C, "read-only", (("y_ap_vld", 0, 1),)))).overlay.core
    run = core.start()
    assert run.wait() == 0xFFFFFFFF
    assert dict(run.outputs) == {"return": 0xFFFFFFFF, "y": 5}
    core.types(return_="int32")
    assert core.call() == -1


def test_an_output_that_the_core_did_not_write_is_none(build: Any, core_block: Any, behaves: Any) -> None:
    def only_one(core: Any) -> None:
        if core.a:
            core.y = 3
        core.z = 4

    behaves(only_one)
    registers = [A, ("y", 0x18, "read-only"), ("y_ctrl", 0x1C, "read-only", (("y_ap_vld", 0, 1),)), ("z", 0x20, "read-only")]
    core = build(core_block(*registers)).overlay.core
    assert core.call(a=1) == {"y": 3, "z": 4}
    assert core.call(a=0) == {"y": None, "z": 4}


def test_an_inout_is_given_by_its_name_and_comes_back(build: Any, core_block: Any, behaves: Any) -> None:
    def doubles(core: Any) -> None:
        core.x = core.scalar("x_i") * 2

    behaves(doubles)
    core = build(
        core_block(("x_i", 0x10, "write-only"), ("x_o", 0x18, "read-only"), ("x_o_ctrl", 0x1C, "read-only", (("x_o_ap_vld", 0, 1),)))
    ).overlay.core
    assert list(core.arguments) == ["x"]
    assert core.arguments["x"].direction == "inout"
    assert core.call(21) == 42


def test_a_core_restarts_by_itself_until_it_is_stopped(build: Any, core_block: Any, behaves: Any) -> None:
    def counts(core: Any) -> Iterator[float]:
        yield TAKES
        core.n = core.n + 1

    behaves(counts)
    bench = build(core_block(("n", 0x10, "read-only"), interrupt=False))
    core = bench.overlay.core
    run = core.start(auto_restart=True)
    assert run.wait(1) == 1
    assert run.wait(1) == 2  # a wait is for the round that is at work
    assert (run.rounds, run.over) == (2, False)
    with pytest.raises(RuntimeError, match=r"still at run 1, and starts again by itself: core\.stop\(\) ends that after this round"):
        core.start()
    core.stop()
    assert core.wait(1) == 3
    assert run.over
    before = bench.clock.now()
    bench.clock.advance(10 * TAKES)
    assert bench.clock.now() > before
    assert core.read(0) & 4
    assert core.arguments["n"].value == 3
    assert core.start().wait(1) == 4


def test_restarts_are_told_to_all_waiters_without_waking_one_another_for_ever(build: Any, core_block: Any, behaves: Any) -> None:
    def counts(core: Any) -> Iterator[float]:
        yield TAKES
        core.n = core.n + 1

    behaves(counts)
    bench = build(core_block(("n", 0x10, "read-only"), interrupt=False), autojump=False)
    core = bench.overlay.core

    async def scene() -> None:
        run = core.start(auto_restart=True)
        waits = [asyncio.create_task(run.wait_async()) for _ in range(3)]
        for _ in range(20):
            await asyncio.sleep(0)
        bench.device.log.clear()
        for _ in range(50):
            await asyncio.sleep(0)
        assert bench.device.log == []  # time stands still, and nobody looks
        while not all(wait.done() for wait in waits):
            bench.clock.advance(TAKES / 4)
            for _ in range(5):
                await asyncio.sleep(0)
        assert {wait.result() for wait in waits} <= {1, 2}

    scene_of(scene())


def test_a_chained_core_is_told_to_go_on(build: Any, core_block: Any, behaves: Any) -> None:
    behaves(slowly_adds)
    bench = build(core_block(A, B, C, C_VALID, chain=True, interrupt=False))
    core = bench.overlay.core
    run = core.start(1, 2)
    bench.clock.advance(TAKES)
    # Done is held until ap_continue; then the adapter's own bit is read away.
    assert bench.accesses("core", run.wait) == [("read", 0), ("read", 0x24), ("read", 0x20), ("write", 0, 0x10), ("read", 0)]
    assert core.call(3, 4) == 7
    assert core.read(0) == 4
    core.write(0, 1)
    bench.clock.advance(TAKES)
    assert core.read(0) & 2
    assert core.read(0) & 2  # a read does not clear it while the core holds it
    assert core.call(5, 5) == 10  # what nobody took is taken first
    assert core.wait() == 10


def test_a_core_that_no_register_starts_is_called_and_followed(build: Any, core_block: Any, behaves: Any) -> None:
    def adds(core: Any) -> None:
        core.c = core.a + core.b

    behaves(adds, "void core(int a, int b, int *c)")
    bench = build(core_block(A, B, C, C_VALID, control=False, interrupt=False))
    core = bench.overlay.core
    assert core.call(-3, 1) == -2
    assert core.call(b=10) == 7
    for call in (core.start, core.wait, core.stop):
        with pytest.raises(RuntimeError, match=r"^core has no ap_start .* Assign core\.a = … and read \.c; call\(…\) does both$"):
            call()
    with pytest.raises(RuntimeError, match="core has no ap_start"):
        asyncio.run(core.done())
    assert core.last_run is None


def test_a_free_running_core_that_stands_still_is_not_waited_for_for_ever(build: Any, core_block: Any, behaves: Any) -> None:
    def silent(core: Any) -> None:
        pass

    behaves(silent)
    core = build(core_block(A, C, C_VALID, control=False, interrupt=False)).overlay.core
    with pytest.raises(TimeoutError, match=r"^core\.c was not written by the core within 0\.01 s$"):
        core.call(1, timeout=0.01)


def test_a_core_that_nobody_gave_a_behaviour_says_so_once(build: Any, core_block: Any) -> None:
    core = build(core_block(A, C)).overlay.core
    with pytest.warns(UserWarning, match=r"^core \(acme\.com:hls:core:1\.0\) does nothing on the simulated device") as told:
        core.start(1).wait()
    assert "@model('acme.com:hls:core:1.0')\ndef core(core):\n    ...  # core.a is an argument" in str(told[0].message)
    assert core.call(2) == 0  # said once


def test_a_behaviour_that_fails_leaves_the_core_startable(build: Any, core_block: Any, behaves: Any) -> None:
    from pynq_widgets.device import BusError

    def fails(core: Any) -> None:
        if core.a == 1:
            raise ZeroDivisionError("in the core")

    behaves(fails)
    core = build(core_block(A, interrupt=False)).overlay.core
    with pytest.raises(BusError):
        core.start(1)
    assert core.last_run.state == "failed"
    assert core.call(2) is None


def test_arguments_named_like_the_drivers_own_words(build: Any, core_block: Any, behaves: Any) -> None:
    def takes_all(core: Any) -> None:
        core.result = core.timeout + core.scalar("lambda") + core.start

    behaves(takes_all)
    registers = [
        ("timeout", 0x10, "write-only"),
        ("lambda", 0x18, "write-only"),
        ("start", 0x20, "write-only"),
        ("result", 0x28, "read-only"),
    ]
    core = build(core_block(*registers)).overlay.core
    assert core.call(timeout=1, lambda_=2, start=3) == 6
    assert core.call(timeout=1, **{"lambda": 5}) == 9
    assert core.result == 9  # the register of that name
    assert list(core.signature.parameters) == ["timeout", "lambda_", "start"]
    assert core.last_run.result == 9


def test_a_driver_of_the_users_wins_and_a_subclass_has_the_prototype(adder: Any, tmp_path: Any) -> None:
    bench = adder()

    class Mine(HlsCore):
        bindto = ["acme.com:hls:core:1.0"]
        prototype = "void core(int b, int a, int *c)"

        def twice(self) -> Any:
            return 2 * self.call(1, -5)

    try:
        core = Overlay(tmp_path / "small.hwh", device=bench.device).core
        assert type(core) is Mine
        assert core.twice() == -8
        assert core.b == 1  # the prototype's order, and the design's attributes
    finally:
        Mine.unregister()

    class Plain(DefaultIP):
        bindto = ["acme.com:hls:core:1.0"]

    try:
        assert type(Overlay(tmp_path / "small.hwh", device=bench.device).core) is Plain
    finally:
        Plain.unregister()
    with pytest.raises(ValueError, match="this declares no function"):
        type("Wrong", (HlsCore,), {"prototype": "int x"})


def test_the_reason_for_the_driver_is_told(adder: Any) -> None:
    reason = adder().overlay.drivers["core"].reason
    assert reason == ("no driver is known for acme.com:hls:core:1.0; this one is for all IP of the kind hls (from package pynq-widgets)")


def test_an_assignment_to_no_attribute_raises(adder: Any) -> None:
    core = adder().overlay.core
    with pytest.raises(AttributeError, match="nothing was written"):
        core.aa = 3
