"""AXI CDMA, the driver: copies, checks before the first write, errors, queue, scatter-gather."""

import asyncio
from typing import Any, ClassVar

import numpy as np
import pytest

from pynq_drivers.axi_cdma import registers as r
from pynq_drivers.axi_cdma.driver import AxiCDMA
from pynq_widgets import DefaultIP, allocate

BASE = 0x4E20_0000
PARAMETERS = {"C_M_AXI_DATA_WIDTH": 64, "C_INCLUDE_SG": 0, "C_M_AXI_MAX_BURST_LEN": 16, "C_M_AXI_ADDR_WIDTH": 32}


@pytest.fixture
def make(build: Any, block: Any) -> Any:
    def _make(*, interrupt: bool = True, blocks: Any = (), reach: Any = (), brams: Any = None, **parameters: Any) -> Any:
        given = {**PARAMETERS, **parameters}
        masters = ("M_AXI", "M_AXI_SG") if given["C_INCLUDE_SG"] else ("M_AXI",)
        pins = ("cdma_introut",) if interrupt else ()
        one = block(
            "cdma", "xilinx.com:ip:axi_cdma:4.1", BASE, given, pins, masters, (), ("m_axi_aclk",), interface="S_AXI_LITE", reach=reach
        )
        return build(one, *blocks, brams=brams)

    return _make


def pair(bench: Any, nbytes: int, **options: Any) -> Any:
    source, target = allocate(nbytes, "u1", target=bench.device, **options), allocate(nbytes, "u1", target=bench.device, **options)
    source[:] = np.arange(nbytes) % 251
    return source, target


@pytest.mark.parametrize("scatter_gather", [0, 1])
@pytest.mark.parametrize("interrupt", [True, False])
def test_a_copy(make: Any, scatter_gather: int, interrupt: bool) -> None:
    bench = make(C_INCLUDE_SG=scatter_gather, interrupt=interrupt)
    cdma = bench.overlay.cdma
    assert isinstance(cdma, AxiCDMA)
    assert cdma.idle
    source, target = pair(bench, 10000)
    assert cdma.transfer(source, target).wait(timeout=1) == 10000
    assert np.array_equal(source, target)
    assert (cdma.transferred, cdma.idle, cdma.error) == (10000, True, False)
    assert bench.clock.now() < 1e-3


@pytest.mark.parametrize("scatter_gather", [0, 1])
def test_making_it_and_looking_at_it_writes_nothing(make: Any, scatter_gather: int) -> None:
    bench = make(C_INCLUDE_SG=scatter_gather)

    def look() -> None:
        cdma = bench.overlay.cdma
        repr(cdma)
        dir(cdma)
        cdma.registers.refresh()

    assert not [entry for entry in bench.accesses("cdma", look) if entry[0] == "write"]


def test_the_bus_accesses_of_a_copy(make: Any) -> None:
    bench = make(interrupt=False)
    cdma = bench.overlay.cdma
    source, target = pair(bench, 64)

    def begin() -> None:
        cdma.transfer(source, target, 16, 8, 24)

    assert bench.accesses("cdma", begin) == [
        ("read", r.CDMASR),
        ("write", r.CDMACR, 0x10000),
        ("write", r.SA, source.physical_address + 8),
        ("write", r.DA, target.physical_address + 24),
        ("write", r.BTT, 16),
    ]
    cdma.wait(timeout=1)
    assert target[24:40].tolist() == source[8:24].tolist()
    assert target.sum() == source[8:24].sum()
    assert [entry[1] for entry in bench.accesses("cdma", begin) if entry[0] == "write"] == [r.CDMASR, r.SA, r.DA, r.BTT]


def test_only_as_much_as_both_hold(make: Any) -> None:
    bench = make()
    source, target = pair(bench, 64)
    assert bench.overlay.cdma.transfer(source, target, destination_start=40).wait(timeout=1) == 24


def test_buffers_know_what_is_under_way_and_what_changed(make: Any) -> None:
    bench = make()
    cdma = bench.overlay.cdma
    source, target = pair(bench, 1000)
    told: list[Any] = []
    target.on_change(lambda offset, nbytes: told.append((offset, nbytes)))
    copy = cdma.transfer(source, target, 800, 8, 160)
    (reading,), (writing,) = source.under_way, target.under_way
    assert (reading.title, reading.to_memory, reading.offset, reading.nbytes, reading.done) == ("cdma", False, 8, 800, False)
    assert (writing.to_memory, writing.offset, writing.nbytes) == (True, 160, 800)
    copy.wait(timeout=1)
    assert (source.under_way, target.under_way) == ((), ())
    assert told
    assert all(offset >= 160 and offset + nbytes <= 960 for offset, nbytes in told)


def test_cached_buffers_are_flushed_and_invalidated(make: Any) -> None:
    bench = make()
    source, target = pair(bench, 256, cacheable=True)
    target[:] = 1
    assert target.tolist() == [1] * 256
    bench.overlay.cdma.transfer(source, target).wait(timeout=1)
    assert target.tolist() == [i % 251 for i in range(256)]


@pytest.mark.parametrize("scatter_gather", [0, 1])
def test_a_queue_of_copies(make: Any, scatter_gather: int) -> None:
    bench = make(C_INCLUDE_SG=scatter_gather)
    cdma = bench.overlay.cdma
    source, target = pair(bench, 4000)
    third = allocate(4000, "u1", target=bench.device)
    first, second = cdma.transfer(source, target), cdma.transfer(target, third)
    assert second.state == ("under way" if scatter_gather else "queued")
    assert cdma.wait(timeout=1) == 4000
    assert first.done
    assert np.array_equal(source, third)


def test_awaiting(make: Any) -> None:
    bench = make()
    cdma = bench.overlay.cdma
    source, target = pair(bench, 400)

    async def time_passes() -> None:
        while True:
            bench.clock.advance(1e-6)
            await asyncio.sleep(0)

    async def scene() -> None:
        passing = asyncio.create_task(time_passes())
        assert await cdma.transfer(source, target) == 400
        async with cdma.transfer(target, source, 16):
            pass
        assert await cdma.wait_async(timeout=1) == 16
        passing.cancel()

    asyncio.run(scene())
    assert np.array_equal(source, target)


def test_scatter_gather_parts_what_is_longer_than_a_descriptor_can_say(make: Any) -> None:
    bench = make(C_INCLUDE_SG=1)
    cdma = bench.overlay.cdma
    nbytes = (20 << 20) + 5
    source, target = pair(bench, nbytes)
    copy = cdma.transfer(source, target)
    assert len(copy.descriptors) == 3
    bench.clock.advance(((1 << 23) + 100) / 800e6)
    assert copy.position() == (1 << 23) - 8
    assert copy.wait(timeout=1) == nbytes
    assert np.array_equal(source, target)


def test_more_descriptors_than_the_ring_has_one_after_another(make: Any) -> None:
    bench = make(C_INCLUDE_SG=1)
    cdma = bench.overlay.cdma
    source, target = pair(bench, 8 * 600)
    copies = [cdma.transfer(source, target, 8, 8 * i, 8 * i) for i in range(600)]
    assert {copy.state for copy in copies} >= {"queued"}
    cdma.wait(timeout=1)
    assert all(copy.done for copy in copies)
    assert np.array_equal(source, target)


def test_to_a_memory_of_the_design_and_back(make: Any, block: Any) -> None:
    given = {"C_MEMORY_DEPTH": 1024, "C_S_AXI_DATA_WIDTH": 32}
    bram = block("bram", "xilinx.com:ip:axi_bram_ctrl:4.1", 0x4000_0000, given, size=0x1000, memory=True)
    bench = make(blocks=[bram], reach=[("bram", "S_AXI", 0xC000_0000, 0x1000, "M_AXI")], brams={"bram": "memory"})
    cdma, memory = bench.overlay.cdma, bench.overlay.bram
    source, target = pair(bench, 512)
    written = [
        entry[2] for entry in bench.accesses("cdma", lambda: cdma.transfer(source, memory, destination_start=256)) if entry[0] == "write"
    ]
    assert 0xC000_0100 in written  # where the core sees it, not the processor
    cdma.wait(timeout=1)
    assert memory.read(256 + 8) == int.from_bytes(bytes(source[8:12]), "little")
    assert cdma.transfer(memory, target, source_start=256).wait(timeout=1) == 512
    assert np.array_equal(source, target)
    assert cdma.transfer(0xC000_0100, target, 64).wait(timeout=1) == 64
    with pytest.raises(ValueError, match=r"^cdma: 512 bytes are more than the 256 bytes of the destination from byte 3840$"):
        cdma.transfer(source, memory, 512, destination_start=3840)


def test_a_memory_that_the_core_does_not_reach(make: Any, block: Any) -> None:
    bram = block("bram", "xilinx.com:ip:axi_bram_ctrl:4.1", 0x4000_0000, {}, size=0x1000, memory=True)
    bench = make(blocks=[bram], brams={"bram": "memory"})
    source, _ = pair(bench, 64)
    with pytest.raises(ValueError, match=r"^cdma: M_AXI does not reach the destination bram by the design's address map; it reaches ps$"):
        bench.overlay.cdma.transfer(source, bench.overlay.bram)


def test_a_keyhole_writes_a_fifo(make: Any, block: Any) -> None:
    fifo = block("fifo", "xilinx.com:ip:axi_fifo_mm_s:4.2", 0x43C0_0000, {"C_TX_FIFO_DEPTH": 512})
    bench = make(blocks=[fifo], reach=[("fifo", "S_AXI", 0x43C0_0000, 0x10000, "M_AXI")], C_M_AXI_DATA_WIDTH=32)
    source, _ = pair(bench, 64)
    bench.overlay.cdma.transfer(source, bench.overlay.fifo, 64, destination_start=0x10, keyhole_write=True).wait(timeout=1)
    assert bench.overlay.fifo.vacancy == 508 - 16


def test_mistakes_are_told_before_the_first_write(make: Any) -> None:
    bench = make(C_ENABLE_KEYHOLE="false")
    cdma = bench.overlay.cdma
    source, target = pair(bench, 64)
    freed = allocate(64, "u1", target=bench.device)
    freed.freebuffer()
    matrix = allocate((8, 8), "u4", target=bench.device)
    at = source.physical_address

    def attempts() -> None:
        for action, error, message in (
            (lambda: cdma.transfer([1], target), TypeError, "cdma: the source is a buffer made by allocate(), a memory of the design"),
            (lambda: cdma.transfer(source, freed), RuntimeError, "use after free: the buffer of shape (64,) and dtype uint8 was freed"),
            (lambda: cdma.transfer(matrix[:, 0], target), ValueError, "this view of shape (8,) and dtype uint32 is strided"),
            (lambda: cdma.transfer(source, target, 65), ValueError, "cdma: 65 bytes are more than the 64 bytes of the source from byte 0"),
            (lambda: cdma.transfer(source, target, -1), ValueError, "cdma: nbytes is 0 or more, not -1"),
            (lambda: cdma.transfer(source, target, 8, -8), ValueError, "cdma: source_start is a number of bytes, 0 or more, not -8"),
            (lambda: cdma.transfer(source, target, 8, 65), ValueError, "cdma: start is byte 65 of a buffer of 64 bytes"),
            (
                lambda: cdma.transfer(source, target, 8, 3),
                ValueError,
                "DMA does not support unaligned transfers; Starting address must be aligned to 8 bytes: "
                f"cdma (source) was given {at + 3:#x}, and its core has no data realignment engine (Allow Unaligned Transfers)",
            ),
            (lambda: cdma.transfer(at, 0x1000), ValueError, "cdma: between two addresses nobody knows how much to copy; pass nbytes"),
            (
                lambda: cdma.transfer(0, 0x1000, 1 << 23),
                ValueError,
                "Transfer size is 8388608 bytes, which exceeds the maximum DMA buffer size 8388607 of cdma. Copy in parts",
            ),
            (
                lambda: cdma.transfer(source, 0x4000_0000),
                ValueError,
                "cdma: the destination at 0x40000000..0x4000003f is not in what M_AXI reaches by the design's address map",
            ),
            (lambda: cdma.transfer(source, target, keyhole_read=True), ValueError, "cdma has no keyhole in this design"),
            (cdma.wait, RuntimeError, "cdma has no transfer to wait for: call transfer() first"),
        ):
            with pytest.raises(error) as caught:
                action()
            assert str(caught.value).startswith(message), str(caught.value)

    assert bench.accesses("cdma", attempts) == []


def test_the_limits_of_a_lite_core(make: Any) -> None:
    bench = make(C_USE_DATAMOVER_LITE=1)
    cdma = bench.overlay.cdma
    source, target = pair(bench, 8192)
    assert cdma.buffer_max_size == 128
    assert cdma.transfer(source, target, 128).wait(timeout=1) == 128
    with pytest.raises(ValueError, match=r"maximum DMA buffer size 128 of cdma\. Copy in parts: a lite core moves one burst at a time"):
        cdma.transfer(source, target, 136)
    with pytest.raises(ValueError, match=r"^cdma \(source\) cannot cross a boundary of 4096 bytes in one transfer: "):
        cdma.transfer(source, target, 128, 4096 - 64)


def test_another_devices_buffer(make: Any) -> None:
    from pynq_widgets import SimulatedDevice

    bench = make()
    source, _ = pair(bench, 64)
    foreign = allocate(64, "u1", target=SimulatedDevice("other"))
    with pytest.raises(ValueError, match=r"^cdma: the buffer is in the memory of "):
        bench.overlay.cdma.transfer(source, foreign)


@pytest.mark.parametrize(("fault", "words"), [("decode_error", "DMA Decode Error"), ("slave_error", "DMA Slave Error")])
def test_an_error_and_recovery_from_it(make: Any, fault: str, words: str) -> None:
    bench = make()
    cdma = bench.overlay.cdma
    source, target = pair(bench, 64)
    with getattr(bench.device.faults, fault)(target):
        copy = cdma.transfer(source, target)
        behind = cdma.transfer(target, source)
        with pytest.raises(
            RuntimeError, match=rf"^{words} \(.*\) on cdma, copying 64 bytes from 0x[0-9a-f]+ to 0x[0-9a-f]+\. Call reset\(\)$"
        ):
            copy.wait(timeout=1)
    assert (copy.state, behind.state, cdma.error) == ("failed", "failed", True)
    with pytest.raises(RuntimeError, match=rf"^cdma is in an error state: {words} \(.*\)\. Call reset\(\)$"):
        cdma.transfer(source, target)
    cdma.reset()
    assert not cdma.error
    cdma.transfer(source, target).wait(timeout=1)
    assert np.array_equal(source, target)


def test_the_descriptor_at_fault_is_named(make: Any) -> None:
    bench = make(C_INCLUDE_SG=1)
    cdma = bench.overlay.cdma
    source, target = pair(bench, 64)
    cdma.transfer(source, target).wait(timeout=1)
    with bench.device.faults.decode_error(source[32:]):
        cdma.transfer(source, target, 8)
        copy = cdma.transfer(source, target, 8, 32)
        with pytest.raises(
            RuntimeError, match=r"^DMA Decode Error \(invalid address\) on cdma, descriptor 2 at 0x[0-9a-f]+ \(.* c0000000\)\. Call reset"
        ):
            copy.wait(timeout=1)
    cdma.reset()
    assert cdma.transfer(source, target).wait(timeout=1) == 64


def test_a_lost_interrupt_costs_half_a_second_at_most(make: Any) -> None:
    bench = make()
    source, target = pair(bench, 64)
    bench.device.faults.lost_interrupt("cdma", "cdma_introut")
    assert bench.overlay.cdma.transfer(source, target).wait(timeout=2) == 64
    assert bench.clock.now() < 0.6


def test_a_timeout_and_cancelling(make: Any) -> None:
    bench = make()
    cdma = bench.overlay.cdma
    source, target = pair(bench, 1 << 22)
    copy, behind = cdma.transfer(source, target), cdma.transfer(target, source, 64)
    with pytest.raises(
        TimeoutError, match=r"^cdma: 4194304 bytes were not through within 0.001 s\. The core is neither idle nor in an error: "
    ):
        copy.wait(timeout=0.001)
    assert behind.why() == "It waits for 1 copies before it."
    assert copy.cancel()
    assert behind.wait(timeout=1) == 64
    assert not target.any()
    with pytest.raises(RuntimeError, match=r"^cdma: the transfer of 4194304 bytes was given up by cancel\(\)$"):
        copy.wait()


def test_a_core_that_somebody_else_keeps_busy(make: Any) -> None:
    bench = make()
    cdma = bench.overlay.cdma
    source, target = pair(bench, 4096)
    for word, value in ((r.SA, source.physical_address), (r.DA, target.physical_address), (r.BTT, 4096)):
        cdma.mmio.write(word, value)
    with pytest.raises(RuntimeError, match=r"^cdma is copying something that this driver did not ask for"):
        cdma.transfer(source, target)


def test_registers_that_designs_describe_wrongly(build: Any, block: Any) -> None:
    listed = (
        ("CDMACR", 0, "read-write"),
        ("CDMASR", 4, "read-write"),
        ("SA", 0x18, "read-write"),
        ("DA", 0x20, "read-only"),
        ("BTT", 0x28, "read-write"),
    )
    bench = build(block("cdma", "xilinx.com:ip:axi_cdma:4.1", BASE, PARAMETERS, (), ("M_AXI",), listed, ("m_axi_aclk",)))
    cdma = bench.overlay.cdma
    cdma.DA = 0x1234
    assert (cdma.DA, cdma.register_map.DA[:]) == (0x1234, 0x1234)
    cdma.error_interrupt = True
    assert cdma.CDMACR == 0x14002


def test_a_driver_in_the_manner_of_pynqs_users(make: Any) -> None:
    """Idle before the first copy, addresses in two halves, spinning on Idle: what packages for this core do."""
    bench = make(interrupt=False)
    source, target = pair(bench, 64)
    mmio = bench.overlay.cdma.mmio
    assert mmio.read(r.CDMASR) & r.IDLE
    for word, value in ((r.SA, source.physical_address), (r.DA, target.physical_address), (r.BTT, 64)):
        mmio.write(word, value)
    for _ in range(100):
        if mmio.read(r.CDMASR) & r.IDLE:
            break
        bench.clock.advance(1e-8)
    assert np.array_equal(source, target)


class _ThroughItsProcessor:
    """The words of a core as the processor in the logic sees them: the host of these designs does not."""

    def __init__(self, device: Any, path: str) -> None:
        self._model = device.model_of(path)

    def read(self, offset: int = 0) -> int:
        with self._model.context.from_outside():
            return int(self._model.read("S_AXI_LITE", offset))

    def write(self, offset: int, value: int) -> None:
        with self._model.context.from_outside():
            self._model.write("S_AXI_LITE", offset, value)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("Xilinx__PYNQ__interface-PynqZ1-2016.1-hdf.hwh", "iop3/axi_cdma_0"),
        ("Xilinx__PYNQ__logictools-PynqZ2-2018.3.hwh", "lcp_ar/axi_cdma_0"),
        ("Xilinx__PYNQ__logictools-PynqZ2-2018.3.hwh", "lcp_rp/axi_cdma_0"),
    ],
)
def test_the_cores_of_real_designs(hwh_folder: Any, name: str, path: str) -> None:
    from pynq_widgets import Overlay, SimulatedDevice
    from pynq_widgets.device.clock import VirtualClock

    clock = VirtualClock(autojump=True)
    device = SimulatedDevice("real CDMA", clock=clock)
    overlay: Any = Overlay(hwh_folder / name, device=device)
    hierarchy, core = path.split("/")
    plain = overlay[hierarchy][core]
    assert not isinstance(plain, AxiCDMA)  # the host has no address of it, so no driver of the host's can drive it
    assert plain.description["type"] in AxiCDMA.bindto
    cdma = AxiCDMA(plain.description)
    cdma.mmio = _ThroughItsProcessor(device, path)
    source, target = (allocate(4096, "u1", target=device) for _ in range(2))
    source[:] = np.arange(4096) % 251
    assert cdma.transfer(source, target).wait(timeout=1) == 4096
    assert np.array_equal(source, target)
    target[:] = 0
    cdma.transfer(source, 0xC000_0000).wait(timeout=1)  # the block RAM of the pattern generator, on this core's bus
    cdma.transfer(0xC000_0000, target).wait(timeout=1)
    assert np.array_equal(source, target)
    with pytest.raises(ValueError, match=r"is not in what M_AXI reaches by the design's address map"):
        cdma.transfer(source, 0xD000_0000)
    assert device.model_errors == []


def test_a_buffer_in_block_ram_is_where_the_core_sees_it(make: Any, block: Any) -> None:
    bram = block("bram", "xilinx.com:ip:axi_bram_ctrl:4.1", 0x4000_0000, {}, size=0x1000, memory=True)
    bench = make(blocks=[bram], reach=[("bram", "S_AXI", 0xC000_0000, 0x1000, "M_AXI")], brams={"bram": "memory"})
    source, target = pair(bench, 64)
    within = allocate(64, "u1", target=bench.overlay.bram)
    assert 0x4000_0000 <= within.physical_address < 0x4000_1000
    assert bench.overlay.cdma.transfer(source, within).wait(timeout=1) == 64
    assert bench.overlay.cdma.transfer(within, target).wait(timeout=1) == 64
    assert np.array_equal(source, target)


def test_what_is_known_of_the_registers_holds_for_other_drivers_too(build: Any, block: Any) -> None:
    """Design files say that DA is read-only; a user's own driver writes it all the same, as the guide has it."""

    class Own(DefaultIP):
        bindto: ClassVar[list[str]] = ["xilinx.com:ip:axi_cdma:4.1"]

    try:
        listed = (("CDMACR", 0, "read-write"), ("DA", 0x20, "read-only"), ("BTT", 0x28, "read-write"))
        bench = build(block("cdma", "xilinx.com:ip:axi_cdma:4.1", BASE, PARAMETERS, (), ("M_AXI",), listed, ("m_axi_aclk",)))
        cdma = bench.overlay.cdma
        assert type(cdma).__mro__[1] is Own or type(cdma) is Own
        cdma.register_map.DA[:] = 0x1234
        assert cdma.register_map.DA[:] == 0x1234
        cdma.registers.DA.write(0x5678)
        assert cdma.read(r.DA) == 0x5678
    finally:
        Own.unregister()
