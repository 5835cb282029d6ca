"""QICK on a firmware that it comes with, for the board named: its map of the design, and a pulse from a generator to a readout.

The logic of QICK's own cores is modelled as far as it takes: memories of envelopes, buffers, and a processor that runs a program at once.
The RF data converters are driven through a C library of their own (xrfdc), the clock chips and supplies of the board through I2C: these
have stand-ins.
"""

import json
import os
import sys
from types import ModuleType, SimpleNamespace

import numpy as np

import pynq_widgets.as_pynq  # noqa: F401
from pynq_widgets import IPModel, model

from pynq import DefaultIP  # isort: skip


class Tile:
    PLLLockStatus = 2

    def __init__(self, parameters, kind, index):
        rate = float(parameters[f"C_{kind}{index}_Sampling_Rate"]) * 1000
        multiple = round(rate / float(parameters[f"C_{kind}{index}_Refclk_Freq"]))
        self.PLLConfig = {"RefClkDivider": 1, "FeedbackDivider": multiple, "OutputDivider": 1}
        self.blocks = [SimpleNamespace(InterpolationFactor=1, DecimationFactor=1, DataPathMode=1, NyquistZone=1) for _ in range(4)]


class RFdc(DefaultIP):
    bindto = ["xilinx.com:ip:usp_rf_data_converter:2.6"]

    def __init__(self, description):
        super().__init__(description)
        given = description["parameters"]
        self.dac_tiles, self.adc_tiles = ([Tile(given, kind, i) for i in range(4)] for kind in ("DAC", "ADC"))


xrfdc = ModuleType("xrfdc")
xrfdc.RFdc = RFdc
sys.modules.update(xrfdc=xrfdc, xrfclk=ModuleType("xrfclk"))
sys.modules["qick.board_utils"] = SimpleNamespace(read_dac_avtt=lambda: 2.5, set_dac_avtt=None)
os.environ["BOARD"] = sys.argv[1]  # says which firmware

from qick import AveragerProgram  # noqa: E402
from qick.qick import QickSoc  # noqa: E402


class Words(IPModel):
    """Registers that hold what was written, by number."""

    def reset(self):
        self.words = {}

    def read(self, interface, offset):
        return self.words.get(offset // 4, 0)

    def write(self, interface, offset, value):
        self.words[offset // 4] = value


@model("QICK:QICK:axis_signal_gen_v6:1.0")
class Generator(Words):
    START, WRITE = 0, 1

    def reset(self):
        super().reset()
        self.envelope = np.zeros((65536, 2), "<i2")

    def on_stream(self, interface):
        samples = self.context.stream("s0_axis")
        while interface == "s0_axis" and samples.available:
            iq = np.frombuffer(bytes(samples.receive()[0]), "<i2").reshape(-1, 2)
            if self.words.get(self.WRITE):
                start = self.words[self.START]
                self.envelope[start : start + len(iq)] = iq
                self.words[self.START] = start + len(iq)


@model("QICK:QICK:axis_avg_buffer:1.2")
class Buffer(Words):
    AVG, AVG_LENGTH, AVG_READ, BUF, BUF_LENGTH, BUF_READ = 0, 2, 3, 6, 8, 9

    def trigger(self, samples):
        if self.words[self.BUF]:
            self.decimated = samples[: self.words[self.BUF_LENGTH]]
        if self.words[self.AVG]:
            self.accumulated = samples[: self.words[self.AVG_LENGTH]].sum(axis=0, keepdims=True, dtype="<i4")

    def write(self, interface, offset, value):
        super().write(interface, offset, value)
        for start, port in ((self.AVG_READ, "m0_axis"), (self.BUF_READ, "m1_axis")):
            if offset == 4 * start and value:
                first, count = self.words[start + 1], self.words[start + 2]
                stored = self.decimated if start == self.BUF_READ else self.accumulated
                sent = np.zeros((count, 2), stored.dtype)
                sent[: len(stored) - first] = stored[first : first + count]
                self.context.stream(port).send(sent.tobytes())


@model("QICK:QICK:axis_tproc64x32_x8:1.0")
class Processor(Words):
    START, COUNTER = 1, 64 + 1

    def write(self, interface, offset, value):
        starts = offset == 4 * self.START and value and not self.words.get(self.START)
        super().write(interface, offset, value)
        if starts:
            self.words[self.COUNTER] = self.words.get(self.COUNTER, 0) + 1
            played = self.context.model_of("axis_signal_gen_v6_0").envelope[::16]
            self.context.model_of("axis_avg_buffer_0").trigger(played)


class Loopback(AveragerProgram):
    def initialize(self):
        self.declare_gen(ch=0, nqz=1)
        self.declare_readout(ch=0, length=200, freq=100, gen_ch=0)
        self.add_gauss(ch=0, name="measure", sigma=40, length=160)
        self.set_pulse_registers(ch=0, style="arb", freq=self.freq2reg(100, gen_ch=0, ro_ch=0), phase=0, gain=30000, waveform="measure")
        self.synci(200)

    def body(self):
        self.measure(pulse_ch=0, adcs=[0], adc_trig_offset=100, wait=True, syncdelay=self.us2cycles(1))


soc = QickSoc()
program = Loopback(soc, {"reps": 1, "soft_avgs": 1})
((i, q),) = program.acquire_decimated(soc, progress=False)
envelope = program.envelopes[0]["envs"]["measure"]["data"]
compiled = np.array(program.binprog, "u8").view("u4")
print(
    json.dumps(
        {
            "description": str(soc),
            "i": bool(np.array_equal(i[: len(envelope) // 16], envelope[::16, 0])),
            "peak": float(i.max()),
            "q": float(np.abs(q).max()),
            "program": bool(np.array_equal(soc.axi_bram_ctrl_0.mmio.array[: len(compiled)], compiled)),
        }
    )
)
