"""Every core of published designs that HLS made: its signature, and a call of it with a small behaviour."""

from __future__ import annotations

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pynq_drivers.hls.driver import HlsCore
from pynq_widgets import DefaultIP, Overlay, SimulatedDevice, allocate
from pynq_widgets.design import hls, read_design
from pynq_widgets.device.clock import VirtualClock

RESIZER = "Xilinx__PYNQ-HelloWorld__resizer-PynqZ1-2019.1.hwh"


def opened(folder: Path, name: str) -> Any:
    return Overlay(folder / name, device=SimulatedDevice(clock=VirtualClock(autojump=True)))


def with_cores(folder: Path) -> list[Path]:
    """The designs that have cores of HLS, by a glance at their text."""
    return [path for path in sorted(folder.glob("*.hwh")) if b"AP_START" in (text := path.read_bytes()) or b":hls:" in text]


def cores_of(design: Any) -> list[str]:
    reached = {entry.slave for entry in design.address_map}
    found = []
    for name, module in design.modules.items():
        if name in reached and module.vlnv and hls.is_core(module.vlnv, [r for b in module.blocks for r in b.registers]):
            found.append(name)
    return found


SIGNATURES = {
    "add": "(a: '32 bits', b: '32 bits') -> '32 bits'",
    "mult_constant": r"(constant(_V)?: '32 bits')",
    "resize_accel": "(src_rows: '32 bits', src_cols: '32 bits', dst_rows: '32 bits', dst_cols: '32 bits')",
    "BlackBoxJam": "(in_V: 'pointer or 64 bits', out_V: 'pointer or 64 bits', doInit: 'bool', targetLayer: '32 bits', "
    "targetMem: '32 bits', targetInd: '32 bits', targetThresh: '32 bits', val_V: 'pointer or 64 bits', numReps: '32 bits')",
    "trace_cntrl_64": "(trigger_V: '64 bits', length: '32 bits')",
    "trace_cntrl_32": "(trigger_V: '32 bits', length: '32 bits')",
    "svm_speech_30": "() -> '32 bits'",
    "myproject_gn_accel": "()",
    "LUT_accel": "(*, rows: '32 bits', cols: '32 bits', lut: 'array of 1024 bytes' = None)",
    "filter2d_accel": "(*, rows: '32 bits', cols: '32 bits', shift: '8 bits', filter: 'array of 32 bytes' = None)",
}


def test_every_core_has_a_signature_and_can_be_called(hwh_folder: Path) -> None:
    cores, shown = 0, set()
    for path in with_cores(hwh_folder):
        names = cores_of(read_design(path))
        if not names:
            continue
        overlay = opened(hwh_folder, path.name)
        for name in names:
            core = overlay[name]
            vlnv = core.description["type"]
            if not isinstance(core, HlsCore):
                assert type(core) is not DefaultIP, (path.name, name)  # has a driver of its own
                continue
            cores += 1
            kind = vlnv.split(":")[2]
            expected = SIGNATURES.get(kind)
            if expected is not None and kind != "example":
                text = str(core.signature)
                assert text == expected or re.fullmatch(expected.replace("(c", r"\(c").replace("s')", r"s'\)"), text), (
                    path.name,
                    name,
                    text,
                )
                shown.add(kind)
            values = {a.signature_name: 1 for a in core.arguments.values() if a.is_input and not a.is_array}
            with pytest.warns(UserWarning, match="does nothing on the simulated device"):
                core.call(**values, timeout=1)
    assert cores >= 30
    assert shown == SIGNATURES.keys()


@pytest.fixture
def resize(behaves: Any) -> None:
    def nearest(core: Any) -> None:
        picture = core.receive("src", "u4")[: core.src_rows * core.src_cols].reshape(core.src_rows, core.src_cols)
        rows = np.arange(core.dst_rows) * core.src_rows // core.dst_rows
        columns = np.arange(core.dst_cols) * core.src_cols // core.dst_cols
        core.send("dst", picture[np.ix_(rows, columns)])

    behaves(nearest, vlnv="xilinx.com:hls:resize_accel")


def test_a_picture_is_resized_through_a_dma(hwh_folder: Path, resize: None) -> None:
    overlay = opened(hwh_folder, RESIZER)
    core, dma = overlay.resize_accel_0, overlay.axi_dma_0
    source, target = allocate((4, 6), "u4", target=overlay.device), allocate((2, 3), "u4", target=overlay.device)
    source[:] = np.arange(24).reshape(4, 6)
    run = core.start(4, 6, 2, 3)
    with pytest.raises(TimeoutError, match=r"it is running \(ap_idle=0\); its input src is empty: axi_dma_0/M_AXIS_MM2S has"):
        run.wait(timeout=0.01)  # and says that nothing was sent to it
    dma.recvchannel.transfer(target)
    dma.sendchannel.transfer(source)
    dma.recvchannel.wait()
    run.wait(timeout=1)
    assert target.tolist() == [[0, 2, 4], [12, 14, 16]]


def test_a_correlator_with_pointers(hwh_folder: Path, behaves: Any) -> None:
    def correlates(core: Any) -> None:
        first, second = (core.buffer(address, 8, "f4") for address in (core.IN_0, core.IN_1))
        core.buffer(core.OUT_Corr, 1, "f4")[0] = float(first @ second)

    behaves(correlates, "void example(const float *IN_0, const float *IN_1, float *OUT_Corr)", "JIE:TRACKING:example:1.0")
    core = opened(hwh_folder, "aproposorg__KV260-PYNQ-tutorial__design_1_wrapper-getCorrelator.hwh").example_0
    buffers = [allocate(n, "f4", target=core.device, cacheable=True) for n in (8, 8, 1)]
    buffers[0][:], buffers[1][:] = np.arange(8), 2
    core.call(*buffers, timeout=1)
    assert buffers[2].tolist() == [56.0]
    assert core.read(0xC) == 0  # its interrupt was taken back, though the file calls each bit of it one that a read modifies
    with pytest.raises(TypeError, match=r"example_0\.IN_0 is const float32\*, and the buffer holds int32"):
        core.start(allocate(8, "i4", target=core.device), *buffers[1:])


def test_a_table_is_written_into_the_core(hwh_folder: Path, behaves: Any) -> None:
    def looks_up(core: Any) -> None:
        core.send("stream_out", core.array("lut")[core.receive("stream_in", "u1")])

    behaves(looks_up, "void LUT_accel(unsigned char lut[1024], int rows, int cols)", "xilinx.com:hls:LUT_accel")
    overlay = opened(hwh_folder, "Xilinx__PYNQ_Composable_Pipeline__cv_dfx_2pipes.hwh")
    core = overlay.pipeline0.lut_accel
    assert str(core.signature) == "(lut: 'uint8[1024]', rows: 'int32', cols: 'int32')"
    core.start(np.arange(1024)[::-1] % 256, 1, 4, auto_restart=True)
    queue = overlay.device.stream("pipeline0/lut_accel", "stream_in")
    queue.send(bytes([0, 1, 2, 3]))
    overlay.device.settle()
    assert core.wait(timeout=1) is None
    core.stop()
    assert core.lut[:4].tolist() == [255, 254, 253, 252]


def test_every_core_gives_what_its_behaviour_gives(hwh_folder: Path, behaves: Any) -> None:
    def answers(core: Any) -> Generator[float, None, int]:
        yield 1e-3
        return 5

    kinds = set()
    for path in with_cores(hwh_folder):
        design = read_design(path)
        names = [name for name in cores_of(design) if hls.control_block(design.modules[name]) is not None]
        for name in names:
            behaves(answers, vlnv=str(design.modules[name].vlnv))
        overlay = opened(hwh_folder, path.name) if names else None
        for name in names:
            core = overlay[name]
            if not isinstance(core, HlsCore):
                continue
            kinds.add(core.description["type"].split(":")[2])
            values = {a.signature_name: 1 for a in core.arguments.values() if a.is_input and not a.is_array}
            before = core.device.clock.now()
            assert core.call(**values, timeout=1) == (5 if "return" in core.arguments else None), (path.name, name)
            assert 1e-3 <= core.device.clock.now() - before < 4e-3
            for argument in core.arguments.values():
                if argument.is_input and not argument.is_array:
                    assert argument.known() == 1
    assert len(kinds) >= 15
