"""No path that shows, completes, samples or snapshots reads a word whose reading has an effect, a gap, or wider than the bus.

The real paths are driven, each on a device that writes down every read; the planner is not asked what it would do. What may be read is
worked out here anew, word by word, from what the design says.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pynq_widgets import read_design
from pynq_widgets.access import MMIO, Mirror, RegisterMap
from pynq_widgets.access.describe import FieldInfo, RegisterInfo
from pynq_widgets.device import VirtualClock
from pynq_widgets.live import Sampler
from pynq_widgets.live.snapshot import take

BASE = 0x4000_0000


def harmless_words(registers: Iterable[Any], size: int) -> set[int]:
    """Byte offsets of the words that may be read unasked: those of known registers, whole and within `size`, with no effect in them."""
    known: set[int] = set()
    harmful: set[int] = set()
    for register in registers:
        first = register.offset // 4 * 4
        last = (register.offset * 8 + max(register.width, 1) - 1) // 32 * 4
        words = set(range(first, last + 4, 4))
        effect = (
            register.access == "write-only"
            or register.reads_destroy
            or getattr(register, "guard", None)
            or getattr(register, "is_memory", False)
            or any(field.read_action for field in register.fields)
            or register.offset % 4
            or not 0 < register.width <= 64
        )
        if effect:
            harmful |= words
        else:
            known |= {word for word in words if last + 4 <= size}
    return known - harmful


def drive(block: Any, size: int, make_spy: Callable[..., Any], sampled: bool = True) -> list[tuple[Any, ...]]:
    """Take every path that is nobody's asking, and give the reads that came of it: ``('read', offset, bytes)``."""
    spy = make_spy("spy", BASE, max(size, 4))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of registers that no access reaches
        mmio = MMIO(BASE, size, spy)
        clock = VirtualClock()
        mirror = Mirror(mmio, block, clock=clock)
        shown = RegisterMap.create_subclass("Any", block)(mmio)
        for thing in (mmio, mmio.array, mirror, shown, *mirror.registers.values()):
            repr(thing), str(thing), dir(thing)
            for hook in ("_ipython_display_", "_repr_html_", "_ipython_key_completions_"):
                getattr(thing, hook, None)
        for handle in mirror.registers.values():
            # What the completion of a notebook and the table ask for.
            _ = handle.value, handle.age, handle.state, handle.guard, [repr(field) for field in handle.fields.values()]
            _ = getattr(mirror, handle.name, None)
        for name in dir(shown):
            if not name.startswith("__"):
                register = getattr(shown, name, None)
                repr(register), dir(register), str(register)
        for thing in (mirror, shown):
            bundle = thing._repr_mimebundle_()
            assert "text/plain" in bundle
        mirror.refresh()
        mirror.refresh(newer_than=0.0)
        for name in mirror.registers:
            mirror.refresh(name)
        take({"block": mirror})
        if sampled and mirror.plan():
            clock.advance(1)  # what was read just now need not be read again
            sampler = Sampler(clock)
            before = len(spy.log)
            with sampler.watch([(mirror, None)], 10.0):
                sampler.run_due()
            sampler.close()
            assert len(spy.log) > before, "the sampler read nothing"
    assert all(kind == "read" for kind, *_ in spy.log)
    return spy.taken()


def check(reads: list[tuple[Any, ...]], allowed: set[int], where: str) -> None:
    for _, offset, nbytes in reads:
        assert offset % 4 == 0, f"{where}: a read at {offset:#x}, which is no word"
        assert nbytes % 4 == 0, f"{where}: a read of {nbytes} bytes"
        words = set(range(offset, offset + nbytes, 4))
        assert words <= allowed, f"{where}: read {sorted(map(hex, words - allowed))} unasked"


actions = st.sampled_from([None, None, None, "clear", "set", "modify"])
accesses = st.sampled_from(["read-write", "read-write", "read-only", "write-only"])


@st.composite
def registers(draw: st.DrawFn) -> list[RegisterInfo]:
    made = []
    for number in range(draw(st.integers(1, 12))):
        width = draw(st.sampled_from([1, 8, 16, 31, 32, 32, 32, 33, 64, 64, 65, 128]))
        fields = tuple(
            FieldInfo(f"F{n}", draw(st.integers(0, 31)), draw(st.integers(1, 8)), draw(accesses), "", draw(actions))
            for n in range(draw(st.integers(0, 3)))
        )
        made.append(
            RegisterInfo(
                draw(st.sampled_from([f"R{number}", "refresh", "R", f"R[{number}]", f"_{number}"])),
                draw(st.one_of(st.integers(0, 40).map(lambda word: 4 * word), st.integers(0, 160))),
                width,
                draw(accesses),
                fields,
                draw(st.one_of(st.none(), st.integers(0, 0xFFFF_FFFF))),
                "",
                draw(st.sampled_from([False, False, False, True])),
                draw(st.sampled_from([None, None, None, "the driver says so"])),
            )
        )
    return made


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(registers(), st.sampled_from([64, 0x200]))
def test_no_path_reads_what_it_may_not(make_spy: Callable[..., Any], block: list[RegisterInfo], size: int) -> None:
    check(drive(block, size, make_spy), harmless_words(block, size), "made block")


def test_the_paths_do_read_what_they_may(make_spy: Callable[..., Any]) -> None:
    block = [RegisterInfo("A", 0), RegisterInfo("FIFO", 4, reads_destroy=True), RegisterInfo("B", 8, 64), RegisterInfo("C", 0x40)]
    reads = drive(block, 0x100, make_spy)
    assert {offset + at for _, offset, nbytes in reads for at in range(0, nbytes, 4)} == {0, 8, 12, 0x40}


def test_no_path_reads_what_it_may_not_in_any_real_design(hwh_folder: Path, make_spy: Callable[..., Any]) -> None:
    seen: set[Any] = set()
    words = 0
    for path in sorted(hwh_folder.glob("*.hwh")):
        design = read_design(path)
        for module in design.modules.values():
            for block in module.blocks:
                key = (module.vlnv, block.name, tuple((r.name, r.offset, r.width, r.access) for r in block.registers))
                if not block.registers or key in seen or block.size > 1 << 24:
                    continue
                seen.add(key)
                size = max(4, min(block.size or 0x1_0000, 0x1_0000)) & ~3
                reads = drive(block, size, make_spy, sampled=len(seen) % 8 == 0)
                check(reads, harmless_words(block.registers, size), f"{path.name} {module.path}")
                words += len(reads)
    assert len(seen) > 50
    assert words > 1000


def test_an_overlay_shows_itself_without_reading(hwh_folder: Path, demo_design: Path) -> None:
    pytest.importorskip("anywidget")
    from pynq_widgets import Overlay, SimulatedDevice

    device = SimulatedDevice("t")
    overlay = Overlay(demo_design, device=device)
    log = []
    device.bus.listen(log.append)
    for path in overlay.ip_dict:
        ip = overlay[path] if path in overlay.ip_dict else None
        repr(ip), dir(ip)
    repr(overlay), dir(overlay), overlay._repr_mimebundle_()
    assert [transaction for transaction in log if transaction.operation == "write"] == []
    harmless: set[int] = set()
    for entry in overlay.design.address_map:
        for block in entry.module.blocks if entry.module is not None else ():
            if block.name == entry.block and block.interface.lower() == entry.interface.lower():
                harmless |= {entry.base + word for word in harmless_words(block.registers, entry.size)}
    for transaction in log:
        read = set(range(transaction.address, transaction.address + 4 * transaction.count, 4))
        assert read <= harmless, transaction


def pynq_field(bit: int, access: str = "read-only", width: int = 1) -> dict[str, Any]:
    return {"bit_offset": bit, "bit_width": width, "access": access, "description": ""}


def test_of_a_core_that_pynqs_dictionaries_describe_no_path_takes_what_it_has_done(make_spy: Callable[..., Any]) -> None:
    # Such a dictionary does not tell that reading clears ap_done: PYNQ's own register map loses it by being looked at.
    def entry(offset: int, access: str = "read-write", **fields: Any) -> dict[str, Any]:
        return {"address_offset": offset, "size": 32, "access": access, "description": "", "fields": fields}

    control = {"AP_START": pynq_field(0, "read-write"), "AP_DONE": pynq_field(1), "AP_IDLE": pynq_field(2), "AP_READY": pynq_field(3)}
    core = {
        "CTRL": entry(0, **control),
        "GIER": entry(4, Enable=pynq_field(0, "read-write")),
        "IP_ISR": entry(12, CHAN0_INT_ST=pynq_field(0)),
        "a": entry(16, a=pynq_field(0, "read-write", 32)),
        "sum": entry(24, "read-only", sum=pynq_field(0, "read-only", 32)),
        "sum_ctrl": entry(28, "read-only", sum_ap_vld=pynq_field(0)),
    }
    reads = drive(core, 0x40, make_spy)
    assert {offset for _, offset, nbytes in reads for offset in range(offset, offset + nbytes, 4)} == {4, 16, 24}
    shown = RegisterMap.create_subclass("Core", core)(MMIO(BASE, 0x40, spy := make_spy("spy", BASE, 0x40)))
    assert repr(shown.CTRL) == "Register(not read: reading changes AP_DONE, AP_READY)"
    assert spy.taken() == []
    assert shown.CTRL.AP_DONE == 0  # who asks for it gets it
    assert spy.taken() == [("read", 0, 4)]
