"""An accelerator of FINN, with runtime-writable weights, under finn-plus-driver: a layer of 784 by 10 binary weights, and argmax.

Given the design; the weights are written below the current folder. matplotlib (graphs of FIFO sizes) and onnx (types in annotations) are
not needed for what is done here, and are large.
"""

import json
import sys
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np

import pynq_widgets.as_pynq  # noqa: F401
from pynq_widgets import IPModel, model

sys.modules.update({name: MagicMock() for name in ("matplotlib", "matplotlib.pyplot", "onnx")})
from finn_plus_driver import FINNDMAOverlay, FINNInstrumentationOverlay  # noqa: E402

INPUTS, CLASSES, BATCH = 784, 10, 4
ROW = 800 // 8  # bytes of weights of a class, whole words


@model("xilinx.com:hls:idma:1.0")
def idma(core):
    for image in core.buffer(core.in0, (core.numReps, INPUTS), "u1"):
        core.send("m_axis_0", image)


@model("xilinx.com:hls:odma:1.0")
def odma(core):
    found = core.buffer(core.out_r, (core.numReps,), "u1")
    for i in range(len(found)):
        yield "s_axis_0"
        found[i] = core.receive("s_axis_0", "u1")[0]


@model("user.org:hls:dataflow:1.0")
class Dataflow(IPModel):
    def reset(self):
        self.weights = [0] * (CLASSES * ROW // 4)

    def read(self, interface, offset):
        return self.weights[offset // 4]

    def write(self, interface, offset, value):
        self.weights[offset // 4] = value

    def on_stream(self, interface):
        rows = np.array(self.weights, "<u4").view("u1").reshape(CLASSES, ROW)
        signs = 2 * np.unpackbits(rows, axis=1, bitorder="little")[:, :INPUTS].astype(int) - 1
        images = self.context.stream("s_axis_0")
        while images.packets:
            image = np.frombuffer(bytes(images.receive()[0]), "u1")
            self.context.stream("m_axis_0").send(bytes([int(np.argmax(signs @ image))]))


@model("xilinx.com:hls:instrumentation_wrapper:1.0")
class Instrumentation(IPModel):
    """A pipeline with an interval of 1,000 cycles, of which 64 frames have been seen once it was started."""

    seen = {"latency": 2500, "min_latency": 2400, "interval": 1000, "run_frames": 64, "run_cycles_lo": 64_000, "checksum": 0x4000_00AB}

    def write(self, interface, offset, value):
        super().write(interface, offset, value)
        named = {register.name: register.offset for register in self.context.module.blocks[0].registers}
        if offset == named["cfg"] and value & 1:
            for name, number in self.seen.items():
                super().write(interface, named[name], number)


rng = np.random.default_rng(0)
weights = rng.integers(0, 2, (CLASSES, INPUTS))
words = np.packbits(np.pad(weights, ((0, 0), (0, 16))).astype("u1"), axis=1, bitorder="little").view("<u4").ravel()
Path("runtime_weights").mkdir()
Path("runtime_weights/1_0_MatrixVectorActivation.dat").write_text("\n".join(f"{word:08x}" for word in words))
shapes = {
    "idt": ["DataType['UINT8']"],
    "odt": ["DataType['UINT8']"],
    "ishape_normal": [(1, INPUTS)],
    "oshape_normal": [(1, 1)],
    "ishape_folded": [(1, 16, 49)],
    "oshape_folded": [(1, 1, 1)],
    "ishape_packed": [(1, 16, 49)],
    "oshape_packed": [(1, 1, 1)],
    "idma_names": ["idma0"],
    "odma_names": ["odma0"],
    "number_of_external_weights": "0",
    "num_inputs": 1,
    "num_outputs": 1,
}
accel = FINNDMAOverlay(sys.argv[1], platform="zynq-iodma", io_shape_dict=shapes, batch_size=BATCH, runtime_weights=True)
images = rng.integers(0, 256, (BATCH, INPUTS)).astype("u1")
classes = accel.execute(images)
throughput = accel.throughput_test()
meter = FINNInstrumentationOverlay(sys.argv[1])
meter.experiment_instrumentation(runtime=0, report_dir=".")
print(
    json.dumps(
        {
            "classes": classes.ravel().astype(int).tolist(),
            "expected": np.argmax((2 * weights - 1) @ images.T.astype(int), axis=0).tolist(),
            "clock": throughput["fclk[mhz]"],
            "batch": throughput["batch_size"],
            "report": json.loads(Path("report_experiment_instrumentation.json").read_text()),
        }
    )
)
