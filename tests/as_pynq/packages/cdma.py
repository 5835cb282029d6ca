"""What the README of pynq-cdma shows."""

import json
import sys

import numpy as np

import pynq_widgets.as_pynq  # noqa: F401

from pynq_cdma import CDMA  # isort: skip
from pynq import Overlay, allocate  # isort: skip

ol = Overlay(sys.argv[1])
idle = ol.axi_cdma_0.idle
input_buffer = allocate(shape=(8,), dtype=np.uint8)
output_buffer = allocate(shape=(8,), dtype=np.uint8)
for i in range(8):
    input_buffer[i] = i
ol.axi_cdma_0.transfer(input_buffer, 0xF000_0000)
ol.axi_cdma_0.transfer(0xF000_0000, output_buffer)
print(json.dumps({"bound": type(ol.axi_cdma_0) is CDMA, "idle": bool(idle), "output": output_buffer.tolist()}))
