"""The driver that hls4ml puts beside an accelerator for a Pynq-Z2, with a network of one layer behind its streams.

Given the design and the folder of the driver.
"""

import json
import sys

import numpy as np

import pynq_widgets.as_pynq  # noqa: F401
from pynq_widgets import model

sys.path.insert(0, sys.argv[2])
from axi_stream_driver import NeuralNetworkOverlay

WEIGHTS = np.array([[1, -2], [3, 4], [0.5, -1]])
BIAS = np.array([0.25, -1])
FRACTION = 10  # bits of ap_fixed<16,6>


def layer(inputs: np.ndarray) -> np.ndarray:
    return np.maximum(inputs @ WEIGHTS + BIAS, 0)


@model("xilinx.com:hls:myproject_axi:1.0")
def of_floats(core):
    core.send("out_r", layer(core.receive("in_r", "f4").reshape(-1, 3)).astype("f4"))


x = np.random.default_rng(1).normal(size=(100, 3)).astype("f4")
network = NeuralNetworkOverlay(sys.argv[1], x.shape, (100, 2))
y, seconds, rate = network.predict(x, debug=True, profile=True)
floats = float(np.abs(y - layer(x)).max())


@model("xilinx.com:hls:myproject_axi:1.0")
def of_fixed_point(core):
    inputs = core.receive("in_r", "i2").reshape(-1, 3) / 2**FRACTION
    core.send("out_r", np.round(layer(inputs) * 2**FRACTION).astype("i2"))


encode = np.vectorize(lambda value: np.int16(round(value * 2**FRACTION)))  # as the driver's docstring has it
decode = np.vectorize(lambda value: value * 2**-FRACTION)
network = NeuralNetworkOverlay(sys.argv[1], x.shape, (100, 2), dtype=np.int16)
y = network.predict(x, encode=encode, decode=decode)
print(json.dumps({"floats": floats, "fixed": float(np.abs(y - layer(x)).max()), "rate": rate}))
