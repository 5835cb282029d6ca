"""Packages from PyPI that import pynq, as their authors published them, do on the simulated device what their READMEs show.

Each has a script in ``packages/``, which runs in a Python of its own, with the package in a folder of its own. The designs are small ones
with the IP that the package is for; QICK brings its firmware. What needs other hardware has a stand-in, which the script names.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PACKAGES = [
    "pynq-cdma==0.1.0",
    "cocotbpynq==0.2.0",
    "conifer==1.11",
    "hls4ml==1.3.0",
    "finn-plus-driver==1.6.1",
    "pynq-oscilloscope==1.6.0",
    "pynq-quantum==0.1.1",
    "qick==0.2.436",
]
EXAMPLES = "veriloggen==2.3.0"
NEEDED = ["qonnx==1.0.0", "bitstring==4.3.1", "bitarray==3.7.1", "tqdm==4.67.1"]  # by the drivers of FINN, the last by QICK
RW, WO = "read-write", "write-only"
CONTROL = (
    ("CTRL", 0x00, RW, (("AP_START", 0, 1), ("AP_DONE", 1, 1), ("AP_IDLE", 2, 1), ("AP_READY", 3, 1), ("AUTO_RESTART", 7, 1))),
    ("GIER", 0x04, RW, (("Enable", 0, 1),)),
    ("IP_IER", 0x08, RW, (("CHAN0_INT_EN", 0, 1),)),
    ("IP_ISR", 0x0C, RW, (("CHAN0_INT_ST", 0, 1),)),
)
INSTRUMENTS = [
    "cfg",
    "status",
    "seed",
    "checksum",
    "min_latency",
    "latency",
    "interval",
    "avg_n",
    "mux_interval",
    "lat_sum_lo",
    "lat_sum_hi",
    "int_sum_lo",
    "int_sum_hi",
    "avg_fill",
    "run_cycles_lo",
    "run_cycles_hi",
    "run_frames",
]
CLOCK = {
    "PCW_FPGA_FCLK0_ENABLE": 1,
    "PCW_FPGA0_PERIPHERAL_FREQMHZ": 100,
    "PCW_FCLK0_PERIPHERAL_CLKSRC": "IO PLL",
    "PCW_FCLK0_PERIPHERAL_DIVISOR0": 5,
    "PCW_FCLK0_PERIPHERAL_DIVISOR1": 2,
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, pip: Callable[..., None]) -> Path:
    """The folder that holds the packages."""
    folder = tmp_path_factory.mktemp("packages")
    pip("install", "--no-deps", "--no-compile", "--target", folder, *PACKAGES, *NEEDED)
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., list[str]]:
    """``run('name', argument, ...)``: the lines that the script ``packages/name.py`` prints."""

    def run(name: str, *arguments: str | Path, site: str | Path = "") -> list[str]:
        script = Path(__file__).parent / "packages" / f"{name}.py"
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH", "")]))}
        command = [sys.executable, str(script), *map(str, arguments)]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.splitlines()

    return run


@pytest.fixture
def tried(run: Callable[..., list[str]], site: Path) -> Callable[..., dict[str, Any]]:
    """``tried('name', argument, ...)``: what the script found out with the packages at hand, the JSON in its last line."""

    def found(name: str, *arguments: str | Path) -> dict[str, Any]:
        last: dict[str, Any] = json.loads(run(name, *arguments, site=site)[-1])
        return last

    return found


def bitstream(path: Path) -> Path:
    """Write a bitstream of nothing."""
    fields = zip(b"abcd", (b"top;UserID=0XFFFFFFFF", b"7z020clg400", b"2022/01/01", b"00:00:00"), strict=True)
    texts = b"".join(bytes([key]) + (len(value) + 1).to_bytes(2, "big") + value + b"\0" for key, value in fields)
    path.write_bytes(bytes.fromhex("00090ff00ff00ff00ff0000001") + texts + b"e" + (16).to_bytes(4, "big") + bytes(16))
    return path


@pytest.fixture
def design(tmp_path: Path, small_designs: ModuleType) -> Callable[..., Path]:
    """``design(name, block, ..., streams=, brams=)`` writes ``name.bit`` and ``name.hwh`` and gives the path of the former."""

    def write(name: str, *blocks: Any, streams: list[tuple[str, str, str, str]] | None = None, brams: dict[str, str] | None = None) -> Path:
        text = small_designs.handoff(list(blocks), streams or [], [], brams or {}, host=CLOCK)
        (tmp_path / f"{name}.hwh").write_text(text, encoding="utf-8")
        return bitstream(tmp_path / f"{name}.bit")

    return write


@pytest.fixture
def dma(small_designs: ModuleType) -> Callable[..., Any]:
    """``dma(name, base, sends=True)``: an AXI DMA in direct register mode that receives, and sends if asked to."""

    def make(name: str, base: int, width: int = 32, sends: bool = True) -> Any:
        parameters = {
            "c_include_sg": 0,
            "c_sg_length_width": 23,
            "c_include_mm2s": int(sends),
            "c_include_s2mm": 1,
            "c_m_axi_mm2s_data_width": 32,
            "c_m_axi_s2mm_data_width": 32,
            "c_m_axis_mm2s_tdata_width": width,
            "c_s_axis_s2mm_tdata_width": width,
            "c_addr_width": 32,
        }
        masters = ("M_AXI_MM2S", "M_AXI_S2MM") if sends else ("M_AXI_S2MM",)
        clocks = ("s_axi_lite_aclk", *(f"m_axi_{side}_aclk" for side in ("mm2s", "s2mm") if sends or side == "s2mm"))
        return small_designs.Block(
            name, "xilinx.com:ip:axi_dma:7.1", base, parameters, masters=masters, clocks=clocks, interface="S_AXI_LITE"
        )

    return make


def test_pynq_cdma(tried: Callable[..., Any], design: Callable[..., Path], small_designs: ModuleType) -> None:
    cdma = small_designs.Block(
        "axi_cdma_0",
        "xilinx.com:ip:axi_cdma:4.1",
        0x4E20_0000,
        {
            "C_INCLUDE_SG": 0,
            "C_M_AXI_DATA_WIDTH": 32,
            "C_M_AXI_MAX_BURST_LEN": 16,
            "C_ADDR_WIDTH": 32,
            "C_USE_DATAMOVER_LITE": 0,
            "C_INCLUDE_DRE": 1,
        },
        masters=("M_AXI",),
        clocks=("m_axi_aclk", "s_axi_lite_aclk"),
        interface="S_AXI_LITE",
        registers=(
            ("CDMACR", 0x00, RW, (("Reset", 2, 1), ("SGMode", 3, 1))),
            ("CDMASR", 0x04, RW, (("Idle", 1, 1), ("SGIncld", 3, 1))),
            ("SA", 0x18, RW),
            ("SA_MSB", 0x1C, RW),
            ("DA", 0x20, RW),
            ("DA_MSB", 0x24, RW),
            ("BTT", 0x28, RW, (("BTT", 0, 23),)),
        ),
        reach=(("axi_bram_ctrl_0", "S_AXI", 0xF000_0000, 0x2000, "M_AXI"),),
    )
    bram = small_designs.Block(
        "axi_bram_ctrl_0",
        "xilinx.com:ip:axi_bram_ctrl:4.1",
        0xF000_0000,
        {"DATA_WIDTH": 32, "SINGLE_PORT_BRAM": 1},
        size=0x2000,
        memory=True,
    )
    assert tried("cdma", design("top", cdma, bram, brams={"axi_bram_ctrl_0": "bram"})) == {
        "bound": True,
        "idle": True,
        "output": list(range(8)),
    }


def test_the_driver_that_hls4ml_writes(
    tried: Callable[..., Any], design: Callable[..., Path], dma: Callable[..., Any], small_designs: ModuleType, site: Path
) -> None:
    core = small_designs.Block("hier_0/myproject_axi_0", "xilinx.com:hls:myproject_axi:1.0", None, clocks=("ap_clk",))
    loaded = design(
        "hls4ml_nn",
        dma("hier_0/axi_dma_0", 0x4040_0000),
        core,
        streams=[
            ("hier_0/axi_dma_0", "M_AXIS_MM2S", "hier_0/myproject_axi_0", "in_r"),
            ("hier_0/myproject_axi_0", "out_r", "hier_0/axi_dma_0", "S_AXIS_S2MM"),
        ],
    )
    found = tried("hls4ml_stream", loaded, site / "hls4ml/templates/vivado_accelerator/pynq-z2/python_drivers")
    assert found["floats"] < 1e-5
    assert 0 < found["fixed"] < 8 / 2**10
    assert found["rate"] > 0


def test_finn_plus_driver(tried: Callable[..., Any], design: Callable[..., Path], small_designs: ModuleType) -> None:
    def block(name: str, core: str, base: int, registers: tuple[Any, ...] = (), **options: Any) -> Any:
        return small_designs.Block(
            name, f"xilinx.com:hls:{core}:1.0", base, registers=registers, interface="s_axi_control", clocks=("ap_clk",), **options
        )

    def mover(core: str, base: int, argument: str) -> Any:
        registers = (*CONTROL, (f"{argument}_1", 0x10, WO), (f"{argument}_2", 0x14, WO), ("numReps", 0x1C, WO))
        return block(f"{core}0", core, base, registers, masters=("m_axi_gmem",))

    dataflow = small_designs.Block(
        "StreamingDataflowPartition_1", "user.org:hls:dataflow:1.0", 0x43C2_0000, interface="s_axi_control_0", clocks=("ap_clk",)
    )
    instruments = tuple((name, 0x10 + 8 * i, RW) for i, name in enumerate(INSTRUMENTS))
    loaded = design(
        "finn-accel",
        mover("idma", 0x43C0_0000, "in0"),
        mover("odma", 0x43C1_0000, "out_r"),
        dataflow,
        block("instrumentation_wrap_0", "instrumentation_wrapper", 0x43C3_0000, instruments),
        streams=[
            ("idma0", "m_axis_0", "StreamingDataflowPartition_1", "s_axis_0"),
            ("StreamingDataflowPartition_1", "m_axis_0", "odma0", "s_axis_0"),
        ],
    )
    found = tried("finn_accelerator", loaded)
    assert found["classes"] == found["expected"]
    assert (found["clock"], found["batch"]) == (100, 4)
    report = found["report"]
    assert report["error"] is False
    assert (report["latency_cycles"], report["run_frames"], report["checksum"]) == (2500, 64, 0xAB)
    assert (report["throughput_fps"], report["run_avg_throughput_fps"], report["pipeline_depth"]) == (100_000, 100_000, 2.5)


def test_pynq_oscilloscope(
    tried: Callable[..., Any], design: Callable[..., Path], dma: Callable[..., Any], small_designs: ModuleType
) -> None:
    block = small_designs.Block
    loaded = design(
        "pynq_z2",
        *(dma(f"axi_dma_{i}", 0x4040_0000 + 0x1_0000 * i, 16, sends=False) for i in range(3)),
        block("xadc_wiz_0", "xilinx.com:ip:xadc_wiz:3.3", 0x43C0_0000),
        block("axis_trigger_unit_0", "user.org:user:axis_trigger_unit:1.0", 0x43C1_0000),
        block("axis_spectral_mask_0", "user.org:user:axis_spectral_mask:1.0", 0x43C2_0000),
        streams=[
            ("axis_trigger_unit_0", name, f"axi_dma_{i}", "S_AXIS_S2MM") for i, name in enumerate(("m_time", "m_spectrum", "m_filtered"))
        ],
    )
    found = tried("oscilloscope", loaded)
    assert max(found["raw"], found["steady"]) < 3.3 / 4095
    assert max(found["lowpass"], found["highpass"]) < 2 * 1.65 / 32768
    assert found["peak"] == [4 * 50_000 / 1024, 100 * 50_000 / 1024]
    assert found["filter"] == "<HardwareFilter: ENABLED, Mode=Highpass, Cutoffs=[976.6Hz, 24951.2Hz] (Bins [20, 511])>"
    assert found["trigger"].startswith("<HardwareTrigger: ARMED, TrigSrc=CH1 (A0), FFTSrc=CH1 (A0), Mode=Auto, Edge=Rising, M=10x")


def test_pynq_quantum(tried: Callable[..., Any], design: Callable[..., Path], small_designs: ModuleType) -> None:
    loaded = design("quantum", small_designs.Block("control", "user.org:user:quantum_control:1.0", 0x4000_0000))
    found = tried("quantum", loaded)
    assert found["counts"] == {"00": 500, "11": 500}
    assert found["writes"] > 10


@pytest.mark.parametrize(
    ("board", "count", "lines"),
    [
        (
            "RFSoC4x2",
            50,
            (
                "0:\taxis_signal_gen_v6 - fs=9830.400 Msps, fabric=614.400 MHz",
                "Groups of related clocks: [tProc clock, DAC tile 0, DAC tile 2], [ADC tile 0]",
                "DAC tile 2, blk 0 is DAC_A",
                "triggered by output 7, pin 15, feedback to tProc input 1",
                "ADC tile 0, blk 2 is ADC_C",
                'tProc: axis_tproc64x32_x8 ("v1") rev 4, program memory 1024 words, data memory 1024 words',
                "DDR4 memory buffer: 1073741824 samples (1.942 sec), 256 samples/transfer",
            ),
        ),
        (
            "ZCU216",
            70,
            ("6:\taxis_signal_gen_v6 - fs=6881.280 Msps, fabric=430.080 MHz", "ADC tile 2, blk 2 is 2_226 on JHC7, or QICK box ADC port 6"),
        ),
        (
            "ZCU111",
            70,
            ("DAC tile 1, blk 3 is DAC229_T1_CH3, or RF board DAC port 7", "MR buffer: 8192 samples (2.000 us), wired to readouts [0, 1]"),
        ),
    ],
)
def test_qick(tried: Callable[..., Any], board: str, count: int, lines: tuple[str, ...]) -> None:
    found = tried("qick_loopback", board)
    description = found["description"]
    assert description.startswith(f"QICK running on {board}, software version 0.2.436\n")
    assert len(description.splitlines()) == count
    for line in lines:
        assert line in description
    assert (found["i"], found["q"], found["program"]) == (True, 0, True)
    assert found["peak"] > 30_000


def test_conifer(tried: Callable[..., Any], design: Callable[..., Path], small_designs: ModuleType) -> None:
    def block(name: str, core: str, base: int, arguments: str) -> Any:
        registers = (*CONTROL, *((argument, 0x10 + 8 * i, RW) for i, argument in enumerate(arguments.split())))
        return small_designs.Block(
            name, f"xilinx.com:hls:{core}:1.0", base, {}, (), ("m_axi_gmem0",), registers, ("ap_clk",), interface="s_axi_control"
        )

    arguments = "X y instruction batch_size n_features roots_in roots_out nodes_in nodes_out scales_in scales_out info infoLength"
    found = tried(
        "conifer_forests",
        design(
            "fpu",
            block("FPU_Zynq_0", "FPU_Zynq", 0x43C0_0000, arguments),
            block("conifer_0", "conifer_forest", 0x43C1_0000, "N n_f n_c x score"),
        ),
    )
    assert found["configuration"] == {"tree_engines": 2, "nodes": 8, "roots": 2, "features": 2, "dynamic_scaler": False}
    assert found["scores"] == [-2, 3 + 70 + 400, 3 + 100, 3 + 70 + 400]
    assert found["read back"] == [True, True, True]
    assert found["logic"] == [-0.5, 1.5, -0.5]


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory, source: Callable[..., Path]) -> Path:
    """The folder with Veriloggen's examples, five of which come with a bitstream, a handoff and a script for PYNQ 2.5."""
    return source(EXAMPLES, "examples", tmp_path_factory.mktemp("veriloggen")) / "examples"


@pytest.mark.parametrize(
    ("example", "core"),
    [
        ("axi_stream", "Increment"),
        ("stream_axi_stream_fifo", "SquaresAndBias"),
        ("stream_axi_stream_fifo_ipxact", "SquaresAndBias"),
        ("stream_matmul", "Product"),
        ("thread_memcpy_ipxact", "Copy"),
    ],
)
def test_veriloggen_s_scripts_and_bitstreams(run: Callable[..., list[str]], examples: Path, example: str, core: str) -> None:
    expected, difference = map(int, run("veriloggen_example", examples / f"{example}_ultra96v2_pynq" / "ultra96v2_pynq", core)[-2:])
    assert expected > 0
    assert difference == 0


def test_the_script_that_cocotbpynq_starts_from(run: Callable[..., list[str]], site: Path, tmp_path: Path) -> None:
    sample = site / "cocotbpynq" / "sample"
    shutil.copy(sample / "sample.hwh", tmp_path)
    bitstream(tmp_path / "sample.bit")
    assert run("cocotbpynq_sample", sample / "original.py")[-2:] == ["Answer:", "[123 146 171 198 227]"]
